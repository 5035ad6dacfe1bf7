//! Reservations: what each order's lines hold of which SKU, kept beside the stock levels, and the recomputes to queue for
//! them. The order of effects is the promise: reserve, read the tie again, raise the generations, queue the recompute; only
//! then is the batch done. A batch that comes again does the same again, which does no harm.

use crate::App;
use crate::demand::{LineDemand, OrderChanges, OrderDemand, means_the_same};
use crate::ties::{Tie, Ties};
use stallkeeper::domain::ids::{Sku, TenantId};
use stallkeeper::domain::product::{Part, Product};
use stallkeeper::domain::stock::Reservation;
use stallkeeper::error::{Error, Result};
use stallkeeper::fan_out;
use stallkeeper::queue::StockChange;
use stallkeeper::store::{Reserved, Store, Written};
use std::collections::{BTreeMap, BTreeSet};

/// Orders, or generations, worked on side by side.
const AT_ONCE: usize = 8;
/// How often a line is moved because its listing was tied again meanwhile.
const MOST_MOVES: usize = 5;

/// SKUs whose recompute is to be queued, by tenant.
type ToRecompute = BTreeMap<TenantId, BTreeSet<Sku>>;

/// Reserves what the orders of a batch demand, and queues the recomputes of the SKUs that this touches: returns how many.
pub(crate) async fn reserve(
    app: &App,
    orders: impl Iterator<Item = &OrderChanges>,
) -> Result<usize> {
    let demand: Vec<OrderDemand> = orders
        .map(OrderChanges::demand)
        .filter(|demand| !demand.lines.is_empty())
        .collect();
    if demand.is_empty() {
        return Ok(0);
    }
    let ties = &Ties::batch_get(&app.store, &demand).await?;
    let touched = fan_out(&demand, AT_ONCE, |demand| async move {
        let touched = reserve_order(&app.store, ties, demand).await?;
        Ok::<_, Error>((demand.connection.tenant.clone(), touched))
    })
    .await?;
    let mut all = ToRecompute::new();
    for (tenant, skus) in touched {
        all.entry(tenant).or_default().extend(skus);
    }
    recompute(app, &all).await?;
    Ok(all.values().map(BTreeSet::len).sum())
}

/// Raises the generations, then queues the recomputes.
async fn recompute(app: &App, touched: &ToRecompute) -> Result<()> {
    for (tenant, skus) in touched {
        let raise = |sku| app.store.raise_counter(tenant, sku, 1, true);
        fan_out(skus, AT_ONCE, raise).await?;
        let messages = StockChange::recompute(tenant, false, skus.iter().cloned())?;
        app.changes.send_all(tenant, messages).await?;
    }
    Ok(())
}

async fn reserve_order(store: &Store, ties: &Ties, demand: &OrderDemand) -> Result<BTreeSet<Sku>> {
    let mut touched = BTreeSet::new();
    for line in &demand.lines {
        let listing = ties.listings.get(&demand.connection.listing(&line.sku));
        let tie = Tie::of(&line.sku, listing);
        let product = ties
            .products
            .get(&(demand.connection.tenant.clone(), tie.product.clone()));
        let line = Line {
            store,
            demand,
            line,
        };
        line.reserve(tie, product.cloned(), &mut touched).await?;
    }
    Ok(touched)
}

/// A line of an order.
struct Line<'a> {
    store: &'a Store,
    demand: &'a OrderDemand,
    line: &'a LineDemand,
}

