//! A feed: many values in one document, from the manifest to the last settled line.

use super::ids::{AmazonSku, CancellationId, ConnectionKey, FeedId, OrderId};
use super::listing::ListingPart;
use super::marketplace::Marketplace;
use super::price::SentLimits;
use super::stock_settings::FeedAges;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The most messages that Amazon takes in one feed. Page: *JSON listings feed*.
pub const MOST_LINES: usize = 25_000;
/// So long after a feed should have been looked at, the message that has it looked at is taken for lost.
pub const CHECK_LOST: SignedDuration = SignedDuration::from_hours(2);

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
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum FeedState {
    /// Its manifest is being written and its listings claimed; nothing is at Amazon.
    Building,
    /// All its listings are claimed, the manifest holds exactly those; the document may be uploaded.
    Claimed,
    /// `createFeed` is being called: without an answer nobody knows whether Amazon has it.
    Submitting,
    /// Amazon has it, under `amazon_id`.
    Submitted,
    /// Amazon has it and did not bring it to an end in time: its lines went again. Whatever Amazon reports of it later
    /// settles what was not sent again since.
    SetAside,
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

    /// Whether what it carries can still be taken for under way.
    pub fn is_in_flight(self) -> bool {
        self.is_open() && self != Self::SetAside
    }

    /// Whether Amazon cannot have it yet, so that what is patched now may be overwritten by it.
    pub fn is_unsubmitted(self) -> bool {
        matches!(self, Self::Building | Self::Claimed | Self::Submitting)
    }

    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What a feed carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeedKind {
    Quantity,
    Price,
    /// Ends of offers on one marketplace.
    End,
    /// Lines of orders that are to be cancelled.
    Cancellation,
    /// Offers that are to be made. Kept apart from the others: the release before knows no such feed.
    Offer,
}

impl FeedKind {
    /// Whether it changes listings: Amazon limits those feeds by themselves, beside the limit that all feeds share.
    pub fn is_of_listings(self) -> bool {
        self != Self::Cancellation
    }

    /// The part of its listings that it carries, through this marketplace.
    pub fn part(self, marketplace: Marketplace) -> ListingPart {
        match self {
            Self::Price => ListingPart::Price(marketplace),
            Self::End => ListingPart::End(marketplace),
            Self::Quantity | Self::Cancellation | Self::Offer => ListingPart::Quantity,
        }
    }
}

/// The value of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LineValue {
    Quantity(u32),
    Price {
        amount: Decimal,
        currency: String,
        /// Known once it is claimed; none in what older releases wrote.
        #[serde(default, skip_serializing_if = "SentLimits::are_untouched")]
        limits: SentLimits,
    },
    /// Whether an offer is ended.
    End {
        ended: bool,
    },
}

impl LineValue {
    /// An amount in the marketplace's currency.
    pub fn price(amount: Decimal, marketplace: Marketplace) -> Self {
        Self::limited_price(amount, SentLimits::default(), marketplace)
    }

    /// An amount with what it may be at least and at most.
    pub fn limited_price(amount: Decimal, limits: SentLimits, marketplace: Marketplace) -> Self {
        Self::Price {
            amount,
            currency: marketplace.currency().to_owned(),
            limits,
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
    /// Amazon cannot show more than this: it can wait longer than a decrease.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub increase: bool,
}

/// A line of the manifest of a feed that cancels. Its place, counted from 1, is Amazon's `MessageID`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelLine {
    pub order: OrderId,
    pub cancellation: CancellationId,
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
    /// Its decreases went again, since Amazon did not bring it to an end.
    #[serde(default)]
    pub decreases_again: bool,
    /// When it is looked at next: of a feed that is set aside, and of one that cancels or makes offers.
    #[serde(default)]
    pub next_check_at: Option<Timestamp>,
    /// Listings that were patched while this feed was not yet submitted: what the patch said must be said again.
    #[serde(default)]
    pub overtaken: Vec<AmazonSku>,
    /// Rises by one with every write.
    pub revision: u64,
}

/// Which lines of a feed are not to wait for Amazon any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overdue {
    None,
    Decreases,
    All,
}

