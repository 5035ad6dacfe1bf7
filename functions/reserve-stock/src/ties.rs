//! What the listings that orders name are tied to: which product, how many of it, what it is made of.

use crate::demand::OrderDemand;
use stallkeeper::domain::ids::{AmazonSku, ConnectionKey, ListingKey, Sku, TenantId};
use stallkeeper::domain::listing::{Listing, ListingState, tied_to};
use stallkeeper::domain::product::Product;
use stallkeeper::error::Result;
use stallkeeper::store::Store;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a listing is tied to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tie {
    pub(crate) product: Sku,
    /// Units of it in one unit of the listing.
    pub(crate) units: u32,
    pub(crate) by_amazon: bool,
}

impl Tie {
    pub(crate) fn of(sku: &AmazonSku, listing: Option<&Listing>) -> Self {
        let (product, units) = tied_to(sku, listing);
        Self {
            product,
            units,
            by_amazon: listing.is_some_and(|it| it.state == ListingState::FulfilledByAmazon),
        }
    }
}

/// What the listings of a batch are tied to, read eventually consistently.
pub(crate) struct Ties {
    pub(crate) listings: HashMap<ListingKey, Listing>,
    pub(crate) products: HashMap<(TenantId, Sku), Product>,
}

impl Ties {
    pub(crate) async fn batch_get(store: &Store, demands: &[OrderDemand]) -> Result<Self> {
        let mut sold: BTreeMap<&ConnectionKey, BTreeSet<&AmazonSku>> = BTreeMap::new();
        for demand in demands {
            let skus = sold.entry(&demand.connection).or_default();
            skus.extend(demand.lines.iter().map(|line| &line.sku));
        }
        let (mut listings, mut made): (HashMap<_, _>, BTreeMap<TenantId, BTreeSet<Sku>>) =
            Default::default();
        for (key, skus) in sold {
            let skus: Vec<AmazonSku> = skus.into_iter().cloned().collect();
            let mut found = store.batch_get_listings(key, &skus).await?;
            for sku in skus {
                let listing = found.remove(&sku);
                let tie = Tie::of(&sku, listing.as_ref());
                made.entry(key.tenant.clone())
                    .or_default()
                    .insert(tie.product);
                listings.extend(listing.map(|it| (key.listing(&sku), it)));
            }
        }
        let mut products = HashMap::new();
        for (tenant, skus) in made {
            let skus: Vec<Sku> = skus.into_iter().collect();
            let found = store.products(&tenant, &skus).await?;
            products.extend(
                found
                    .into_iter()
                    .map(|(sku, it)| ((tenant.clone(), sku), it)),
            );
        }
        Ok(Self { listings, products })
    }
}