impl Line<'_> {
    /// Reserves at the product that the listing is tied to, and reads the tie again: the code that ties a listing
    /// again moves reservations after it wrote the tie, and this reads the tie after it reserved, so that one of the two
    /// sees the other.
    async fn reserve(
        &self,
        mut tie: Tie,
        mut product: Option<Product>,
        touched: &mut BTreeSet<Sku>,
    ) -> Result<()> {
        let key = self.demand.connection.listing(&self.line.sku);
        let tenant = &key.connection.tenant;
        for _ in 0..MOST_MOVES {
            let put = self.hold(&tie, product.as_ref(), touched).await?;
            let listing = self.store.listing(&key).await?;
            let now = Tie::of(&self.line.sku, listing.as_ref());
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
        let error = "its listing is tied again all the time";
        Err(Error::retryable("reserve a line of an order", error))
    }

    /// Puts what the line holds under this tie, and returns what was put.
    async fn hold(
        &self,
        tie: &Tie,
        product: Option<&Product>,
        touched: &mut BTreeSet<Sku>,
    ) -> Result<Vec<(Sku, Reservation)>> {
        if self.demand.is_new {
            // No reservation of it can exist yet, unless this batch came before.
            let parts = parts(product, None);
            let own = self.own(tie, &parts, None);
            if self.shipped_by_amazon(tie) {
                return Ok(Vec::new());
            }
            if self.set(&own, &parts, touched).await? == Written::Done {
                return self.hold_parts(tie, own, parts, touched).await;
            }
        }
        let existing = self.existing(&tie.product).await?;
        // All of it is over and was forgotten.
        let idle = self.shipped_by_amazon(tie) || self.line.is_old_news;
        if existing.is_none() && idle {
            return Ok(Vec::new());
        }
        let parts = parts(product, existing.as_ref());
        let own = self.own(tie, &parts, existing.map(|existing| existing.reservation));
        let _ = self.set(&own, &parts, touched).await?;
        self.hold_parts(tie, own, parts, touched).await
    }

    /// Amazon did not say who ships it, but the listing does.
    fn shipped_by_amazon(&self, tie: &Tie) -> bool {
        self.demand.shipper_unknown && tie.by_amazon
    }

    /// What is kept at the listing's own product: the sale, and the units if it is no bundle.
    fn own(&self, tie: &Tie, parts: &[Part], previous: Option<Reservation>) -> Hold {
        let units = if parts.is_empty() { tie.units } else { 0 };
        Hold {
            sku: tie.product.clone(),
            now: self
                .demand
                .reservation(self.line, units, true, previous.as_ref()),
            previous,
        }
    }

    async fn hold_parts(
        &self,
        tie: &Tie,
        own: Hold,
        parts: Vec<Part>,
        touched: &mut BTreeSet<Sku>,
    ) -> Result<Vec<(Sku, Reservation)>> {
        let mut all = vec![(own.sku, own.now)];
        for part in parts {
            let previous = self
                .existing(&part.sku)
                .await?
                .map(|existing| existing.reservation);
            let units = tie.units.saturating_mul(part.units);
            let hold = Hold {
                sku: part.sku,
                now: self
                    .demand
                    .reservation(self.line, units, false, previous.as_ref()),
                previous,
            };
            let _ = self.set(&hold, &[], touched).await?;
            all.push((hold.sku, hold.now));
        }
        Ok(all)
    }

    async fn set(
        &self,
        hold: &Hold,
        parts: &[Part],
        touched: &mut BTreeSet<Sku>,
    ) -> Result<Written> {
        let tenant = &self.demand.connection.tenant;
        let written = self
            .store
            .put_bundle_reservation(tenant, &hold.sku, &hold.now, parts)
            .await?;
        let previous = hold.previous.as_ref();
        let same = previous.is_some_and(|previous| means_the_same(previous, &hold.now));
        // If this, or something newer, exists already, an earlier try may have got no further.
        if written == Written::Conflict || !same {
            touched.insert(hold.sku.clone());
        }
        Ok(written)
    }

    async fn existing(&self, sku: &Sku) -> Result<Option<Reserved>> {
        let demand = self.demand;
        self.store
            .reserved(&demand.connection, sku, &demand.order, &self.line.line)
            .await
    }
}

/// What a line holds of one SKU, and held before.
struct Hold {
    sku: Sku,
    now: Reservation,
    previous: Option<Reservation>,
}

/// What a bundle's line holds: what it was made of as the order came, whatever it is made of since.
fn parts(product: Option<&Product>, existing: Option<&Reserved>) -> Vec<Part> {
    match existing {
        Some(existing) if !existing.parts.is_empty() => existing.parts.clone(),
        Some(existing) if existing.reservation.units > 0 => Vec::new(),
        _ => product
            .map(|product| product.parts.clone())
            .unwrap_or_default(),
    }
}
