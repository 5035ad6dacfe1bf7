//! Holds and releases a listing, in an order that survives a crash: the same request again does what was left undone.

use crate::App;
use jiff::Timestamp;
use stallkeeper::api::{Answer, Problem, changed_meanwhile};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::{AmazonSku, ConnectionKey};
use stallkeeper::domain::listing::{Listing, ListingHold};
use stallkeeper::error::Result;
use stallkeeper::queue::StockChange;
use stallkeeper::store::Written;

/// The longest that a message can wait, in seconds. A hold that ends later ends with a round.
const LONGEST_DELAY: i64 = 900;

impl App {
    /// Holds a listing; as it is then. The same hold again is left as it is.
    pub(super) async fn hold(
        &self,
        connection: &Connection,
        sku: &AmazonSku,
        hold: ListingHold,
    ) -> Answer<Listing> {
        let key = &connection.key();
        // Before: so that no feed which is not submitted yet can bring an older value if this stops once it is held.
        self.take_out(key, sku).await?;
        let held = self.held(key, sku, hold).await?;
        // And after, for one that took it in meanwhile.
        self.take_out(key, sku).await?;
        self.recompute(&held, 0).await?;
        if let Some(delay) = held.hold.as_ref().and_then(ends_in) {
            self.recompute(&held, delay).await?;
        }
        Ok(held)
    }

    async fn held(
        &self,
        key: &ConnectionKey,
        sku: &AmazonSku,
        hold: ListingHold,
    ) -> Answer<Listing> {
        for () in Written::attempts() {
            let read = self.listing(key, sku).await?;
            let same = |stored: &ListingHold| {
                let since = stored.since;
                *stored
                    == ListingHold {
                        since,
                        ..hold.clone()
                    }
            };
            if read.hold.as_ref().is_some_and(same) {
                return Ok(read);
            }
            if self.store.hold_listing(&read, &hold).await? == Written::Done {
                return Ok(read.held(hold));
            }
        }
        Err(changed_meanwhile())
    }

    /// Releases a listing, by whomever the token names.
    pub(super) async fn release(
        &self,
        connection: &Connection,
        sku: &AmazonSku,
        author: Option<&str>,
    ) -> Answer<()> {
        let key = &connection.key();
        for () in Written::attempts() {
            let read = self.listing(key, sku).await?;
            let released = self.store.release_listing(&read, author, Timestamp::now());
            if released.await? == Written::Done {
                return Ok(self.recompute(&read, 0).await?);
            }
        }
        Err(changed_meanwhile())
    }

    async fn listing(&self, key: &ConnectionKey, sku: &AmazonSku) -> Answer<Listing> {
        let listing = self.store.listing(&key.listing(sku)).await?;
        listing.ok_or_else(|| Problem::not_found("listing"))
    }

    /// Takes a listing out of the feeds that Amazon has not received: what they carry of it goes back and is decided again.
    async fn take_out(&self, key: &ConnectionKey, sku: &AmazonSku) -> Result<()> {
        let open = self.store.open_feeds(key).await?;
        for feed in open.iter().filter(|feed| feed.state.is_unsubmitted()) {
            if !feed.overtaken.contains(sku) {
                self.store.overtake_feed(key, &feed.id, sku).await?;
            }
        }
        Ok(())
    }

    /// Has what follows computed, in so many seconds. A listing without a product is sent nothing.
    async fn recompute(&self, listing: &Listing, delay: u32) -> Result<()> {
        let Some(product) = &listing.product else {
            return Ok(());
        };
        let message = StockChange::Recompute {
            tenant: listing.tenant.clone(),
            raise: false,
            skus: vec![product.clone()],
        };
        let connection = &listing.connection;
        self.stock_changes.send(connection, message, delay).await
    }
}

/// The seconds until a hold ends, if that is soon.
fn ends_in(hold: &ListingHold) -> Option<u32> {
    let wait = hold.until?.duration_since(Timestamp::now()).as_secs() + 1;
    (wait <= LONGEST_DELAY).then(|| u32::try_from(wait).unwrap_or(0))
}
