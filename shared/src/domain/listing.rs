//! A listing: one Amazon SKU of a connection, tied to a product; its quantity, and its price on each marketplace
//! (an offer). Wanted → sent → accepted → observed.

mod advice;
mod end;
mod hold;
mod live;
mod look;
mod offer;

pub use advice::{Advice, advice};
pub use end::{EndNews, OfferEnd};
pub use hold::{HoldChange, HoldEntry, HoldMode, ListingHold};
pub use live::{Live, Next, Standing, live, next, report_shows_from};
pub use look::{Finding, Fulfilment, Look, LookVerdict};
pub use offer::{NextPrice, Offer, WantedPrice, next_price};

use super::connection::Connection;
use super::feed::SentBy;
use super::ids::{AmazonSku, ConnectionId, ConnectionKey, ListingKey, Sku, TenantId};
use super::marketplace::Marketplace;
use super::stock::Wanted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The state of a listing between our catalogue and Amazon's.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ListingState {
    /// Seen on Amazon, exactly so spelt, fulfilled by the merchant, with a product here: the only state that is sent.
    Matched,
    /// On Amazon in another spelling than here.
    CaseMismatch,
    /// Amazon keeps the stock; a quantity is never sent.
    FulfilledByAmazon,
    /// A product here that Amazon's report does not list.
    NotOnAmazon,
    /// Listed on Amazon, no product here.
    UnknownHere,
    /// Somebody else closed it at Amazon or set it to zero. It is sent nothing until a person reopens it, here or there.
    ClosedElsewhere,
    /// The merchant keeps a quantity of it for each of several locations at Amazon; one number would wipe them.
    MultiLocation,
}

impl ListingState {
    /// All states there are.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The spelling used in tables, queries and answers.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A part of a listing that is sent by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ListingPart {
    Quantity,
    /// The price on this marketplace.
    Price(Marketplace),
    /// Whether the offer on this marketplace is ended.
    End(Marketplace),
}

impl ListingPart {
    /// The one marketplace that it is about.
    pub fn marketplace(self) -> Option<Marketplace> {
        match self {
            Self::Quantity => None,
            Self::Price(marketplace) | Self::End(marketplace) => Some(marketplace),
        }
    }
}

/// A value on its way to Amazon. `by` says what became of it: see [`Standing`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent<T> {
    pub value: T,
    /// The generation of the wanted value that was sent.
    pub generation: u64,
    /// Not later than Amazon can have got it; Amazon's clock.
    pub at: Timestamp,
    pub by: SentBy,
}

impl<T> Sent<T> {
    /// The same, of another value.
    pub fn with<U>(self, value: U) -> Sent<U> {
        let Self {
            generation, at, by, ..
        } = self;
        Sent {
            value,
            generation,
            at,
            by,
        }
    }
}

/// Amazon would not have a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused<T> {
    pub value: T,
    pub code: String,
    /// Amazon's words.
    pub message: String,
    pub at: Timestamp,
    pub by: SentBy,
}

impl<T> Refused<T> {
    /// Whether sending the same again cannot help.
    pub fn is_final(&self) -> bool {
        !advice(&self.code).retry
    }
}

/// What Amazon's report showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed<T> {
    pub value: T,
    /// When Amazon made the report; its numbers may be three hours older.
    pub at: Timestamp,
}

/// What Amazon finds wrong with a listing, in its words. It may have taken a value all the same: accepted is not live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ListingIssue)]
pub struct ListingIssue {
    pub code: String,
    /// `ERROR`, `WARNING` or `INFO`.
    pub severity: String,
    pub message: String,
}

/// Issues of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ListingIssues)]
pub struct Issues {
    /// When Amazon reported them; they may be mended since.
    pub at: Timestamp,
    pub issues: Vec<ListingIssue>,
}

/// Amazon keeps one quantity for all marketplaces; here its reports show different ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differing {
    /// When Amazon made the report that showed it first.
    pub since: Timestamp,
    pub quantities: BTreeMap<Marketplace, u32>,
}

/// What Amazon's report showed of a listing that somebody else closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// When Amazon made the report.
    pub at: Timestamp,
    pub quantity: Option<u32>,
    /// By its status; else by a zero that neither we nor a sale explain.
    pub inactive: bool,
}

