//! Listings Items API v2021-08-01: one listing, patched or read. Amazon's verdict on a patch is its answer; that it was
//! accepted does not mean that it is live.

use super::issue::Issue;
use super::limits::Operation;
use super::listing_patch::ListingPatch;
use super::{Account, Answer, SpApi, refusal};
use crate::domain::ids::SellerId;
use crate::domain::marketplace::Marketplace;
use crate::error::Result;
use serde::Deserialize;

/// The language of Amazon's messages, the same for every marketplace.
pub(super) const ISSUE_LOCALE: &str = "en_US";

/// What Amazon made of a patch.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PatchVerdict {
    pub status: PatchStatus,
    /// Amazon's id of the submission, which its support asks for.
    pub submission_id: Option<String>,
    #[serde(default)]
    pub issues: Vec<Issue>,
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

/// A listing as Amazon shows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListingsItem {
    /// As Amazon spells it.
    pub sku: String,
    /// One for each requested marketplace that lists it.
    #[serde(default)]
    pub summaries: Vec<ListingsSummary>,
    /// The live quantities.
    #[serde(default, rename = "fulfillmentAvailability")]
    pub availability: Vec<Availability>,
    #[serde(default)]
    pub issues: Vec<Issue>,
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

/// A live quantity.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Availability {
    /// `DEFAULT` for what the merchant fulfils, `AMAZON_…` for what Amazon does.
    #[serde(rename = "fulfillmentChannelCode")]
    pub channel: String,
    pub quantity: Option<u32>,
}

impl ListingsItem {
    /// The live quantity of what the merchant fulfils.
    pub fn merchant_quantity(&self) -> Option<u32> {
        self.availability
            .iter()
            .find(|it| it.channel == "DEFAULT")?
            .quantity
    }
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

    /// One listing on one marketplace; `None` if Amazon has no such SKU there. Reads only.
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
        marketplace: Marketplace,
        included: &[ListingsData],
    ) -> Result<Answer<Option<ListingsItem>>> {
        let mut query = vec![
            ("marketplaceIds", marketplace.id().to_owned()),
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
