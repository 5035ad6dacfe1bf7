//! Owns how the Listings Items API 2021-08-01 shows one item. It never changes one.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Fulfilment, Issue, Listing, Offer, remark};
use crate::{
    admitted::AdmittedRequest,
    clock::iso,
    marketplaces::Region,
    reply::{Refusal, Reply},
    world::{Seller, World},
};

/// `getListingsItem`.
pub(crate) fn get(world: &mut World, admitted: &AdmittedRequest<'_>) -> Result<Reply, Refusal> {
    let seller = own_account(world, admitted)?;
    let marketplaces = marketplaces(seller, admitted)?;
    let sku = admitted.parameter("sku");
    let listing = seller.listings.get(sku);
    let issues: Value = remark(seller, sku).iter().map(Issue::of_item).collect();
    let found = listing.map(|listing| {
        let offers: Vec<&Offer> = marketplaces
            .iter()
            .filter_map(|id| listing.offer(id))
            .collect();
        (listing, offers)
    });
    match found.filter(|(_, offers)| !offers.is_empty()) {
        Some((listing, offers)) => {
            let mut item = item(sku, listing, &offers, admitted);
            if item.get("issues").is_some() {
                item["issues"] = issues;
            }
            Ok(Reply::ok(item))
        }
        None => Err(Refusal::Other(Reply::error(
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
            &format!(
                "SKU '{sku}' not found in marketplace {}",
                marketplaces.join(",")
            ),
            "",
        ))),
    }
}

/// `searchListingsItems`, by ASIN: one page of listings in whatever state they are.
pub(crate) fn search(world: &mut World, admitted: &AdmittedRequest<'_>) -> Result<Reply, Refusal> {
    let seller = own_account(world, admitted)?;
    let marketplaces = marketplaces(seller, admitted)?;
    let kind = admitted.list("identifiersType");
    if kind != ["ASIN"] {
        return Err(Refusal::Violation(
            "the sandbox searches listings by ASIN alone".to_owned(),
        ));
    }
    let asins = admitted.list("identifiers");
    let size = admitted.list("pageSize");
    let size = size.first().and_then(|size| size.parse().ok());
    let found = seller.listings.iter().filter_map(|(sku, listing)| {
        let offers = marketplaces.iter().filter_map(|id| listing.offer(id));
        let offers: Vec<&Offer> = offers.collect();
        let is_asked = asins.iter().any(|asin| **asin == *listing.asin);
        (is_asked && !offers.is_empty()).then(|| item(sku, listing, &offers, admitted))
    });
    let found: Vec<Value> = found.collect();
    let number = found.len();
    let items: Vec<Value> = found.into_iter().take(size.unwrap_or(10)).collect();
    Ok(Reply::ok(
        json!({ "numberOfResults": number, "items": items }),
    ))
}

/// The seller of the path, who must be the one that the token is for.
pub(super) fn own_account<'a>(
    world: &'a mut World,
    admitted: &AdmittedRequest<'_>,
) -> Result<&'a mut Seller, Refusal> {
    let wanted = admitted.parameter("sellerId");
    match world.sellers.get_mut(admitted.seller) {
        Some(seller) if wanted == admitted.seller => Ok(seller),
        _ => Err(Refusal::Other(Reply::denied(""))),
    }
}

pub(super) fn marketplaces(
    seller: &Seller,
    admitted: &AdmittedRequest<'_>,
) -> Result<Vec<String>, Refusal> {
    let marketplaces = admitted.list("marketplaceIds");
    let mut seen = BTreeSet::new();
    for marketplace in &marketplaces {
        if !seller.account.marketplaces.contains(marketplace) {
            return Err(Refusal::Violation(format!(
                "the seller has no marketplace `{marketplace}`"
            )));
        }
        if !seen.insert(marketplace) {
            return Err(Refusal::Violation(format!(
                "`{marketplace}` is given twice"
            )));
        }
    }
    if marketplaces.is_empty() {
        return Err(Refusal::Violation(
            "marketplaceIds holds at least one id".to_owned(),
        ));
    }
    Ok(marketplaces)
}

