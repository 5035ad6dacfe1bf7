//! Reservations: what each order's lines hold of which SKU, kept beside the stock levels, and the recomputes that are owed
//! for it. The order of effects is the promise: reserved, the tie looked at again, the counters raised, the recompute
//! queued; only then is the batch done. A batch that comes again does the same again, which does no harm.

use crate::App;
use crate::ask::{Ask, Asking, Told, means_the_same};
use futures::{StreamExt as _, TryStreamExt as _};
use stallkeeper::domain::ids::{AmazonSku, ConnectionId, Sku, TenantId};
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::domain::product::{Part, Product};
use stallkeeper::domain::stock::Reservation;
use stallkeeper::error::{Error, Result};
use stallkeeper::queue::StockChange;
use stallkeeper::store::{Reserved, Store, Written};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Orders, or counters, worked on side by side.
const AT_ONCE: usize = 8;
/// How often a line is moved because its listing was tied anew meanwhile.
const MOST_MOVES: usize = 5;
/// SKUs of one recompute message.
const SKUS_A_MESSAGE: usize = 25;

/// SKUs whose recompute is owed, by tenant.
type Owed = BTreeMap<TenantId, BTreeSet<Sku>>;

/// Reserves what the orders of a batch ask for; how many SKUs have to be computed anew for it.
pub(crate) async fn reserve(app: &App, told: impl Iterator<Item = &Told>) -> Result<usize> {
    let asking: Vec<Asking> = told
        .map(Told::asking)
        .filter(|asking| !asking.lines.is_empty())
        .collect();
    if asking.is_empty() {
        return Ok(0);
    }
    let ties = &Ties::glance(&app.store, &asking).await?;
    let owed: Vec<(TenantId, BTreeSet<Sku>)> = futures::stream::iter(&asking)
        .map(|asking| async move {
            let owed = reserve_order(&app.store, ties, asking).await?;
            Ok::<_, Error>((asking.tenant.clone(), owed))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut all = Owed::new();
    for (tenant, skus) in owed {
        all.entry(tenant).or_default().extend(skus);
    }
    recompute(app, &all).await?;
    Ok(all.values().map(BTreeSet::len).sum())
}

/// Raises the counters, then queues the recomputes.
async fn recompute(app: &App, owed: &Owed) -> Result<()> {
    for (tenant, skus) in owed {
        futures::stream::iter(skus)
            .map(|sku| app.store.raise_counter(tenant, sku, 1, true))
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<u64>>()
            .await?;
        let skus: Vec<Sku> = skus.iter().cloned().collect();
        let messages = skus
            .chunks(SKUS_A_MESSAGE)
            .map(|some| StockChange::Recompute {
                tenant: tenant.clone(),
                raise: false,
                skus: some.to_vec(),
            });
        app.changes.send_all(tenant, messages).await?;
    }
    Ok(())
}

async fn reserve_order(store: &Store, ties: &Ties, asking: &Asking) -> Result<BTreeSet<Sku>> {
    let mut owed = BTreeSet::new();
    for ask in &asking.lines {
        let listing = ties
            .listings
            .get(&(asking.connection.clone(), ask.sku.clone()));
        let tie = Tie::of(&ask.sku, listing);
        let product = ties
            .products
            .get(&(asking.tenant.clone(), tie.product.clone()));
        let line = Line { store, asking, ask };
        line.reserve(tie, product.cloned(), &mut owed).await?;
    }
    Ok(owed)
}

/// What a listing is tied to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tie {
    product: Sku,
    units: u32,
    by_amazon: bool,
}

impl Tie {
    /// Without a product of its own, the one spelt alike.
    fn of(sku: &AmazonSku, listing: Option<&Listing>) -> Self {
        let tied = listing.and_then(|listing| Some((listing.product.clone()?, listing.units)));
        let (product, units) = tied.unwrap_or_else(|| (sku.as_product(), 1));
        Self {
            product,
            units,
            by_amazon: listing.is_some_and(|it| it.state == ListingState::FulfilledByAmazon),
        }
    }
}

/// What the listings of a batch are tied to, at a glance.
struct Ties {
    listings: HashMap<(ConnectionId, AmazonSku), Listing>,
    products: HashMap<(TenantId, Sku), Product>,
}

impl Ties {
    async fn glance(store: &Store, asking: &[Asking]) -> Result<Self> {
        let mut sold: BTreeMap<(&TenantId, &ConnectionId), BTreeSet<&AmazonSku>> = BTreeMap::new();
        for asking in asking {
            let skus = sold
                .entry((&asking.tenant, &asking.connection))
                .or_default();
            skus.extend(asking.lines.iter().map(|ask| &ask.sku));
        }
        let (mut listings, mut made): (HashMap<_, _>, BTreeMap<&TenantId, BTreeSet<Sku>>) =
            Default::default();
        for ((tenant, connection), skus) in sold {
            let skus: Vec<AmazonSku> = skus.into_iter().cloned().collect();
            let mut found = store.listings_glance(tenant, connection, &skus).await?;
            for sku in skus {
                let listing = found.remove(&sku);
                let tie = Tie::of(&sku, listing.as_ref());
                made.entry(tenant).or_default().insert(tie.product);
                listings.extend(listing.map(|it| ((connection.clone(), sku), it)));
            }
        }
        let mut products = HashMap::new();
        for (tenant, skus) in made {
            let skus: Vec<Sku> = skus.into_iter().collect();
            let found = store.products(tenant, &skus).await?;
            products.extend(
                found
                    .into_iter()
                    .map(|(sku, it)| ((tenant.clone(), sku), it)),
            );
        }
        Ok(Self { listings, products })
    }
}

/// A line of an order.
struct Line<'a> {
    store: &'a Store,
    asking: &'a Asking,
    ask: &'a Ask,
}

