//! A dispatch: one parcel of an order that was handed to a carrier, and what Amazon says of it.
//!
//! Pure. Decides what a hand-over makes of an order ([`decide`]) and what an answer of Amazon's makes of a dispatch
//! ([`Dispatch::confirmed`] and its like). It never calls anyone.
//!
//! **Amazon's number is the parcel's for ever.** It is kept before the first call, so that after a lost answer the same
//! number goes again: the second call is then an edit of the same package, and never a second package.

mod allowed;
mod decide;
mod lines;
mod number;
mod refusal;
mod settle;
#[cfg(test)]
mod tests;
mod tracking;

pub use crate::domain::ids::ParcelId;
pub use decide::{ConfirmAt, DispatchDecision, decide};
pub use number::PackageNumber;
pub use refusal::{DispatchRefusal, DispatchRefusalCode};
pub use settle::{LABEL_SHOWN_WITHIN, Settled, ShownAs};
pub use tracking::{InvalidTrackingNumber, TrackingNumber};

use super::courier::{CourierServiceId, LabelSource};
use super::ids::{ConnectionId, ConnectionKey, OrderId, Sku, TenantId, WarehouseCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What became of a dispatch at Amazon.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DispatchState {
    /// Amazon has not confirmed it yet: it is not handed over, waits for its turn, or was edited.
    ToConfirm,
    /// Amazon knows of it.
    Confirmed,
    /// It was refused, by Amazon or before: its units are open again, but those of a parcel that Amazon had confirmed before
    /// the edit that it refuses. See Amazon's words; handed over again, it goes again under its number.
    Refused,
    /// Amazon's answer was lost; it goes again under the same number. Or, with a label of Amazon's, its packages do not show
    /// it a day after the hand-over.
    Unknown,
}

impl DispatchState {
    /// The spelling used in tables and answers.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Who carries a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParcelCarrier {
    /// A service of the tenant's couriers; its carrier name at Amazon is looked up.
    CourierService(CourierServiceId),
    /// A carrier by its name alone: it is sent in Amazon's spelling, or as `Other` with the name.
    Carrier(String),
}

/// Which units are in a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParcelUnits {
    /// All that is open.
    AllOpen,
    Lines(Vec<UnitsOf>),
}

/// Units of a line, or of a SKU over its lines in their order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UnitsOf {
    pub of: LineRef,
    pub units: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transparency_codes: Vec<String>,
}

/// How a line is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineRef {
    /// Amazon's id of the line.
    Id(String),
    Sku(Sku),
}

/// A parcel as whoever handed it over says: the whole content of a request, so that the same again is known as such.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HandOver {
    pub carrier: ParcelCarrier,
    pub tracking_number: TrackingNumber,
    /// Of further boxes that hold parts of the same units: kept, and not sent, since Amazon takes one number a package.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_tracking_numbers: Vec<TrackingNumber>,
    pub handed_over_at: Timestamp,
    pub units: ParcelUnits,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<WarehouseCode>,
    /// Whose label is on it; an order that Amazon carries has Amazon's whatever this says.
    #[serde(default)]
    pub label_source: LabelSource,
    /// It goes out although the buyer asks to cancel.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub despite_cancel: bool,
}

/// A hand-over as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOverRequest {
    pub parcel: ParcelId,
    pub content: HandOver,
    /// When its sender asked, which is earlier than when it is stored if it was queued in between; `None` in a message of the
    /// release before.
    pub asked_at: Option<Timestamp>,
}

/// Units of a line in a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DispatchLine {
    /// Amazon's id of the line.
    #[serde(rename = "order_item_id")]
    pub line: String,
    #[serde(rename = "quantity")]
    pub units: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub transparency_codes: Vec<String>,
}

/// Amazon's words on a dispatch, or ours if it was refused before Amazon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = DispatchAnswer)]
pub struct DispatchWords {
    pub at: Timestamp,
    /// Amazon's code, e.g. `InvalidInput`; ours in `snake_case` if Amazon was not asked.
    pub code: String,
    pub message: String,
}

/// A parcel of an order, in our table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    pub tenant: TenantId,
    pub connection: ConnectionId,
    pub order_id: OrderId,
    pub parcel: ParcelId,
    pub hand_over: HandOver,
    pub lines: Vec<DispatchLine>,
    pub label_source: LabelSource,
    /// Amazon's number of it, which never changes.
    pub number: PackageNumber,
    pub state: DispatchState,
    pub words: Option<DispatchWords>,
    /// Not before this moment is Amazon asked.
    pub due_at: Timestamp,
    /// Of the order, when the parcel was handed over: the most urgent goes first.
    pub ship_by: Option<Timestamp>,
    /// A call is being made until then; after that its answer is lost.
    #[serde(default)]
    pub calling_until: Option<Timestamp>,
    /// Amazon was asked at least once and did not refuse it for good: from then on lines cannot change.
    #[serde(default)]
    pub called: bool,
    /// How often in a row an answer was lost.
    #[serde(default)]
    pub lost: u32,
    /// When Amazon confirmed it first; a later confirmation is of an edit.
    #[serde(default)]
    pub confirmed_at: Option<Timestamp>,
    /// Why Amazon does not count its tracking number, if it does not.
    #[serde(default)]
    pub not_counted: Option<String>,
    /// What is odd about it, in sentences; none of it keeps it from Amazon.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    pub created_at: Timestamp,
    /// When it was handed in or edited last.
    pub changed_at: Timestamp,
    /// When that was asked for; `None` if the release before wrote it.
    #[serde(default)]
    pub asked_at: Option<Timestamp>,
    /// Rises by one with every write: the optimistic lock.
    pub revision: u64,
}

impl Dispatch {
    pub fn connection_key(&self) -> ConnectionKey {
        ConnectionKey::new(&self.tenant, &self.connection)
    }

    /// When what it holds was asked for: what was asked before changes nothing.
    pub fn last_asked_at(&self) -> Timestamp {
        self.asked_at.unwrap_or(self.changed_at)
    }

    /// Whether Amazon is still to be asked about it, or its packages are still to show it.
    pub fn is_pending(&self) -> bool {
        matches!(
            self.state,
            DispatchState::ToConfirm | DispatchState::Unknown
        )
    }

    /// Whether Amazon may have a package of it: then its lines are as they are, and its units are not open.
    pub fn is_known_to_amazon(&self) -> bool {
        self.confirmed_at.is_some() || (self.called && self.state != DispatchState::Refused)
    }

    /// Whether a call was made that Amazon may have taken, though nobody knows.
    pub fn may_be_at_amazon(&self) -> bool {
        self.called && self.confirmed_at.is_none()
    }

    /// Whether it is ours to confirm: labels bought from Amazon need no confirmation, and orders that Amazon carries refuse
    /// it.
    pub fn is_confirmed_by_us(&self) -> bool {
        self.label_source == LabelSource::Courier
    }
}
