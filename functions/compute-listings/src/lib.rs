//! `compute-listings`: writes the products and stock levels that come by the queue, and computes what the listings they
//! touch are to have.
//!
//! Each change is written first, then what follows from it is computed. A message that comes again goes the whole way
//! again, so nothing that follows from it is lost if the function stopped in between. It never talks to Amazon.

mod levels;
mod products;
mod recompute;
mod refused;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use jiff::Timestamp;
use recompute::{Generations, Prices, recompute};
use stallkeeper::domain::ids::{Sku, TenantId};
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::intake::{ReadRow, read_level, read_product};
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::{Queue, StockChange};
use stallkeeper::store::Store;
use std::collections::BTreeSet;

/// How many SKUs are written or computed at a time.
const CONCURRENCY: usize = 8;

/// What the function works with.
pub struct App {
    pub store: Store,
    pub inbox: Inbox,
    /// The queue that wakes it: rows of platforms that differ from what is stored go there again.
    pub stock_changes: Queue,
    /// Woken if a decrease is urgent.
    pub stock_ticks: Queue,
}

/// Works on a batch of changes.
pub async fn handle(app: &App, event: SqsEvent) -> Result<SqsBatchResponse> {
    let work = |change| work(app, change, Timestamp::now());
    Ok(app.inbox.each_message(event, work).await)
}

async fn work(app: &App, change: StockChange, now: Timestamp) -> Result<()> {
    match change {
        StockChange::Levels {
            tenant,
            checked: false,
            levels,
        } => levels::compare(app, &tenant, levels, now).await,
        StockChange::Levels { tenant, levels, .. } => {
            let levels = refused::readable(&app.store, &tenant, levels, read_level, now).await?;
            let touched = levels::write(&app.store, &tenant, rows_of(levels), now).await?;
            let (prices, generations) = (Prices::Untouched, Generations::Raised);
            recompute(app, &tenant, touched, prices, generations, now).await
        }
        StockChange::Products {
            tenant,
            at: None,
            products,
        } => products::compare(app, &tenant, products, now).await,
        StockChange::Products {
            tenant,
            at: Some(sent_at),
            products,
        } => {
            let products =
                refused::readable(&app.store, &tenant, products, read_product, now).await?;
            let products = rows_of(products);
            let touched = products::write(&app.store, &tenant, products, sent_at, now).await?;
            let (prices, generations) = (Prices::Touched, Generations::Raised);
            recompute(app, &tenant, touched, prices, generations, now).await
        }
        StockChange::Recompute {
            tenant,
            raise,
            skus,
        } => {
            let skus: BTreeSet<Sku> = skus.into_iter().collect();
            let generations = match raise {
                true => Generations::Raised,
                false => Generations::AsBefore,
            };
            if raise {
                raise_all(&app.store, &tenant, &skus).await?;
            }
            recompute(app, &tenant, skus, Prices::Touched, generations, now).await
        }
    }
}

fn rows_of<T>(read: Vec<ReadRow<T>>) -> Vec<T> {
    read.into_iter().map(|read| read.row).collect()
}

async fn raise_all(store: &Store, tenant: &TenantId, skus: &BTreeSet<Sku>) -> Result<()> {
    let raise = |sku| store.raise_counter(tenant, sku, 1, false);
    fan_out(skus, CONCURRENCY, raise).await?;
    Ok(())
}
