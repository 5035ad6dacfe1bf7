//! Login with Amazon: trades authorisation codes for refresh tokens, and refresh tokens for access tokens, which it
//! keeps in memory until shortly before they expire. It stores nothing, and no token of it is ever printed.

use super::check::{Call, Reply, check, decode, refusal, unreached};
use super::{Account, SpApi};
use crate::domain::connection::AppCredentials;
use crate::error::{Class, Error, Result};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

const EXCHANGE_CODE: Call = Call {
    name: "refreshToken",
    doing: "exchange the authorisation code",
};
const ACCESS_TOKEN: Call = Call {
    name: "accessToken",
    doing: "get an access token",
};

/// An access token is given up this long before it expires, so that none expires on its way.
const MARGIN: Duration = Duration::from_secs(120);

/// The outcome of an authorisation code.
#[must_use]
#[derive(Debug)]
pub enum Login {
    /// The seller's authorisation, good for 365 days.
    Granted { refresh_token: SecretString },
    /// The code is no good: used before, older than five minutes, from another app or made up. Holds Amazon's word.
    CodeRefused { code: String },
}

/// Whether a refresh token works.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginCheck {
    Works,
    /// Revoked, expired, from another app, or no refresh token at all.
    TokenRefused,
    /// Amazon does not know the app, or its secret is wrong or was rotated.
    AppRefused,
}

impl SpApi {
    /// Trades the authorisation code of a callback for a refresh token. A code works once.
    ///
    /// `redirect_uri` is the one the code was sent to. Amazon page: *Website Authorization Workflow*, "Authorization
    /// code exchange".
    ///
    /// # Errors
    /// Permanent if Amazon refuses our app; retryable and throttled as Login with Amazon answers.
    pub async fn exchange_code(
        &self,
        app: &AppCredentials,
        code: &str,
        redirect_uri: Option<&str>,
    ) -> Result<Login> {
        let mut form = vec![("grant_type", "authorization_code"), ("code", code)];
        form.extend(redirect_uri.map(|uri| ("redirect_uri", uri)));
        match self.ask_for_tokens(EXCHANGE_CODE, app, form).await {
            Ok(Tokens {
                refresh_token: Some(refresh_token),
                ..
            }) => Ok(Login::Granted { refresh_token }),
            Ok(_) => Err(Error::permanent(
                EXCHANGE_CODE.doing,
                "Amazon's answer holds no refresh token",
            )),
            // The code comes from a browser, so a malformed one is as expected as a stale one.
            Err(error) => match login_code(&error) {
                Some(code @ ("invalid_grant" | "invalid_request")) => Ok(Login::CodeRefused {
                    code: code.to_owned(),
                }),
                _ => Err(error),
            },
        }
    }

    /// Asks Login with Amazon whether the account's refresh token works, never the cache.
    ///
    /// # Errors
    /// Retryable and throttled as Login with Amazon answers; permanent for a malformed request.
    pub async fn check_login(&self, account: &Account<'_>) -> Result<LoginCheck> {
        match self.fresh_access_token(account, None).await {
            Ok(_) => Ok(LoginCheck::Works),
            Err(error) if error.class() == Class::AuthRevoked => Ok(LoginCheck::TokenRefused),
            Err(error) => match login_code(&error) {
                Some("invalid_client" | "unauthorized_client") => Ok(LoginCheck::AppRefused),
                _ => Err(error),
            },
        }
    }

    /// A token to call with, from memory if one is still good. With `scope`, the app's own for grantless operations.
    pub(super) async fn access_token(
        &self,
        account: &Account<'_>,
        scope: Option<&'static str>,
    ) -> Result<SecretString> {
        match self
            .access_tokens
            .get(&TokenKey::of(account, scope), SystemTime::now())
        {
            Some(token) => Ok(token),
            None => self.fresh_access_token(account, scope).await,
        }
    }

    /// A token to call with, after Amazon refused `old`; another call may have replaced it meanwhile.
    pub(super) async fn replace_access_token(
        &self,
        account: &Account<'_>,
        scope: Option<&'static str>,
        old: &SecretString,
    ) -> Result<SecretString> {
        self.access_tokens
            .forget(&TokenKey::of(account, scope), old);
        self.access_token(account, scope).await
    }

