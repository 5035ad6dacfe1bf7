//! Offers that Amazon accepted, until their listing is matched.

use crate::making::Making;
use jiff::Timestamp;
use stallkeeper::domain::new_offer::NewOffer;
use stallkeeper::error::Result;
use stallkeeper::fan_out;

const AT_ONCE: usize = 16;

/// Notes what the listing of each shows.
pub(crate) async fn follow(
    making: &Making<'_>,
    offers: Vec<NewOffer>,
    now: Timestamp,
) -> Result<()> {
    let (store, connection) = (&making.app.store, &making.key());
    fan_out(offers, AT_ONCE, |offer| async move {
        let key = connection.listing(&offer.sku.as_amazon_sku());
        let listing = store.listing(&key).await?;
        let looked = offer.looked(listing.map(|listing| listing.state), now);
        // Changed meanwhile, it is looked at again once it is due.
        store.put_new_offer(&looked, Some(&offer)).await
    })
    .await?;
    Ok(())
}
