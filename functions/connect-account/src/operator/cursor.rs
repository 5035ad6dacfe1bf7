//! How far the orders of a connection are read, as an operator sees it.

use jiff::Timestamp;
use serde::Serialize;
use stallkeeper::domain::connection::ConnectionStatus;
use stallkeeper::store::Cursor;
use utoipa::ToSchema;

/// Whether orders of such a connection should be read: a seller who must authorise again is behind too.
pub(super) fn should_be_read(status: ConnectionStatus) -> bool {
    status.fetches_orders() || status == ConnectionStatus::NeedsReauthorisation
}

/// How many seconds ago everything that had changed at Amazon by then was read. Never negative, though Amazon's clock may be
/// ahead of ours.
pub(super) fn age_seconds(cursor: &Cursor, now: Timestamp) -> u64 {
    let known_until = cursor.known_until();
    let age = cursor.amazons_clock(now).duration_since(known_until);
    u64::try_from(age.as_secs()).unwrap_or_default()
}

/// How far orders are read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderCursor)]
pub(crate) struct CursorState {
    /// Everything that changed at Amazon before this moment is read; absent before the first sweep.
    #[serde(skip_serializing_if = "Option::is_none")]
    known_until: Option<Timestamp>,
    /// How many seconds that moment is past.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) age_seconds: Option<u64>,
    /// When a sweep last came to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success_at: Option<Timestamp>,
    /// The last failure, if no sweep came to its end since.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing: Option<Failing>,
    /// The latest change of an order that a sweep has read.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_order_at: Option<Timestamp>,
}

/// That sweeps fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FailingSweeps)]
pub(crate) struct Failing {
    since: Timestamp,
    last_at: Timestamp,
    /// As `error.class` in the log.
    #[schema(example = "permanent")]
    class: String,
}

impl CursorState {
    pub(super) fn of(cursor: Option<&Cursor>, now: Timestamp) -> Self {
        let Some(cursor) = cursor else {
            return Self::default();
        };
        Self {
            known_until: Some(cursor.known_until()),
            age_seconds: Some(age_seconds(cursor, now)),
            last_success_at: cursor.swept_at,
            failing: cursor.failed.as_ref().map(|failed| Failing {
                since: failed.since,
                last_at: failed.at,
                class: failed.class.clone(),
            }),
            last_order_at: cursor.order_changed_at,
        }
    }
}