impl Line<'_> {
    /// Reserves at the product that the listing is tied to, and looks at the tie again: whoever ties it anew moves what
    /// is reserved after tying, and we tie in after reserving, so that one of the two sees the other.
    async fn reserve(
        &self,
        mut tie: Tie,
        mut product: Option<Product>,
        owed: &mut BTreeSet<Sku>,
    ) -> Result<()> {
        let Asking {
            tenant, connection, ..
        } = self.asking;
        for _ in 0..MOST_MOVES {
            let put = self.put(&tie, product.as_ref(), owed).await?;
            let listing = self
                .store
                .listing(tenant, connection, &self.ask.sku)
                .await?;
            let now = Tie::of(&self.ask.sku, listing.as_ref());
            if now == tie {
                return Ok(());
            }
            for (sku, reservation) in &put {
                self.store
                    .forget_reservation(tenant, sku, reservation)
                    .await?;
            }
            let skus = std::slice::from_ref(&now.product);
            product = self
                .store
                .products(tenant, skus)
                .await?
                .remove(&now.product);
            tie = now;
        }
        let error = "its listing is tied anew all the time";
        Err(Error::retryable("reserve a line of an order", error))
    }

    /// Puts what the line holds under this tie, and tells what was put.
    async fn put(
        &self,
        tie: &Tie,
        product: Option<&Product>,
        owed: &mut BTreeSet<Sku>,
    ) -> Result<Vec<(Sku, Reservation)>> {
        let stands = self.stands(&tie.product).await?;
        // Amazon did not say who ships it, but the listing does; or all this is over and forgotten.
        let by_amazon = self.asking.shipper_unknown && tie.by_amazon;
        if stands.is_none() && (by_amazon || self.ask.is_old_news) {
            return Ok(Vec::new());
        }
        let parts = parts(product, stands.as_ref());
        let own_units = if parts.is_empty() { tie.units } else { 0 };
        let stood = stands.map(|stands| stands.reservation);
        let own = self
            .asking
            .reservation(self.ask, own_units, true, stood.as_ref());
        let mut all = vec![(tie.product.clone(), own, stood)];
        for part in &parts {
            let stood = self
                .stands(&part.sku)
                .await?
                .map(|stands| stands.reservation);
            let units = tie.units.saturating_mul(part.units);
            let held = self
                .asking
                .reservation(self.ask, units, false, stood.as_ref());
            all.push((part.sku.clone(), held, stood));
        }
        for (index, (sku, reservation, stood)) in all.iter().enumerate() {
            let parts: &[Part] = if index == 0 { &parts } else { &[] };
            let written = self
                .store
                .put_bundle_reservation(&self.asking.tenant, sku, reservation, parts)
                .await?;
            let same = stood
                .as_ref()
                .is_some_and(|it| means_the_same(it, reservation));
            // Where this, or something newer, stands already, an earlier try may have got no further.
            if written == Written::Conflict || !same {
                owed.insert(sku.clone());
            }
        }
        Ok(all
            .into_iter()
            .map(|(sku, reservation, _)| (sku, reservation))
            .collect())
    }

    async fn stands(&self, sku: &Sku) -> Result<Option<Reserved>> {
        let asking = self.asking;
        if asking.is_new {
            return Ok(None);
        }
        self.store
            .reserved(
                &asking.tenant,
                sku,
                &asking.connection,
                &asking.order,
                &self.ask.line,
            )
            .await
    }
}

/// What a bundle's line holds: what it was made of as the order came, whatever it is made of since.
fn parts(product: Option<&Product>, stands: Option<&Reserved>) -> Vec<Part> {
    match stands {
        Some(stands) if !stands.parts.is_empty() => stands.parts.clone(),
        Some(stands) if stands.reservation.units > 0 => Vec::new(),
        _ => product
            .map(|product| product.parts.clone())
            .unwrap_or_default(),
    }
}
