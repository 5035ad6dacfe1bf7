//! `POST /orders/{connection}/{order}/courier` and `POST /orders/courier`: a person gives waiting orders their courier service.

use crate::App;
use crate::answer::WholeOrder;
use crate::change::{Step, change_one};
use crate::desk::OrderKey;
use crate::hold::being_cancelled;
use crate::outcome::{NamesOrder, Outcome, Reads, Results, each};
use crate::pick::{Pick, pick as decide};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use stallkeeper::api::{Answer, Body, Faults, Problem, Revision, Tenant, scope};
use stallkeeper::domain::courier::{CourierServiceId, Couriers, InvalidCourierService, Switches};
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::order::StoredOrder;
use stallkeeper::store::Settings;
use std::sync::Arc;
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

/// The courier services that a person picked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CourierChoices)]
pub struct Choices {
    #[schema(min_items = 1, max_items = 100)]
    orders: Vec<ChoiceRow>,
}

/// An order, and which courier service a person picked for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderCourierChoice)]
pub struct ChoiceRow {
    /// Connection id.
    connection: String,
    /// Amazon's order id.
    id: String,
    /// `courier/service`, spelt as in the tenant's couriers.
    #[schema(value_type = CourierServiceId)]
    service: String,
    /// The revision the person looked at. Given, an order that was changed since is not touched, and one that is `ready`
    /// gets this service instead of its own; left out, the choice is checked against what is current.
    revision: Option<Revision>,
}

impl NamesOrder for ChoiceRow {
    fn ids(&self) -> (&str, &str) {
        (&self.connection, &self.id)
    }
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
    key: OrderKey,
    State(app): State<Arc<App>>,
    Body(choice): Body<Choice>,
) -> Answer<Json<WholeOrder>> {
    let service = parsed(&choice.service).map_err(|words| Problem::invalid("/service", words))?;
    let connection = ConnectionKey::new(&tenant, &key.connection);
    let settings = app.store.settings(&connection).await?;
    let seen = choice.revision.map(Revision::get);
    change_one(&app, &tenant, &key, |stored, now| {
        picked(stored, &service, seen, &settings, now)
    })
    .await
}

/// Gives orders that wait for a person their courier service, or `ready` ones another, each row for itself and as for one order.
///
/// `ready` ones are given another service only with the `revision` that was read. What the service cannot carry is `unfit`,
/// with the reason.
#[utoipa::path(
    post, path = "/orders/courier", operation_id = "pickCourierServices", tag = "desk",
    request_body = Choices,
    responses(
        (status = 200, body = Results),
        (status = 422, description = "No order, or more than 100; or a service that is not written `courier/service`"),
    )
)]
pub async fn pick_many(
    tenant: Tenant<scope::Desk>,
    State(app): State<Arc<App>>,
    Body(Choices { orders }): Body<Choices>,
) -> Answer<Json<Results>> {
    let mut faults = Faults::default();
    for (index, row) in orders.iter().enumerate() {
        faults.check(format!("/orders/{index}/service"), parsed(&row.service));
    }
    faults.done()?;
    let how = (Outcome::Picked, Reads::Settings);
    each(&app, &tenant, orders, how, |row, stored, settings, now| {
        let seen = row.revision.map(Revision::get);
        match parsed(&row.service) {
            Ok(service) => picked(stored, &service, seen, settings, now),
            Err(words) => Step::refuse(Outcome::Unfit, Problem::invalid("/service", words)),
        }
    })
    .await
}

fn parsed(service: &str) -> Result<CourierServiceId, String> {
    service
        .parse()
        .map_err(|error: InvalidCourierService| error.to_string())
}

fn picked(
    stored: &StoredOrder,
    service: &CourierServiceId,
    seen: Option<u64>,
    settings: &Settings,
    now: Timestamp,
) -> Step {
    let couriers = Couriers::new(settings.couriers.clone());
    // Switched off as a whole, a marketplace still says which couriers its last orders may go with.
    let marketplace = settings
        .marketplaces
        .iter()
        .find(|settings| Some(settings.marketplace) == stored.order.marketplace());
    let none = Switches::default();
    let switches = marketplace.map_or(&none, |settings| &settings.couriers);
    let is_again = seen == Some(stored.revision);
    let is_as_seen = seen.is_none_or(|seen| seen == stored.revision);
    match decide(stored, service, &couriers, switches, is_again, now) {
        Pick::Already => Step::Leave,
        Pick::NotPending => Step::refuse(Outcome::NotPending, not_pending(stored)),
        _ if !is_as_seen => Step::changed(),
        _ if stored.is_being_cancelled() => Step::refuse(Outcome::NotOpen, being_cancelled()),
        Pick::AmazonShips(program) => Step::refuse(Outcome::Unfit, amazon_ships(&program)),
        Pick::NoLines => Step::refuse(Outcome::Unfit, no_lines()),
        Pick::Unfit { words, fit } => Step::refuse(Outcome::Unfit, unfit(service, &words, &fit)),
        Pick::Taken(order, entry) => Step::Write(order, entry),
    }
}

fn not_pending(stored: &StoredOrder) -> Problem {
    let with = match &stored.decision.service {
        Some(service) => format!(" with {service}"),
        None => String::new(),
    };
    let detail = format!("It is `{}`{with}.", stored.status.as_str());
    Problem::conflict(
        "not-pending",
        "The order does not wait for a courier service.",
        detail,
    )
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
