//! What a platform sends of its catalogue: compared with what is stored, and what differs queued.
//!
//! The API calls it for a request, and the worker for what platforms put on the queue themselves. It writes no product
//! and no level.

mod levels;
mod products;
mod rows;

pub use levels::{level_remark, queue_levels};
pub use products::queue_products;
pub use rows::{ReadRow, read_level, read_product, sku_of};

use crate::domain::product::Fault;
use crate::domain::row::RowCode;

/// SKUs that are read at a time.
const CONCURRENCY: usize = 8;

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It differs from what is stored: it is queued.
    Changed,
    /// As [`Verdict::Changed`], but not taken as it came.
    Adjusted(Refusal),
    /// It is stored already, or is in the same call before.
    Unchanged,
    Refused(Refusal),
}

impl Verdict {
    /// Whether the row is queued.
    fn is_queued(&self) -> bool {
        matches!(self, Self::Changed | Self::Adjusted(_))
    }
}

/// Why a row is refused, or a part of it not taken as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub field: Option<String>,
    pub code: RowCode,
    /// For a person.
    pub detail: String,
}

impl Refusal {
    pub(crate) fn new(field: Option<&str>, code: RowCode, detail: impl Into<String>) -> Self {
        Self {
            field: field.map(str::to_owned),
            code,
            detail: detail.into(),
        }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self {
            field: Some(fault.field),
            code: fault.code,
            detail: fault.detail,
        }
    }
}
