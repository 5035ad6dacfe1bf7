//! Secrets: a connection's tokens and a tenant's key of postcodes, sealed by KMS before they are stored, and the deployment's
//! own app.
//!
//! The tenant and the connection are the encryption context: what was sealed for one cannot be opened for another.

mod postcodes;

pub use postcodes::PostcodeKey;

use crate::domain::connection::{AppCredentials, Connection, Credentials};
use crate::domain::ids::{ConnectionKey, SellerId, TenantId};
use crate::domain::marketplace::Region;
use crate::error::{Class, Error, Result};
use crate::sp_api::{Account, LimitKey, Operation};
use crate::store::{SealedCredentials, Store};
use aws_lc_rs::hmac;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long the app's credentials are used before they are read again: rotation must reach a warm function.
const APP_LIFETIME: Duration = Duration::from_secs(300);

/// The only code that sees a secret in the clear.
#[derive(Clone)]
pub struct Vault {
    kms: aws_sdk_kms::Client,
    key: String,
    secrets: aws_sdk_secretsmanager::Client,
    app_secret: String,
    app: Arc<Mutex<Option<(Instant, App)>>>,
    postcode_keys: Arc<Mutex<HashMap<TenantId, PostcodeKey>>>,
}

/// The deployment's application at Amazon.
#[derive(Debug, Clone)]
pub struct App {
    pub application_id: String,
    pub credentials: AppCredentials,
    /// When these credentials were filled in here; Amazon made them then or before.
    pub stored_at: Option<Timestamp>,
}

/// All that a call in a seller's name needs.
#[derive(Debug, Clone)]
pub struct SellerLogin {
    pub seller: SellerId,
    region: Region,
    app: AppCredentials,
    refresh_token: SecretString,
}

impl SellerLogin {
    pub fn account(&self) -> Account<'_> {
        Account {
            region: self.region,
            app: &self.app,
            refresh_token: &self.refresh_token,
        }
    }

    pub(crate) fn limit_of(&self, operation: Operation) -> LimitKey {
        (self.region, self.seller.clone(), operation)
    }
}

#[derive(Deserialize)]
struct AppSecret {
    application_id: String,
    client_id: String,
    client_secret: SecretString,
}

impl Vault {
    pub fn new(
        kms: aws_sdk_kms::Client,
        key: String,
        secrets: aws_sdk_secretsmanager::Client,
        app_secret: String,
    ) -> Self {
        Self {
            kms,
            key,
            secrets,
            app_secret,
            app: Arc::default(),
            postcode_keys: Arc::default(),
        }
    }

    /// The deployment's application, at most five minutes old.
    ///
    /// # Errors
    /// Permanent if the secret was never filled in.
    pub async fn app(&self) -> Result<App> {
        let mut cached = self.app.lock().await;
        if let Some((read_at, app)) = cached.as_ref()
            && read_at.elapsed() < APP_LIFETIME
        {
            return Ok(app.clone());
        }
        let answer = self
            .secrets
            .get_secret_value()
            .secret_id(&self.app_secret)
            .send()
            .await
            .map_err(|error| failure("read the app's secret", error))?;
        let secret: AppSecret = serde_json::from_str(answer.secret_string().unwrap_or_default())
            .map_err(|_| {
                Error::permanent(
                    "read the app's secret",
                    "it must be JSON with application_id, client_id and client_secret",
                )
            })?;
        if secret.application_id.is_empty() || secret.client_id.is_empty() {
            return Err(Error::permanent(
                "read the app's secret",
                "nobody has filled it in yet",
            ));
        }
        let credentials = AppCredentials {
            client_id: secret.client_id,
            client_secret: secret.client_secret,
        };
        let app = App {
            application_id: secret.application_id,
            credentials,
            stored_at: answer
                .created_date()
                .and_then(|date| Timestamp::from_second(date.secs()).ok()),
        };
        *cached = Some((Instant::now(), app.clone()));
        Ok(app)
    }

    /// What a call in the name of a connection's seller needs: its own app if it has one, else the deployment's.
    ///
    /// # Errors
    /// Authorisation revoked if the connection has no token.
    pub async fn seller_login(
        &self,
        store: &Store,
        connection: &Connection,
    ) -> Result<SellerLogin> {
        let missing = || {
            Error::new(
                Class::AuthRevoked,
                "log in as the seller",
                "the connection has no token",
            )
        };
        let seller = connection.seller.clone().ok_or_else(missing)?;
        let sealed = store
            .credentials(&connection.key())
            .await?
            .ok_or_else(missing)?;
        let credentials = self.open(&connection.key(), &sealed).await?;
        self.login_with(connection.region(), seller, credentials)
            .await
    }

