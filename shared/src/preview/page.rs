//! A page of listings with all that they are computed from.

use super::effect::{
    ListingEffect, ListingFacts, PriceEffect, price_effect, priced_marketplaces, quantity_effect,
};
use crate::domain::connection::MarketplaceSettings;
use crate::domain::ids::{AmazonSku, ConnectionKey, Sku, TenantId};
use crate::domain::listing::{Listing, ListingState, Offer};
use crate::domain::marketplace::Marketplace;
use crate::domain::price::ExchangeRates;
use crate::domain::product::Product;
use crate::domain::selection::ProductRules;
use crate::domain::selling_rules::SellingRules;
use crate::domain::stock_settings::{StockPlan, StockSettings};
use crate::error::{Error, Result};
use crate::fan_out::fan_out;
use crate::store::{SkuInputs, Standings, Store};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};

/// SKUs read side by side.
const AT_ONCE: usize = 32;

/// What is previewed: a draft, with all that it goes with.
#[derive(Debug, Clone)]
pub struct PreviewDraft {
    pub settings: StockSettings,
    /// The draft's revision.
    pub revision: u64,
    rules: SellingRules,
    rates: Option<ExchangeRates>,
    marketplaces: Vec<MarketplaceSettings>,
}

impl PreviewDraft {
    /// Reads what goes with the draft of a stock plan. Three reads.
    pub async fn read(store: &Store, connection: &ConnectionKey, plan: &StockPlan) -> Result<Self> {
        let rates = store.exchange_rates(&connection.tenant).await?;
        Ok(Self {
            settings: plan.draft.clone(),
            revision: plan.draft_revision,
            rules: store.rules_draft(connection).await?.rules,
            rates: rates.map(|revised| revised.rates),
            marketplaces: store.marketplaces(connection).await?,
        })
    }
}

impl PreviewDraft {
    /// What the draft says of a product's stock. A read, if the age of its category decides something.
    pub async fn rules_of(
        &self,
        store: &Store,
        tenant: &TenantId,
        product: &Product,
    ) -> Result<ProductRules> {
        store.rules_of_product(tenant, &self.rules, product).await
    }

    /// When the categories of these products appeared, by their folded names, as far as that decides something.
    async fn appeared(
        &self,
        store: &Store,
        connection: &ConnectionKey,
        products: impl Iterator<Item = &Product>,
    ) -> Result<HashMap<String, Option<Timestamp>>> {
        let categories = products.filter_map(|it| self.rules.category_to_look_up(it));
        let categories: HashMap<String, _> = categories.map(|it| (it.folded(), it)).collect();
        let tenant = &connection.tenant;
        let appeared = fan_out(categories, AT_ONCE, |(folded, category)| async move {
            let at = store.category_appeared(tenant, &category).await?;
            Ok::<_, Error>((folded, at))
        });
        Ok(appeared.await?.into_iter().collect())
    }
}

/// Matched listings, and what they are computed with.
pub struct PreviewPage<'a> {
    draft: &'a PreviewDraft,
    /// When categories appeared, by their folded names, as far as that decides something.
    appeared: HashMap<String, Option<Timestamp>>,
    /// In the order of the SKUs that were asked for.
    pub listings: Vec<Listing>,
    inputs: HashMap<Sku, SkuInputs>,
    offers: HashMap<(AmazonSku, Marketplace), Offer>,
}

