//! What a stream of the tables reports: images of items as rows, connections, listings, feeds, rounds. Of bodies only an
//! order's is opened, which holds no buyer data.

use super::item::{Item, VERSION};
use super::key;
use super::matching::Matching;
use super::primed::{ORDER_VERSION, unprimed};
use super::rounds::Round;
use super::{AskedCategory, OrderRow};
use crate::domain::cancellation::Cancellation;
use crate::domain::connection::Connection;
use crate::domain::dispatch::Dispatch;
use crate::domain::feed::Feed;
use crate::domain::ids::{ConnectionId, ConnectionKey, OrderId, Sku, TenantId};
use crate::domain::listing::{HoldEntry, Listing, Offer};
use crate::domain::new_offer::NewOffer;
use crate::domain::order::{RiskMark, StoredOrder};
use crate::domain::stock_settings::{Published, StockPlan};
use crate::error::{Error, Result};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// What the stream shows of an order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OrderImage {
    pub tenant: TenantId,
    /// Amazon's side of it, as sortable text: another one means that Amazon reported something new.
    pub version: String,
    /// That it came at risk as time passed.
    #[serde(default)]
    pub at_risk: Option<RiskMark>,
    #[serde(flatten)]
    pub row: OrderRow,
}

/// A row that came by the queue and was refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RejectedRow {
    pub tenant: TenantId,
    pub sku: Sku,
    /// For a person.
    pub reason: String,
    pub at: Timestamp,
}

/// Units of an order that are no longer reserved, although the warehouse that gave them never counted since.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GivenUpUnits {
    pub tenant: TenantId,
    pub sku: Sku,
    pub connection: ConnectionId,
    pub order: OrderId,
    pub units: u32,
    pub at: Timestamp,
}

/// An item before and after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images<T> {
    /// `None` if it is new.
    pub old: Option<Box<T>>,
    pub new: Box<T>,
}

/// What happened to an item, as far as anyone outside the store cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Order {
        row: Images<OrderImage>,
        whole: Images<StoredOrder>,
    },
    Connection {
        old: Option<Box<Connection>>,
        /// `None` if it was removed.
        new: Option<Box<Connection>>,
    },
    Listing(Images<Listing>),
    Offer(Images<Offer>),
    Feed(Images<Feed>),
    /// An offer that is to be made.
    NewOffer(Images<NewOffer>),
    /// A connection asks about a category, for the first time.
    CategoryAsks(AskedCategory),
    Dispatch(Images<Dispatch>),
    Cancellation(Images<Cancellation>),
    Rejected(RejectedRow),
    GivenUp(GivenUpUnits),
    /// A hold of a listing began or ended.
    Hold(HoldEntry),
    Round {
        connection: ConnectionKey,
        images: Images<Round>,
    },
    Matching {
        connection: ConnectionKey,
        images: Images<Matching>,
    },
    /// Stock settings; what is in force before and after.
    StockPlan {
        connection: ConnectionKey,
        old: Option<Published>,
        new: Option<Published>,
    },
    /// Another item, or one that was removed.
    Other,
}

/// Reads what a stream reports of the item with the keys `keys`.
///
/// # Errors
/// Retryable if a newer release wrote it: this one is about to be replaced. Permanent if it cannot be read.
pub fn change(
    keys: &serde_dynamo::Item,
    old: Option<serde_dynamo::Item>,
    new: Option<serde_dynamo::Item>,
) -> Result<Change> {
    let sk = text(keys, "sk")
        .ok_or_else(|| Error::permanent("read a stream record", "it has no sort key"))?;
    let pk = text(keys, "pk").unwrap_or_default();
    let read = Kind::of(pk, sk);
    if let (Some(image), Some(kind)) = (&new, &read) {
        refuse_newer(image, kind.version())?;
    }
    match (read, new) {
        (Some(Kind::Order), Some(new)) => order(old, new),
        (Some(Kind::Connection), new) => Ok(Change::Connection {
            old: old.map(connection_image).transpose()?.map(Box::new),
            new: new.map(connection_image).transpose()?.map(Box::new),
        }),
        (Some(Kind::StockPlan), new) => stock_plan(pk, old, new),
        (Some(Kind::Listing), Some(new)) => Ok(Change::Listing(images(old, new)?)),
        (Some(Kind::Offer), Some(new)) => Ok(Change::Offer(images(old, new)?)),
        (Some(Kind::Feed), Some(new)) => Ok(Change::Feed(images(old, new)?)),
        (Some(Kind::NewOffer), Some(new)) => Ok(Change::NewOffer(images(old, new)?)),
        (Some(Kind::Asks), Some(new)) if old.is_none() => Ok(Change::CategoryAsks(image(new)?)),
        (Some(Kind::Dispatch), Some(new)) => Ok(Change::Dispatch(images(old, new)?)),
        (Some(Kind::Cancellation), Some(new)) => Ok(Change::Cancellation(images(old, new)?)),
        (Some(Kind::Rejected), Some(new)) => Ok(Change::Rejected(image(new)?)),
        (Some(Kind::GivenUp), Some(new)) if old.is_none() => Ok(Change::GivenUp(image(new)?)),
        (Some(Kind::Hold), Some(new)) if old.is_none() => Ok(Change::Hold(image(new)?)),
        (Some(Kind::Round), Some(new)) => {
            let connection = connection_of(pk)?;
            Ok(Change::Round {
                connection,
                images: images(old, new)?,
            })
        }
        (Some(Kind::Matching), Some(new)) => {
            let connection = connection_of(pk)?;
            Ok(Change::Matching {
                connection,
                images: images(old, new)?,
            })
        }
        _ => Ok(Change::Other),
    }
}

