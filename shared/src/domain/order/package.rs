//! Amazon's packages of an order: what the carrier was given, as Amazon shows it. No buyer data.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A package of an order as Amazon shows it. Page: *Orders API v2026-01-01 model*, `OrderPackage`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AmazonPackage)]
pub struct Package {
    /// Amazon's `packageReferenceId`: the number that whoever confirmed it gave, or Amazon's own.
    pub reference: String,
    pub carrier: Option<String>,
    pub service: Option<String>,
    pub tracking_number: Option<String>,
    /// `PENDING`, `IN_TRANSIT`, `SHIPPED`, `DELIVERED`, `CANCELLED`, `UNDELIVERABLE`, or what Amazon adds.
    #[schema(example = "IN_TRANSIT")]
    pub status: Option<String>,
    /// Finer than `status`, e.g. `OUT_FOR_DELIVERY`, `LOST`.
    pub detailed_status: Option<String>,
    /// When it was handed over to the carrier.
    pub shipped_at: Option<Timestamp>,
    /// Empty if Amazon does not say what is in it.
    pub lines: Vec<PackageLine>,
}

/// Units of an order's line in a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AmazonPackageLine)]
pub struct PackageLine {
    /// Amazon's id of the line.
    #[serde(rename = "order_item_id")]
    pub line: String,
    #[serde(rename = "quantity")]
    pub units: u32,
}

impl Package {
    /// Whether its label was cancelled: nothing went out with it.
    pub fn is_cancelled(&self) -> bool {
        self.status.as_deref() == Some("CANCELLED")
    }

    /// Units of a line in it; `None` if Amazon does not say what is in it.
    pub fn units_of(&self, line: &str) -> Option<u32> {
        let units = self.lines.iter().filter(|it| it.line == line);
        let units = units.map(|it| it.units).fold(0, u32::saturating_add);
        (!self.lines.is_empty()).then_some(units)
    }
}
