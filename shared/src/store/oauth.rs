//! Authorisation attempts: their states, each of which works once, and which one is a connection's current; and what
//! a connection was asked for with, so that a repeated request is distinguished from another one.

use super::connections::{SealedCredentials, failed_condition};
use super::item::{condition_failed, failure, item, n, s};
use super::key::Key;
use super::{Store, Written};
use crate::domain::ids::{ConnectionKey, SellerId};
use crate::error::{Error, Result};
use aws_sdk_dynamodb::types::builders::DeleteBuilder;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// One authorisation attempt, from the first redirect to the confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthState {
    #[serde(flatten)]
    pub connection: ConnectionKey,
    /// Digest of the cookie that binds the browser; set when a browser comes, and again when another one does.
    pub browser: Option<String>,
    /// Who authorised, as Amazon's callback says; the signed-in user still has to confirm.
    pub seller: Option<SellerId>,
    /// The token of that seller, sealed; kept here until the confirmation.
    pub credentials: Option<SealedCredentials>,
    pub authorised_at: Option<Timestamp>,
    /// Digest of the code that the callback showed to the browser that authorised; the confirmation must bring it.
    #[serde(default)]
    pub code: Option<String>,
    /// After this moment the state is worth nothing.
    pub expires: Timestamp,
}

/// A connection's current attempt: the last one begun is the only one that can be confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorisationAttempt {
    /// Of the state's text, which is stored nowhere.
    pub digest: String,
    /// What the state's text was derived from, beside a secret.
    pub nonce: String,
}

/// How long an attempt is remembered; its state expires much earlier.
const ATTEMPT_KEPT: SignedDuration = SignedDuration::from_hours(24);

