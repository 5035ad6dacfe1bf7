//! Owns the Sellers API v1, as far as it is played.

use serde_json::{Value, json};

use crate::{
    marketplaces::{self, Region},
    world::SellerAccount,
};

/// `getMarketplaceParticipations`.
pub(crate) fn participations(account: &SellerAccount) -> Value {
    let marketplaces = account
        .marketplaces
        .iter()
        .filter_map(|id| marketplaces::of(id));
    let mut payload: Vec<Value> = marketplaces
        .map(|marketplace| {
            json!({
                "marketplace": {
                    "id": marketplace.id,
                    "name": marketplace.name(),
                    "countryCode": marketplace.country,
                    "defaultCurrencyCode": marketplace.currency,
                    "defaultLanguageCode": marketplace.language,
                    "domainName": marketplace.domain,
                },
                "storeName": account.store_name,
                "participation": {
                    "isParticipating": true,
                    "hasSuspendedListings": account.suspended.iter().any(|id| id == marketplace.id),
                },
            })
        })
        .collect();
    if account.region == Region::Eu {
        payload.push(not_a_store(&account.store_name));
    }
    json!({ "payload": payload })
}

/// Real accounts list marketplaces that are no marketplace of Amazon's and stand in no table of ids.
fn not_a_store(store_name: &str) -> Value {
    json!({
        "marketplace": {
            "id": "AZMDEXL2RVFNN",
            "name": "SI UK Prod Marketplace",
            "countryCode": "GB",
            "defaultCurrencyCode": "GBP",
            "defaultLanguageCode": "en_GB",
            "domainName": "siprodukmarketplace.marketplaces.amazon.co.uk",
        },
        "storeName": store_name,
        "participation": { "isParticipating": true, "hasSuspendedListings": false },
    })
}
