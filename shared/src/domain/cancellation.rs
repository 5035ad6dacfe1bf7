//! A cancellation: lines of an order that we cancel at Amazon, and what Amazon says to it.
//!
//! Pure. Decides what a wish to cancel makes of an order ([`decide`]), and what Amazon's verdict makes of both
//! ([`Cancellation::settle`]). It never calls anyone.
//!
//! Amazon cancels whole lines only. It has no operation for it, but a feed whose verdict is per line; the order itself
//! shows the cancellation later, and only that makes it final.

mod decide;
mod reason;
mod returned;
mod settle;
#[cfg(test)]
mod tests;

pub use crate::domain::ids::CancellationId;
pub use decide::{CancelDecision, CancelRefusal, CancelUnits, LineWish, decide};
pub use reason::CancelReason;
pub use returned::{FeedFailure, Returned};
pub use settle::{CancelVerdict, Settled};

use super::ids::{AmazonSku, ConnectionId, ConnectionKey, FeedId, OrderId, TenantId};
use super::order::{OrderItem, OrderStatus, StoredOrder};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What became of a cancellation.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CancellationState {
    /// It waits for the next feed to Amazon, a minute as a rule; longer if a feed with it came to nothing, see `note`.
    ToSend,
    /// It is in a feed; Amazon has not answered yet.
    Sent,
    /// Amazon accepts at least one of its lines; the order does not show it yet.
    Accepted,
    /// Amazon's order shows its lines as cancelled.
    Cancelled,
    /// Amazon refuses all of its lines: they are open again. See Amazon's words.
    Refused,
    /// Amazon refuses a line, but an earlier feed, whose outcome is unknown, may have cancelled it. The lines stay claimed
    /// until Amazon's order has been read.
    Unknown,
}

impl CancellationState {
    /// The spelling used in tables and answers.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Why Amazon refuses to cancel a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CancellationRefusal)]
pub struct CancelWords {
    pub at: Timestamp,
    /// Amazon's code; ours in `snake_case` if Amazon gave no verdict.
    pub code: String,
    pub message: String,
}

/// A line that is to be cancelled, with all its units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CancellationLine {
    /// Amazon's id of the line.
    #[serde(rename = "order_item_id")]
    pub line: String,
    /// Exactly as on Amazon.
    #[schema(value_type = Option<String>)]
    pub sku: Option<AmazonSku>,
    #[serde(rename = "quantity")]
    pub units: u32,
    /// Whether it counts into the seller's pre-fulfilment cancellation rate.
    pub counts_against_rate: bool,
    /// Why Amazon refuses it, if it does.
    #[serde(default)]
    pub refused: Option<CancelWords>,
}

/// A cancellation, in our table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    pub tenant: TenantId,
    pub connection: ConnectionId,
    pub order_id: OrderId,
    pub id: CancellationId,
    pub reason: CancelReason,
    pub lines: Vec<CancellationLine>,
    pub state: CancellationState,
    /// The feed that carries it, or carried it last.
    #[serde(default)]
    pub feed: Option<FeedId>,
    /// How many feeds with it came to nothing.
    #[serde(default)]
    pub tries: u32,
    /// How many of these certainly cancelled nothing.
    #[serde(default)]
    pub without_effect: u32,
    /// What keeps it from its end, in words; nothing while all goes as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Before this moment it is in no feed, and its order is not read for it.
    pub due_at: Timestamp,
    pub created_at: Timestamp,
    /// When Amazon gave its verdict.
    #[serde(default)]
    pub settled_at: Option<Timestamp>,
    /// Rises by one with every write: the optimistic lock.
    pub revision: u64,
}

impl Cancellation {
    pub fn connection_key(&self) -> ConnectionKey {
        ConnectionKey::new(&self.tenant, &self.connection)
    }

    /// Whether it is not known yet what becomes of its lines.
    pub fn is_pending(&self) -> bool {
        self.is_waiting() || self.state == CancellationState::Sent
    }

    /// Whether the next run goes on with it.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.is_waiting() && self.due_at <= now
    }

    /// Whether it waits for a feed, or for a look at its order.
    pub fn is_waiting(&self) -> bool {
        matches!(
            self.state,
            CancellationState::ToSend | CancellationState::Unknown
        )
    }

    /// Whether a feed whose outcome is unknown may have cancelled its lines.
    pub fn may_be_cancelled(&self) -> bool {
        self.tries > self.without_effect
    }

    /// Whether this feed carries it, and Amazon's verdict is still to come.
    pub fn is_carried_by(&self, feed: &FeedId) -> bool {
        self.state == CancellationState::Sent && self.feed.as_ref() == Some(feed)
    }

    /// Its lines that Amazon has not refused.
    pub fn lines_not_refused(&self) -> impl Iterator<Item = &CancellationLine> {
        self.lines.iter().filter(|line| line.refused.is_none())
    }

    /// Its state as the order has it: Amazon's order is the last word, even over a refusal.
    pub fn state_in(&self, stored: &StoredOrder) -> CancellationState {
        let is_over = stored.status == OrderStatus::Cancelled;
        let lines = stored.order.items.iter();
        let mut own = lines.filter(|item| self.lines.iter().any(|line| line.line == item.id));
        let mut any = false;
        let all = own.all(|item| {
            any = true;
            is_shown_cancelled(item, is_over)
        });
        match any && all {
            true => CancellationState::Cancelled,
            false => self.state,
        }
    }

    /// As part of a feed.
    #[must_use]
    pub fn sent(&self, feed: &FeedId) -> Self {
        Self {
            state: CancellationState::Sent,
            feed: Some(feed.clone()),
            note: None,
            revision: self.revision + 1,
            ..self.clone()
        }
    }

    /// With what keeps it from its end.
    #[must_use]
    pub fn noted(&self, note: &str) -> Self {
        Self {
            note: Some(note.to_owned()),
            revision: self.revision + 1,
            ..self.clone()
        }
    }

    /// After Amazon's order shows its lines as cancelled before a feed with it was settled: there is nothing to send.
    #[must_use]
    pub fn shown(&self, now: Timestamp) -> Self {
        let mut lines = self.lines.clone();
        for line in &mut lines {
            // Amazon's order is the last word, whatever a feed's report said before.
            line.refused = None;
        }
        Self {
            lines,
            state: CancellationState::Accepted,
            note: None,
            settled_at: Some(now),
            revision: self.revision + 1,
            ..self.clone()
        }
    }
}

/// Whether Amazon shows a line as cancelled; `is_over`: its whole order is.
fn is_shown_cancelled(item: &OrderItem, is_over: bool) -> bool {
    (is_over || item.open_quantity() == 0) && item.quantity_fulfilled < item.quantity
}