    async fn fresh_access_token(
        &self,
        account: &Account<'_>,
        scope: Option<&'static str>,
    ) -> Result<SecretString> {
        let form = match scope {
            None => vec![
                ("grant_type", "refresh_token"),
                ("refresh_token", account.refresh_token.expose_secret()),
            ],
            Some(scope) => vec![("grant_type", "client_credentials"), ("scope", scope)],
        };
        let asked_at = SystemTime::now();
        let tokens = self.ask_for_tokens(ACCESS_TOKEN, account.app, form).await?;
        let lifetime = Duration::from_secs(tokens.expires_in).saturating_sub(MARGIN);
        self.access_tokens.put(
            TokenKey::of(account, scope),
            tokens.access_token.clone(),
            asked_at,
            lifetime,
        );
        Ok(tokens.access_token)
    }

    async fn ask_for_tokens(
        &self,
        call: Call,
        app: &AppCredentials,
        mut form: Vec<(&str, &str)>,
    ) -> Result<Tokens> {
        form.push(("client_id", &app.client_id));
        form.push(("client_secret", app.client_secret.expose_secret()));
        let request = self.http.post(self.endpoints.token_page()).form(&form);
        let Reply { body, .. } = check(call, self.send(call, request).await?)?;
        decode(call, &body)
    }

    /// Sends a request and reads the answer to its end, whatever its status.
    pub(super) async fn send(&self, call: Call, request: reqwest::RequestBuilder) -> Result<Reply> {
        let response = request
            .send()
            .await
            .map_err(|error| unreached(call, error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response
            .bytes()
            .await
            .map_err(|error| unreached(call, error))?
            .into();
        tracing::debug!(
            sp_api.operation = call.name,
            sp_api.status = status.as_u16(),
            "Amazon answered {}",
            call.name
        );
        Ok(Reply {
            status,
            headers,
            body,
        })
    }
}

fn login_code(error: &Error) -> Option<&str> {
    refusal(error)?.code.as_deref()
}

/// What Login with Amazon hands out.
#[derive(Deserialize)]
struct Tokens {
    #[serde(deserialize_with = "secret")]
    access_token: SecretString,
    /// Seconds.
    #[serde(default)]
    expires_in: u64,
    #[serde(default, deserialize_with = "optional_secret")]
    refresh_token: Option<SecretString>,
}

fn secret<'de, D: Deserializer<'de>>(json: D) -> Result<SecretString, D::Error> {
    String::deserialize(json).map(SecretString::from)
}

fn optional_secret<'de, D: Deserializer<'de>>(json: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(json)?.map(SecretString::from))
}

/// Access tokens by app and authorisation, in the memory of one process.
#[derive(Default)]
pub(super) struct AccessTokens(Mutex<HashMap<TokenKey, (SecretString, SystemTime)>>);

#[derive(Clone, PartialEq, Eq, Hash)]
struct TokenKey {
    client_id: String,
    authorisation: Authorisation,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Authorisation {
    /// A seller's refresh token, only as its hash, so that the cache holds nothing that outlives an hour.
    Seller([u8; 32]),
    /// The app's own, with this scope.
    App(&'static str),
}

impl TokenKey {
    fn of(account: &Account<'_>, scope: Option<&'static str>) -> Self {
        let authorisation = scope.map_or_else(
            || {
                let refresh_token = account.refresh_token.expose_secret();
                Authorisation::Seller(Sha256::digest(refresh_token).into())
            },
            Authorisation::App,
        );
        Self {
            client_id: account.app.client_id.clone(),
            authorisation,
        }
    }
}

impl AccessTokens {
    /// Wall-clock time, since the monotonic clock may stop while a function is frozen between calls.
    fn get(&self, key: &TokenKey, now: SystemTime) -> Option<SecretString> {
        self.lock()
            .get(key)
            .filter(|(_, until)| now < *until)
            .map(|(token, _)| token.clone())
    }

    fn put(&self, key: TokenKey, token: SecretString, now: SystemTime, lifetime: Duration) {
        let mut tokens = self.lock();
        tokens.retain(|_, (_, until)| now < *until);
        tokens.insert(key, (token, now + lifetime));
    }

    fn forget(&self, key: &TokenKey, token: &SecretString) {
        let mut tokens = self.lock();
        if tokens
            .get(key)
            .is_some_and(|(held, _)| held.expose_secret() == token.expose_secret())
        {
            tokens.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenKey, (SecretString, SystemTime)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
