//! Reservations: what each order's lines hold of which SKU, kept beside the stock levels, and the recomputes that are owed
//! for it. The order of effects is the promise: reserved, the tie looked at again, the counters raised, the recompute
//! queued; only then is the batch done. A batch that comes again does the same again, which does no harm.

use crate::App;
use crate::ask::{Ask, Asking, Told, means_the_same};
use crate::ties::{Tie, Ties};
use futures::{StreamExt as _, TryStreamExt as _};
use stallkeeper::domain::ids::{Sku, TenantId};
use stallkeeper::domain::product::{Part, Product};
use stallkeeper::domain::stock::Reservation;
use stallkeeper::error::{Error, Result};
use stallkeeper::queue::StockChange;
use stallkeeper::store::{Reserved, Store, Written};
use std::collections::{BTreeMap, BTreeSet};

/// Orders, or counters, worked on side by side.
const AT_ONCE: usize = 8;
/// How often a line is moved because its listing was tied anew meanwhile.
const MOST_MOVES: usize = 5;

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
        let messages = StockChange::recompute(tenant, false, skus.iter().cloned())?;
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
            let put = self.hold(&tie, product.as_ref(), owed).await?;
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
    async fn hold(
        &self,
        tie: &Tie,
        product: Option<&Product>,
        owed: &mut BTreeSet<Sku>,
    ) -> Result<Vec<(Sku, Reservation)>> {
        if self.asking.is_new {
            // Nothing can stand of it yet, unless this is told again.
            let parts = parts(product, None);
            let own = self.own(tie, &parts, None);
            if self.shipped_by_amazon(tie) {
                return Ok(Vec::new());
            }
            if self.set(&own, &parts, owed).await? == Written::Done {
                return self.hold_parts(tie, own, parts, owed).await;
            }
        }
        let stands = self.stands(&tie.product).await?;
        // All this is over and forgotten.
        let idle = self.shipped_by_amazon(tie) || self.ask.is_old_news;
        if stands.is_none() && idle {
            return Ok(Vec::new());
        }
        let parts = parts(product, stands.as_ref());
        let own = self.own(tie, &parts, stands.map(|stands| stands.reservation));
        let _ = self.set(&own, &parts, owed).await?;
        self.hold_parts(tie, own, parts, owed).await
    }

    /// Amazon did not say who ships it, but the listing does.
    fn shipped_by_amazon(&self, tie: &Tie) -> bool {
        self.asking.shipper_unknown && tie.by_amazon
    }

    /// What stands at the listing's own product: the sale, and the units where it is no bundle.
    fn own(&self, tie: &Tie, parts: &[Part], stood: Option<Reservation>) -> Hold {
        let units = if parts.is_empty() { tie.units } else { 0 };
        Hold {
            sku: tie.product.clone(),
            now: self
                .asking
                .reservation(self.ask, units, true, stood.as_ref()),
            stood,
        }
    }

    async fn hold_parts(
        &self,
        tie: &Tie,
        own: Hold,
        parts: Vec<Part>,
        owed: &mut BTreeSet<Sku>,
    ) -> Result<Vec<(Sku, Reservation)>> {
        let mut all = vec![(own.sku, own.now)];
        for part in parts {
            let stood = self
                .stands(&part.sku)
                .await?
                .map(|stands| stands.reservation);
            let units = tie.units.saturating_mul(part.units);
            let hold = Hold {
                sku: part.sku,
                now: self
                    .asking
                    .reservation(self.ask, units, false, stood.as_ref()),
                stood,
            };
            let _ = self.set(&hold, &[], owed).await?;
            all.push((hold.sku, hold.now));
        }
        Ok(all)
    }

    async fn set(&self, hold: &Hold, parts: &[Part], owed: &mut BTreeSet<Sku>) -> Result<Written> {
        let tenant = &self.asking.tenant;
        let written = self
            .store
            .put_bundle_reservation(tenant, &hold.sku, &hold.now, parts)
            .await?;
        let stood = hold.stood.as_ref();
        let same = stood.is_some_and(|stood| means_the_same(stood, &hold.now));
        // Where this, or something newer, stands already, an earlier try may have got no further.
        if written == Written::Conflict || !same {
            owed.insert(hold.sku.clone());
        }
        Ok(written)
    }

    async fn stands(&self, sku: &Sku) -> Result<Option<Reserved>> {
        let asking = self.asking;
        let (tenant, connection) = (&asking.tenant, &asking.connection);
        self.store
            .reserved(tenant, sku, connection, &asking.order, &self.ask.line)
            .await
    }
}

/// What a line holds of one SKU, and held before.
struct Hold {
    sku: Sku,
    now: Reservation,
    stood: Option<Reservation>,
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
