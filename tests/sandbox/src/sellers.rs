//! Owns the Sellers API v1, as far as it is played.

use serde_json::{Value, json};

use crate::{
    marketplaces::{self, Region},
    world::SellerAccount,
};

/// `getMarketplaceParticipations`.
pub(crate) fn participations(account: &SellerAccount) -> Value {
    let stores = account
        .marketplaces
        .iter()
        .filter_map(|id| marketplaces::of(id));
    let mut payload: Vec<Value> = stores
        .map(|store| {
            json!({
                "marketplace": {
                    "id": store.id,
                    "name": store.name(),
                    "countryCode": store.country,
                    "defaultCurrencyCode": store.currency,
                    "defaultLanguageCode": store.language,
                    "domainName": store.domain,
                },
                "storeName": account.store_name,
                "participation": {
                    "isParticipating": true,
                    "hasSuspendedListings": account.suspended.iter().any(|id| id == store.id),
                },
            })
        })
        .collect();
    if account.region == Region::Eu {
        payload.push(not_a_store(&account.store_name));
    }
    json!({ "payload": payload })
}

/// Real accounts list marketplaces that are no store of Amazon's and stand in no table of ids.
fn not_a_store(store_name: &str) -> Value {
    json!({
        "marketplace": {
            "id": "AZMDEXL2RVFNN",
            "name": "SI UK Prod Marketplace",
            "countryCode": "GB",
            "defaultCurrencyCode": "GBP",
            "defaultLanguageCode": "en_GB",
            "domainName": "siprodukmarketplace.stores.amazon.co.uk",
        },
        "storeName": store_name,
        "participation": { "isParticipating": true, "hasSuspendedListings": false },
    })
}
