//! What Amazon shows of a listing and what became of what was sent, as far as it is known without calling Amazon.

use crate::App;
use serde::Serialize;
use stallkeeper::domain::feed::{Feed, SentBy};
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::listing::{Listing, Live, Refused, Sent, Standing, live};
use stallkeeper::domain::stock::Reservation;
use stallkeeper::error::Result;
use strum::IntoStaticStr;
use utoipa::ToSchema;

/// What became of what was sent last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = SentOutcome)]
pub(crate) enum Outcome {
    Accepted,
    /// It is at Amazon or about to be; Amazon has not reported the outcome.
    InFlight,
    Refused,
    /// It is not known whether Amazon applied it.
    Unknown,
}

pub(super) fn outcome<T>(
    sent: &Sent<T>,
    refused: Option<&Refused<T>>,
    standing: Standing,
) -> Outcome {
    if refused.is_some_and(|refused| refused.by == sent.by && refused.at >= sent.at) {
        return Outcome::Refused;
    }
    match standing {
        Standing::Patched | Standing::Applied { .. } => Outcome::Accepted,
        Standing::InFlight => Outcome::InFlight,
        Standing::Lost => Outcome::Unknown,
    }
}

impl App {
    /// The feed that carried a value, if one did.
    pub(super) async fn carried_by(
        &self,
        connection: &ConnectionKey,
        sent_by: Option<&SentBy>,
    ) -> Result<Option<Feed>> {
        match sent_by.and_then(SentBy::feed) {
            Some(id) => self.store.feed(connection, id).await,
            None => Ok(None),
        }
    }
}

/// The quantity that Amazon shows.
pub(super) fn shown(
    listing: &Listing,
    feed: Option<&Feed>,
    reservations: &[Reservation],
) -> Option<Live> {
    let standing = Standing::of(listing.sent_by(), feed);
    live(listing, standing, &listing.sales(reservations))
}
