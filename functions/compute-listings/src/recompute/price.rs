//! A listing's prices: where they are ours to send, each is computed, stored if it is another than before, and listed to be
//! sent if Amazon shows another.

use super::Work;
use super::read_once::Seller;
use stallkeeper::domain::ids::OfferKey;
use stallkeeper::domain::listing::{
    Listing, ListingState, NextPrice, Offer, Standing, WantedPrice, next_price,
};
use stallkeeper::domain::price::Pricing;
use stallkeeper::domain::stock_settings::Published;
use stallkeeper::error::{Error, Result};
use stallkeeper::store::{RevisedRates, SkuInputs, ToSend, WantedWritten};
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
        let read = &self.read;
        let prices = read.prices(&listing.connection, &seller.published);
        let prices = Box::pin(prices).await?;
        let listed_in = |marketplace| listing.marketplaces.contains(marketplace);
        for settings in prices.priced().filter(|it| listed_in(&it.marketplace)) {
            // Read also where nothing is converted: the generation of a price counts their revision.
            let rates = read.rates().await?;
            let rates_now = rates.map(|it| &it.rates);
            let pricing = prices.rules.pricing(settings, rates_now, self.now);
            let generation = generation(listing, &seller.published, rates);
            let wanted = pricing.wanted(product, listing.units, generation, self.now);
            let Some(wanted) = wanted else { continue };
            Box::pin(self.put_price(listing, seller, &pricing, &wanted)).await?;
        }
        Ok(())
    }

    /// Stores a wanted price, and lists it to be sent if Amazon may show another.
    async fn put_price(
        &self,
        listing: &Listing,
        seller: &Seller,
        pricing: &Pricing<'_>,
        wanted: &WantedPrice,
    ) -> Result<()> {
        let marketplace = pricing.marketplace;
        let key = listing.key().offer(marketplace);
        let Some(offer) = self.write_price(&key, wanted).await? else {
            return Ok(());
        };
        if listing.hold.is_some() {
            return Ok(());
        }
        let connection = &listing.connection;
        let standing = match listing.released_at {
            // It may have been taken out of its feed, or a person changed it.
            Some(_) => Standing::Lost,
            None => Box::pin(self.read.standing(connection, offer.sent_by())).await?,
        };
        let look = listing.look.as_ref();
        let looked_at = look.is_some_and(|look| !look.is_old(self.now));
        if looked_at && listing.price_is_automated(marketplace) {
            return Ok(());
        }
        let brake = seller.published.settings.brakes.price_percent;
        let amount = match next_price(&offer, standing, brake) {
            NextPrice::Send(amount) => amount,
            NextPrice::Held { from, to } => {
                warn!(connection.id = %connection, listing.sku = %listing.amazon_sku, %marketplace, from = from.map(|from| from.to_string()), %to, "a price is held for a person");
                return Ok(());
            }
            NextPrice::Nothing(_) => return Ok(()),
        };
        let generation = offer.wanted.as_ref().map_or(0, |it| it.generation);
        let product_type = listing.product_type.clone();
        let entry = ToSend::price(&offer, amount, generation, product_type, self.now);
        self.store
            .put_to_send(&listing.connection_key(), &entry)
            .await
    }

    /// Writes a price unless the same is stored; the offer as it is then, `None` if a newer price is stored.
    ///
    /// A run that finds its price stored leaves no trace of its generation. So a run that writes makes sure that nothing
    /// changed since it read: else it may have written over what such a newer run found right.
    ///
    /// # Errors
    /// Retryable if an input changed meanwhile: all is to be read again.
    async fn write_price(&self, key: &OfferKey, wanted: &WantedPrice) -> Result<Option<Offer>> {
        let stored = self.store.offer(key).await?;
        let same = |offer: &Offer| offer.wanted.as_ref().is_some_and(|it| it.is_same(wanted));
        if let Some(offer) = stored.filter(same) {
            return Ok(Some(offer));
        }
        let written = self.store.write_wanted_price(key, wanted).await?;
        let WantedWritten::Current(offer) = written else {
            return Ok(None);
        };
        let listing = self.store.listing(&key.listing).await?;
        let plan = self.store.stock_plan(&key.listing.connection).await?;
        let rates = self.store.exchange_rates(self.tenant).await?;
        let now = listing
            .zip(plan.published)
            .map(|(listing, published)| generation(&listing, &published, rates.as_ref()));
        if now.is_some_and(|now| now > wanted.generation) {
            let why = "something it is computed from changed meanwhile";
            return Err(Error::retryable("compute a price", why));
        }
        Ok(Some(*offer))
    }
}

/// The generation of a listing's prices: the sum of all that they are computed from. A publication of price rules alone raises
/// no listing's, so those count for themselves.
fn generation(listing: &Listing, published: &Published, rates: Option<&RevisedRates>) -> u64 {
    let wanted = listing.wanted.as_ref();
    let listing = wanted.map_or(0, |wanted| wanted.generation);
    let rates = rates.map_or(0, |rates| rates.revision);
    listing
        .saturating_add(rates)
        .saturating_add(published.of_prices_alone())
}
