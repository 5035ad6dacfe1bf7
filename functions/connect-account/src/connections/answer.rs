//! What the API tells of a connection: never a secret, never another tenant's.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use stallkeeper::domain::connection::{Connection, Participation};
use utoipa::ToSchema;

/// How long a seller's authorisation lasts.
pub(crate) const AUTHORISATION_LASTS: SignedDuration = SignedDuration::from_hours(365 * 24);

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Connection)]
pub(crate) struct ConnectionAnswer {
    pub(crate) id: String,
    name: String,
    /// The store whose Seller Central the seller signs in to.
    #[schema(example = "UK")]
    marketplace: &'static str,
    #[schema(example = "EU")]
    region: &'static str,
    /// `awaiting_authorisation`, `inactive`, `active`, `paused`, `needs_reauthorisation` or `disconnected`.
    pub(crate) status: &'static str,
    /// The status it returns to once the seller has authorised again.
    #[serde(skip_serializing_if = "Option::is_none")]
    resumes_as: Option<&'static str>,
    /// Amazon's id of the seller: the merchant token of Seller Central.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seller_id: Option<String>,
    /// The stores that the seller takes part in.
    participations: Vec<ParticipationAnswer>,
    /// Whether the token comes from the seller's own private app.
    own_app: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    authorised_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    authorisation_valid_until: Option<Timestamp>,
    /// The page where the seller's browser begins to authorise; good for ten minutes. The browser that opens it last is the one that can go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authorise_url: Option<String>,
}

/// A store that the seller takes part in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Participation)]
struct ParticipationAnswer {
    #[schema(example = "DE")]
    marketplace: &'static str,
    participating: bool,
    suspended_listings: bool,
}

impl From<&Connection> for ConnectionAnswer {
    fn from(connection: &Connection) -> Self {
        Self {
            id: connection.id.to_string(),
            name: connection.name.clone(),
            marketplace: connection.marketplace.country(),
            region: connection.region().as_str(),
            status: connection.status.as_str(),
            resumes_as: connection.resume.map(|status| status.as_str()),
            seller_id: connection.seller.as_ref().map(ToString::to_string),
            participations: connection.participations.iter().map(Into::into).collect(),
            own_app: connection.own_app,
            created_at: connection.created_at,
            authorised_at: connection.authorised_at,
            authorisation_valid_until: connection.authorised_at.and_then(valid_until),
            authorise_url: None,
        }
    }
}

impl From<&Participation> for ParticipationAnswer {
    fn from(part: &Participation) -> Self {
        Self {
            marketplace: part.marketplace.country(),
            participating: part.participating,
            suspended_listings: part.suspended_listings,
        }
    }
}

/// When an authorisation ends.
pub(crate) fn valid_until(authorised_at: Timestamp) -> Option<Timestamp> {
    authorised_at.checked_add(AUTHORISATION_LASTS).ok()
}
