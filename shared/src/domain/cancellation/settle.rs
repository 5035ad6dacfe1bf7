//! What Amazon's verdict makes of a cancellation and its order.
//!
//! A refusal opens a line again, unless a feed of unknown outcome came before: that one may have cancelled the line, and be
//! the very reason of the refusal. Then only Amazon's order, read some time after the verdict, opens it.

use super::returned::LONGEST_WAIT;
use super::{CancelWords, Cancellation, CancellationState, is_shown_cancelled};
use crate::domain::order::{
    AmazonStatus, ClaimedBy, HistoryEntry, HistoryKind, Order, OrderHold, OrderStatus, StoredOrder,
};
use jiff::{SignedDuration, Timestamp};

/// So long after a feed's verdict Amazon's order shows what the feeds before it did. Amazon processes the feeds of a kind one
/// after another (*Feeds API Best Practices*), and does not say when an order shows it.
const SHOWN_WITHIN: SignedDuration = SignedDuration::from_mins(15);

/// Amazon's verdict on the lines of a cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelVerdict {
    Accepted,
    /// Amazon refuses these lines, each with code and words.
    Refused(Vec<(String, CancelWords)>),
}

/// A cancellation after its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub cancellation: Cancellation,
    /// The order without the claims on refused lines, and what that adds to its history; `None` if it stays as it is.
    pub order: Option<(Box<StoredOrder>, HistoryEntry)>,
}

impl Cancellation {
    /// Settles it, once: later verdicts change nothing. The lines that Amazon refuses are open again, or stay claimed if a
    /// feed may have cancelled them.
    pub fn settle(
        &self,
        stored: &StoredOrder,
        verdict: &CancelVerdict,
        now: Timestamp,
    ) -> Option<Settled> {
        if self.state != CancellationState::Sent {
            return None;
        }
        let refused: &[(String, CancelWords)] = match verdict {
            CancelVerdict::Accepted => &[],
            CancelVerdict::Refused(lines) => lines,
        };
        let mut cancellation = self.clone();
        for line in &mut cancellation.lines {
            let mut said = refused.iter();
            let said = said.find(|(id, _)| *id == line.line);
            line.refused = said.map(|(_, words)| words.clone());
        }
        let words = cancellation.lines.iter().find_map(|it| it.refused.as_ref());
        match words.filter(|_| self.may_be_cancelled()) {
            None => Some(cancellation.ended(stored, now)),
            Some(words) => {
                let note = format!(
                    "{} ({}); a feed before, whose outcome is unknown, may have cancelled it: Amazon's order is read",
                    words.message, words.code
                );
                Some(Settled {
                    cancellation: cancellation.doubted(note, SHOWN_WITHIN, now),
                    order: None,
                })
            }
        }
    }

    /// Settles it by Amazon's order, once, if a feed may have cancelled what Amazon refuses. `shown`: the order as Amazon
    /// shows it now; without one of its lines it says nothing.
    pub fn settle_by_order(
        &self,
        stored: &StoredOrder,
        shown: &Order,
        now: Timestamp,
    ) -> Option<Settled> {
        if self.state != CancellationState::Unknown {
            return None;
        }
        let is_over = matches!(
            shown.amazon_status,
            Some(AmazonStatus::Cancelled | AmazonStatus::Unfulfillable)
        );
        let mut cancellation = self.clone();
        for line in &mut cancellation.lines {
            let item = shown.items.iter().find(|item| item.id == line.line)?;
            if is_shown_cancelled(item, is_over) {
                line.refused = None;
            }
        }
        Some(cancellation.ended(stored, now))
    }

    /// After Amazon's order could not be read, or did not say what became of its lines: it is read again later.
    #[must_use]
    pub fn not_shown(&self, note: String, now: Timestamp) -> Self {
        self.doubted(note, LONGEST_WAIT, now)
    }

    fn doubted(&self, note: String, wait: SignedDuration, now: Timestamp) -> Self {
        Self {
            state: CancellationState::Unknown,
            note: Some(note),
            due_at: now.saturating_add(wait).unwrap_or(now),
            revision: self.revision + 1,
            ..self.clone()
        }
    }

    /// With the verdict that its lines carry.
    fn ended(mut self, stored: &StoredOrder, now: Timestamp) -> Settled {
        let all_refused = self.lines_not_refused().next().is_none();
        self.state = match all_refused {
            true => CancellationState::Refused,
            false => CancellationState::Accepted,
        };
        self.note = None;
        self.settled_at = Some(now);
        self.revision += 1;
        let order = released(stored, &self, now);
        Settled {
            cancellation: self,
            order,
        }
    }
}

/// The order without the claims on the lines that were refused.
fn released(
    stored: &StoredOrder,
    cancellation: &Cancellation,
    now: Timestamp,
) -> Option<(Box<StoredOrder>, HistoryEntry)> {
    let words = cancellation
        .lines
        .iter()
        .find_map(|it| it.refused.as_ref())?;
    let is_refused = |line: &str| {
        let mut lines = cancellation.lines.iter();
        lines.any(|it| it.line == line && it.refused.is_some())
    };
    let mut order = stored.clone();
    order.claims.retain(|claim| {
        let ours = matches!(&claim.by, ClaimedBy::Cancellation(id) if *id == cancellation.id);
        !(ours && is_refused(&claim.line))
    });
    order.revision += 1;
    let said = format!(
        "Amazon refuses to cancel it: {} ({})",
        words.message, words.code
    );
    if order.acknowledged_at.is_some() {
        if order.status != OrderStatus::Cancelled {
            order.status = order.status_taken_over();
        }
    } else if let Some(hold) = &mut order.held {
        // What was to be cancelled is not shipped before a person says so.
        *hold = OrderHold {
            reason: said.clone(),
            since: now,
        };
    }
    let entry = HistoryEntry {
        at: now,
        kind: HistoryKind::CancellationRefused,
        note: said,
    };
    Some((Box::new(order), entry))
}
