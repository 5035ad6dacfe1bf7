//! What settings would do to a listing. Pure.

use jiff::Timestamp;
use stallkeeper::domain::connection::{MarketplaceSettings, PriceMode, priced};
use stallkeeper::domain::ids::Sku;
use stallkeeper::domain::listing::{
    Listing, Live, NextPrice, Offer, Standing, live, next_price, rrp_price,
};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::product::Product;
use stallkeeper::domain::stock::{Counted, Sale, SkuStock, count};
use stallkeeper::domain::stock_settings::{Effect, StockSettings};
use stallkeeper::store::SkuInputs;
use std::collections::HashMap;

/// All that is known of a listing's product and its parts.
pub(crate) struct ListingFacts<'a> {
    pub(crate) inputs: &'a HashMap<Sku, SkuInputs>,
    pub(crate) product: &'a Sku,
}

impl ListingFacts<'_> {
    fn own(&self) -> Option<&SkuInputs> {
        self.inputs.get(self.product)
    }

    pub(crate) fn product(&self) -> Option<&Product> {
        self.own()?.product.as_ref()
    }

    /// What was sold through a listing.
    pub(crate) fn sales(&self, listing: &Listing) -> Vec<Sale> {
        let reservations = self.own().map(|own| own.reservations.as_slice());
        listing.sales(reservations.unwrap_or_default())
    }

    fn count(&self, units: u32, settings: &StockSettings, now: Timestamp) -> Counted {
        let stock = |sku: &Sku| {
            let (sku, inputs) = self.inputs.get_key_value(sku)?;
            Some(inputs.stock(sku))
        };
        let own = stock(self.product).unwrap_or(SkuStock::unknown(self.product));
        // What is only shown has no generation.
        count(own, stock, units, settings, 0, now)
    }
}

/// Counts what these settings would do to a matched listing's quantity.
pub(crate) fn count_quantity(
    effect: &mut Effect,
    listing: &Listing,
    known: &ListingFacts<'_>,
    standing: Standing,
    settings: &StockSettings,
    now: Timestamp,
) {
    effect.matched += 1;
    let Counted { components, wanted } = known.count(listing.units, settings, now);
    let is_bundle = known.product().is_some_and(Product::is_bundle);
    let left_alone = !settings.on || is_bundle && !settings.bundles;
    let unknown = known.product().is_some() && components.iter().any(|it| it.level.is_none());
    let shown = live(listing, standing, &known.sales(listing));
    *match (wanted.quantity, shown) {
        _ if left_alone => &mut effect.unchanged,
        (None, _) if unknown => &mut effect.without_level,
        (None, _) => &mut effect.unchanged,
        (Some(wanted), Some(shown)) => change(effect, wanted, shown),
        (Some(0), None) => &mut effect.to_zero,
        (Some(_), None) => &mut effect.changed,
    } += 1;
}

fn change(effect: &mut Effect, wanted: u32, shown: Live) -> &mut u64 {
    if shown.is_exactly(wanted) {
        &mut effect.unchanged
    } else if wanted == 0 {
        &mut effect.to_zero
    } else if shown.highest == 0 {
        &mut effect.reopened
    } else {
        &mut effect.changed
    }
}

/// The marketplaces whose price of this listing we decide.
pub(crate) fn priced_marketplaces(
    listing: &Listing,
    settings: &[MarketplaceSettings],
) -> Vec<Marketplace> {
    let mut priced = priced(settings);
    priced.retain(|marketplace| listing.marketplaces.contains(marketplace));
    priced
}

/// Whether these settings would change the price of a listing on a marketplace, held for a person or not.
pub(crate) fn price_changes(
    listing: &Listing,
    marketplace: Marketplace,
    offer: Option<&Offer>,
    product: &Product,
    standing: Standing,
    settings: &StockSettings,
    now: Timestamp,
) -> bool {
    if listing.price_is_automated(marketplace) {
        return false;
    }
    let wanted = rrp_price(PriceMode::Rrp, marketplace, product, listing.units, 0, now);
    let mut offer = offer
        .cloned()
        .unwrap_or_else(|| unknown(listing, marketplace));
    offer.wanted = wanted;
    let percent = settings.brakes.price_percent;
    !matches!(next_price(&offer, standing, percent), NextPrice::Nothing(_))
}

/// An offer that is not stored.
fn unknown(listing: &Listing, marketplace: Marketplace) -> Offer {
    Offer {
        tenant: listing.tenant.clone(),
        connection: listing.connection.clone(),
        amazon_sku: listing.amazon_sku.clone(),
        marketplace,
        wanted: None,
        sent: None,
        refused: None,
        observed: None,
        released_to: 0,
        send_count: 0,
    }
}

#[cfg(test)]
mod tests;