fn item(sku: &str, listing: &Listing, offers: &[&Offer], admitted: &AdmittedRequest<'_>) -> Value {
    let mut wanted = admitted.list("includedData");
    if wanted.is_empty() {
        wanted.push("summaries".to_owned());
    }
    let mut item = json!({ "sku": sku });
    for data in wanted {
        let of_offers =
            |part: &dyn Fn(&Offer) -> Value| offers.iter().map(|offer| part(offer)).collect();
        let value: Value = match data.as_str() {
            "summaries" => of_offers(&|offer| summary(listing, offer, admitted.now)),
            "attributes" => attributes(listing, offers),
            "offers" => offers.iter().filter_map(priced).collect(),
            "fulfillmentAvailability" => availability(listing, offers),
            "productTypes" => of_offers(
                &|offer| json!({ "marketplaceId": offer.marketplace.id, "productType": &*listing.product_type }),
            ),
            _ => json!([]),
        };
        item[data] = value;
    }
    item
}

fn summary(listing: &Listing, offer: &Offer, now: Timestamp) -> Value {
    let status: &[&str] = if listing.is_buyable(offer, now) {
        &["BUYABLE", "DISCOVERABLE"]
    } else {
        &["DISCOVERABLE"]
    };
    json!({
        "marketplaceId": offer.marketplace.id,
        "asin": &*listing.asin,
        "productType": &*listing.product_type,
        "conditionType": "new_new",
        "status": status,
        "itemName": &*listing.title,
        "createdDate": iso(listing.created),
        "lastUpdatedDate": iso(listing.updated),
    })
}

fn priced(offer: &&Offer) -> Option<Value> {
    let price = offer.price.as_ref()?;
    Some(json!({
        "marketplaceId": offer.marketplace.id,
        "offerType": "B2C",
        "price": { "currencyCode": price.currency, "amount": price.amount },
        "audience": { "value": "ALL", "displayName": "Sell on Amazon" },
    }))
}

/// The live number, where `attributes` shows what was last submitted.
fn availability(listing: &Listing, offers: &[&Offer]) -> Value {
    let mut all = vec![match listing.fulfilment {
        Fulfilment::Merchant => {
            json!({ "fulfillmentChannelCode": "DEFAULT", "quantity": listing.quantity })
        }
        Fulfilment::Amazon => {
            json!({ "fulfillmentChannelCode": amazons_channel(offers[0]) })
        }
    }];
    if let Some(special) = &listing.special {
        let locations = special.locations.iter();
        all.extend(locations.map(|(location, quantity)| {
            json!({ "fulfillmentChannelCode": location, "quantity": quantity })
        }));
        let amazons = offers.iter();
        let amazons = amazons.filter(|it| special.amazon_in.contains(it.marketplace.id));
        all.extend(amazons.map(|it| json!({ "fulfillmentChannelCode": amazons_channel(it) })));
    }
    Value::Array(all)
}

/// How Amazon calls its own warehouses behind this marketplace.
pub(crate) fn amazons_channel(offer: &Offer) -> String {
    match offer.marketplace.region {
        Region::Na => "AMAZON_NA".to_owned(),
        Region::Eu => "AMAZON_EU".to_owned(),
        Region::Fe => format!("AMAZON_{}", offer.marketplace.country),
    }
}

fn attributes(listing: &Listing, offers: &[&Offer]) -> Value {
    let mut attributes = listing.attributes.clone();
    let mut availability = listing.beside_quantity.clone();
    let channel = match listing.fulfilment {
        Fulfilment::Merchant => {
            availability.insert("quantity".to_owned(), json!(listing.submitted));
            "DEFAULT".to_owned()
        }
        Fulfilment::Amazon => amazons_channel(offers[0]),
    };
    availability.insert("fulfillment_channel_code".to_owned(), json!(channel));
    attributes.insert("fulfillment_availability".to_owned(), json!([availability]));
    let prices = offers.iter().filter_map(|offer| {
        let price = offer.price.as_ref()?;
        let amount: Value = serde_json::from_str(&price.amount).ok()?;
        let mut shown = json!({
            "audience": "ALL", "currency": price.currency, "marketplace_id": offer.marketplace.id,
            "our_price": [{ "schedule": [{ "value_with_tax": amount }] }],
        });
        if let Some(end_at) = listing.end_at(offer.marketplace.id) {
            shown["end_at"] = json!({ "value": end_at });
        }
        for (name, part) in listing.offer_parts(offer.marketplace.id) {
            shown[name] = part;
        }
        Some(shown)
    });
    attributes.insert("purchasable_offer".to_owned(), prices.collect());
    let names = offers
        .iter()
        .map(|offer| json!({ "value": &*listing.title, "marketplace_id": offer.marketplace.id }));
    attributes.insert("item_name".to_owned(), names.collect());
    Value::Object(attributes)
}
