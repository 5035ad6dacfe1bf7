//! A page of listings with all that they are computed from.

use super::PreviewJob;
use super::effect::priced_marketplaces;
use crate::App;
use stallkeeper::domain::connection::MarketplaceSettings;
use stallkeeper::domain::ids::{AmazonSku, Sku};
use stallkeeper::domain::listing::{Listing, ListingState, Offer};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock_settings::StockSettings;
use stallkeeper::error::{Error, Result};
use stallkeeper::fan_out;
use stallkeeper::store::SkuInputs;
use std::collections::{BTreeSet, HashMap};

/// SKUs read side by side.
const AT_ONCE: usize = 32;

/// What a page is computed with.
pub(super) struct Page<'a> {
    pub(super) settings: &'a StockSettings,
    pub(super) marketplaces: &'a [MarketplaceSettings],
    pub(super) listings: Vec<Listing>,
    pub(super) inputs: HashMap<Sku, SkuInputs>,
    pub(super) offers: HashMap<(AmazonSku, Marketplace), Offer>,
}

impl PreviewJob {
    /// Reads all that a page's listings are computed from; what several share is read once.
    pub(super) async fn page<'a>(
        &self,
        app: &App,
        settings: &'a StockSettings,
        marketplaces: &'a [MarketplaceSettings],
        skus: &[AmazonSku],
    ) -> Result<Page<'a>> {
        let connection = &self.connection;
        let listings = app
            .store
            .batch_get_listings(connection, skus)
            .await?
            .into_values()
            .filter(|listing| listing.state == ListingState::Matched)
            .collect::<Vec<_>>();
        let products: BTreeSet<&Sku> = listings
            .iter()
            .filter_map(|listing| listing.product.as_ref())
            .collect();
        let mut inputs = self.inputs(app, products).await?;
        let parts: BTreeSet<Sku> = inputs
            .values()
            .filter_map(|inputs| inputs.product.as_ref())
            .filter(|_| settings.bundles)
            .flat_map(|product| &product.parts)
            .map(|part| part.sku.clone())
            .filter(|sku| !inputs.contains_key(sku))
            .collect();
        inputs.extend(self.inputs(app, parts.iter().collect()).await?);
        let offers: Vec<(AmazonSku, Marketplace)> = listings
            .iter()
            .flat_map(|listing| {
                let priced = priced_marketplaces(listing, marketplaces);
                let offer = |marketplace| (listing.amazon_sku.clone(), marketplace);
                priced.into_iter().map(offer).collect::<Vec<_>>()
            })
            .collect();
        let offers = app.store.batch_get_offers(connection, &offers).await?;
        Ok(Page {
            settings,
            marketplaces,
            listings,
            inputs,
            offers,
        })
    }

    async fn inputs(&self, app: &App, skus: BTreeSet<&Sku>) -> Result<HashMap<Sku, SkuInputs>> {
        let inputs = fan_out(skus, AT_ONCE, |sku| async move {
            let inputs = app.store.sku_inputs(&self.connection.tenant, sku).await?;
            Ok::<_, Error>((sku.clone(), inputs))
        });
        Ok(inputs.await?.into_iter().collect())
    }
}
