//! Readings of an order: which is the newer, and which part is from which.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What decides which of two readings of one order is the newer: the greater wins, whatever the order of arrival.
///
/// The moment of fetching comes first. Amazon may date a change earlier than the one before it, and what was seen later
/// is news all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version {
    pub fetched_at: Timestamp,
    pub updated_at: Timestamp,
    /// How many of Amazon's datasets the reading held.
    pub datasets: u8,
}

/// A part of an order that Amazon gives or leaves out by itself.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
pub enum OrderPart {
    /// Ids, times, marketplace: what every order has.
    Head,
    Programs,
    /// The lines, as far as they say what was bought.
    Lines,
    /// What was shipped of each line, and what is asked of its carrier.
    LineFulfilment,
    /// The buyer's wishes to cancel.
    Cancellation,
    /// Status, shipper, service level, windows.
    Fulfilment,
    Address,
    Proceeds,
    /// What carriers were given.
    Packages,
}

impl OrderPart {
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;
}

/// Which readings an order was put together from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readings {
    /// The reading that each part is from. A newer one replaces the part; what it leaves out stays. Empty in what older
    /// releases wrote.
    #[serde(default)]
    pub parts: BTreeMap<OrderPart, Version>,
    /// Hashes of contents that were replaced, the latest last: to see one again is no news.
    #[serde(default)]
    pub replaced: Vec<u64>,
}
