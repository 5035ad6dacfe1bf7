//! Ends of offers that were sent, beside what Amazon's reports show of them: an offer that has stock and is inactive is ended.
//! Costs nothing for a listing that was never sent an end.

use super::Run;
use super::decide::Seen;
use super::pending::Pending;
use super::read::Reading;
use stallkeeper::domain::listing::{EndNews, Listing};
use stallkeeper::error::Result;
use stallkeeper::store::Written;
use tracing::warn;

impl Run<'_> {
    /// Notes what is new; returns the listing as it is then. If something was sent meanwhile, the next matching sees it.
    pub(super) async fn note_ends(
        &self,
        reading: &Reading,
        mut listing: Listing,
        seen: &Seen,
    ) -> Result<Listing> {
        for offered in &seen.offered {
            let on = offered.marketplace;
            let end = listing.end(on);
            let standing = reading.standings.of(end.sent_by()).await?;
            let news = end.news(offered.closed, offered.at, standing);
            if news == EndNews::None {
                continue;
            }
            let noted = end.after(news, offered.at);
            let store = &self.app.store;
            if store.note_end(&listing.key(), on, &noted).await? == Written::Conflict {
                continue;
            }
            match news {
                EndNews::Reopened => {
                    warn!(connection.id = %listing.connection, listing.sku = %listing.amazon_sku, marketplace = %on, "an offer that was ended is sold again: a person opened it at Amazon, and it is left so");
                }
                EndNews::NotTaken => {
                    warn!(connection.id = %listing.connection, listing.sku = %listing.amazon_sku, marketplace = %on, "Amazon did not end an offer, or did not open it again: that is sent once more");
                }
                EndNews::ClosedAgain => {
                    warn!(connection.id = %listing.connection, listing.sku = %listing.amazon_sku, marketplace = %on, "an offer that was opened again is ended: a person ended it at Amazon, and it is left so");
                }
                EndNews::Ended | EndNews::Opened | EndNews::None => {}
            }
            listing.ends.insert(on, noted);
        }
        Ok(listing)
    }

    /// Whether an offer of a listing is to be ended, or opened again.
    pub(super) async fn pending_end(
        &self,
        reading: &Reading,
        listing: &Listing,
    ) -> Result<Option<Pending>> {
        if !reading.sends() {
            return Ok(None);
        }
        for on in listing.ends_to_decide() {
            let end = listing.end(on);
            let standing = reading.standings.of(end.sent_by()).await?;
            if listing.next_end(on, standing).is_some() {
                return Ok(Some(Pending::Send));
            }
        }
        Ok(None)
    }
}