/// The items that are read.
#[derive(Clone, Copy)]
enum Kind {
    Order,
    Connection,
    StockPlan,
    Round,
    Matching,
    Listing,
    Offer,
    NewOffer,
    Asks,
    Feed,
    Dispatch,
    Cancellation,
    Rejected,
    GivenUp,
    Hold,
}

impl Kind {
    /// The newest version that is read.
    fn version(self) -> u32 {
        match self {
            Self::Order => ORDER_VERSION,
            _ => VERSION,
        }
    }

    fn of(pk: &str, sk: &str) -> Option<Self> {
        match sk {
            key::ORDER => Some(Self::Order),
            key::STOCK => Some(Self::StockPlan),
            key::STOCK_ROUND => Some(Self::Round),
            key::MATCH => Some(Self::Matching),
            key::LISTING => Some(Self::Listing),
            key::REJECTED => Some(Self::Rejected),
            _ if sk.starts_with(key::GIVEN_UP) => Some(Self::GivenUp),
            _ if sk.starts_with(key::HOLD) => Some(Self::Hold),
            _ if sk.starts_with(key::DISPATCH) => Some(Self::Dispatch),
            _ if sk.starts_with(key::CANCELLATION) => Some(Self::Cancellation),
            _ if sk.starts_with(key::CONNECTION) => Some(Self::Connection),
            _ if sk.starts_with(key::OFFER) => Some(Self::Offer),
            _ if sk.starts_with(key::NEW_OFFER) => Some(Self::NewOffer),
            _ if sk.starts_with(key::ASKS) => Some(Self::Asks),
            // Beside the feeds are their manifests, in partitions that begin alike.
            _ if pk.starts_with(key::FEED) && !sk.contains('#') => Some(Self::Feed),
            _ => None,
        }
    }
}

fn order(old: Option<serde_dynamo::Item>, new: serde_dynamo::Item) -> Result<Change> {
    let whole = Images {
        // What an older release wrote is worth a look, and no failure.
        old: old
            .clone()
            .and_then(|old| order_body(old).ok())
            .map(Box::new),
        new: Box::new(order_body(new.clone())?),
    };
    let row = Images {
        old: old.map(order_image).transpose()?.map(Box::new),
        new: Box::new(order_image(new)?),
    };
    Ok(Change::Order { row, whole })
}

fn stock_plan(
    pk: &str,
    old: Option<serde_dynamo::Item>,
    new: Option<serde_dynamo::Item>,
) -> Result<Change> {
    let connection = connection_of(pk)?;
    let published = |plan: Option<StockPlan>| plan.and_then(|plan| plan.published);
    Ok(Change::StockPlan {
        connection,
        old: published(old.map(image).transpose()?),
        new: published(new.map(image).transpose()?),
    })
}

fn connection_of(pk: &str) -> Result<ConnectionKey> {
    key::connection_of(pk)
        .ok_or_else(|| Error::permanent("read a stream record", "its key names no connection"))
}

fn text<'a>(item: &'a serde_dynamo::Item, name: &str) -> Option<&'a str> {
    match item.inner().get(name)? {
        serde_dynamo::AttributeValue::S(text) => Some(text),
        _ => None,
    }
}

fn refuse_newer(image: &serde_dynamo::Item, newest: u32) -> Result<()> {
    let version = image.inner().get("v").and_then(|v| match v {
        serde_dynamo::AttributeValue::N(v) => v.parse::<u32>().ok(),
        _ => None,
    });
    if version.is_some_and(|version| version > newest) {
        return Err(Error::retryable(
            "read a stream image",
            "a newer release wrote it",
        ));
    }
    Ok(())
}

fn images<T: DeserializeOwned>(
    old: Option<serde_dynamo::Item>,
    new: serde_dynamo::Item,
) -> Result<Images<T>> {
    Ok(Images {
        old: old.map(image).transpose()?.map(Box::new),
        new: Box::new(image(new)?),
    })
}

fn image<T: DeserializeOwned>(image: serde_dynamo::Item) -> Result<T> {
    serde_dynamo::from_item(image)
        .map_err(|_| Error::permanent("read a stream image", "it lacks the expected fields"))
}

fn order_body(image: serde_dynamo::Item) -> Result<StoredOrder> {
    let item: Item = image.into();
    unprimed(&item)
}

/// Reads an image of an order's item.
///
/// # Errors
/// Permanent if it is no order.
pub fn order_image(image: serde_dynamo::Item) -> Result<OrderImage> {
    serde_dynamo::from_item(image)
        .map_err(|_| Error::permanent("read a stream image", "it is no order"))
}

/// Reads an image of a connection's item.
///
/// # Errors
/// Permanent if it is no connection.
pub fn connection_image(image: serde_dynamo::Item) -> Result<Connection> {
    serde_dynamo::from_item(image)
        .map_err(|_| Error::permanent("read a stream image", "it is no connection"))
}
