//! Listings Items API v2021-08-01: one listing, patched or read. Amazon's verdict on a patch is its answer; that it was
//! accepted does not mean that it is live.

use super::issue::Issue;
use super::limits::Operation;
use super::listing_patch::ListingPatch;
use super::{Account, Answer, SpApi, refusal};
use crate::domain::ids::SellerId;
use crate::domain::listing::{Finding, Fulfilment, Look};
use crate::domain::marketplace::Marketplace;
use crate::error::Result;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The language of Amazon's messages, the same for every marketplace.
pub(super) const ISSUE_LOCALE: &str = "en_US";

/// What Amazon made of a patch.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PatchVerdict {
    pub status: PatchStatus,
    /// Amazon's id of the submission, which its support asks for.
    pub submission_id: Option<String>,
    /// `None`: Amazon left them out, which says nothing of them.
    #[serde(default, deserialize_with = "readable_if_any")]
    pub issues: Option<Vec<Issue>>,
}

impl PatchVerdict {
    /// The issues that it names.
    pub fn named_issues(&self) -> &[Issue] {
        self.issues.as_deref().unwrap_or_default()
    }
}

/// Whether Amazon took a patch.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, strum::EnumString)]
#[serde(from = "String")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum PatchStatus {
    /// Taken; it will be live shortly.
    Accepted,
    /// Not taken: the issues say why.
    Invalid,
    /// Looked at and not kept; the answer to a preview, which we do not ask for.
    Valid,
    /// New to us; Amazon's word.
    #[strum(default)]
    Other(String),
}

impl From<String> for PatchStatus {
    fn from(word: String) -> Self {
        word.parse().unwrap_or(Self::Other(word))
    }
}

/// A part of a listing that Amazon sends only if asked. Amazon page: *Listings Items API v2021-08-01 model*.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "camelCase")]
#[expect(missing_docs, reason = "each is Amazon's own name of the part")]
pub enum ListingsData {
    Summaries,
    Attributes,
    Issues,
    FulfillmentAvailability,
}

impl ListingsData {
    /// All that we read.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Amazon's spelling.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A listing as Amazon shows it. What is odd in it is left out, or makes it unclear; it never hides the rest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListingsItem {
    /// As Amazon spells it.
    pub sku: String,
    /// One for each requested marketplace that lists it.
    #[serde(default, deserialize_with = "readable")]
    pub summaries: Vec<ListingsSummary>,
    /// `None`: Amazon left them out, which says nothing of them.
    #[serde(default, deserialize_with = "readable_if_any")]
    pub issues: Option<Vec<Issue>>,
    /// The live quantities, for all marketplaces together.
    #[serde(default, rename = "fulfillmentAvailability")]
    availability: Value,
    /// What was submitted last.
    #[serde(default)]
    attributes: Value,
}

/// A listing in one marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListingsSummary {
    pub marketplace_id: String,
    pub asin: Option<String>,
    pub product_type: Option<String>,
    /// `BUYABLE`, `DISCOVERABLE`; neither means that nobody can find it.
    #[serde(default)]
    pub status: Vec<String>,
    #[serde(rename = "itemName")]
    pub title: Option<String>,
}

pub(super) fn readable_if_any<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    json: D,
) -> std::result::Result<Option<Vec<T>>, D::Error> {
    let Value::Array(items) = Value::deserialize(json)? else {
        return Ok(None);
    };
    let read = |item| serde_json::from_value(item).ok();
    Ok(Some(items.into_iter().filter_map(read).collect()))
}

pub(super) fn readable<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    json: D,
) -> std::result::Result<Vec<T>, D::Error> {
    Ok(readable_if_any(json)?.unwrap_or_default())
}

impl ListingsItem {
    /// What it shows before something is sent, after the look `before`.
    pub fn look(&self, before: Option<&Look>, at: Timestamp) -> Look {
        let mut look = Look::new(before, self.finding(), at);
        if self.attributes.is_object() {
            look.automated_prices = Some(self.automated_prices());
        }
        look
    }

    /// What two answers for different marketplaces show together. What one of them does not say is not known.
    pub(crate) fn joined(mut self, other: Self) -> Self {
        self.summaries.extend(other.summaries);
        self.issues = match (self.issues, other.issues) {
            (Some(one), Some(more)) => Some([one, more].concat()),
            _ => None,
        };
        self.availability = joined(self.availability, other.availability);
        self.attributes = match (self.attributes, other.attributes) {
            (Value::Object(mut one), Value::Object(mut more)) => {
                for name in ["fulfillment_availability", "purchasable_offer"] {
                    // What is not listed there has no such attribute.
                    let list = |of: &mut Map<String, Value>| match of.remove(name) {
                        Some(Value::Array(list)) => list,
                        _ => Vec::new(),
                    };
                    let parts = [list(&mut one), list(&mut more)].concat();
                    one.insert(name.to_owned(), parts.into());
                }
                Value::Object(one)
            }
            _ => Value::Null,
        };
        self
    }

