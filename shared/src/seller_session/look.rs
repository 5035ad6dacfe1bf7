//! One look at a listing over several marketplaces at once.

use super::{CallOutcome, SellerSession, Waiting};
use crate::domain::ids::AmazonSku;
use crate::domain::marketplace::Marketplace;
use crate::error::{Class, Error, Result};
use crate::sp_api::{Account, Answer, ListingsData, ListingsItem, Operation, SpApi, refusal};

const GET: Operation = Operation::GetListingsItem;

impl SellerSession<'_> {
    /// What Amazon shows of a listing on `all` marketplaces, in one call; `None`: no such listing. If Amazon refuses that, it may
    /// be about one of them, so each of `own`, where the listing is known to be, is asked for by itself, and one answer
    /// is enough.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn look_at(
        &self,
        sku: &AmazonSku,
        all: &[Marketplace],
        own: &[Marketplace],
        waiting: Waiting,
    ) -> Result<CallOutcome<Option<ListingsItem>>> {
        let refused = match self.listing(sku, all, waiting).await {
            Err(error) if all.len() > 1 && is_refused(&error) => error,
            other => return other,
        };
        let mut found: Option<Answer<Option<ListingsItem>>> = None;
        for marketplace in own {
            match self.listing(sku, &[*marketplace], waiting).await {
                Ok(CallOutcome::Answered(answer)) => found = Some(joined(found, answer)),
                Ok(limited) => return Ok(limited),
                Err(error) if is_refused(&error) => {}
                Err(error) => return Err(error),
            }
        }
        found.map_or(Err(refused), |found| Ok(CallOutcome::Answered(found)))
    }

    async fn listing(
        &self,
        sku: &AmazonSku,
        marketplaces: &[Marketplace],
        waiting: Waiting,
    ) -> Result<CallOutcome<Option<ListingsItem>>> {
        let seller = self.seller().await?;
        let get = async |amazon: &SpApi, account: Account<'_>| {
            let (sku, parts) = (sku.as_str(), ListingsData::ALL);
            let get = amazon.get_listings_item(&account, seller, sku, marketplaces, parts);
            get.await
        };
        self.call(GET, waiting, get).await
    }
}

/// Whether the question may be what Amazon refuses.
fn is_refused(error: &Error) -> bool {
    let refused = refusal(error);
    let refused = refused.is_some_and(|it| it.operation == GET.name());
    refused && error.class() == Class::Permanent
}

/// Two answers for different marketplaces as one.
fn joined(
    before: Option<Answer<Option<ListingsItem>>>,
    answer: Answer<Option<ListingsItem>>,
) -> Answer<Option<ListingsItem>> {
    let value = match (before.and_then(|before| before.value), answer.value) {
        (Some(before), Some(now)) => Some(before.joined(now)),
        (before, now) => before.or(now),
    };
    Answer { value, ..answer }
}
