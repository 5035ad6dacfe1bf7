//! `POST /orders/{connection}/{order}/cancel`: lines that will not be shipped are cancelled at Amazon.

use crate::App;
use crate::desk::OrderKey;
use crate::show::whole;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::{Answer, Body, Problem, Tenant, scope};
use stallkeeper::domain::cancellation::{
    CancelDecision, CancelReason, CancelRefusal, CancelUnits, Cancellation, CancellationId,
    CancellationLine, CancellationState, LineWish, decide,
};
use stallkeeper::domain::ids::{AmazonSku, ConnectionKey, OrderId};
use stallkeeper::domain::order::{OrderItem, StoredOrder};
use stallkeeper::queue::CancellationMessage;
use stallkeeper::store::Written;
use std::sync::Arc;
use utoipa::ToSchema;

/// The most lines that one request may name.
const MOST_LINES: usize = 100;

/// Lines that are to be cancelled, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CancelOrderRequest)]
pub struct Request {
    /// The lines; left out if `all_open` is true.
    #[serde(default)]
    #[schema(max_items = 100)]
    lines: Vec<Line>,
    /// All lines of which nothing is shipped, dispatched or cancelled.
    #[serde(default)]
    all_open: bool,
    reason: CancelReason,
}

/// A line, by its id or by its SKU; exactly one of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CancelLine)]
struct Line {
    /// Amazon's id of the line.
    order_item_id: Option<String>,
    /// Exactly as on Amazon. If several lines are of it, all of them are meant.
    sku: Option<AmazonSku>,
    /// To be sure that all units are meant: Amazon cancels a line only as a whole. All if it is left out.
    #[schema(minimum = 1)]
    quantity: Option<u32>,
}

/// A cancellation of lines of an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cancellation)]
pub struct ShownCancellation {
    #[schema(value_type = String)]
    pub id: CancellationId,
    pub state: CancellationState,
    /// What keeps it from its end, in words; nothing while all goes as usual.
    pub note: Option<String>,
    pub reason: CancelReason,
    pub lines: Vec<CancellationLine>,
    pub created_at: Timestamp,
    /// When Amazon gave its verdict.
    pub settled_at: Option<Timestamp>,
    /// The feed that carries it, or carried it last; `GET /connections/{connection}/feeds/{feed}` shows it.
    pub feed: Option<String>,
}

impl ShownCancellation {
    /// Amazon's order has the last word on its state.
    pub fn new(cancellation: Cancellation, stored: &StoredOrder) -> Self {
        Self {
            state: cancellation.state_in(stored),
            id: cancellation.id,
            note: cancellation.note,
            reason: cancellation.reason,
            lines: cancellation.lines,
            created_at: cancellation.created_at,
            settled_at: cancellation.settled_at,
            feed: cancellation.feed.map(String::from),
        }
    }
}

/// What a cancellation does to the seller's pre-fulfilment cancellation rate, which Amazon wants below 2.5 %.
#[derive(Debug, Serialize, ToSchema)]
pub struct RateEffect {
    /// Whether the order counts into the rate.
    counts: bool,
    /// Why, for a person.
    why: &'static str,
}

impl RateEffect {
    fn of(cancellation: &Cancellation) -> Self {
        let counts = cancellation.lines.iter().any(|it| it.counts_against_rate);
        let why = match (counts, cancellation.reason) {
            (false, _) => "The buyer asked for it at Amazon, which keeps it out of the rate.",
            (true, CancelReason::BuyerAsked) => {
                "Amazon knows of no request of the buyer for these lines: only a request made at Amazon keeps a cancellation out of the rate. Ask the buyer to make it there, and answer that."
            }
            (true, _) => {
                "It is the seller's reason, and Amazon counts the order as cancelled by the seller before dispatch."
            }
        };
        Self { counts, why }
    }
}

/// A cancellation that was taken in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CancellationTaken)]
pub struct Taken {
    pub cancellation: ShownCancellation,
    pub rate: RateEffect,
    /// Of the order, with this.
    pub revision: u64,
}

