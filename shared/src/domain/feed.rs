//! A feed: many values in one document, from the manifest to the last settled line.

use super::ids::{AmazonSku, ConnectionKey, FeedId};
use super::marketplace::Marketplace;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The most messages that Amazon takes in one feed. Page: *JSON listings feed*.
pub const MOST_LINES: usize = 25_000;

/// How a value was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum SentBy {
    Patch,
    Feed(FeedId),
}

impl SentBy {
    /// The feed that carried it, if one did.
    pub fn feed(&self) -> Option<&FeedId> {
        match self {
            Self::Patch => None,
            Self::Feed(id) => Some(id),
        }
    }
}

impl From<String> for SentBy {
    fn from(text: String) -> Self {
        match text.parse() {
            Ok(id) if text != PATCH => Self::Feed(id),
            _ => Self::Patch,
        }
    }
}

impl From<SentBy> for String {
    fn from(by: SentBy) -> Self {
        match by {
            SentBy::Patch => PATCH.to_owned(),
            SentBy::Feed(id) => id.into(),
        }
    }
}

const PATCH: &str = "patch";

/// The state of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeedState {
    /// Its manifest is being written and its listings claimed; nothing is at Amazon.
    Building,
    /// All its listings are claimed, the manifest holds exactly those; the document may be uploaded.
    Claimed,
    /// `createFeed` is being called: without an answer nobody knows whether Amazon has it.
    Submitting,
    /// Amazon has it, under `amazon_id`.
    Submitted,
    /// Amazon is done with it and each line is settled.
    Settled,
    /// Its outcome is unknown, or Amazon gave it up: all its lines went back to be sent.
    Returned,
}

impl FeedState {
    /// Whether somebody still has work to do on it.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Settled | Self::Returned)
    }

    /// Whether Amazon cannot have it yet, so that what is patched now may be overwritten by it.
    pub fn is_unsubmitted(self) -> bool {
        matches!(self, Self::Building | Self::Claimed | Self::Submitting)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Claimed => "claimed",
            Self::Submitting => "submitting",
            Self::Submitted => "submitted",
            Self::Settled => "settled",
            Self::Returned => "returned",
        }
    }
}

/// What a feed carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeedKind {
    Quantity,
    Price,
}

/// The value of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LineValue {
    Quantity(u32),
    Price { amount: Decimal, currency: String },
}

impl LineValue {
    /// An amount in the marketplace's currency.
    pub fn price(amount: Decimal, marketplace: Marketplace) -> Self {
        Self::Price {
            amount,
            currency: marketplace.currency().to_owned(),
        }
    }
}

/// One line of a manifest. Its place, counted from 1 through all parts, is Amazon's `messageId`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedLine {
    pub sku: AmazonSku,
    pub value: LineValue,
    pub generation: u64,
    /// The listing's `send_count` before this line.
    pub send_count: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_type: Option<String>,
}

/// A feed as we keep it; its manifest is stored in parts beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    #[serde(flatten)]
    pub connection: ConnectionKey,
    pub id: FeedId,
    pub kind: FeedKind,
    /// The marketplace it names.
    pub marketplace: Marketplace,
    pub state: FeedState,
    pub lines: u32,
    /// Parts of the manifest.
    pub parts: u32,
    pub created_at: Timestamp,
    /// Amazon's feed id.
    pub amazon_id: Option<String>,
    /// Amazon's clock; not earlier than it got the feed.
    pub submitted_at: Option<Timestamp>,
    /// When Amazon had applied it; its clock.
    pub applied_at: Option<Timestamp>,
    pub accepted: u32,
    pub refused: u32,
    /// Why it was returned, or what Amazon said of it.
    pub note: Option<String>,
    /// It is beyond its age, and a person was notified.
    pub stuck: bool,
    /// Listings that were patched while this feed was not yet submitted: what the patch said must be said again.
    #[serde(default)]
    pub overtaken: Vec<AmazonSku>,
    /// Rises by one with every write.
    pub revision: u64,
}
