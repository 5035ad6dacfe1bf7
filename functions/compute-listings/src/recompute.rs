//! What follows from a change: what each listing that it touches is to have, and whether that is to be sent.
//!
//! The caller has written the change and raised its generation, for all SKUs at hand. Only then is anything read here, so
//! that of two changes at once at least one recompute sees both. What was read is shared within one call, never longer.

mod asks;
mod ends;
mod price;
mod quantity;
mod read_once;
mod reservations;

use crate::{App, CONCURRENCY};
use jiff::Timestamp;
use read_once::ReadOnce;
use stallkeeper::domain::ids::{ConnectionId, ConnectionKey, Sku, TenantId};
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::queue::StockTick;
use stallkeeper::store::Store;
use std::collections::BTreeSet;

/// Whether prices may have changed too: a stock level alone changes none, and each costs a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prices {
    Touched,
    Untouched,
}

/// Whether generations of the SKUs rose for this recompute. If not, most of what it computes is stored already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generations {
    Raised,
    AsBefore,
}

/// One recompute, with all that it knows.
struct Work<'a> {
    store: &'a Store,
    tenant: &'a TenantId,
    read: ReadOnce<'a>,
    prices: Prices,
    generations: Generations,
    now: Timestamp,
}

/// Computes what the listings of these SKUs, and of the bundles that they are parts of, are to have. Idempotent.
pub(crate) async fn recompute(
    app: &App,
    tenant: &TenantId,
    skus: BTreeSet<Sku>,
    prices: Prices,
    generations: Generations,
    now: Timestamp,
) -> Result<()> {
    let work = Work {
        store: &app.store,
        tenant,
        read: ReadOnce::new(&app.store, tenant),
        prices,
        generations,
        now,
    };
    let (skus, work) = (work.with_bundles(skus).await?, &work);
    // In a box, since each has much to keep.
    let one = |sku| async move { Box::pin(work.recompute_one(&sku)).await };
    let urgent = fan_out(skus, CONCURRENCY, one).await?;
    let urgent: BTreeSet<ConnectionId> = urgent.into_iter().flatten().collect();
    for connection in urgent {
        let tick = StockTick::Urgent {
            connection: ConnectionKey::new(tenant, &connection),
            hop: 0,
        };
        app.stock_ticks.send(&connection, tick, 0).await?;
    }
    Ok(())
}

impl Work<'_> {
    /// The SKUs and the bundles they are parts of, each once.
    async fn with_bundles(&self, skus: BTreeSet<Sku>) -> Result<BTreeSet<Sku>> {
        let bundles = |sku| async move { self.read.inputs(sku).await };
        let bundles = fan_out(&skus, CONCURRENCY, bundles).await?;
        let bundles = bundles.iter().flat_map(|inputs| inputs.part_of.clone());
        Ok(bundles.chain(skus.iter().cloned()).collect())
    }

    /// Recomputes the listings of one SKU; the connections that have something to send at once.
    async fn recompute_one(&self, sku: &Sku) -> Result<BTreeSet<ConnectionId>> {
        let inputs = self.read.inputs(sku).await?;
        let mut urgent = BTreeSet::new();
        let mut listings = Vec::new();
        for listed in &inputs.listed {
            let Some(seller) = self.read.seller(&listed.connection).await?.as_ref().clone() else {
                continue;
            };
            let product = inputs.product.as_ref();
            let (connection, published) = (&listed.connection, &seller.published);
            let rules = self.read.product_rules(connection, published, product);
            let rules = Box::pin(rules).await?;
            Box::pin(self.note_asked(connection, &rules)).await?;
            let written = self.write_wanted(sku, &inputs, listed, &seller, &rules);
            let Some(listing) = Box::pin(written).await? else {
                continue;
            };
            if self.put_quantity(&inputs, &listing, &seller).await? && seller.sends_at_once() {
                urgent.insert(listed.connection.clone());
            }
            // A level that comes between an end's listing and its claim makes another generation: it is listed again. Offers
            // of a product that is not kept stay as they are.
            if inputs.product.is_some() {
                self.put_ends(&listing).await?;
            }
            // Once a hold has ended, prices are sent again as well, whatever ended it.
            let is_touched = self.prices == Prices::Touched || listing.released_at.is_some();
            if is_touched && rules.is_sold() {
                let prices = self.recompute_prices(&inputs, &listing, &seller);
                Box::pin(prices).await?;
            }
            listings.push(listing);
        }
        self.forget_reservations(sku, &inputs, &listings).await?;
        Ok(urgent)
    }
}
