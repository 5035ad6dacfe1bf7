//! Settings were published: every matched listing's product is queued to be computed again. The settings' version is part
//! of what is computed, so no generation needs to be raised for it.

use crate::{App, is_late, queue_recompute};
use stallkeeper::domain::ids::{AmazonSku, ConnectionKey, Sku};
use stallkeeper::domain::listing::ListingState;
use stallkeeper::error::{Error, Result};
use stallkeeper::queue::ListingJob;
use std::collections::BTreeSet;
use std::time::SystemTime;

/// Listings looked up together.
const PAGE: i32 = 1000;
/// How often the job may queue itself again.
const MOST_HOPS: u32 = 120;

/// Queues the products of a connection's matched listings, page by page; goes on in a message to ourselves.
pub(crate) async fn recompute_all(
    app: &App,
    connection: &ConnectionKey,
    mut after: Option<String>,
    hop: u32,
    deadline: SystemTime,
) -> Result<()> {
    let plan = app.store.stock_plan(connection).await?;
    if plan.in_force().is_none() {
        return Ok(());
    }
    loop {
        let state = Some(ListingState::Matched);
        let page = app
            .store
            .listing_page(connection, state, after.as_deref(), PAGE)
            .await?;
        let skus: Vec<AmazonSku> = page.listings.into_iter().map(|(_, sku)| sku).collect();
        let listings = app.store.batch_get_listings(connection, &skus).await?;
        let products: BTreeSet<Sku> = listings
            .into_values()
            .filter_map(|listing| listing.product)
            .collect();
        queue_recompute(app, connection, false, products).await?;
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
        if is_late(deadline) {
            break;
        }
    }
    if hop >= MOST_HOPS {
        return Err(Error::permanent(
            "have all listings computed again",
            "it was not done after as many runs as it may have",
        ));
    }
    let again = ListingJob::RecomputeAll {
        connection: connection.clone(),
        after,
        hop: hop + 1,
    };
    app.jobs.send(&connection.id, again, 0).await
}
