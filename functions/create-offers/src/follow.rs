//! Offers that Amazon accepted, until their listing is matched. Only then are sales elsewhere taken off its quantity, so that is
//! not left to the matching of the next day.

use crate::making::Making;
use jiff::Timestamp;
use stallkeeper::domain::new_offer::{NewOffer, NewOfferState};
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::queue::{ListingJob, MatchReason};

const AT_ONCE: usize = 16;

/// Notes what the listing of each shows, and has listings matched if one does not show it yet. Each is looked at ever later, so
/// that is rare.
pub(crate) async fn follow(
    making: &Making<'_>,
    offers: Vec<NewOffer>,
    now: Timestamp,
) -> Result<()> {
    let (store, connection) = (&making.app.store, &making.key());
    let followed = fan_out(offers, AT_ONCE, |offer| async move {
        let key = connection.listing(&offer.sku.as_amazon_sku());
        let listing = store.listing(&key).await?;
        let looked = offer.looked(listing.map(|listing| listing.state), now);
        // Changed meanwhile, it is looked at again once it is due.
        let _ = store.put_new_offer(&looked, Some(&offer)).await?;
        Ok::<_, stallkeeper::Error>(looked.state)
    })
    .await?;
    if followed.contains(&NewOfferState::Accepted) {
        let job = ListingJob::Match {
            connection: connection.clone(),
            why: MatchReason::OnDemand,
            hop: 0,
        };
        making.app.listings.send(connection, job, 0).await?;
    }
    Ok(())
}
