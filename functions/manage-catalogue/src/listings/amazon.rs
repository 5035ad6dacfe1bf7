//! What Amazon shows of a listing and what became of what was sent, as far as it is known without calling Amazon.

use crate::App;
use serde::Serialize;
use stallkeeper::domain::feed::{Feed, FeedState, SentBy};
use stallkeeper::domain::ids::{AmazonSku, ConnectionId, ConnectionKey};
use stallkeeper::domain::listing::{Listing, Live, Refused, Sent, Standing, live};
use stallkeeper::domain::stock::{Reservation, Sale};
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

/// What became of what was sent, given the feed that carried it, if one did.
pub(super) fn standing(sent_by: Option<&SentBy>, feed: Option<&Feed>) -> Standing {
    let Some(SentBy::Feed(_)) = sent_by else {
        return Standing::Patched;
    };
    match feed {
        Some(feed) if feed.state.is_open() => Standing::InFlight,
        Some(feed) if feed.state == FeedState::Settled => feed
            .applied_at
            .map_or(Standing::Lost, |by| Standing::Applied { by }),
        _ => Standing::Lost,
    }
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

/// What orders took off the number of a listing.
pub(super) fn sales(
    reservations: &[Reservation],
    connection: &ConnectionId,
    amazon_sku: &AmazonSku,
) -> Vec<Sale> {
    reservations
        .iter()
        .filter(|it| it.connection == *connection && it.amazon_sku == *amazon_sku)
        .filter_map(|reservation| reservation.sale)
        .collect()
}

impl App {
    /// The feed that carried a value, if one did.
    pub(super) async fn carried_by(
        &self,
        connection: &ConnectionKey,
        sent_by: Option<&SentBy>,
    ) -> Result<Option<Feed>> {
        match sent_by {
            Some(SentBy::Feed(id)) => self.store.feed(connection, id).await,
            _ => Ok(None),
        }
    }
}

/// The quantity that Amazon shows.
pub(super) fn shown(
    listing: &Listing,
    feed: Option<&Feed>,
    reservations: &[Reservation],
) -> Option<Live> {
    let sent_by = listing.sent.as_ref().map(|sent| &sent.by);
    let sales = sales(reservations, &listing.connection, &listing.amazon_sku);
    live(listing, standing(sent_by, feed), &sales)
}
