//! Sellers API v1: which marketplaces a seller takes part in.

use super::limits::Operation;
use super::{Account, Answer, SpApi};
use crate::domain::connection::Participation;
use crate::domain::marketplace::Marketplace;
use crate::error::Result;
use serde::Deserialize;

impl SpApi {
    /// The marketplaces of the account's region that the seller may list in. Reads only.
    ///
    /// Marketplaces that we do not know are left out, and so are those in Amazon's list that are none ("Non-Amazon …").
    /// Amazon page: *Sellers API v1 Reference*, `getMarketplaceParticipations`.
    ///
    /// # Errors
    /// Throttled; retryable if Amazon fails or its answer is cut off; authorisation revoked; permanent if
    /// Amazon refuses.
    pub async fn participations(
        &self,
        account: &Account<'_>,
    ) -> Result<Answer<Vec<Participation>>> {
        let path = ["sellers", "v1", "marketplaceParticipations"];
        let list: Answer<List> = self
            .get(account, Operation::GetMarketplaceParticipations, &path, &[])
            .await?;
        Ok(list.map(|list| list.payload.into_iter().filter_map(Entry::known).collect()))
    }
}

#[derive(Deserialize)]
struct List {
    payload: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    marketplace: Store,
    participation: Part,
}

#[derive(Deserialize)]
struct Store {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    is_participating: bool,
    has_suspended_listings: bool,
}

impl Entry {
    fn known(self) -> Option<Participation> {
        Some(Participation {
            marketplace: Marketplace::by_id(&self.marketplace.id)?,
            participating: self.participation.is_participating,
            suspended_listings: self.participation.has_suspended_listings,
        })
    }
}
