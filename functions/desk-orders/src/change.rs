//! What a person's request makes of an order: read, decided, written; and once more if somebody else wrote meanwhile. The
//! same for one order and for each of many.

use crate::App;
use crate::answer::WholeOrder;
use crate::desk::OrderKey;
use crate::outcome::Outcome;
use crate::show::whole;
use axum::Json;
use axum::http::StatusCode;
use jiff::Timestamp;
use stallkeeper::api::{Answer, Problem};
use stallkeeper::domain::ids::{ConnectionKey, OrderId, TenantId};
use stallkeeper::domain::order::{HistoryEntry, HistoryKind, StoredOrder};
use stallkeeper::error::Result;
use stallkeeper::store::{Store, Written};

/// What a request makes of an order.
#[derive(Debug)]
pub enum Step {
    /// To be stored, with what it adds to the history.
    Write(Box<StoredOrder>, HistoryEntry),
    /// It is as asked.
    Leave,
    Refuse(Box<Refusal>),
}

/// Why an order stays as it is.
#[derive(Debug)]
pub struct Refusal {
    /// In a row of many.
    pub outcome: Outcome,
    /// On its own.
    pub problem: Problem,
}

/// What became of an order.
#[derive(Debug)]
pub enum Changed {
    Written(Box<StoredOrder>),
    Left(Box<StoredOrder>),
    Refused(Box<StoredOrder>, Box<Refusal>),
    NotFound,
}

impl Step {
    /// The order with its revision raised, and an entry of this moment.
    pub fn write(
        mut order: StoredOrder,
        kind: HistoryKind,
        note: impl Into<String>,
        at: Timestamp,
    ) -> Self {
        order.revision += 1;
        let note = note.into();
        Self::Write(Box::new(order), HistoryEntry { at, kind, note })
    }

    pub fn refuse(outcome: Outcome, problem: Problem) -> Self {
        Self::Refuse(Box::new(Refusal { outcome, problem }))
    }

    /// It is not what the person looked at.
    pub fn changed() -> Self {
        Self::refuse(Outcome::Changed, changed_meanwhile())
    }
}

fn changed_meanwhile() -> Problem {
    Problem::conflict(
        "changed-meanwhile",
        "The order was changed meanwhile.",
        "Look at `current`, the order as it is now, and try again.",
    )
}

/// Changes an order of a tenant as `step` decides on what is current. Another tenant's does not exist.
pub async fn change(
    store: &Store,
    connection: &ConnectionKey,
    order: &OrderId,
    step: impl Fn(&StoredOrder, Timestamp) -> Step,
) -> Result<Changed> {
    for () in Written::attempts() {
        let Some(stored) = store.order(connection, order).await? else {
            return Ok(Changed::NotFound);
        };
        match step(&stored, Timestamp::now()) {
            Step::Leave => return Ok(Changed::Left(Box::new(stored))),
            Step::Refuse(refusal) => return Ok(Changed::Refused(Box::new(stored), refusal)),
            Step::Write(order, entry) => {
                if store.replace_order(&order, &entry).await? == Written::Done {
                    return Ok(Changed::Written(order));
                }
            }
        }
    }
    let Some(stored) = store.order(connection, order).await? else {
        return Ok(Changed::NotFound);
    };
    let refusal = Refusal {
        outcome: Outcome::Failed,
        problem: changed_meanwhile(),
    };
    Ok(Changed::Refused(Box::new(stored), Box::new(refusal)))
}

/// Changes the order that a path names, and answers it as it is then. A conflict shows it too.
pub async fn change_one(
    app: &App,
    tenant: &TenantId,
    key: &OrderKey,
    step: impl Fn(&StoredOrder, Timestamp) -> Step,
) -> Answer<Json<WholeOrder>> {
    let connection = ConnectionKey::new(tenant, &key.connection);
    match change(&app.store, &connection, &key.order, step).await? {
        Changed::NotFound => Err(Problem::not_found("order")),
        Changed::Written(order) | Changed::Left(order) => Ok(Json(whole(app, *order).await?)),
        Changed::Refused(order, refusal) => {
            let problem = refusal.problem;
            if problem.status() == StatusCode::CONFLICT {
                return Err(problem.showing(&whole(app, *order).await?));
            }
            Err(problem)
        }
    }
}
