//! What a wish to cancel makes of an order.

use super::{CancelReason, Cancellation, CancellationId, CancellationLine, CancellationState};
use crate::domain::courier::Reason;
use crate::domain::ids::ParcelId;
use crate::domain::order::{
    ClaimedBy, FulfilledBy, HistoryEntry, HistoryKind, LineClaim, OrderHold, OrderItem,
    OrderStatus, StoredOrder,
};
use jiff::Timestamp;

/// Which lines are to be cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelUnits {
    /// All lines of which nothing is shipped or claimed.
    AllOpen,
    Lines(Vec<LineWish>),
}

/// A line that is to be cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineWish {
    /// Amazon's id of the line.
    pub line: String,
    /// How many units; all if it is left out. Amazon cancels whole lines only.
    pub units: Option<u32>,
}

/// Why lines are not cancelled. `index`: of the wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelRefusal {
    /// It is not ours to ship.
    NotOurs(OrderStatus),
    FulfilledByAmazon,
    /// It is shipped or cancelled already.
    Over(OrderStatus),
    /// No line is open.
    NothingOpen,
    UnknownLine {
        index: usize,
    },
    /// The line is named twice.
    Repeated {
        index: usize,
    },
    /// Amazon cancels a line only as a whole.
    PartOfLine {
        index: Option<usize>,
        ordered: u32,
        /// Units that could still be cancelled, if Amazon did that.
        open: u32,
    },
    /// A parcel has it.
    Dispatched {
        index: usize,
        parcel: ParcelId,
    },
    /// Another cancellation has it, beside lines that none has.
    Cancelling {
        index: usize,
        by: CancellationId,
    },
}

/// What becomes of a wish to cancel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelDecision {
    /// This cancellation has all these lines already.
    Already(CancellationId),
    /// To be stored, all or nothing: the cancellation, the order with its claim, and what it adds to the order's history.
    Write {
        cancellation: Box<Cancellation>,
        order: Box<StoredOrder>,
        entry: HistoryEntry,
    },
    Refused(CancelRefusal),
}

/// Decides on a wish to cancel. Idempotent: the same lines again are [`CancelDecision::Already`].
pub fn decide(
    stored: &StoredOrder,
    units: &CancelUnits,
    reason: CancelReason,
    id: &CancellationId,
    now: Timestamp,
) -> CancelDecision {
    if let Some(by) = cancelled_by_one(stored, units) {
        return CancelDecision::Already(by);
    }
    let lines = refused_outright(stored).map_or(Ok(()), Err);
    match lines.and_then(|()| lines_of(stored, units)) {
        Ok(lines) => write(stored, &lines, reason, id, now),
        Err(refusal) => CancelDecision::Refused(refusal),
    }
}

/// The cancellation that has all these lines.
fn cancelled_by_one(stored: &StoredOrder, units: &CancelUnits) -> Option<CancellationId> {
    let named = |line: &&OrderItem| match units {
        CancelUnits::AllOpen => stored.unclaimed(line) > 0 || stored.cancelling(line).is_some(),
        CancelUnits::Lines(wishes) => wishes.iter().any(|wish| wish.line == line.id),
    };
    let lines = stored.order.items.iter().filter(named);
    let by: Vec<Option<&CancellationId>> = lines.map(|line| stored.cancelling(line)).collect();
    let are_known = match units {
        CancelUnits::AllOpen => true,
        CancelUnits::Lines(wishes) => wishes.len() == by.len(),
    };
    let first = by.first().copied().flatten()?;
    let one = by.iter().all(|it| *it == Some(first));
    (are_known && one).then(|| first.clone())
}

/// Why nothing of the order can be cancelled at all.
fn refused_outright(stored: &StoredOrder) -> Option<CancelRefusal> {
    if stored.order.fulfilled_by == Some(FulfilledBy::Amazon) {
        return Some(CancelRefusal::FulfilledByAmazon);
    }
    match stored.status {
        status @ (OrderStatus::Parked | OrderStatus::Elsewhere | OrderStatus::AwaitingPayment) => {
            Some(CancelRefusal::NotOurs(status))
        }
        status @ (OrderStatus::Dispatched | OrderStatus::Cancelled) => {
            Some(CancelRefusal::Over(status))
        }
        OrderStatus::PendingReview
        | OrderStatus::Ready
        | OrderStatus::Acknowledged
        | OrderStatus::PartlyDispatched => None,
    }
}

