//! What a stream of the tables tells: images of items as rows and connections. The bodies stay closed.

use super::OrderRow;
use crate::domain::connection::Connection;
use crate::domain::ids::TenantId;
use crate::error::{Error, Result};
use serde::Deserialize;

/// What the stream shows of an order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OrderImage {
    pub tenant: TenantId,
    /// Amazon's side of it, as sortable text: another one means that Amazon told something new.
    pub version: String,
    #[serde(flatten)]
    pub row: OrderRow,
}

/// Reads an image of an order's item.
///
/// # Errors
/// Permanent where it is no order.
pub fn order_image(image: serde_dynamo::Item) -> Result<OrderImage> {
    serde_dynamo::from_item(image)
        .map_err(|_| Error::permanent("read a stream image", "it is no order"))
}

/// Reads an image of a connection's item.
///
/// # Errors
/// Permanent where it is no connection.
pub fn connection_image(image: serde_dynamo::Item) -> Result<Connection> {
    serde_dynamo::from_item(image)
        .map_err(|_| Error::permanent("read a stream image", "it is no connection"))
}
