//! Prices that Amazon's report shows, beside those that we know: noted if they are new, even if we do not set them, so that a
//! price of ours that would move too far is held from its first moment on.

use super::Run;
use super::batch::{Touched, touch};
use super::pending::{Pending, PriceNews, pending_price, price_news};
use super::read::Reading;
use rust_decimal::Decimal;
use stallkeeper::domain::ids::{AmazonSku, Sku};
use stallkeeper::domain::listing::{Listing, Observed, Offer};
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::sp_api::listings_report::ListingRow;
use std::collections::HashMap;

/// Offers written side by side.
const AT_ONCE: usize = 32;

impl Run<'_> {
    /// Notes the prices of some lines; what they touch goes to `touched`. `placed`: listings that were placed just now.
    pub(super) async fn note_prices(
        &self,
        reading: &Reading,
        place: usize,
        rows: &[ListingRow],
        placed: &[(Listing, Option<Pending>)],
        touched: &mut Touched,
    ) -> Result<()> {
        let key = &self.connection.key();
        let marketplace = reading.sources[place].marketplace;
        let matched = |row: &&ListingRow| {
            let mark = super::sightings::Mark::Matched;
            reading.sightings.has(&row.sku, mark)
        };
        let prices: Vec<(AmazonSku, Decimal)> = rows
            .iter()
            .filter(matched)
            .filter_map(|row| Some((row.sku.parse().ok()?, row.price?)))
            .collect();
        let keys: Vec<_> = prices
            .iter()
            .map(|(sku, _)| (sku.clone(), marketplace))
            .collect();
        let mut known = self.app.store.batch_get_offers(key, &keys).await?;
        let pending = fan_out(prices, AT_ONCE, |(sku, price)| {
            let offer = known.remove(&(sku.clone(), marketplace));
            self.note_price(reading, place, sku, price, offer)
        })
        .await?;
        let pending: Vec<(AmazonSku, Pending)> = pending.into_iter().flatten().collect();
        let products = self.products(&pending, placed).await?;
        for (sku, pending) in &pending {
            if let Some(product) = products.get(sku) {
                touch(touched, product, *pending);
            }
        }
        Ok(())
    }

    async fn note_price(
        &self,
        reading: &Reading,
        place: usize,
        sku: AmazonSku,
        price: Decimal,
        offer: Option<Offer>,
    ) -> Result<Option<(AmazonSku, Pending)>> {
        let key = &self.connection.key();
        let source = &reading.sources[place];
        let sent_by = offer.as_ref().and_then(Offer::sent_by);
        let standing = reading.standings.of(sent_by).await?;
        let news = price_news(offer.as_ref(), price, source.made_at, standing);
        if news != PriceNews::None {
            let observed = Observed {
                value: price,
                at: source.made_at,
            };
            let forget = news == PriceNews::Drifted;
            let key = &key.listing(&sku).offer(source.marketplace);
            let store = &self.app.store;
            store.observe_offer(key, &observed, forget).await?;
        }
        let published = reading.in_force.as_ref();
        let priced = reading.priced.contains(&source.marketplace);
        let Some(published) = published.filter(|_| priced) else {
            return Ok(None);
        };
        let pending = pending_price(offer, price, source.made_at, news, standing, published);
        Ok(pending.map(|pending| (sku, pending)))
    }

    /// The products of these listings: of those just placed, else as they are stored.
    async fn products(
        &self,
        pending: &[(AmazonSku, Pending)],
        placed: &[(Listing, Option<Pending>)],
    ) -> Result<HashMap<AmazonSku, Sku>> {
        if pending.is_empty() {
            return Ok(HashMap::new());
        }
        let product = |listing: &Listing| {
            let product = listing.product.clone()?;
            Some((listing.amazon_sku.clone(), product))
        };
        let mut products: HashMap<_, _> = placed.iter().filter_map(|(it, _)| product(it)).collect();
        let others: Vec<AmazonSku> = pending
            .iter()
            .filter(|(sku, _)| !products.contains_key(sku))
            .map(|(sku, _)| sku.clone())
            .collect();
        let key = &self.connection.key();
        let others = self.app.store.batch_get_listings(key, &others).await?;
        products.extend(others.values().filter_map(product));
        Ok(products)
    }
}
