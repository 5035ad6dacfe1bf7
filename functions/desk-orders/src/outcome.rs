//! Many orders in one request: each row for itself, and what is current of it in the answer.

use crate::App;
use crate::change::{Changed, Step, change};
use axum::Json;
use futures::StreamExt as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::{Answer, Problem};
use stallkeeper::domain::ids::{ConnectionKey, OrderId, TenantId};
use stallkeeper::domain::order::{OrderStatus, StoredOrder};
use stallkeeper::error::Result;
use stallkeeper::store::Settings;
use std::collections::{BTreeSet, HashMap};
use tokio::sync::OnceCell;
use tracing::error;
use utoipa::ToSchema;

/// How many orders one request may name.
const MOST_ORDERS: usize = 100;
/// How many of them are worked on at a time.
const CONCURRENCY: usize = 10;

/// An order, by its ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderIds)]
pub struct OrderRef {
    /// Connection id.
    pub(crate) connection: String,
    /// Amazon's order id.
    pub(crate) id: String,
}

/// A row of a request that names an order.
pub trait NamesOrder: Clone + Ord {
    /// The connection's id, and Amazon's order id.
    fn ids(&self) -> (&str, &str);

    /// Whose it is; `None`: the caller's.
    fn tenant(&self) -> Option<&TenantId> {
        None
    }
}

impl NamesOrder for OrderRef {
    fn ids(&self) -> (&str, &str) {
        (&self.connection, &self.id)
    }
}

/// What became of each order, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderResults)]
pub struct Results {
    orders: Vec<Row>,
}

/// What became of one order, and what is current of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderResult)]
pub struct Row {
    /// Connection id.
    connection: String,
    /// Amazon's order id.
    id: String,
    outcome: Outcome,
    /// Why it was not done, for a person.
    detail: Option<String>,
    #[serde(flatten)]
    current: Current,
}

/// What is current of an order; each `null` if there is no order.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = CurrentOrder)]
struct Current {
    status: Option<OrderStatus>,
    /// Why it waits for a person, if it does.
    reason: Option<String>,
    revision: Option<u64>,
    /// The courier service it goes with.
    service: Option<String>,
    acknowledged_at: Option<Timestamp>,
}

/// What became of a row.
///
/// Just now: `acknowledged`, `taken_over`, `picked`, `held`, `released`, `given_back`. `already`: it was so before, or it was
/// shipped. `changed`: it is not as it was at the given revision; read it again. Not done, since the order is not in a state
/// for it (see `status` and `detail`): `not_ready`, `not_elsewhere`, `not_pending`, `not_open`, `not_acknowledged`, `handed_over`. `unfit`:
/// the service cannot carry it. `not_found`: no such order of this tenant. `failed`: could not be served now; send it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrderOutcome)]
pub enum Outcome {
    Acknowledged,
    TakenOver,
    Picked,
    Held,
    Released,
    GivenBack,
    Already,
    Changed,
    NotReady,
    NotElsewhere,
    NotPending,
    NotOpen,
    NotAcknowledged,
    HandedOver,
    Unfit,
    NotFound,
    Failed,
}

/// Whether a step looks at the settings of the order's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    OrderAlone,
    Settings,
}

/// What a row came to, before it is put beside its ids.
#[derive(Clone)]
struct Done {
    outcome: Outcome,
    detail: Option<String>,
    current: Current,
}

