//! `GET /events`: what happened in the last 14 days, for platforms that cannot listen to the bus.

use crate::App;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::{
    Answer, Limit, OperatorCall, Parameters, Tenant, decode_cursor, encode_cursor, scope,
};
use stallkeeper::domain::ids::TenantId;
use stallkeeper::store::KeptEvent;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Where to read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventParams {
    /// `next` of the answer before; absent: from the oldest event that is kept.
    after: Option<String>,
    /// Of how many changes a page holds the events; one change makes a few at most.
    #[param(inline)]
    limit: Option<Limit<100>>,
}

/// As [`EventParams`], of one tenant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TenantEventParams {
    /// Whose events.
    #[param(inline)]
    tenant: TenantId,
    /// `next` of the answer before; absent: from the oldest event that is kept.
    after: Option<String>,
    /// Of how many changes a page holds the events; one change makes a few at most.
    #[param(inline)]
    limit: Option<Limit<100>>,
}

/// Events, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventList)]
pub struct Events {
    pub events: Vec<KeptEvent>,
    /// Give it back as `after` to go on, now or later; `null` only if nothing was found and no `after` was given.
    pub next: Option<String>,
    /// More is there already.
    pub more: bool,
}

#[derive(Serialize, Deserialize)]
struct Place {
    events_after: String,
}

/// Lists what happened in the last 14 days, the oldest first: what goes onto the bus, with the same `detail`.
///
/// Ask again with `next` as `after`, also when there was nothing: nothing is missed. An event is shown some 20 seconds after it
/// happened, so that none comes before a place that was read. Each comes at least once; `detail.id` is the same on every
/// repeat. Needs scope `desk`, and shows events of connections, listings and stock too.
#[utoipa::path(
    get, path = "/events", operation_id = "listEvents", tag = "desk",
    params(EventParams),
    responses(
        (status = 200, body = Events),
        (status = 422, description = "The cursor is none of this list"),
    )
)]
pub async fn list(
    tenant: Tenant<scope::Desk>,
    State(app): State<Arc<App>>,
    Parameters(EventParams { after, limit }): Parameters<EventParams>,
) -> Answer<Json<Events>> {
    read(&app, &tenant, after, limit).await
}

/// Lists what happened to one tenant, as `GET /events` does for itself. Every use is in the audit log.
#[utoipa::path(
    get, path = "/operator/events", operation_id = "listEventsOfTenant", tag = "operator",
    params(TenantEventParams),
    responses(
        (status = 200, body = Events),
        (status = 422, description = "No tenant, or the cursor is none of this list"),
    )
)]
pub async fn list_of_tenant(
    call: OperatorCall,
    State(app): State<Arc<App>>,
    parameters: Answer<Parameters<TenantEventParams>>,
) -> Answer<Json<Events>> {
    call.allowed("list the events of a tenant")?;
    let Parameters(TenantEventParams {
        tenant,
        after,
        limit,
    }) = parameters?;
    read(&app, &tenant, after, limit).await
}

async fn read(
    app: &App,
    tenant: &TenantId,
    after: Option<String>,
    limit: Option<Limit<100>>,
) -> Answer<Json<Events>> {
    let place = after.as_deref().map(decode_cursor::<Place>).transpose()?;
    let place = place.map(|place| place.events_after);
    let limit = i32::from(limit.unwrap_or_default().get());
    let page = app
        .store
        .events_after(tenant, place.as_deref(), limit, Timestamp::now())
        .await?;
    let next = page.place.or(place);
    let next = next.map(|events_after| encode_cursor(&Place { events_after }));
    let (events, more) = (page.events, !page.is_last);
    Ok(Json(Events { events, next, more }))
}