/// A listing as we keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    pub tenant: TenantId,
    pub connection: ConnectionId,
    pub amazon_sku: AmazonSku,
    pub state: ListingState,
    /// The product it is tied to: an alias's, else the one spelt alike if it exists.
    pub product: Option<Sku>,
    /// Units of the product in one unit of the listing.
    pub units: u32,
    /// Tied by a person rather than by its spelling.
    pub alias: bool,
    /// For `case_mismatch`: our spelling of it.
    pub other_spelling: Option<Sku>,
    /// The marketplaces it was seen in.
    pub marketplaces: Vec<Marketplace>,
    /// Amazon's product type, if it is known.
    pub product_type: Option<String>,
    pub wanted: Option<Wanted>,
    pub sent: Option<Sent<u32>>,
    pub refused: Option<Refused<u32>>,
    pub observed: Option<Observed<u32>>,
    /// What Amazon reported last to be wrong with it.
    #[serde(default)]
    pub issues: Option<Issues>,
    #[serde(default)]
    pub differing: Option<Differing>,
    /// For `closed_elsewhere`.
    #[serde(default)]
    pub closed: Option<Closed>,
    /// A person reopened it here, and Amazon has not shown it open since.
    #[serde(default)]
    pub reopened_at: Option<Timestamp>,
    /// A person holds it.
    #[serde(default)]
    pub hold: Option<ListingHold>,
    /// A hold ended then, and nothing was sent since: whatever people made of it meanwhile, it is sent what is wanted.
    #[serde(default)]
    pub released_at: Option<Timestamp>,
    /// Where Amazon's reports show it inactive although it has stock, and no end of ours explains that: somebody else ended it
    /// there.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub inactive_on: BTreeSet<Marketplace>,
    /// The ends of its offers that were sent, by marketplace.
    #[serde(default)]
    pub ends: BTreeMap<Marketplace, OfferEnd>,
    /// What was found when it was looked at before something was sent.
    #[serde(default)]
    pub look: Option<Look>,
    /// How often a quantity was sent; the lock of the function that sends the next.
    #[serde(default)]
    pub send_count: u64,
    /// Rises whenever the matching or a person changes it (not with wanted and sent, which have generations of their own).
    #[serde(default)]
    pub revision: u64,
}

/// The product that an Amazon SKU is tied to, and the units of it in one unit of the listing. A listing without a product of
/// its own is tied to the one spelt alike.
pub fn tied_to(sku: &AmazonSku, listing: Option<&Listing>) -> (Sku, u32) {
    let tied = listing.and_then(|listing| Some((listing.product.clone()?, listing.units)));
    tied.unwrap_or_else(|| (sku.as_product(), 1))
}

impl Listing {
    /// A listing that nothing is known of yet.
    pub fn new(connection: &Connection, amazon_sku: AmazonSku, state: ListingState) -> Self {
        Self {
            tenant: connection.tenant.clone(),
            connection: connection.id.clone(),
            amazon_sku,
            state,
            product: None,
            units: 1,
            alias: false,
            other_spelling: None,
            marketplaces: Vec::new(),
            product_type: None,
            wanted: None,
            sent: None,
            refused: None,
            observed: None,
            issues: None,
            differing: None,
            closed: None,
            reopened_at: None,
            hold: None,
            released_at: None,
            inactive_on: BTreeSet::new(),
            ends: BTreeMap::new(),
            look: None,
            send_count: 0,
            revision: 0,
        }
    }

    pub fn key(&self) -> ListingKey {
        ListingKey {
            connection: self.connection_key(),
            amazon_sku: self.amazon_sku.clone(),
        }
    }

    pub fn connection_key(&self) -> ConnectionKey {
        ConnectionKey::new(&self.tenant, &self.connection)
    }

    /// The quantity that is wanted, if one is known.
    pub fn wanted_quantity(&self) -> Option<u32> {
        self.wanted.as_ref()?.quantity
    }

    /// Whether Amazon's own rules set its price on a marketplace, as far as the last look shows.
    pub fn price_is_automated(&self, marketplace: Marketplace) -> bool {
        let automated = self
            .look
            .as_ref()
            .and_then(|it| it.automated_prices.as_ref());
        automated.is_some_and(|it| it.contains(&marketplace))
    }

    /// The marketplaces that a quantity can be sent through: if some show another one, those.
    pub fn marketplaces_to_send_through(&self, quantity: u32) -> Vec<Marketplace> {
        let others = self.differing.iter().flat_map(|it| &it.quantities);
        let others: Vec<Marketplace> = others
            .filter(|(marketplace, shown)| {
                **shown != quantity && self.marketplaces.contains(marketplace)
            })
            .map(|(marketplace, _)| *marketplace)
            .collect();
        if others.is_empty() {
            self.marketplaces.clone()
        } else {
            others
        }
    }
}
