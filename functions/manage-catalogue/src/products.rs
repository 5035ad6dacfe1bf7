//! Products and bundles: checked against the rules and against what is stored, and what differs queued.

mod delete;
mod judge;
mod list;
mod put;
mod row;
mod rules;
mod write;

pub(crate) use delete::{__path_delete, delete};
pub(crate) use list::{__path_list, WholeProduct, list};
pub(crate) use put::{__path_put, put};
pub(crate) use write::{sort_out, write};

use crate::App;
use jiff::Timestamp;
use stallkeeper::domain::ids::TenantId;
use stallkeeper::domain::product::Product;
use stallkeeper::error::Result;
use stallkeeper::queue::StockChange;

/// Queues products that differ from what is stored. Returns only when all are queued.
async fn queue(
    app: &App,
    tenant: &TenantId,
    told_at: Timestamp,
    products: Vec<Product>,
) -> Result<()> {
    let messages = StockChange::products(tenant, told_at, products)?;
    app.stock_changes.send_all(tenant, messages).await
}