/// Cancels lines of an order at Amazon.
///
/// The lines are claimed at once, so that nobody can dispatch them; a feed goes to Amazon within a minute or two, whose
/// verdict may take from minutes to hours. `GET /orders/{connection}/{order}` shows it under `cancellations`: `to_send`,
/// `sent`, `accepted`, then `cancelled` once Amazon's order says so, or `refused` with Amazon's words, which opens the lines
/// again. If Amazon refuses what an earlier feed of unknown outcome may have cancelled, it is `unknown`, and the lines stay
/// claimed until Amazon's order has been read. Reason `no_inventory` also sets the SKUs to zero until a new stock level arrives.
///
/// Sending the same again is safe: lines that one cancellation has already are answered with that cancellation.
#[utoipa::path(
    post, path = "/orders/{connection}/{order}/cancel", operation_id = "cancelOrder", tag = "desk",
    request_body = Request,
    responses(
        (status = 202, description = "Taken in, now or before", body = Taken),
        (status = 409, description = "It is shipped, cancelled, not paid or not ours; a parcel or another cancellation has a line; nothing is open. `current` is the order as it is now"),
        (status = 422, description = "No such line, a line twice, or a part of a line: Amazon cancels whole lines only"),
    )
)]
pub async fn cancel(
    tenant: Tenant<scope::Desk>,
    key: OrderKey,
    State(app): State<Arc<App>>,
    Body(request): Body<Request>,
) -> Answer<(StatusCode, Json<Taken>)> {
    let connection = ConnectionKey::new(&tenant, &key.connection);
    let wish = |stored: &StoredOrder| wished(stored, &request);
    let claimed = claim(&app, &connection, &key.order, request.reason, wish);
    let (cancellation, order) = claimed.await?;
    let taken = Taken {
        rate: RateEffect::of(&cancellation),
        revision: order.revision,
        cancellation: ShownCancellation::new(cancellation, &order),
    };
    Ok((StatusCode::ACCEPTED, Json(taken)))
}

/// A wish, and the place in the request of each of its lines.
pub(crate) struct Wish {
    pub(crate) units: CancelUnits,
    pub(crate) places: Vec<usize>,
}

/// Claims lines for a cancellation, or finds the one that has them, and queues a message for `cancel-orders`.
pub(crate) async fn claim(
    app: &App,
    connection: &ConnectionKey,
    order: &OrderId,
    reason: CancelReason,
    wish: impl Fn(&StoredOrder) -> Result<Wish, Problem>,
) -> Answer<(Cancellation, StoredOrder)> {
    let store = &app.store;
    let id = new_id(Timestamp::now());
    for () in Written::attempts() {
        let stored = store.order(connection, order).await?;
        let stored = stored.ok_or_else(|| Problem::not_found("order"))?;
        let wish = wish(&stored)?;
        let (cancellation, order) =
            match decide(&stored, &wish.units, reason, &id, Timestamp::now()) {
                CancelDecision::Already(id) => {
                    let known = store.cancellation(connection, order, &id).await?;
                    let known = known.ok_or_else(|| Problem::not_found("cancellation"))?;
                    (known, stored)
                }
                CancelDecision::Write {
                    cancellation,
                    order,
                    entry,
                } => {
                    let written = store.write_cancellation(&cancellation, &order, &entry);
                    if written.await? == Written::Conflict {
                        continue;
                    }
                    (*cancellation, *order)
                }
                CancelDecision::Refused(refusal) => {
                    let problem = problem(&refusal, &wish.places);
                    if problem.status() == StatusCode::CONFLICT {
                        return Err(problem.showing(&whole(app, stored).await?));
                    }
                    return Err(problem);
                }
            };
        // A second message does no harm; without one nothing would be sent.
        let message = CancellationMessage::Requested {
            connection: connection.clone(),
            order: order.order.id.clone(),
            cancellation: cancellation.id.clone(),
        };
        app.cancellations.send(connection, message, 0).await?;
        return Ok((cancellation, order));
    }
    Err(Written::given_up("cancel lines of an order").into())
}

fn new_id(now: Timestamp) -> CancellationId {
    CancellationId::new(now, rand::random())
}

/// The lines that a request means.
fn wished(stored: &StoredOrder, request: &Request) -> Result<Wish, Problem> {
    let rows = &request.lines;
    if request.all_open != rows.is_empty() || rows.len() > MOST_LINES {
        let words = format!("name 1 to {MOST_LINES} lines, or none and `all_open`");
        return Err(Problem::invalid("/lines", words));
    }
    if request.all_open {
        return Ok(Wish {
            units: CancelUnits::AllOpen,
            places: Vec::new(),
        });
    }
    let (mut wishes, mut places) = (Vec::new(), Vec::new());
    for (place, row) in rows.iter().enumerate() {
        for wish in wishes_of(stored, row, place)? {
            wishes.push(wish);
            places.push(place);
        }
    }
    Ok(Wish {
        units: CancelUnits::Lines(wishes),
        places,
    })
}

