//! `POST /orders/{connection}/{order}/courier`: a person gives a waiting order its courier service.

use crate::App;
use crate::answer::WholeOrder;
use crate::desk::OrderKey;
use crate::pick::{Pick, pick as decide};
use crate::show::whole;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use stallkeeper::api::{Answer, Body, Problem, Revision, Tenant, scope};
use stallkeeper::domain::courier::{CourierServiceId, Couriers, Switches};
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::order::StoredOrder;
use stallkeeper::store::{Settings, Written};
use std::sync::Arc;
use tracing::info;
use utoipa::ToSchema;

/// How many services an answer names.
const NAMED: usize = 20;

/// Which courier service a person picked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CourierChoice)]
pub struct Choice {
    /// `courier/service`, spelt as in the tenant's couriers.
    #[schema(value_type = CourierServiceId)]
    service: String,
    /// The revision the person looked at. Given, an order that was changed since is not touched, and one that is `ready`
    /// gets this service instead of its own; left out, the choice is checked against what is current.
    revision: Option<Revision>,
}

/// Gives an order that waits for a person its courier service, or a `ready` one another. The order is `ready` then, and no rule touches the
/// choice any more.
///
/// The service must be one of the tenant's, its courier switched on for the marketplace, and able to carry the order:
/// the same test as for a mapping. Also for an order whose buyer asked to cancel, or that has no readable address: that
/// is a person's right. Not for an order that Amazon carries. Picking the same service again answers the same.
#[utoipa::path(
    post, path = "/orders/{connection}/{order}/courier", operation_id = "pickCourierService", tag = "desk",
    request_body = Choice,
    responses(
        (status = 200, description = "The order as it is now", body = WholeOrder),
        (status = 409, description = "The order does not wait any more, or was changed meanwhile; `current` is the order as it is now"),
        (status = 422, description = "Amazon carries it, or the service does not exist or cannot carry it; says why, and which could"),
    )
)]
pub async fn pick(
    tenant: Tenant<scope::Desk>,
    OrderKey { connection, order }: OrderKey,
    State(app): State<Arc<App>>,
    Body(choice): Body<Choice>,
) -> Answer<Json<WholeOrder>> {
    let service: CourierServiceId = choice.service.parse().map_err(|error| {
        let error: stallkeeper::domain::courier::InvalidCourierService = error;
        Problem::invalid("/service", error.to_string())
    })?;
    let key = ConnectionKey::new(&tenant, &connection);
    let seen = choice.revision.map(Revision::get);
    let mut settings = None;
    for () in Written::attempts() {
        let stored = app.store.order(&key, &order).await?;
        let stored = stored.ok_or_else(|| Problem::not_found("order"))?;
        let settings = match &settings {
            Some(settings) => settings,
            None => settings.insert(app.store.settings(&key).await?),
        };
        let is_again = seen == Some(stored.revision);
        let picked = decide_on(&stored, &service, settings, is_again);
        let is_as_seen = seen.is_none_or(|seen| seen == stored.revision);
        match picked {
            Pick::Already => return Ok(Json(whole(&app, stored).await?)),
            Pick::NotPending => return Err(not_pending(&app, stored).await?),
            _ if !is_as_seen => return Err(changed(&app, stored).await?),
            Pick::AmazonShips(program) => return Err(amazon_ships(&program)),
            Pick::NoLines => return Err(no_lines()),
            Pick::Unfit { words, fit } => return Err(unfit(&service, &words, &fit)),
            Pick::Taken(order, entry) => {
                if app.store.replace_order(&order, &entry).await? == Written::Done {
                    info!(connection.id = %connection, order.id = %order.order.id, service = %service, "a person picked a courier service");
                    return Ok(Json(whole(&app, *order).await?));
                }
            }
        }
    }
    let stored = app.store.order(&key, &order).await?;
    let stored = stored.ok_or_else(|| Problem::not_found("order"))?;
    Err(changed(&app, stored).await?)
}

fn decide_on(
    stored: &StoredOrder,
    service: &CourierServiceId,
    settings: &Settings,
    is_again: bool,
) -> Pick {
    let couriers = Couriers::new(settings.couriers.clone());
    // Switched off as a whole, a marketplace still says which couriers its last orders may go with.
    let marketplace = settings
        .marketplaces
        .iter()
        .find(|settings| Some(settings.marketplace) == stored.order.marketplace());
    let none = Switches::default();
    let switches = marketplace.map_or(&none, |settings| &settings.couriers);
    decide(
        stored,
        service,
        &couriers,
        switches,
        is_again,
        Timestamp::now(),
    )
}

async fn not_pending(app: &App, stored: StoredOrder) -> Answer<Problem> {
    let with = match &stored.decision.service {
        Some(service) => format!(" with {service}"),
        None => String::new(),
    };
    let detail = format!(
        "It is `{}`{with}. `current` shows it as it is now.",
        stored.status.as_str()
    );
    let problem = Problem::conflict(
        "not-pending",
        "The order does not wait for a courier service.",
        detail,
    );
    Ok(problem.showing(&whole(app, stored).await?))
}

async fn changed(app: &App, stored: StoredOrder) -> Answer<Problem> {
    let problem = Problem::conflict(
        "changed-meanwhile",
        "The order was changed meanwhile.",
        "Look at `current`, the order as it is now, and pick again.",
    );
    Ok(problem.showing(&whole(app, stored).await?))
}

fn amazon_ships(program: &str) -> Problem {
    Problem::unprocessable(
        "amazon-ships",
        "Amazon carries this order, or the buyer fetches it.",
        format!("{program}: no courier of ours carries it. Handle it in Seller Central."),
    )
}

fn no_lines() -> Problem {
    Problem::unprocessable(
        "no-lines",
        "Amazon has not said what is in this order.",
        "It is asked again by itself. Until its lines are known, handle it in Seller Central.",
    )
}

fn unfit(service: &CourierServiceId, words: &str, fit: &[CourierServiceId]) -> Problem {
    let named: Vec<String> = fit.iter().take(NAMED).map(ToString::to_string).collect();
    let detail = match (named.join(", "), fit.len().saturating_sub(NAMED)) {
        (none, _) if none.is_empty() => {
            "No service of a courier that is switched on could carry it. PUT /couriers/{courier} adds one.".to_owned()
        }
        (named, 0) => format!("These could carry it: {named}."),
        (named, more) => format!("These could carry it: {named}, and {more} more."),
    };
    let sentence = format!("{service} {words}");
    Problem::unprocessable("service-does-not-fit", format!("{sentence}."), detail)
        .at("/service", sentence)
}