fn lines_of<'a>(
    stored: &'a StoredOrder,
    units: &CancelUnits,
) -> Result<Vec<&'a OrderItem>, CancelRefusal> {
    let wishes = match units {
        CancelUnits::AllOpen => return all_open(stored),
        CancelUnits::Lines(wishes) => wishes,
    };
    let mut lines: Vec<&OrderItem> = Vec::with_capacity(wishes.len());
    for (index, wish) in wishes.iter().enumerate() {
        let mut items = stored.order.items.iter();
        let line = items.find(|item| item.id == wish.line);
        let line = line.ok_or(CancelRefusal::UnknownLine { index })?;
        if lines.iter().any(|other| other.id == line.id) {
            return Err(CancelRefusal::Repeated { index });
        }
        check(stored, line, wish.units, index)?;
        lines.push(line);
    }
    match lines.is_empty() {
        true => Err(CancelRefusal::NothingOpen),
        false => Ok(lines),
    }
}

fn check(
    stored: &StoredOrder,
    line: &OrderItem,
    units: Option<u32>,
    index: usize,
) -> Result<(), CancelRefusal> {
    if let Some(by) = stored.cancelling(line).cloned() {
        return Err(CancelRefusal::Cancelling { index, by });
    }
    let open = stored.unclaimed(line);
    let mut claims = stored.claims.iter();
    let parcel = claims.find_map(|claim| match &claim.by {
        ClaimedBy::Dispatch(parcel) if claim.line == line.id => Some(parcel.clone()),
        _ => None,
    });
    match (open, parcel) {
        (0, Some(parcel)) => return Err(CancelRefusal::Dispatched { index, parcel }),
        (0, None) => return Err(CancelRefusal::NothingOpen),
        _ => {}
    }
    let is_whole = open == line.quantity && units.is_none_or(|units| units == line.quantity);
    match is_whole {
        true => Ok(()),
        false => Err(part(line, open, Some(index))),
    }
}

fn part(line: &OrderItem, open: u32, index: Option<usize>) -> CancelRefusal {
    CancelRefusal::PartOfLine {
        index,
        ordered: line.quantity,
        open,
    }
}

/// All lines that are wholly open; one that is open in part is not left out silently.
fn all_open(stored: &StoredOrder) -> Result<Vec<&OrderItem>, CancelRefusal> {
    let open = stored.order.items.iter();
    let open: Vec<&OrderItem> = open.filter(|line| stored.unclaimed(line) > 0).collect();
    for line in &open {
        let left = stored.unclaimed(line);
        if left != line.quantity {
            return Err(part(line, left, None));
        }
    }
    match open.is_empty() {
        true => Err(CancelRefusal::NothingOpen),
        false => Ok(open),
    }
}

fn write(
    stored: &StoredOrder,
    lines: &[&OrderItem],
    reason: CancelReason,
    id: &CancellationId,
    now: Timestamp,
) -> CancelDecision {
    let cancellation = Cancellation {
        tenant: stored.tenant.clone(),
        connection: stored.connection.clone(),
        order_id: stored.order.id.clone(),
        id: id.clone(),
        reason,
        lines: lines
            .iter()
            .map(|line| CancellationLine {
                line: line.id.clone(),
                sku: line.sku.as_deref().and_then(|sku| sku.parse().ok()),
                units: line.quantity,
                counts_against_rate: reason.counts(line.cancel_requested),
                refused: None,
            })
            .collect(),
        state: CancellationState::ToSend,
        feed: None,
        tries: 0,
        without_effect: 0,
        note: None,
        due_at: now,
        created_at: now,
        settled_at: None,
        revision: 1,
    };
    let mut order = stored.clone();
    order.revision += 1;
    let claim = |line: &&OrderItem| LineClaim::by_cancellation(line, line.quantity, id.clone());
    order.claims.extend(lines.iter().map(claim));
    hold_back(&mut order, reason, now);
    let entry = HistoryEntry {
        at: now,
        kind: HistoryKind::Cancelling,
        note: format!(
            "{} of {} lines are to be cancelled at Amazon: {}",
            lines.len(),
            stored.order.items.len(),
            reason.as_str()
        ),
    };
    CancelDecision::Write {
        cancellation: Box::new(cancellation),
        order: Box::new(order),
        entry,
    }
}

/// An order that nobody has taken over, and of which nothing is left to ship, is offered to nobody any more.
fn hold_back(order: &mut StoredOrder, reason: CancelReason, now: Timestamp) {
    let waits = order.is_ready() || order.status == OrderStatus::PendingReview;
    let nothing_left = order.order.items.iter().all(|it| order.unclaimed(it) == 0);
    if !(waits && order.acknowledged_at.is_none() && nothing_left) {
        return;
    }
    order.status = OrderStatus::PendingReview;
    order.decision.reason = Some(Reason::Held);
    let reason = reason.as_str();
    order.held = Some(OrderHold {
        reason: format!("it is being cancelled at Amazon ({reason})"),
        since: now,
    });
}
