//! `GET /events`: what happened in the last 14 days, for platforms that cannot listen to the bus.

use crate::App;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::{
    Answer, Limit, OperatorCall, Parameters, Tenant, decode_cursor, encode_cursor, foreign_cursor,
    scope,
};
use stallkeeper::domain::ids::TenantId;
use stallkeeper::store::{EventPlace, KeptEvent};
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

/// As [`EventParams`], of one tenant or of all.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OperatorEventParams {
    /// Only this tenant's; absent: those of all.
    #[param(inline)]
    tenant: Option<TenantId>,
    /// `next` of the answer before, with `tenant` as it was; absent: from the oldest event that is kept.
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

/// Where a list goes on. A place of one list is none of the other.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    EventsAfter(EventPlace),
    EventsOfAllAfter(EventPlace),
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
    read(&app, Some(&tenant), after, limit).await
}

/// Lists what happened to all tenants, or to one, as `GET /events` does for itself. Every use is in the audit log.
///
/// Each `detail` names its tenant. Of all tenants, a page may hold less than `limit`, or nothing, though `more` is there. What a
/// release before this list kept is in the lists of single tenants alone.
#[utoipa::path(
    get, path = "/operator/events", operation_id = "listEventsOfAllTenants", tag = "operator",
    params(OperatorEventParams),
    responses(
        (status = 200, body = Events),
        (status = 422, description = "A parameter is unknown or has a value that does not exist, or the cursor is another list's"),
    )
)]
pub async fn list_of_all_tenants(
    call: OperatorCall,
    State(app): State<Arc<App>>,
    parameters: Answer<Parameters<OperatorEventParams>>,
) -> Answer<Json<Events>> {
    let tenant = parameters.as_ref().ok().and_then(|it| it.0.tenant.as_ref());
    call.allowed("list events", tenant)?;
    let Parameters(OperatorEventParams {
        tenant,
        after,
        limit,
    }) = parameters?;
    read(&app, tenant.as_ref(), after, limit).await
}

/// A page of a tenant's events, or of all.
async fn read(
    app: &App,
    tenant: Option<&TenantId>,
    after: Option<String>,
    limit: Option<Limit<100>>,
) -> Answer<Json<Events>> {
    let place = after.as_deref().map(decode_cursor::<Place>).transpose()?;
    let place = match (tenant, place) {
        (_, None) => None,
        (Some(_), Some(Place::EventsAfter(place)))
        | (None, Some(Place::EventsOfAllAfter(place))) => Some(place),
        _ => return Err(foreign_cursor()),
    };
    let limit = usize::from(limit.unwrap_or_default().get());
    let (store, now) = (&app.store, Timestamp::now());
    let page = match tenant {
        Some(tenant) => {
            store
                .events_after(tenant, place.as_ref(), limit, now)
                .await?
        }
        None => {
            store
                .events_of_all_after(place.as_ref(), limit, now)
                .await?
        }
    };
    let next = page.place.or(place).map(|place| {
        encode_cursor(&match tenant {
            Some(_) => Place::EventsAfter(place),
            None => Place::EventsOfAllAfter(place),
        })
    });
    let (events, more) = (page.events, !page.is_last);
    Ok(Json(Events { events, next, more }))
}
