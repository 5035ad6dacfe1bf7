//! Which listings of the seller's are of an item of Amazon's catalogue, whoever made them.

use super::limits::Operation;
use super::{Account, Answer, SpApi};
use crate::domain::ids::{Asin, SellerId};
use crate::domain::marketplace::Marketplace;
use crate::error::Result;
use serde::Deserialize;

/// Amazon's most for one page. More listings of one item than that no caller asks for.
const PAGE: u8 = 20;

#[derive(Deserialize)]
struct Page {
    /// Without it the answer is none: it is not known that there are no listings.
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    sku: String,
}

impl SpApi {
    /// The seller's SKUs of an item on a marketplace, 20 at most, whatever state they are in. Reads only.
    ///
    /// Amazon page: *Listings Items API v2021-08-01 Reference*, `searchListingsItems`.
    ///
    /// # Errors
    /// Throttled; retryable if Amazon fails or its answer is cut off; authorisation revoked; permanent if Amazon refuses.
    pub async fn skus_of_item(
        &self,
        account: &Account<'_>,
        seller: &SellerId,
        marketplace: Marketplace,
        asin: &Asin,
    ) -> Result<Answer<Vec<String>>> {
        let query = [
            ("marketplaceIds", marketplace.id().to_owned()),
            ("identifiers", asin.as_str().to_owned()),
            ("identifiersType", "ASIN".to_owned()),
            ("pageSize", PAGE.to_string()),
        ];
        let path = ["listings", "2021-08-01", "items", seller.as_str()];
        let operation = Operation::SearchListingsItems;
        let page: Answer<Page> = self.get(account, operation, &path, &query).await?;
        Ok(page.map(|page| page.items.into_iter().map(|item| item.sku).collect()))
    }
}