impl Feed {
    /// A feed of one part that begins to be built.
    pub fn begun(
        connection: ConnectionKey,
        id: FeedId,
        kind: FeedKind,
        marketplace: Marketplace,
        lines: usize,
        now: Timestamp,
    ) -> Self {
        Self {
            connection,
            id,
            kind,
            marketplace,
            state: FeedState::Building,
            lines: u32::try_from(lines).unwrap_or(u32::MAX),
            parts: 1,
            created_at: now,
            amazon_id: None,
            submitted_at: None,
            applied_at: None,
            accepted: 0,
            refused: 0,
            note: None,
            stuck: false,
            decreases_again: false,
            next_check_at: None,
            overtaken: Vec::new(),
            revision: 1,
        }
    }

    /// Whether what was sent last was sent by this feed.
    pub fn carries(&self, sent_by: Option<&SentBy>) -> bool {
        sent_by.and_then(SentBy::feed) == Some(&self.id)
    }

    /// Which lines are to go again at `now`, by the ages that the settings allow.
    pub fn overdue(&self, ages: &FeedAges, now: Timestamp) -> Overdue {
        if !self.state.is_in_flight() {
            return Overdue::None;
        }
        let age = now.duration_since(self.created_at);
        let is_past = |minutes: u16| age >= SignedDuration::from_mins(minutes.into());
        if is_past(ages.others_minutes) {
            Overdue::All
        } else if is_past(ages.decreases_minutes) && !self.decreases_again {
            Overdue::Decreases
        } else {
            Overdue::None
        }
    }

    /// Whether nobody looks at it any more.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        let expected = self.next_check_at.or(self.submitted_at);
        now.duration_since(expected.unwrap_or(self.created_at)) >= CHECK_LOST
    }

    /// When more of it will be overdue, if anything.
    pub fn overdue_at(&self, ages: &FeedAges) -> Option<Timestamp> {
        let minutes = match self.decreases_again {
            _ if !self.state.is_in_flight() => return None,
            false => ages.decreases_minutes.min(ages.others_minutes),
            true => ages.others_minutes,
        };
        let age = SignedDuration::from_mins(minutes.into());
        self.created_at.checked_add(age).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submitted(decreases_again: bool) -> Feed {
        let feed = serde_json::json!({
            "tenant": "t", "id": "F", "kind": "quantity", "marketplace": "UK", "state": "submitted",
            "connection": "c", "lines": 1, "parts": 1, "created_at": "1970-01-01T00:00:00Z",
            "accepted": 0, "refused": 0, "stuck": false, "revision": 1,
            "decreases_again": decreases_again,
        });
        serde_json::from_value(feed).unwrap()
    }

    #[test]
    fn decreases_go_again_after_half_an_hour_and_all_after_four() {
        let ages = FeedAges::default();
        let overdue = |again: bool, minutes: i64| {
            let now = Timestamp::from_second(minutes * 60).unwrap();
            submitted(again).overdue(&ages, now)
        };
        assert_eq!(overdue(false, 29), Overdue::None);
        assert_eq!(overdue(false, 30), Overdue::Decreases);
        assert_eq!(overdue(true, 30), Overdue::None, "once");
        assert_eq!(overdue(true, 240), Overdue::All);
        let aside = Feed {
            state: FeedState::SetAside,
            ..submitted(true)
        };
        assert_eq!(aside.overdue(&ages, Timestamp::MAX), Overdue::None);
        assert_eq!(aside.overdue_at(&ages), None);
        let next = submitted(false).overdue_at(&ages).unwrap();
        assert_eq!(next.as_second(), 30 * 60);
    }

    #[test]
    fn a_line_of_the_release_before_may_be_a_decrease() {
        let line: FeedLine =
            serde_json::from_str(r#"{"sku":"A","value":3,"generation":1,"send_count":0}"#).unwrap();
        assert!(!line.increase);
    }
}
