//! Offers that were made here, once a report shows them: noted at once, long before they are looked for. Costs nothing for a
//! listing that was not seen for the first time just now.

use super::Run;
use jiff::Timestamp;
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::domain::new_offer::NewOfferState;
use stallkeeper::error::{Class, Result};
use tracing::error;

impl Run<'_> {
    /// Notes what a listing shows of an offer that Amazon accepted. Left undone by a crash, `create-offers` does it once the
    /// offer is due.
    pub(super) async fn note_offer(&self, known: Option<&Listing>, seen: &Listing) -> Result<()> {
        // Only of what no report had is an offer ever made.
        if known.is_none_or(|known| known.state != ListingState::NotOnAmazon) {
            return Ok(());
        }
        let (store, key) = (&self.app.store, &self.connection.key());
        let sku = seen.amazon_sku.as_product();
        let offer = match store.new_offer(key, &sku).await {
            Err(error) if error.class() == Class::Permanent => {
                error!(connection.id = %key, sku = %sku, error = error.chain(), "an offer that was made cannot be read");
                return Ok(());
            }
            offer => offer?,
        };
        let Some(offer) = offer.filter(|it| it.state == NewOfferState::Accepted) else {
            return Ok(());
        };
        let looked = offer.looked(Some(seen.state), Timestamp::now());
        // Changed meanwhile, it is looked at again once it is due.
        let _ = store.put_new_offer(&looked, Some(&offer)).await?;
        Ok(())
    }
}
