//! The brakes that a person pulls and releases: freezing, of a connection or of the whole deployment, and letting a held
//! round go on. All at once, whatever is being computed or sent.

use crate::App;
use crate::settings::answer::StockAnswer;
use axum::Json;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{
    Answer, Body, OperatorCall, Problem, TenantConnection, change_stock_plan, changed_meanwhile,
};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::stock_settings::Freeze;
use stallkeeper::store::Written;
use std::sync::Arc;
use tracing::info;
use utoipa::ToSchema;

/// How long a released round is not held again.
const RELEASED_FOR: SignedDuration = SignedDuration::from_hours(1);
const LONGEST_REASON: usize = 500;

/// Why outgoing work is stopped.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FreezeRequest {
    /// For the person who finds it frozen.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

impl FreezeRequest {
    fn checked(self) -> Answer<Option<String>> {
        match self.reason.as_deref() {
            Some(reason) if reason.chars().count() > LONGEST_REASON => Err(Problem::invalid(
                "/reason",
                format!("at most {LONGEST_REASON} characters"),
            )),
            Some(reason) => Ok(Some(reason.trim().to_owned()).filter(|it| !it.is_empty())),
            None => Ok(None),
        }
    }
}

/// A freeze with this reason; an earlier one keeps its moment, and its reason if none is given.
fn frozen(earlier: Option<&Freeze>, reason: Option<&String>, now: Timestamp) -> Freeze {
    Freeze {
        at: earlier.map_or(now, |freeze| freeze.at),
        reason: reason
            .cloned()
            .or_else(|| earlier.and_then(|freeze| freeze.reason.clone())),
    }
}

/// Stop sending stock, prices, confirmations and cancellations of a connection, at once. Orders still come, and everything is still computed.
#[utoipa::path(post, path = "/connections/{connection}/freeze", operation_id = "freezeConnection", tag = "stock", request_body = FreezeRequest,
    responses(
        (status = 200, description = "Frozen, now or before", body = StockAnswer),
    ))]
pub(crate) async fn freeze(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
    Body(reason): Body<FreezeRequest>,
) -> Answer<Json<StockAnswer>> {
    let (reason, now) = (reason.checked()?, Timestamp::now());
    let plan = change_stock_plan(&app.store, &connection, |plan| {
        plan.frozen = Some(frozen(plan.frozen.as_ref(), reason.as_ref(), now));
        Ok(())
    })
    .await?;
    info!(audit = "connection_frozen", tenant.id = %connection.tenant, connection.id = %connection.id, reason, "connection `{}` is frozen", connection.id);
    app.stock_answer(&connection, &plan).await
}

/// Send stock, prices, confirmations and cancellations of a connection again. What changed meanwhile goes out with the round that
/// begins now; parcels are confirmed and lines cancelled with the connection's next tick.
#[utoipa::path(post, path = "/connections/{connection}/unfreeze", operation_id = "unfreezeConnection", tag = "stock",
    responses(
        (status = 200, description = "Not frozen, now or before", body = StockAnswer),
    ))]
pub(crate) async fn unfreeze(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
) -> Answer<Json<StockAnswer>> {
    let plan = change_stock_plan(&app.store, &connection, |plan| {
        plan.frozen = None;
        Ok(())
    })
    .await?;
    app.stock_ticks.begin_round(&connection, &plan).await?;
    info!(audit = "connection_unfrozen", tenant.id = %connection.tenant, connection.id = %connection.id, "connection `{}` is not frozen any more", connection.id);
    app.stock_answer(&connection, &plan).await
}

/// Release the round that was held because too many listings would go to zero, or have an offer ended. For an hour none is held.
#[utoipa::path(post, path = "/connections/{connection}/rounds/release", operation_id = "releaseRound", tag = "stock",
    responses(
        (status = 200, description = "Released, now or within the last hour; a round begins", body = StockAnswer),
        (status = 409, description = "No round is held"),
    ))]
pub(crate) async fn release(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
) -> Answer<Json<StockAnswer>> {
    app.release_round(&connection, Timestamp::now()).await?;
    let plan = app.store.stock_plan(&connection.key()).await?;
    app.stock_ticks.begin_round(&connection, &plan).await?;
    info!(audit = "round_released", tenant.id = %connection.tenant, connection.id = %connection.id, "a held round of connection `{}` is released", connection.id);
    app.stock_answer(&connection, &plan).await
}

impl App {
    /// If nothing is held any more because it was released just now, the same request only begins a round again.
    async fn release_round(&self, connection: &Connection, now: Timestamp) -> Answer<()> {
        let key = &connection.key();
        for () in Written::attempts() {
            let mut round = self.store.round(key).await?;
            if round.held.is_none() {
                return match round.released_until {
                    Some(until) if until > now => Ok(()),
                    _ => Err(Problem::conflict(
                        "nothing-held",
                        "No round is held.",
                        "GET /connections/{connection}/stock-settings shows what keeps stock from being sent.",
                    )),
                };
            }
            round.held = None;
            round.released_until = Some(now.saturating_add(RELEASED_FOR).unwrap_or(now));
            if self.store.save_leased(key, &mut round).await? == Written::Done {
                return Ok(());
            }
        }
        Err(changed_meanwhile())
    }
}

/// The brake of the whole deployment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeploymentBrake {
    frozen: Option<Freeze>,
}

/// Stop sending stock, prices, confirmations and cancellations of every tenant, at once.
#[utoipa::path(post, path = "/freeze", operation_id = "freezeDeployment", tag = "operator", request_body = FreezeRequest,
    responses((status = 200, description = "Frozen, now or before", body = DeploymentBrake)))]
pub(crate) async fn freeze_deployment(
    State(app): State<Arc<App>>,
    call: OperatorCall,
    reason: Answer<Body<FreezeRequest>>,
) -> Answer<Json<DeploymentBrake>> {
    call.allowed("freeze the deployment", None)?;
    let reason = reason?.0.checked()?;
    let why = reason.as_deref().unwrap_or_default();
    call.record("deployment_frozen", None, "all that is sent", why);
    let earlier = app.store.deployment_freeze().await?;
    let freeze = frozen(earlier.as_ref(), reason.as_ref(), Timestamp::now());
    app.store.set_deployment_freeze(Some(&freeze)).await?;
    Ok(Json(DeploymentBrake {
        frozen: Some(freeze),
    }))
}

/// Send stock, prices, confirmations and cancellations of every tenant again, each connection with its next round and tick.
#[utoipa::path(post, path = "/unfreeze", operation_id = "unfreezeDeployment", tag = "operator",
    responses((status = 200, description = "Not frozen, now or before", body = DeploymentBrake)))]
pub(crate) async fn unfreeze_deployment(
    State(app): State<Arc<App>>,
    call: OperatorCall,
) -> Answer<Json<DeploymentBrake>> {
    call.allowed("unfreeze the deployment", None)?;
    call.record("deployment_unfrozen", None, "all that is sent", "");
    app.store.set_deployment_freeze(None).await?;
    Ok(Json(DeploymentBrake { frozen: None }))
}
