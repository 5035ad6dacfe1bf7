//! A listing's prices: if a marketplace asks for the recommended one, it is stored if it is newer, and listed to be sent
//! if Amazon shows another.

use super::Work;
use super::read_once::Seller;
use stallkeeper::domain::connection::PriceMode;
use stallkeeper::domain::listing::{
    Listing, ListingState, NextPrice, Standing, next_price, rrp_price,
};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::product::Product;
use stallkeeper::error::Result;
use stallkeeper::store::{SkuInputs, ToSend, WantedWritten};
use tracing::warn;

impl Work<'_> {
    pub(super) async fn recompute_prices(
        &self,
        inputs: &SkuInputs,
        listing: &Listing,
        seller: &Seller,
    ) -> Result<()> {
        let (Some(product), ListingState::Matched) = (&inputs.product, listing.state) else {
            return Ok(());
        };
        let listed_in = |marketplace: &&Marketplace| listing.marketplaces.contains(marketplace);
        let priced = self.read.priced(&listing.connection).await?;
        for marketplace in priced.iter().filter(listed_in) {
            self.recompute_price(product, listing, seller, *marketplace)
                .await?;
        }
        Ok(())
    }

    async fn recompute_price(
        &self,
        product: &Product,
        listing: &Listing,
        seller: &Seller,
        marketplace: Marketplace,
    ) -> Result<()> {
        let generation = listing
            .wanted
            .as_ref()
            .map_or(0, |wanted| wanted.generation);
        let (mode, units) = (PriceMode::Rrp, listing.units);
        let Some(wanted) = rrp_price(mode, marketplace, product, units, generation, self.now)
        else {
            return Ok(());
        };
        let connection = &listing.connection;
        let key = listing.key().offer(marketplace);
        let written = self.store.write_wanted_price(&key, &wanted).await?;
        let WantedWritten::Current(offer) = written else {
            return Ok(());
        };
        if listing.hold.is_some() {
            return Ok(());
        }
        let standing = match listing.released_at {
            // It may have been taken out of its feed, or a person changed it.
            Some(_) => Standing::Lost,
            None => self.read.standing(connection, offer.sent_by()).await?,
        };
        let brake = seller.published.settings.brakes.price_percent;
        let look = listing.look.as_ref();
        let looked_at = look.is_some_and(|look| !look.is_old(self.now));
        if looked_at && listing.price_is_automated(marketplace) {
            return Ok(());
        }
        let amount = match next_price(&offer, standing, brake) {
            NextPrice::Send(amount) => amount,
            NextPrice::Held { from, to } => {
                warn!(connection.id = %connection, listing.sku = %listing.amazon_sku, %marketplace, from = from.map(|from| from.to_string()), %to, "a price is held for a person");
                return Ok(());
            }
            NextPrice::Nothing(_) => return Ok(()),
        };
        let product_type = listing.product_type.clone();
        let entry = ToSend::price(&offer, amount, generation, product_type, self.now);
        self.store
            .put_to_send(&listing.connection_key(), &entry)
            .await
    }
}