/// Works on each row for itself: one that fails keeps none from the others. `done`: what a written row is answered.
///
/// # Errors
/// 422 if there is no row, or more than 100.
pub async fn each<R: NamesOrder + std::hash::Hash>(
    app: &App,
    tenant: &TenantId,
    rows: Vec<R>,
    (done, reads): (Outcome, Reads),
    step: impl Fn(&R, &StoredOrder, &Settings, Timestamp) -> Step,
) -> Answer<Json<Results>> {
    check_count(&rows)?;
    // A row that is there twice is worked on once: two attempts at once would be in each other's way.
    let distinct: BTreeSet<R> = rows.iter().cloned().collect();
    let of = |row: &R| (row.tenant().cloned(), row.ids().0.to_owned());
    let connections: HashMap<_, OnceCell<Settings>> = distinct
        .iter()
        .map(|row| (of(row), OnceCell::new()))
        .collect();
    let (step, connections) = (&step, &connections);
    let results: HashMap<R, Done> = futures::stream::iter(distinct)
        .map(|row| async move {
            let settings = connections
                .get(&of(&row))
                .filter(|_| reads == Reads::Settings);
            let result = one(app, tenant, &row, settings, step).await;
            let result = result.map(|changed| Done::of(changed, done));
            let result = result.unwrap_or_else(|failure| failed(&row, &failure));
            (row, result)
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    let orders = rows.iter().filter_map(|row| {
        let Done {
            outcome,
            detail,
            current,
        } = results.get(row)?.clone();
        let (connection, id) = row.ids();
        let (connection, id) = (connection.to_owned(), id.to_owned());
        Some(Row {
            connection,
            id,
            outcome,
            detail,
            current,
        })
    });
    Ok(Json(Results {
        orders: orders.collect(),
    }))
}

/// # Errors
/// 422 if there is no row, or more than one request may name.
pub fn check_count<R: NamesOrder>(rows: &[R]) -> Answer<()> {
    if (1..=MOST_ORDERS).contains(&rows.len()) {
        return Ok(());
    }
    let words = format!("name 1 to {MOST_ORDERS} orders");
    Err(Problem::invalid("/orders", words))
}

async fn one<R: NamesOrder>(
    app: &App,
    tenant: &TenantId,
    row: &R,
    settings: Option<&OnceCell<Settings>>,
    step: &impl Fn(&R, &StoredOrder, &Settings, Timestamp) -> Step,
) -> Result<Changed> {
    let Some((key, id)) = key(tenant, row) else {
        return Ok(Changed::NotFound);
    };
    let unread = Settings::default();
    let settings = match settings {
        Some(cell) => cell.get_or_try_init(|| app.store.settings(&key)).await?,
        None => &unread,
    };
    change(&app.store, &key, &id, |stored, now| {
        step(row, stored, settings, now)
    })
    .await
}

/// The order's keys; what is no id names no order.
fn key<R: NamesOrder>(tenant: &TenantId, row: &R) -> Option<(ConnectionKey, OrderId)> {
    let (connection, id) = row.ids();
    let connection = connection.parse().ok()?;
    let tenant = row.tenant().unwrap_or(tenant);
    Some((ConnectionKey::new(tenant, &connection), id.parse().ok()?))
}

fn failed<R: NamesOrder>(row: &R, failure: &stallkeeper::error::Error) -> Done {
    let (connection, id) = row.ids();
    error!(
        connection.id = connection,
        order.id = id,
        error.class = failure.class().name(),
        error = failure.chain(),
        "a row of many orders failed"
    );
    Done::without_order(Outcome::Failed)
}

impl Done {
    fn of(changed: Changed, done: Outcome) -> Self {
        let (outcome, detail, order) = match changed {
            Changed::NotFound => return Self::without_order(Outcome::NotFound),
            Changed::Written(order) => (done, None, order),
            Changed::Left(order) => (Outcome::Already, None, order),
            Changed::Refused(order, refusal) => {
                (refusal.outcome, Some(refusal.problem.words()), order)
            }
        };
        Self {
            outcome,
            detail,
            current: Current::of(&order),
        }
    }

    fn without_order(outcome: Outcome) -> Self {
        Self {
            outcome,
            detail: None,
            current: Current::default(),
        }
    }
}

impl Current {
    fn of(stored: &StoredOrder) -> Self {
        Self {
            status: Some(stored.status),
            reason: stored.decision.reason.as_ref().map(ToString::to_string),
            revision: Some(stored.revision),
            service: stored.decision.service.as_ref().map(ToString::to_string),
            acknowledged_at: stored.acknowledged_at,
        }
    }
}