fn wishes_of(stored: &StoredOrder, row: &Line, place: usize) -> Result<Vec<LineWish>, Problem> {
    let sku = match (&row.order_item_id, &row.sku) {
        (Some(id), None) => {
            return Ok(vec![LineWish {
                line: id.clone(),
                units: row.quantity,
            }]);
        }
        (None, Some(sku)) => sku.as_str(),
        _ => {
            let words = "name it by `order_item_id` or by `sku`, one of them";
            return Err(Problem::invalid(format!("/lines/{place}"), words));
        }
    };
    let items = stored.order.items.iter();
    let items: Vec<&OrderItem> = items
        .filter(|item| item.sku.as_deref() == Some(sku))
        .collect();
    if items.is_empty() {
        let words = "the order has no line of this SKU";
        return Err(Problem::invalid(format!("/lines/{place}/sku"), words));
    }
    let all = items
        .iter()
        .map(|item| item.quantity)
        .fold(0, u32::saturating_add);
    if let Some(quantity) = row.quantity.filter(|quantity| *quantity != all) {
        return Err(part_of_line(Some(place), all, quantity.min(all)));
    }
    let wish = |item: &&OrderItem| LineWish {
        line: item.id.clone(),
        units: None,
    };
    Ok(items.iter().map(wish).collect())
}

const WHAT_AMAZON_OFFERS: &str = "Amazon cancels a line only as a whole. Dispatch the units that you have; once Amazon has that confirmed, refund the others by a payment adjustment (feed POST_PAYMENT_ADJUSTMENT_DATA, or \"Refund Order\" in Seller Central).";

fn part_of_line(place: Option<usize>, ordered: u32, open: u32) -> Problem {
    let problem = Problem::unprocessable(
        "part-of-line",
        "A part of a line cannot be cancelled.",
        WHAT_AMAZON_OFFERS,
    );
    let words = format!("{open} of {ordered} units");
    match place {
        Some(place) => problem.at(format!("/lines/{place}/quantity"), words),
        None => problem.at("/lines", words),
    }
}

/// What is answered to a refusal; `places`: of the request's rows.
fn problem(refusal: &CancelRefusal, places: &[usize]) -> Problem {
    let place = |index: &usize| format!("/lines/{}", places.get(*index).unwrap_or(index));
    match refusal {
        CancelRefusal::NotOurs(status) => Problem::conflict(
            "not-ours",
            "The order is not ours to cancel.",
            format!("It is `{}`.", status.as_str()),
        ),
        CancelRefusal::FulfilledByAmazon => Problem::conflict(
            "not-ours",
            "Amazon fulfils the order.",
            "Only Amazon and the buyer can cancel it.",
        ),
        CancelRefusal::Over(status) => Problem::conflict(
            "not-open",
            "Nothing of the order is open.",
            format!("It is `{}`.", status.as_str()),
        ),
        CancelRefusal::NothingOpen => Problem::conflict(
            "not-open",
            "Nothing of it is open.",
            "It is shipped, dispatched or cancelled already.",
        ),
        CancelRefusal::UnknownLine { index } => {
            Problem::invalid(place(index), "the order has no such line")
        }
        CancelRefusal::Repeated { index } => Problem::invalid(place(index), "it is named twice"),
        CancelRefusal::PartOfLine {
            index,
            ordered,
            open,
        } => {
            let place = index.map(|index| places.get(index).copied().unwrap_or(index));
            part_of_line(place, *ordered, *open)
        }
        CancelRefusal::Dispatched { index, parcel } => Problem::conflict(
            "dispatched",
            "A parcel has the line.",
            format!("See parcel `{parcel}` among the order's dispatches."),
        )
        .at(place(index), "a parcel has it"),
        CancelRefusal::Cancelling { index, by } => Problem::conflict(
            "cancelling",
            "Another cancellation has the line.",
            format!("See `{by}` among the order's cancellations, and leave this line out."),
        )
        .at(place(index), "another cancellation has it"),
    }
}
