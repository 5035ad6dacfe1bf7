//! Confirming who authorised, and authorising again.

use super::attach::{Grant, refuse_other_seller};
use super::attempt::digest_of_code;
use super::pasted::Authorisation;
use crate::App;
use crate::base::Base;
use crate::connections::answer::ConnectionAnswer;
use crate::connections::status::authorised;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, Body, Problem, TenantConnection};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::ids::SellerId;
use stallkeeper::store::AuthorisationAttempt;
use std::sync::Arc;
use utoipa::ToSchema;

/// Who the signed-in user says has authorised.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmSellerRequest {
    /// The seller whom Amazon named; GET /connections/{connection}/setup shows it.
    #[schema(value_type = SellerId, example = "A1B2C3D4E5F6G7")]
    seller_id: String,
    /// The code that Amazon's callback showed to the browser that authorised; letter case, blanks and hyphens do not matter.
    #[schema(example = "7QF2-9MXK-PD40", max_length = 64)]
    code: String,
}

/// Confirm the seller who authorised: only now is the authorisation attached to the connection.
#[utoipa::path(post, path = "/connections/{connection}/confirm", operation_id = "confirmSeller", tag = "connections", request_body = ConfirmSellerRequest,
    responses(
        (status = 200, description = "Attached", body = ConnectionAnswer),
        (status = 409, description = "Nobody has authorised, another seller has, or the seller is connected already"),
    ))]
pub(crate) async fn confirm(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
    Body(ConfirmSellerRequest { seller_id, code }): Body<ConfirmSellerRequest>,
) -> Answer<Json<ConnectionAnswer>> {
    let seller: SellerId = seller_id
        .trim()
        .parse()
        .map_err(|error| Problem::invalid("/seller_id", format!("{error}")))?;
    authorised(&connection)?;
    let attached = match app.waiting(&connection).await? {
        // The code first: who has none must not learn who authorised.
        Some((_, _, shown)) if shown != digest_of_code(&code) => return Err(wrong_code()),
        Some((_, grant, _)) if grant.seller != seller => {
            return Err(not_this_seller(&grant.seller));
        }
        Some((attempt, grant, _)) => {
            let attached = app.attach(&connection, grant).await?;
            // Last: a crash before it lets the same confirmation do the same again.
            app.store.end_attempt(&connection.key(), &attempt).await?;
            attached
        }
        None if is_confirmed(&connection, &seller) => connection.into_inner(),
        None => return Err(nobody_waits()),
    };
    Ok(Json((&attached).into()))
}

impl App {
    /// The authorisation that waits to be confirmed for a connection, with the digest of the code that was shown for it.
    async fn waiting(
        &self,
        connection: &Connection,
    ) -> Answer<Option<(AuthorisationAttempt, Grant, String)>> {
        let key = &connection.key();
        let Some(attempt) = self.store.authorisation_attempt(key).await? else {
            return Ok(None);
        };
        let state = self
            .store
            .oauth_state(&attempt.digest, Timestamp::now())
            .await?;
        let authorised = state.and_then(|state| {
            Some((
                state.seller?,
                state.credentials?,
                state.authorised_at?,
                state.code?,
            ))
        });
        let Some((seller, sealed, at, code)) = authorised else {
            return Ok(None);
        };
        let grant = Grant {
            seller,
            credentials: self.vault.open(key, &sealed).await?,
            sealed,
            at,
        };
        Ok(Some((attempt, grant, code)))
    }
}

/// The same confirmation came before, and was processed.
fn is_confirmed(connection: &Connection, seller: &SellerId) -> bool {
    let waits = matches!(
        connection.status,
        ConnectionStatus::AwaitingAuthorisation | ConnectionStatus::NeedsReauthorisation
    );
    !waits && connection.seller.as_ref() == Some(seller)
}

fn not_this_seller(told: &SellerId) -> Problem {
    Problem::conflict(
        "not-this-seller",
        "Another seller has authorised.",
        format!(
            "Amazon names seller {told}. Confirm that one if it is yours; if not, ask for a new link and sign in to the right Seller Central account."
        ),
    )
    .at("/seller_id", "not the seller whom Amazon names")
}

fn wrong_code() -> Problem {
    Problem::conflict(
        "wrong-code",
        "This is not the code of the browser that authorised.",
        "Take the code from the page that the seller's browser showed after the consent. If nobody of yours consented, somebody else did with your link: ask for a new one.",
    )
    .at("/code", "not the code that was shown")
}

fn nobody_waits() -> Problem {
    Problem::conflict(
        "nothing-to-confirm",
        "No seller has authorised this connection in the last ten minutes.",
        "Ask for a link with POST /connections/{connection}/reauthorise, let the seller consent there, then confirm within ten minutes.",
    )
}

/// How the seller authorises again; by OAuth unless it says otherwise.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReauthoriseRequest {
    authorisation: Option<Authorisation>,
}

/// Authorise again, or for the first time with a new link: a connection that stopped then goes on where it stopped.
#[utoipa::path(post, path = "/connections/{connection}/reauthorise", operation_id = "reauthoriseConnection", tag = "connections", request_body = ReauthoriseRequest,
    responses(
        (status = 200, description = "`authorise_url` is where the seller's browser goes next; none with a pasted token, which is attached at once", body = ConnectionAnswer),
        (status = 409, description = "Another seller, or the connection is given up"),
        (status = 422, description = "Amazon refuses the token"),
    ))]
pub(crate) async fn reauthorise(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
    base: Base,
    Body(request): Body<ReauthoriseRequest>,
) -> Answer<Json<ConnectionAnswer>> {
    authorised(&connection)?;
    match request.authorisation {
        None | Some(Authorisation::OAuth {}) => {
            let url = app
                .new_authorise_url(&connection, &base, Timestamp::now())
                .await?;
            let mut answer = ConnectionAnswer::from(&*connection);
            answer.authorise_url = Some(url.into());
            Ok(Json(answer))
        }
        Some(Authorisation::Token(token)) => {
            let (seller, credentials) = token.read()?;
            refuse_other_seller(&connection, &seller)?;
            let grant = app
                .granted_by_token(&connection, seller, credentials)
                .await?;
            let attached = app.attach(&connection, grant).await?;
            Ok(Json((&attached).into()))
        }
    }
}