impl Store {
    /// Begins an attempt that replaces `former`, whose state is worth nothing from then on: all or nothing.
    /// [`Written::Conflict`]: that attempt is no longer the connection's current one; read again.
    pub async fn begin_attempt(
        &self,
        attempt: &AuthorisationAttempt,
        state: &OAuthState,
        former: Option<&AuthorisationAttempt>,
        now: Timestamp,
    ) -> Result<Written> {
        let connection = &state.connection;
        let mut fields = item(Key::attempt(connection), attempt)?;
        let kept_until = now.saturating_add(ATTEMPT_KEPT).unwrap_or(now);
        fields.insert("expires_at".into(), n(kept_until.as_second()));
        let point = Put::builder()
            .table_name(&self.tables.connections)
            .set_item(Some(fields));
        let point = match former {
            None => point.condition_expression("attribute_not_exists(pk)"),
            Some(former) => point
                .condition_expression("digest = :former")
                .expression_attribute_values(":former", s(&former.digest)),
        };
        let state = Put::builder()
            .table_name(&self.tables.connections)
            .set_item(Some(state_item(&attempt.digest, state)?))
            .condition_expression("attribute_not_exists(pk)");
        let mut request = self.db.transact_write_items();
        for put in [point, state] {
            let put = put
                .build()
                .map_err(|error| Error::permanent("build a transaction", error))?;
            request = request.transact_items(TransactWriteItem::builder().put(put).build());
        }
        if let Some(former) = former {
            request = request.transact_items(self.deletion(Key::oauth_state(&former.digest))?);
        }
        match request.send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) if failed_condition(error.as_service_error()).is_some() => {
                Ok(Written::Conflict)
            }
            Err(error) => Err(failure("begin an authorisation", error)),
        }
    }

    /// A connection's current or last attempt.
    pub async fn authorisation_attempt(
        &self,
        connection: &ConnectionKey,
    ) -> Result<Option<AuthorisationAttempt>> {
        self.get(&self.tables.connections, Key::attempt(connection))
            .await
    }

    /// Ends an attempt: its state is erased with the token it may hold. Idempotent.
    pub async fn end_attempt(
        &self,
        connection: &ConnectionKey,
        attempt: &AuthorisationAttempt,
    ) -> Result<()> {
        let forget = self
            .delete_of(Key::attempt(connection))
            .condition_expression("attribute_not_exists(pk) OR digest = :digest")
            .expression_attribute_values(":digest", s(&attempt.digest))
            .build()
            .map_err(|error| Error::permanent("build a transaction", error))?;
        let ended = self
            .db
            .transact_write_items()
            .transact_items(self.deletion(Key::oauth_state(&attempt.digest))?)
            .transact_items(TransactWriteItem::builder().delete(forget).build())
            .send()
            .await;
        match ended {
            Ok(_) => Ok(()),
            // A newer attempt replaced it, and erased its state then.
            Err(error) if failed_condition(error.as_service_error()).is_some() => Ok(()),
            Err(error) => Err(failure("end an authorisation", error)),
        }
    }

    /// Remembers what a connection was asked for with. [`Written::Conflict`]: it was asked for with something else.
    pub async fn remember_request(
        &self,
        connection: &ConnectionKey,
        digest: &str,
    ) -> Result<Written> {
        let mut fields = Key::request(connection).into_map();
        fields.insert("v".into(), n(1));
        fields.insert("digest".into(), s(digest));
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.connections)
            .set_item(Some(fields))
            .condition_expression("attribute_not_exists(pk) OR digest = :digest")
            .expression_attribute_values(":digest", s(digest));
        Written::from_result("remember a request", put.send().await)
    }

    /// Writes a state of authorisation; `digest` is that of the state's text. Replaces only what `expected` says: the
    /// state as it was read, or nothing.
    pub async fn put_oauth_state(
        &self,
        digest: &str,
        state: &OAuthState,
        expected: Option<&OAuthState>,
    ) -> Result<Written> {
        let mut put = self
            .db
            .put_item()
            .table_name(&self.tables.connections)
            .set_item(Some(state_item(digest, state)?));
        put = match expected {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(read) => match &read.browser {
                None => put.condition_expression("stage = :read"),
                Some(browser) => put
                    .condition_expression("stage = :read AND #browser = :browser")
                    .expression_attribute_names("#browser", "browser")
                    .expression_attribute_values(":browser", s(browser)),
            }
            .expression_attribute_values(":read", n(stage(read))),
        };
        Written::from_result("write a state of authorisation", put.send().await)
    }

    /// A state of authorisation that has not expired.
    pub async fn oauth_state(&self, digest: &str, now: Timestamp) -> Result<Option<OAuthState>> {
        let state: Option<OAuthState> = self
            .get(&self.tables.connections, Key::oauth_state(digest))
            .await?;
        Ok(state.filter(|state| state.expires > now))
    }

    /// Ends a state of authorisation. `false`: somebody else ended it before.
    pub async fn end_oauth_state(&self, digest: &str) -> Result<bool> {
        let ended = self
            .db
            .delete_item()
            .table_name(&self.tables.connections)
            .set_key(Some(Key::oauth_state(digest).into_map()))
            .condition_expression("attribute_exists(pk)")
            .send()
            .await;
        match ended {
            Ok(_) => Ok(true),
            Err(error) if condition_failed(&error) => Ok(false),
            Err(error) => Err(failure("end a state of authorisation", error)),
        }
    }

    fn delete_of(&self, key: Key) -> DeleteBuilder {
        Delete::builder()
            .table_name(&self.tables.connections)
            .set_key(Some(key.into_map()))
    }

    fn deletion(&self, key: Key) -> Result<TransactWriteItem> {
        let delete = self
            .delete_of(key)
            .build()
            .map_err(|error| Error::permanent("build a transaction", error))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}

fn state_item(digest: &str, state: &OAuthState) -> Result<super::item::Item> {
    let mut fields = item(Key::oauth_state(digest), state)?;
    fields.insert("expires_at".into(), n(state.expires.as_second()));
    fields.insert("stage".into(), n(stage(state)));
    Ok(fields)
}

/// How far an attempt has come; never falls. With the attempt's browser, it allows each step once.
fn stage(state: &OAuthState) -> u8 {
    u8::from(state.browser.is_some()) + u8::from(state.seller.is_some())
}
