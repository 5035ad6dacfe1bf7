//! What the API shows of a connection: never a secret, never another tenant's.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use stallkeeper::domain::connection::{Connection, ConnectionStatus, Participation};
use stallkeeper::domain::dispatch::ConfirmAt;
use stallkeeper::domain::marketplace::{Marketplace, Region};
use utoipa::ToSchema;

/// How long a seller's authorisation lasts.
pub(crate) const AUTHORISATION_LASTS: SignedDuration = SignedDuration::from_hours(365 * 24);

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Connection)]
pub(crate) struct ConnectionAnswer {
    pub(crate) id: String,
    name: String,
    /// The marketplace whose Seller Central the seller signs in to.
    marketplace: Marketplace,
    region: Region,
    pub(crate) status: ConnectionStatus,
    /// The status it returns to once the seller has authorised again.
    #[serde(skip_serializing_if = "Option::is_none")]
    resumes_as: Option<ConnectionStatus>,
    /// Amazon's id of the seller: the merchant token of Seller Central.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seller_id: Option<String>,
    /// The marketplaces that the seller takes part in.
    participations: Vec<Participation>,
    /// Whether the token comes from the seller's own private app.
    own_app: bool,
    created_at: Timestamp,
    /// The take-over moment: orders bought before it are `elsewhere`; absent, all are only watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    orders_from: Option<Timestamp>,
    /// When dispatches are confirmed to Amazon.
    confirm_at: ConfirmAt,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorised_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorisation_valid_until: Option<Timestamp>,
    /// The page where the seller's browser begins to authorise; good for ten minutes. The browser that opens it last is the one that can go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authorise_url: Option<String>,
}

impl From<&Connection> for ConnectionAnswer {
    fn from(connection: &Connection) -> Self {
        Self {
            id: connection.id.to_string(),
            name: connection.name.clone(),
            marketplace: connection.marketplace,
            region: connection.region(),
            status: connection.status,
            resumes_as: connection.resume,
            seller_id: connection.seller.as_ref().map(ToString::to_string),
            participations: connection.participations.clone(),
            own_app: connection.own_app,
            created_at: connection.created_at,
            orders_from: connection.orders_from,
            confirm_at: connection.confirm_at,
            authorised_at: connection.authorised_at,
            authorisation_valid_until: connection.authorised_at.and_then(valid_until),
            authorise_url: None,
        }
    }
}

/// When an authorisation ends.
pub(crate) fn valid_until(authorised_at: Timestamp) -> Option<Timestamp> {
    authorised_at.checked_add(AUTHORISATION_LASTS).ok()
}
