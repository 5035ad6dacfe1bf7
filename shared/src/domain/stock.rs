//! What the warehouse can deliver, and what of it Amazon is to show.

mod measured;
mod policy;
mod quantity;
mod reservation;

pub use measured::Measured;
pub use policy::{Policy, Step};
pub use quantity::{Counted, Deliverable, SkuStock, Wanted, count};
pub use reservation::{Dispatch, Reservation, Sale};

use super::ids::WarehouseCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How far a measurement may lie ahead of our clock.
pub const MOST_AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Units of a SKU in a warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLevel {
    pub quantity: u32,
    /// When the platform counted; kept in milliseconds.
    pub measured_at: Timestamp,
    pub received_at: Timestamp,
}

/// The levels of a SKU, by warehouse.
pub type Levels = BTreeMap<WarehouseCode, StockLevel>;

/// What is to be done with a level that arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Newer than what is stored, or the first.
    New,
    /// The same, once more.
    Repeated,
    /// Measured before what is stored.
    Older,
    /// Measured at the same moment, with fewer units: one of the two is wrong, and the lower is in force until a later
    /// count.
    Lower,
    /// Measured at the same moment, with more units.
    Conflict,
    /// Measured later than [`MOST_AHEAD`] from now: the sender's clock is wrong.
    Ahead,
}

impl Arrival {
    /// Whether the level replaces what is stored.
    pub fn is_taken(self) -> bool {
        matches!(self, Self::New | Self::Lower)
    }
}

impl StockLevel {
    /// Whether it was counted later than `moment`, to the millisecond.
    pub fn is_after(&self, moment: Timestamp) -> bool {
        self.measured_at.as_millisecond() > moment.as_millisecond()
    }

    /// Judges a level against what is stored, at `now`.
    pub fn arrival(&self, stored: Option<&StockLevel>, now: Timestamp) -> Arrival {
        let latest = now.saturating_add(MOST_AHEAD).unwrap_or(Timestamp::MAX);
        if self.measured_at > latest {
            return Arrival::Ahead;
        }
        let Some(stored) = stored else {
            return Arrival::New;
        };
        let (new, old) = (
            self.measured_at.as_millisecond(),
            stored.measured_at.as_millisecond(),
        );
        match new.cmp(&old) {
            std::cmp::Ordering::Greater => Arrival::New,
            std::cmp::Ordering::Less => Arrival::Older,
            std::cmp::Ordering::Equal if self.quantity == stored.quantity => Arrival::Repeated,
            std::cmp::Ordering::Equal if self.quantity < stored.quantity => Arrival::Lower,
            std::cmp::Ordering::Equal => Arrival::Conflict,
        }
    }
}

/// The levels of the warehouses that count; all if none is named.
pub fn counted<'a>(
    levels: &'a Levels,
    warehouses: &'a BTreeSet<WarehouseCode>,
) -> impl Iterator<Item = (&'a WarehouseCode, &'a StockLevel)> {
    levels
        .iter()
        .filter(|(warehouse, _)| warehouses.is_empty() || warehouses.contains(*warehouse))
}
