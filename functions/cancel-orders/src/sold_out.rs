//! "None left": the SKUs of such a cancellation go to zero until a new stock level arrives. The input is written first, with
//! the SKU's generation; then the recompute is queued.

use crate::App;
use stallkeeper::domain::cancellation::{CancelReason, Cancellation};
use stallkeeper::domain::ids::Sku;
use stallkeeper::domain::listing::tied_to;
use stallkeeper::error::Result;
use stallkeeper::queue::StockChange;
use std::collections::BTreeSet;

/// Notes what a cancellation says of the stock, if anything, and has it computed again. Idempotent: the moment is the
/// cancellation's own.
pub(crate) async fn note(app: &App, cancellation: &Cancellation) -> Result<()> {
    if cancellation.reason != CancelReason::NoInventory {
        return Ok(());
    }
    let connection = &cancellation.connection_key();
    let tenant = &connection.tenant;
    let mut skus: BTreeSet<Sku> = BTreeSet::new();
    for amazon_sku in cancellation.lines.iter().filter_map(|it| it.sku.as_ref()) {
        let listing = app.store.listing(&connection.listing(amazon_sku)).await?;
        let (product, _) = tied_to(amazon_sku, listing.as_ref());
        let at = cancellation.created_at;
        app.store.note_sold_out(tenant, &product, at).await?;
        skus.insert(product);
    }
    let messages = StockChange::recompute(tenant, false, skus)?;
    app.stock_changes.send_all(tenant, messages).await
}
