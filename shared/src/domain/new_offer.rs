//! An offer that is to be made for a product that is not on Amazon yet, from the moment somebody wants it until its
//! listing is matched.
//!
//! `wanted → searching → ask | restricted | sent → accepted → seen_in_report → matched`; then it is a listing as any other. Pure:
//! what each step makes of it, and when it goes on. At most one is in the making of a SKU, and it is sent again only after a look
//! showed that Amazon has no such listing.

mod rules;
mod settings;
mod steps;

pub use rules::{LackingOffer, OfferRules, ShippingTemplate, attributes};
pub use settings::{MOST_HANDLING_DAYS, OfferCondition, OfferSettings};
pub use steps::{OfferAnswer, OfferVerdict};

use super::ids::{Asin, ConnectionId, ConnectionKey, FeedId, Sku, TenantId};
use super::listing::{ListingIssue, ListingState};
use super::marketplace::Marketplace;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// How far an offer is that is to be made.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum NewOfferState {
    /// It waits for its turn; the oldest goes first.
    Wanted,
    /// Its item is looked for in Amazon's catalogue, and whether it may be offered.
    Searching,
    /// A person says which item of Amazon's it is, releases its first price, or says that it is never to be offered.
    Ask,
    /// Amazon does not let the seller offer it; the restrictions say what Amazon wants.
    Restricted,
    /// No price of it is known, by the rules of the marketplace or as recommended: nothing is sent.
    NoPrice,
    /// None is in stock: nothing is sent.
    NoStock,
    /// The seller has a listing of it already: a second offer is never made.
    Listed,
    /// It is in a feed.
    Sent,
    /// Amazon accepted it; its report does not show it yet.
    Accepted,
    /// Amazon refused it, or would.
    Refused,
    /// Amazon's report shows it, and it is not matched: its listing says why.
    SeenInReport,
    /// It is a listing as any other.
    Matched,
    /// A person said that it is never to be offered.
    Never,
}

impl NewOfferState {
    /// The spelling used in tables, queries and answers.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether it is on its way, so that asking for it again changes nothing.
    pub fn is_under_way(self) -> bool {
        matches!(
            self,
            Self::Wanted
                | Self::Searching
                | Self::Sent
                | Self::Accepted
                | Self::SeenInReport
                | Self::Matched
        )
    }
}

/// An item of Amazon's catalogue that a product may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = OfferCandidate)]
pub struct Candidate {
    pub asin: Asin,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Amazon's, e.g. `LUGGAGE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_type: Option<String>,
}

/// Why a seller may not offer an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = OfferRestriction)]
pub struct Restriction {
    /// Amazon's, e.g. `APPROVAL_REQUIRED`, `NOT_ELIGIBLE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// In Amazon's words.
    pub message: String,
    /// Where to ask Amazon for approval, if that helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// What was sent of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SentOffer)]
pub struct SentOffer {
    pub asin: Asin,
    /// As buyers see it.
    #[schema(value_type = String, example = "19.99")]
    pub price: Decimal,
    #[schema(example = "GBP")]
    pub currency: String,
    pub quantity: u32,
    pub at: Timestamp,
    #[schema(value_type = String)]
    pub feed: FeedId,
}

/// An offer that is to be made: one for each SKU of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOffer {
    pub tenant: TenantId,
    pub connection: ConnectionId,
    /// Ours, and how its listing will be spelt.
    pub sku: Sku,
    pub marketplace: Marketplace,
    pub state: NewOfferState,
    /// For a person.
    pub why: String,
    pub wanted_at: Timestamp,
    /// Who wanted it, as the token named them.
    #[serde(default)]
    pub author: Option<String>,
    /// The item that is offered.
    #[serde(default)]
    pub asin: Option<Asin>,
    /// A person named that item.
    #[serde(default)]
    pub picked: bool,
    /// For `ask`: the items that it may be.
    #[serde(default)]
    pub candidates: Vec<Candidate>,
    /// For `ask`: the first price, which waits for a person's look; in the marketplace's currency.
    #[serde(default)]
    pub held_price: Option<Decimal>,
    /// A person released this price, and no other.
    #[serde(default)]
    pub released_price: Option<Decimal>,
    /// For `restricted`.
    #[serde(default)]
    pub restrictions: Vec<Restriction>,
    /// Kept once it was sent, whatever became of that: Amazon may have it.
    #[serde(default)]
    pub sent: Option<SentOffer>,
    /// What Amazon said of it.
    #[serde(default)]
    pub issues: Vec<ListingIssue>,
    /// How often it went again, or was looked for, since it changed.
    #[serde(default)]
    pub tries: u32,
    /// When it goes on by itself; none: it waits for its turn, its feed or a person, or is done.
    #[serde(default)]
    pub due_at: Option<Timestamp>,
    pub changed_at: Timestamp,
    /// Rises by one with every write.
    pub revision: u64,
}

/// Where an offer waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OfferQueue {
    /// For its turn, since then.
    Turn(Timestamp),
    /// Until then.
    Due(Timestamp),
}

impl NewOffer {
    pub fn connection_key(&self) -> ConnectionKey {
        ConnectionKey::new(&self.tenant, &self.connection)
    }

    /// Where it waits, if it goes on without a person and without its feed.
    pub fn queue(&self) -> Option<OfferQueue> {
        match (self.due_at, self.state) {
            (Some(due), _) => Some(OfferQueue::Due(due)),
            (None, NewOfferState::Wanted) => Some(OfferQueue::Turn(self.wanted_at)),
            _ => None,
        }
    }

    /// Whether it is, or may become, the offer of an item on a marketplace. While it is searched for its item may not be
    /// stored yet; of one that was sent Amazon may have it, whatever it waits for since.
    pub fn may_be_of(&self, marketplace: Marketplace, asin: &Asin) -> bool {
        let same = self.asin.as_ref().is_none_or(|own| own == asin);
        let was_sent = self.sent.as_ref().is_some_and(|sent| sent.asin == *asin);
        let ended = [NewOfferState::Refused, NewOfferState::Never].contains(&self.state);
        let is_open = same && self.state.is_under_way() || was_sent && !ended;
        is_open && self.marketplace == marketplace
    }

    /// Whether it was matched, and Amazon has its listing no longer. `listing`: the listing's state.
    pub fn is_gone(&self, listing: Option<ListingState>) -> bool {
        self.state == NewOfferState::Matched
            && listing.is_none_or(|it| it == ListingState::NotOnAmazon)
    }

    /// Whether this feed carries it.
    pub fn is_carried_by(&self, feed: &FeedId) -> bool {
        let sent = self.sent.as_ref();
        self.state == NewOfferState::Sent && sent.is_some_and(|sent| sent.feed == *feed)
    }
}

#[cfg(test)]
mod tests;
