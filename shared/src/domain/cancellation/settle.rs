//! What Amazon's verdict makes of a cancellation and its order.

use super::{CancelWords, Cancellation, CancellationState};
use crate::domain::order::{
    ClaimedBy, HistoryEntry, HistoryKind, OrderHold, OrderStatus, StoredOrder,
};
use jiff::Timestamp;

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
    /// Settles it, once: later verdicts change nothing. The lines that Amazon refuses are open again.
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
        let all_refused = cancellation.lines_not_refused().next().is_none();
        cancellation.state = match all_refused {
            true => CancellationState::Refused,
            false => CancellationState::Accepted,
        };
        cancellation.settled_at = Some(now);
        cancellation.revision += 1;
        let order = released(stored, &cancellation, now);
        Some(Settled {
            cancellation,
            order,
        })
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
