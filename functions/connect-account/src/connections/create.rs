//! Making a connection: by OAuth, or with a refresh token that the seller copied out of Seller Central.

use super::answer::ConnectionAnswer;
use crate::App;
use crate::authorisation::attempt::digest;
use crate::authorisation::pasted::{Authorisation, PastedToken};
use crate::base::Base;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, Body, Name, Problem, Tenant, disconnected};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::ids::{ConnectionId, ConnectionKey, TenantId};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::store::Written;
use std::sync::Arc;
use utoipa::ToSchema;

const LONGEST_KEY: usize = 255;
/// Connections that one tenant may have, disconnected ones not counted.
const MOST_CONNECTIONS: usize = 1_000;

/// A connection to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConnectionRequest {
    name: Name,
    /// The marketplace whose Seller Central the seller signs in to; the connection serves its whole region.
    #[schema(value_type = Marketplace)]
    marketplace: String,
    authorisation: Authorisation,
}

impl NewConnectionRequest {
    /// Tells one request from another without keeping what either said.
    fn digest(&self) -> String {
        let mut parts = vec![self.name.as_str(), &self.marketplace];
        match &self.authorisation {
            Authorisation::OAuth {} => parts.push("oauth"),
            Authorisation::Token(token) => {
                parts.extend([
                    "token",
                    &token.seller_id,
                    token.refresh_token.expose_secret(),
                ]);
                parts.extend(token.client_id.as_deref());
                parts.extend(
                    token
                        .client_secret
                        .as_ref()
                        .map(|secret| secret.expose_secret()),
                );
            }
        }
        digest(&serde_json::json!(parts).to_string())
    }
}

/// Make a connection: an Amazon seller account in one region.
#[utoipa::path(post, path = "/connections", operation_id = "createConnection", tag = "connections", request_body = NewConnectionRequest,
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]([ -~]*[!-~])?$", description = "The same key finds the connection that it made")),
    responses(
        (status = 201, description = "Made; `authorise_url` is where the seller's browser goes next", body = ConnectionAnswer),
        (status = 409, description = "The seller account is connected already, or the tenant has 1,000 connections"),
        (status = 422, description = "The request is not valid, or Amazon refuses the token"),
    ))]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    base: Base,
    headers: HeaderMap,
    Body(request): Body<NewConnectionRequest>,
) -> Answer<(StatusCode, Json<ConnectionAnswer>)> {
    let now = Timestamp::now();
    let key = idempotency_key(&headers)?;
    let id = match &key {
        Some(key) => id_of_key(&tenant, key),
        None => ConnectionId::new(now, rand::random()),
    };
    let create = CreateRequest {
        app: &app,
        base: &base,
        digest: key.is_some().then(|| request.digest()),
    };
    if key.is_some()
        && let Some(found) = app
            .store
            .connection(&ConnectionKey::new(&tenant, &id))
            .await?
    {
        return create.again(&found).await;
    }
    let connections = app.store.connections(&tenant).await?;
    let living = connections
        .iter()
        .filter(|connection| connection.status != ConnectionStatus::Disconnected);
    if living.count() >= MOST_CONNECTIONS {
        return Err(Problem::limit_reached("connections", MOST_CONNECTIONS));
    }
    let connection = Connection {
        tenant: tenant.clone(),
        id,
        name: request.name.checked("/name")?,
        marketplace: marketplace(&request.marketplace)?,
        status: ConnectionStatus::AwaitingAuthorisation,
        resume: None,
        seller: None,
        participations: Vec::new(),
        created_at: now,
        authorised_at: None,
        own_app: false,
        orders_from: None,
        confirm_at: Default::default(),
        revision: 0,
    };
    match &request.authorisation {
        Authorisation::OAuth {} => create.by_oauth(connection).await,
        Authorisation::Token(token) => create.by_token(connection, token).await,
    }
}

/// One request to make a connection.
struct CreateRequest<'a> {
    app: &'a App,
    base: &'a Base,
    /// Of the request, if it has a key.
    digest: Option<String>,
}

type Made = Answer<(StatusCode, Json<ConnectionAnswer>)>;

impl CreateRequest<'_> {
    async fn by_oauth(&self, connection: Connection) -> Made {
        let connection = Connection {
            revision: 1,
            ..connection
        };
        // Without an app of the deployment's there is no page to send the seller to.
        self.app.vault.app().await?;
        self.remember(&connection).await?;
        // Made by the same request a moment ago, or made now: it is answered alike.
        let _ = self.app.store.create_connection(&connection).await?;
        self.answer(&connection).await
    }

    async fn by_token(&self, connection: Connection, token: &PastedToken) -> Made {
        let (seller, credentials) = token.read()?;
        let grant = self
            .app
            .granted_by_token(&connection, seller, credentials)
            .await?;
        self.remember(&connection).await?;
        let attached = self.app.attach(&connection, grant).await?;
        self.answer(&attached).await
    }

    /// The same request came before.
    async fn again(&self, found: &Connection) -> Made {
        self.remember(found).await?;
        if found.status == ConnectionStatus::Disconnected {
            return Err(disconnected());
        }
        self.answer(found).await
    }

    async fn remember(&self, connection: &Connection) -> Answer<()> {
        let Some(digest) = &self.digest else {
            return Ok(());
        };
        let remembered = self
            .app
            .store
            .remember_request(&connection.key(), digest)
            .await?;
        match remembered {
            Written::Done => Ok(()),
            Written::Conflict => Err(Problem::unprocessable(
                "key-used",
                "This `Idempotency-Key` came before with another request.",
                "Send the same request to find what it made, or another key to make something new.",
            )),
        }
    }

    async fn answer(&self, connection: &Connection) -> Made {
        let mut answer = ConnectionAnswer::from(connection);
        if connection.status == ConnectionStatus::AwaitingAuthorisation {
            let url = self
                .app
                .authorise_url(connection, self.base, Timestamp::now())
                .await?;
            answer.authorise_url = Some(url.into());
        }
        Ok((StatusCode::CREATED, Json(answer)))
    }
}

fn idempotency_key(headers: &HeaderMap) -> Answer<Option<String>> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if !key.is_empty() && key.len() <= LONGEST_KEY => Ok(Some(key.to_owned())),
        _ => Err(Problem::invalid(
            "Idempotency-Key",
            format!("must be 1 to {LONGEST_KEY} printable ASCII characters"),
        )),
    }
}

/// The same tenant's same key is the same connection; nobody else's key can be.
fn id_of_key(tenant: &TenantId, key: &str) -> ConnectionId {
    let text = serde_json::json!(["connection", tenant, key]).to_string();
    let hash = Sha256::digest(text);
    let mut first = [0; 16];
    first.copy_from_slice(&hash[..16]);
    ulid::Ulid::from(u128::from_be_bytes(first))
        .to_string()
        .parse()
        .expect("a ULID is a connection id")
}

pub(crate) fn marketplace(text: &str) -> Answer<Marketplace> {
    text.parse()
        .map_err(|error| Problem::invalid("/marketplace", format!("{error}")))
}

#[cfg(test)]
mod tests;