impl<'a> PreviewPage<'a> {
    /// Reads all that these listings of a connection are computed from; what several share is read once. Those that are
    /// not matched are left out.
    pub async fn read(
        store: &Store,
        connection: &ConnectionKey,
        draft: &'a PreviewDraft,
        skus: &[AmazonSku],
    ) -> Result<Self> {
        let mut found = store.batch_get_listings(connection, skus).await?;
        let listings = skus.iter().filter_map(|sku| found.remove(sku));
        let matched = |listing: &Listing| listing.state == ListingState::Matched;
        let listings: Vec<Listing> = listings.filter(matched).collect();
        let products: BTreeSet<Sku> = listings
            .iter()
            .filter_map(|listing| listing.product.clone())
            .collect();
        let mut all = inputs(store, connection, products).await?;
        let parts: BTreeSet<Sku> = all
            .values()
            .filter_map(|inputs| inputs.product.as_ref())
            .filter(|_| draft.settings.bundles)
            .flat_map(|product| &product.parts)
            .map(|part| part.sku.clone())
            .filter(|sku| !all.contains_key(sku))
            .collect();
        all.extend(inputs(store, connection, parts).await?);
        let offers: Vec<(AmazonSku, Marketplace)> = listings
            .iter()
            .flat_map(|listing| {
                let priced = priced_marketplaces(listing, &draft.rules, &draft.marketplaces);
                let offer = |marketplace| (listing.amazon_sku.clone(), marketplace);
                priced.into_iter().map(offer).collect::<Vec<_>>()
            })
            .collect();
        let offers = store.batch_get_offers(connection, &offers).await?;
        let products = all.values().filter_map(|inputs| inputs.product.as_ref());
        let appeared = draft.appeared(store, connection, products).await?;
        Ok(Self {
            draft,
            appeared,
            listings,
            inputs: all,
            offers,
        })
    }

    /// What the settings would do to one of its listings.
    pub async fn effect_on(
        &self,
        listing: &Listing,
        standings: &Standings,
        now: Timestamp,
    ) -> Result<ListingEffect> {
        let alike = listing.amazon_sku.as_product();
        let known = ListingFacts {
            inputs: &self.inputs,
            product: listing.product.as_ref().unwrap_or(&alike),
        };
        let standing = standings.of(listing.sent_by()).await?;
        let settings = &self.draft.settings;
        let rules = known.product().map(|product| self.product_rules(product));
        let rules = rules.unwrap_or_default();
        let mut effect = quantity_effect(listing, &known, standing, settings, &rules, now);
        let is_sent = settings.on && listing.takes_prices() && rules.is_sold();
        if let Some(product) = known.product().filter(|_| is_sent) {
            effect.prices = self.prices(listing, product, standings, now).await?;
        }
        Ok(effect)
    }

    /// What the draft says of a product's stock.
    fn product_rules(&self, product: &Product) -> ProductRules {
        let rules = &self.draft.rules;
        let category = rules.category_to_look_up(product);
        let appeared = category.and_then(|it| *self.appeared.get(&it.folded())?);
        rules.of_product(product, appeared)
    }

    async fn prices(
        &self,
        listing: &Listing,
        product: &Product,
        standings: &Standings,
        now: Timestamp,
    ) -> Result<Vec<PriceEffect>> {
        let mut prices = Vec::new();
        let draft = self.draft;
        for marketplace in priced_marketplaces(listing, &draft.rules, &draft.marketplaces) {
            let mut settings = draft.marketplaces.iter();
            let Some(settings) = settings.find(|it| it.marketplace == marketplace) else {
                continue;
            };
            let pricing = draft.rules.pricing(settings, draft.rates.as_ref(), now);
            let offer = self.offers.get(&(listing.amazon_sku.clone(), marketplace));
            let standing = standings.of(offer.and_then(Offer::sent_by)).await?;
            prices.extend(price_effect(
                listing,
                &pricing,
                offer,
                product,
                standing,
                &draft.settings,
                now,
            ));
        }
        Ok(prices)
    }
}

async fn inputs(
    store: &Store,
    connection: &ConnectionKey,
    skus: BTreeSet<Sku>,
) -> Result<HashMap<Sku, SkuInputs>> {
    let inputs = fan_out(skus, AT_ONCE, |sku| input(store, connection, sku));
    Ok(inputs.await?.into_iter().collect())
}

async fn input(store: &Store, connection: &ConnectionKey, sku: Sku) -> Result<(Sku, SkuInputs)> {
    let inputs = store.sku_inputs(&connection.tenant, &sku).await?;
    Ok((sku, inputs))
}