    fn finding(&self) -> Finding {
        let Some(channels) = self.channels() else {
            return Finding::Unclear;
        };
        let any = |is: fn(&Fulfilment) -> bool| channels.iter().any(is);
        if any(|it| matches!(it, Fulfilment::Amazon(_))) {
            Finding::Amazon
        } else if any(|it| matches!(it, Fulfilment::Unknown(name) if name.is_empty())) {
            Finding::Unclear
        } else if any(|it| matches!(it, Fulfilment::Unknown(_))) {
            Finding::SeveralLocations
        } else {
            Finding::Merchant
        }
    }

    /// Who fulfils it: as it is live, else as it was submitted last. `None`: Amazon does not say.
    pub fn channels(&self) -> Option<Vec<Fulfilment>> {
        let channel = |name: &Value| Fulfilment::of(name.as_str().unwrap_or_default());
        if let Value::Array(live) = &self.availability {
            let names = live.iter().map(|it| &it["fulfillmentChannelCode"]);
            return Some(names.map(channel).collect());
        }
        let submitted = self.attributes["fulfillment_availability"].as_array()?;
        let names = submitted.iter().map(|it| &it["fulfillment_channel_code"]);
        Some(names.map(channel).collect())
    }

    /// Where a rule of Amazon's sets the price that consumers see. An offer that names no marketplace is one of all that
    /// list it.
    fn automated_prices(&self) -> BTreeSet<Marketplace> {
        let offers = self.attributes["purchasable_offer"].as_array();
        let all = self.summaries.iter().map(|it| it.marketplace_id.as_str());
        let all: Vec<&str> = all.collect();
        let automated = offers.into_iter().flatten();
        let automated = automated.filter(|it| is_automated(it) && !is_for_business(it));
        let ids = automated.flat_map(|offer| match offer["marketplace_id"].as_str() {
            Some(id) => vec![id],
            None => all.clone(),
        });
        ids.filter_map(Marketplace::by_id).collect()
    }
}

/// Two lists as one; nothing if one of them is none.
fn joined(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => [one, other].concat().into(),
        _ => Value::Null,
    }
}

/// Whether one of Amazon's rules sets the price, whatever its plan looks like. Amazon page: *Manage automated pricing rules
/// with SP-API*.
fn is_automated(offer: &Value) -> bool {
    match &offer["automated_pricing_merchandising_rule_plan"] {
        Value::Array(plans) => plans.iter().any(says_something),
        plan => says_something(plan),
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}

fn is_for_business(offer: &Value) -> bool {
    let audience = offer["audience"].as_str().unwrap_or_default();
    audience.starts_with("B2B")
}

impl SpApi {
    /// Changes one listing. The same patch again does no harm.
    ///
    /// The SKU is listed on `marketplace`; a quantity counts for all of them. Amazon page: *Listings Items
    /// API v2021-08-01 Reference*, `patchListingsItem`.
    ///
    /// # Errors
    /// Throttled; retryable if Amazon fails or its answer is cut off, when the patch may have been taken;
    /// authorisation revoked; permanent if Amazon refuses, and for the SKUs `.` and `..`, which no address can hold.
    pub async fn patch_listings_item(
        &self,
        account: &Account<'_>,
        seller: &SellerId,
        sku: &str,
        marketplace: Marketplace,
        patch: &ListingPatch<'_>,
    ) -> Result<Answer<PatchVerdict>> {
        let query = [
            ("marketplaceIds", marketplace.id().to_owned()),
            ("issueLocale", ISSUE_LOCALE.to_owned()),
        ];
        let path = item(seller, sku);
        let operation = Operation::PatchListingsItem;
        self.patch(account, operation, &path, &query, &patch.body())
            .await
    }

    /// One listing on these marketplaces of one region; `None` if Amazon has no such SKU on any of them. Reads only.
    ///
    /// Amazon page: *Listings Items API v2021-08-01 Reference*, `getListingsItem`.
    ///
    /// # Errors
    /// As [`Self::patch_listings_item`].
    pub async fn get_listings_item(
        &self,
        account: &Account<'_>,
        seller: &SellerId,
        sku: &str,
        marketplaces: &[Marketplace],
        included: &[ListingsData],
    ) -> Result<Answer<Option<ListingsItem>>> {
        let ids: Vec<&str> = marketplaces.iter().map(|it| it.id()).collect();
        let mut query = vec![
            ("marketplaceIds", ids.join(",")),
            ("issueLocale", ISSUE_LOCALE.to_owned()),
        ];
        let names: Vec<&str> = included.iter().map(|part| part.as_str()).collect();
        if !names.is_empty() {
            query.push(("includedData", names.join(",")));
        }
        let path = item(seller, sku);
        let answer: Result<Answer<ListingsItem>> = self
            .get(account, Operation::GetListingsItem, &path, &query)
            .await;
        match answer {
            Err(error) => match refusal(&error) {
                Some(refusal) if refusal.status == 404 => Ok(Answer {
                    value: None,
                    rate_limit: None,
                    server_time: refusal.server_time,
                }),
                _ => Err(error),
            },
            Ok(found) => Ok(found.map(Some)),
        }
    }
}

fn item<'a>(seller: &'a SellerId, sku: &'a str) -> [&'a str; 5] {
    ["listings", "2021-08-01", "items", seller.as_str(), sku]
}
