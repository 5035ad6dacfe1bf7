//! What happened to an order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One thing that happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HistoryEntry {
    pub at: Timestamp,
    pub kind: HistoryKind,
    /// A sentence for a person; never buyer data.
    pub note: String,
}

#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum HistoryKind {
    Imported,
    Changed,
    Rerun,
    CourierPicked,
    Acknowledged,
    /// Lines of it are to be cancelled at Amazon.
    Cancelling,
    /// Amazon refuses to cancel lines of it.
    CancellationRefused,
    /// A person answered the buyer's wish to cancel.
    CancelAnswered,
    TakenOver,
    Held,
    Released,
    GivenBack,
    /// A parcel of it was handed over, or such a hand-over was edited.
    Dispatched,
    /// A parcel of it was refused.
    DispatchRefused,
}

impl HistoryKind {
    /// The spelling used in a sort key.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
