//! What a stream of the tables tells: images of items as rows and connections. The bodies stay closed.

use super::OrderRow;
use super::item::VERSION;
use super::key;
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

/// What happened to an item, as far as anyone outside the store cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Order {
        /// `None` where it is new.
        old: Option<Box<OrderImage>>,
        new: Box<OrderImage>,
    },
    Connection {
        old: Option<Box<Connection>>,
        /// `None` where it was removed.
        new: Option<Box<Connection>>,
    },
    /// Another item, or an order that expired.
    Other,
}

/// Reads what a stream tells of the item with the keys `keys`.
///
/// # Errors
/// Retryable where a newer release wrote it: this one is about to be replaced. Permanent where it cannot be read.
pub fn change(
    keys: &serde_dynamo::Item,
    old: Option<serde_dynamo::Item>,
    new: Option<serde_dynamo::Item>,
) -> Result<Change> {
    let sk = keys.inner().get("sk").and_then(|sk| match sk {
        serde_dynamo::AttributeValue::S(sk) => Some(sk.as_str()),
        _ => None,
    });
    let sk = sk.ok_or_else(|| Error::permanent("read a stream record", "it has no sort key"))?;
    if let Some(image) = &new
        && (sk == key::ORDER || sk.starts_with(key::CONNECTION))
    {
        refuse_newer(image)?;
    }
    if sk == key::ORDER {
        let Some(new) = new else {
            return Ok(Change::Other);
        };
        return Ok(Change::Order {
            old: old.map(order_image).transpose()?.map(Box::new),
            new: Box::new(order_image(new)?),
        });
    }
    if sk.starts_with(key::CONNECTION) {
        return Ok(Change::Connection {
            old: old.map(connection_image).transpose()?.map(Box::new),
            new: new.map(connection_image).transpose()?.map(Box::new),
        });
    }
    Ok(Change::Other)
}

fn refuse_newer(image: &serde_dynamo::Item) -> Result<()> {
    let version = image.inner().get("v").and_then(|v| match v {
        serde_dynamo::AttributeValue::N(v) => v.parse::<u32>().ok(),
        _ => None,
    });
    if version.is_some_and(|version| version > VERSION) {
        return Err(Error::retryable(
            "read a stream image",
            "a newer release wrote it",
        ));
    }
    Ok(())
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
