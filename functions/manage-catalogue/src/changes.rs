//! What comes by the queue: each change is written first, then what follows from it is computed. A message that comes
//! again goes the whole way again, so nothing that it owes is lost where the function stopped in between.

use crate::recompute::{Prices, recompute};
use crate::{App, levels, products};
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use stallkeeper::domain::ids::{Sku, TenantId};
use stallkeeper::error::Result;
use stallkeeper::queue::StockChange;
use stallkeeper::store::Store;
use std::collections::BTreeSet;

/// How many SKUs are written at a time.
pub(crate) const CONCURRENCY: usize = 8;

/// Works on one message.
///
/// # Errors
/// As the store and the queues answer; the message is then to come again.
pub(crate) async fn work(app: &App, change: StockChange, now: Timestamp) -> Result<()> {
    match change {
        StockChange::Levels {
            tenant,
            checked: false,
            levels,
        } => levels::sort_out(app, &tenant, levels, now).await,
        StockChange::Levels { tenant, levels, .. } => {
            let touched = levels::write(&app.store, &tenant, levels, now).await?;
            recompute(app, &tenant, touched, Prices::Untouched, now).await
        }
        StockChange::Products {
            tenant,
            at: None,
            products,
        } => products::sort_out(app, &tenant, products, now).await,
        StockChange::Products {
            tenant,
            at: Some(told_at),
            products,
        } => {
            let touched = products::write(&app.store, &tenant, products, told_at, now).await?;
            recompute(app, &tenant, touched, Prices::Touched, now).await
        }
        StockChange::Recompute {
            tenant,
            raise,
            skus,
        } => {
            let skus: BTreeSet<Sku> = skus.into_iter().collect();
            if raise {
                raise_all(&app.store, &tenant, &skus).await?;
            }
            recompute(app, &tenant, skus, Prices::Touched, now).await
        }
    }
}

async fn raise_all(store: &Store, tenant: &TenantId, skus: &BTreeSet<Sku>) -> Result<()> {
    futures::stream::iter(skus)
        .map(|sku| async move { store.raise_counter(tenant, sku, 1, false).await })
        .buffer_unordered(CONCURRENCY)
        .try_for_each(|_| async { Ok(()) })
        .await
}
