//! Listings Restrictions API v2021-08-01: whether a seller may offer an item, and what Amazon wants first.

use super::limits::Operation;
use super::listings::{ISSUE_LOCALE, readable};
use super::{Account, Answer, SpApi};
use crate::domain::ids::{Asin, SellerId};
use crate::domain::marketplace::Marketplace;
use crate::domain::new_offer::{OfferCondition, Restriction};
use crate::error::Result;
use serde::Deserialize;

/// The most characters of Amazon's words, and of a link of its, that are kept.
const LONGEST_WORDS: usize = 300;
const LONGEST_LINK: usize = 2_000;

impl SpApi {
    /// Why the seller may not offer an item in this condition; nothing: the seller may. Reads only.
    ///
    /// Amazon page: *Listings Restrictions API v2021-08-01 Reference*, `getListingsRestrictions`.
    ///
    /// # Errors
    /// Throttled; retryable if Amazon fails or its answer is cut off; authorisation revoked; permanent if Amazon refuses.
    pub async fn get_listings_restrictions(
        &self,
        account: &Account<'_>,
        seller: &SellerId,
        marketplace: Marketplace,
        asin: &Asin,
        condition: OfferCondition,
    ) -> Result<Answer<Vec<Restriction>>> {
        let query = [
            ("asin", asin.as_str().to_owned()),
            ("conditionType", condition.amazon().to_owned()),
            ("sellerId", seller.as_str().to_owned()),
            ("marketplaceIds", marketplace.id().to_owned()),
            ("reasonLocale", ISSUE_LOCALE.to_owned()),
        ];
        let path = ["listings", "2021-08-01", "restrictions"];
        let operation = Operation::GetListingsRestrictions;
        let list: Answer<List> = self.get(account, operation, &path, &query).await?;
        Ok(list.map(|list| {
            list.restrictions
                .into_iter()
                .flat_map(Wire::known)
                .collect()
        }))
    }
}

#[derive(Deserialize)]
struct List {
    restrictions: Vec<Wire>,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "readable")]
    reasons: Vec<Reason>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reason {
    #[serde(default)]
    message: String,
    reason_code: Option<String>,
    #[serde(default, deserialize_with = "readable")]
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    resource: String,
}

impl Wire {
    /// One without a reason is a restriction all the same.
    fn known(self) -> Vec<Restriction> {
        if self.reasons.is_empty() {
            return vec![Restriction {
                code: None,
                message: "Amazon restricts it and gives no reason".to_owned(),
                link: None,
            }];
        }
        self.reasons.into_iter().map(Reason::known).collect()
    }
}

impl Reason {
    fn known(self) -> Restriction {
        let links = self.links.into_iter().map(|link| link.resource);
        let mut links = links.filter(|it| it.starts_with("https://") && it.len() <= LONGEST_LINK);
        Restriction {
            code: self.reason_code,
            message: self.message.chars().take(LONGEST_WORDS).collect(),
            link: links.next(),
        }
    }
}
