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
use stallkeeper::error::{Error, Result};
use stallkeeper::queue::StockChange;

/// How many go into one message.
const MOST_IN_A_MESSAGE: usize = 25;
/// How much of a message's 256 KiB they may take, in bytes of JSON.
const MOST_BYTES: usize = 200 * 1024;

/// Queues products that differ from what is stored. Returns only when all are queued.
async fn queue(
    app: &App,
    tenant: &TenantId,
    told_at: Timestamp,
    products: Vec<Product>,
) -> Result<()> {
    let message = |products| StockChange::Products {
        tenant: tenant.clone(),
        at: Some(told_at),
        products,
    };
    let messages = in_messages(products)?.into_iter().map(message);
    app.stock_changes.send_all(tenant, messages).await
}

fn in_messages(products: Vec<Product>) -> Result<Vec<Vec<Product>>> {
    let mut messages: Vec<Vec<Product>> = Vec::new();
    let mut bytes = 0;
    for product in products {
        let text = serde_json::to_string(&product)
            .map_err(|error| Error::permanent("encode a product", error))?;
        bytes += text.len();
        match messages.last_mut() {
            Some(open) if open.len() < MOST_IN_A_MESSAGE && bytes <= MOST_BYTES => {
                open.push(product);
            }
            _ => {
                bytes = text.len();
                messages.push(vec![product]);
            }
        }
    }
    Ok(messages)
}