    /// What a call in the name of `seller` needs, with a token that no connection may have yet.
    pub async fn login_with(
        &self,
        region: Region,
        seller: SellerId,
        credentials: Credentials,
    ) -> Result<SellerLogin> {
        let app = match credentials.own_app {
            Some(own) => own,
            None => self.app().await?.credentials,
        };
        Ok(SellerLogin {
            seller,
            region,
            app,
            refresh_token: credentials.refresh_token,
        })
    }

    /// A text that only this deployment can make, the same one for the same `seed`: what is derived need not be
    /// stored to be given again.
    pub async fn derived(&self, seed: &str) -> Result<SecretString> {
        let app = self.app().await?;
        let secret = app.credentials.client_secret.expose_secret().as_bytes();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), seed.as_bytes());
        Ok(SecretString::from(URL_SAFE_NO_PAD.encode(tag)))
    }

    /// Seals a connection's tokens.
    pub async fn seal(
        &self,
        connection: &ConnectionKey,
        credentials: &Credentials,
    ) -> Result<SealedCredentials> {
        let refresh_token = self
            .encrypt(of(connection), &credentials.refresh_token)
            .await?;
        let (mut own_client_id, mut own_client_secret) = (None, None);
        if let Some(app) = &credentials.own_app {
            own_client_id = Some(app.client_id.clone());
            own_client_secret = Some(self.encrypt(of(connection), &app.client_secret).await?);
        }
        Ok(SealedCredentials {
            refresh_token,
            own_client_id,
            own_client_secret,
        })
    }

    /// Opens what [`Self::seal`] sealed for this tenant and connection.
    pub async fn open(
        &self,
        connection: &ConnectionKey,
        sealed: &SealedCredentials,
    ) -> Result<Credentials> {
        let refresh_token = self.decrypt(of(connection), &sealed.refresh_token).await?;
        let own_app = match (&sealed.own_client_id, &sealed.own_client_secret) {
            (Some(client_id), Some(secret)) => Some(AppCredentials {
                client_id: client_id.clone(),
                client_secret: self.decrypt(of(connection), secret).await?,
            }),
            _ => None,
        };
        Ok(Credentials {
            refresh_token,
            own_app,
        })
    }

    async fn encrypt(&self, context: Context, secret: &SecretString) -> Result<String> {
        let answer = self
            .kms
            .encrypt()
            .key_id(&self.key)
            .plaintext(Blob::new(secret.expose_secret().as_bytes()))
            .set_encryption_context(Some(context))
            .send()
            .await
            .map_err(|error| failure("seal a secret", error))?;
        let sealed = answer
            .ciphertext_blob
            .ok_or_else(|| Error::retryable("seal a secret", "KMS answered nothing"))?;
        Ok(STANDARD.encode(sealed))
    }

    async fn decrypt(&self, context: Context, sealed: &str) -> Result<SecretString> {
        let bytes = STANDARD
            .decode(sealed)
            .map_err(|_| Error::permanent("open a secret", "it is not base64"))?;
        let answer = self
            .kms
            .decrypt()
            .key_id(&self.key)
            .ciphertext_blob(Blob::new(bytes))
            .set_encryption_context(Some(context))
            .send()
            .await
            .map_err(|error| failure("open a secret", error))?;
        let plain = answer.plaintext.map(Blob::into_inner).unwrap_or_default();
        let text = String::from_utf8(plain)
            .map_err(|_| Error::permanent("open a secret", "it is not text"))?;
        Ok(SecretString::from(text))
    }
}

/// Whose a secret is: what was sealed for one cannot be opened for another.
type Context = HashMap<String, String>;

fn of_tenant(tenant: &TenantId) -> Context {
    HashMap::from([("tenant".to_owned(), tenant.to_string())])
}

fn of(connection: &ConnectionKey) -> Context {
    let mut context = of_tenant(&connection.tenant);
    context.insert("connection".to_owned(), connection.id.to_string());
    context
}

fn failure<E>(doing: &'static str, error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let class = match error.code() {
        Some("ThrottlingException") => Class::Throttled { retry_after: None },
        Some(
            "AccessDeniedException"
            | "NotFoundException"
            | "ResourceNotFoundException"
            | "InvalidCiphertextException"
            | "DisabledException",
        ) => Class::Permanent,
        _ => Class::Retryable,
    };
    Error::new(class, doing, error)
}
