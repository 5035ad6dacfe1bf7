//! One window that is read beside the live lane: what it asks for, and how far it is.

use super::super::SweepPlace;
use crate::domain::marketplace::Marketplace;
use crate::sp_api::{Dataset, OrderMoment};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The window that is asked for at once: a page token that dies costs no more than a slice.
const SLICE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How often a slice is doubled at most.
const MOST_DOUBLINGS: u32 = 4;

/// Why a window is read. The first goes first.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum BackFillKind {
    /// It was read without something that Amazon refused, or could not be read to its end.
    CatchUp,
    /// A marketplace was switched on.
    Marketplace,
    /// A person asked for it.
    Refetch,
    /// The connection is new.
    FirstRead,
    /// Some orders show late.
    Wide,
}

/// A window to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackFillJob {
    pub id: u64,
    pub kind: BackFillKind,
    #[serde(default)]
    pub by: OrderMoment,
    pub after: Timestamp,
    pub before: Timestamp,
    /// None: all.
    #[serde(default)]
    pub marketplaces: Vec<Marketplace>,
    /// Without what is shipped or cancelled.
    #[serde(default)]
    pub open_only: bool,
    /// The window is read from here to its end.
    pub read_back_to: Timestamp,
    /// Slices in a row whose first page was their last. Each makes the next one twice as long: a call that finds few orders
    /// counts on Amazon's limit as one that finds a hundred.
    #[serde(default)]
    pub sparse: u32,
    /// The page to go on with.
    #[serde(default)]
    pub place: Option<SweepPlace>,
    #[serde(default)]
    pub orders: u64,
    #[serde(default)]
    pub pages: u64,
    pub queued_at: Timestamp,
    #[serde(default)]
    pub started_at: Option<Timestamp>,
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
    /// How often it failed in a row.
    #[serde(default)]
    pub tries: u32,
    #[serde(default)]
    pub not_before: Option<Timestamp>,
    /// Why it failed last, or was given up.
    #[serde(default)]
    pub failure: Option<String>,
    /// What some of it was read without.
    #[serde(default)]
    pub read_without: Vec<Dataset>,
}

impl BackFillJob {
    /// A window of changes, of all marketplaces.
    pub fn of_changes(kind: BackFillKind, after: Timestamp, before: Timestamp) -> Self {
        Self {
            id: 0,
            kind,
            by: OrderMoment::Updated,
            after: after.min(before),
            before,
            marketplaces: Vec::new(),
            open_only: false,
            read_back_to: before,
            sparse: 0,
            place: None,
            orders: 0,
            pages: 0,
            queued_at: before,
            started_at: None,
            ended_at: None,
            tries: 0,
            not_before: None,
            failure: None,
            read_without: Vec::new(),
        }
    }

    /// The window to ask for next.
    pub fn slice(&self) -> (Timestamp, Timestamp) {
        let length = SLICE * (1 << self.sparse.min(MOST_DOUBLINGS));
        let from = self.read_back_to.saturating_sub(length);
        let from = from.map_or(self.after, |from| from.max(self.after));
        (from, self.read_back_to)
    }

    pub(super) fn asks_as(&self, other: &Self) -> bool {
        (self.kind, self.by, self.open_only) == (other.kind, other.by, other.open_only)
            && self.marketplaces == other.marketplaces
    }

    /// To its beginning, as if it had never been read.
    pub(super) fn restart(&mut self) {
        self.read_back_to = self.before;
        (self.place, self.sparse) = (None, 0);
        self.read_without.clear();
    }

    /// Waits for what it was read without.
    pub(super) fn waits_for(&self, refused: &[Dataset]) -> bool {
        self.place.is_none()
            && self.read_back_to == self.before
            && self.read_without.iter().any(|it| refused.contains(it))
    }
}
