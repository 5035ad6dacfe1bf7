//! What a platform sends of its catalogue: compared with what is stored, and what differs queued.
//!
//! The API calls it for a request, and the worker for what platforms put on the queue themselves. It writes no product
//! and no level.

mod levels;
mod products;

pub use levels::{level_refusal, queue_levels};
pub use products::queue_products;

use crate::domain::product::Fault;

/// SKUs that are read at a time.
const CONCURRENCY: usize = 8;

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It differs from what is stored: it is queued.
    Changed,
    /// It is stored already, or is in the same call before.
    Unchanged,
    Refused(Refusal),
}

/// Why a row is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub field: Option<String>,
    /// Stable, for programs.
    pub code: &'static str,
    /// For a person.
    pub detail: String,
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
