//! Between what amounts a price may be.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The floor and the ceiling of a price, as far as there are any; in what can be paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceLimits {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<Decimal>,
}

impl PriceLimits {
    /// Whether there are none.
    pub fn are_open(&self) -> bool {
        *self == Self::default()
    }

    pub fn allow(&self, amount: Decimal) -> bool {
        self.least.is_none_or(|least| amount >= least)
            && self.most.is_none_or(|most| amount <= most)
    }
}
