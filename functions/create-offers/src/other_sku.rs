//! Whether another SKU of the seller's offers the same item: two offers of one product would compete with each other.

use crate::making::Making;
use stallkeeper::domain::ids::Asin;
use stallkeeper::domain::new_offer::NewOffer;
use stallkeeper::error::Result;
use stallkeeper::seller_session::CallOutcome;
use stallkeeper::sp_api::{Account, Operation, SpApi};
use stallkeeper::store::{ItemTaken, Written};

/// What was found.
pub(crate) enum OtherSku {
    /// The item is this offer's until it comes to an end.
    None,
    /// Why a person is asked.
    Found(String),
    /// Amazon's limit is reached.
    Limited,
}

/// Takes an item for an offer, unless Amazon has a listing of it under another SKU, or another SKU here is about to offer it.
/// Idempotent.
pub(crate) async fn take_item(
    making: &Making<'_>,
    offer: &NewOffer,
    asin: &Asin,
) -> Result<OtherSku> {
    let seller = making.seller.seller().await?;
    let marketplace = offer.marketplace;
    let search = async |amazon: &SpApi, account: Account<'_>| {
        let search = amazon.skus_of_item(&account, seller, marketplace, asin);
        search.await
    };
    let operation = Operation::SearchListingsItems;
    let outcome = making.seller.call(operation, making.waiting(), search);
    let CallOutcome::Answered(answer) = outcome.await? else {
        return Ok(OtherSku::Limited);
    };
    let own = offer.sku.as_amazon_sku();
    // The own one is looked at by itself.
    if let Some(other) = answer.value.iter().find(|sku| *sku != own.as_str()) {
        return Ok(found(offer, asin, other, "is listed at Amazon"));
    }
    among_ours(making, offer, asin).await
}

async fn among_ours(making: &Making<'_>, offer: &NewOffer, asin: &Asin) -> Result<OtherSku> {
    let (store, key, item) = (&making.app.store, &making.key(), (offer.marketplace, asin));
    let mut gone = None;
    for () in Written::attempts() {
        let taken = store.take_offered_item(key, item, &offer.sku, gone.as_ref());
        let other = match taken.await? {
            ItemTaken::Ours => return Ok(OtherSku::None),
            ItemTaken::By(other) => other,
        };
        let holder = store.new_offer(key, &other).await?;
        let holder = holder.filter(|it| it.may_be_of(offer.marketplace, asin));
        if let Some(holder) = holder {
            let listing = store.listing(&key.listing(&other.as_amazon_sku())).await?;
            if !holder.is_gone(listing.map(|it| it.state)) {
                return Ok(found(offer, asin, other.as_str(), "is offered from here"));
            }
        }
        gone = Some(other);
    }
    Err(Written::given_up("take an item that is to be offered"))
}

fn found(offer: &NewOffer, asin: &Asin, other: &str, how: &str) -> OtherSku {
    let marketplace = offer.marketplace;
    OtherSku::Found(format!(
        "item {asin} {how} on {marketplace} as SKU {other}: say that this one is never to be offered, or name another ASIN"
    ))
}
