//! What the end of a feed makes of the offers in it.
//!
//! Shared by the function that sends them and the one that settles them. Idempotent: an offer that this feed no longer carries
//! stays as it is.

use crate::domain::feed::{Feed, FeedLine, FeedState};
use crate::domain::ids::AmazonSku;
use crate::domain::new_offer::OfferVerdict;
use crate::error::Result;
use crate::fan_out;
use crate::store::{Store, Written};
use jiff::Timestamp;
use tracing::warn;

/// Offers that are read and written side by side.
const AT_ONCE: usize = 16;

/// Gives back all that a feed still carries, and closes it.
///
/// # Errors
/// As the tables answer; what was given back before stays so.
pub async fn return_offers(
    store: &Store,
    feed: &Feed,
    verdict: &OfferVerdict,
    now: Timestamp,
) -> Result<()> {
    let lines: Vec<FeedLine> = store.manifest_part(feed, 0).await?;
    let settle = |line| settle_offer(store, feed, line, verdict, now);
    fan_out(lines.iter().map(|line| &line.sku), AT_ONCE, settle).await?;
    let note = match verdict {
        OfferVerdict::NotSent(why) | OfferVerdict::Unknown(why) => Some(why.clone()),
        OfferVerdict::Accepted(_) | OfferVerdict::Refused(_) => None,
    };
    warn!(feed.id = %feed.id, connection.id = %feed.connection, note = note.as_deref(), "feed `{}` of offers is returned", feed.id);
    let close = |feed: &mut Feed| {
        feed.state = FeedState::Returned;
        feed.note.clone_from(&note);
    };
    store.change_open_feed(feed, close).await
}

/// Settles one offer of a feed, if the feed still carries it.
///
/// # Errors
/// As [`return_offers`]; retryable if it changes again and again.
pub async fn settle_offer(
    store: &Store,
    feed: &Feed,
    sku: &AmazonSku,
    verdict: &OfferVerdict,
    now: Timestamp,
) -> Result<()> {
    let product = sku.as_product();
    for () in Written::attempts() {
        let read = store.new_offer(&feed.connection, &product).await?;
        let Some(read) = read.filter(|it| it.is_carried_by(&feed.id)) else {
            return Ok(());
        };
        let settled = read.settled(verdict, now);
        if store.put_new_offer(&settled, Some(&read)).await? == Written::Done {
            return Ok(());
        }
    }
    Err(Written::given_up("settle an offer"))
}
