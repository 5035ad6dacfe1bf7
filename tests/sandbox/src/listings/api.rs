//! Owns the Listings Items API 2021-08-01, as far as it is played: one item read, one item patched.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Fulfilment, Issue, LatePatch, Listing, Offer, Submission, edits};
use crate::{
    asked::Asked,
    clock::{self, iso},
    grants,
    marketplaces::Region,
    reply::{Refusal, Reply},
    world::{Seller, World},
};

/// `getListingsItem`.
pub(crate) fn get(world: &mut World, asked: &Asked<'_>) -> Result<Reply, Refusal> {
    let seller = own_account(world, asked)?;
    let stores = stores(seller, asked)?;
    let sku = asked.parameter("sku");
    let listing = seller.listings.get(sku);
    let found = listing.map(|listing| {
        let offers: Vec<&Offer> = stores.iter().filter_map(|id| listing.offer(id)).collect();
        (listing, offers)
    });
    match found.filter(|(_, offers)| !offers.is_empty()) {
        Some((listing, offers)) => Ok(Reply::ok(item(sku, listing, &offers, asked))),
        None => Err(Refusal::Other(Reply::error(
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
            &format!("SKU '{sku}' not found in marketplace {}", stores.join(",")),
            "",
        ))),
    }
}

/// `patchListingsItem`: everything wrong is told in the answer, nothing comes later.
pub(crate) fn patch(world: &mut World, asked: &Asked<'_>) -> Result<Reply, Refusal> {
    let stores = stores(own_account(world, asked)?, asked)?;
    let body: Value = serde_json::from_slice(asked.body)
        .map_err(|error| Refusal::Violation(format!("the body is no JSON: {error}")))?;
    let preview = asked.query("mode") == Some("VALIDATION_PREVIEW");
    let (sku, patches) = (asked.parameter("sku").to_owned(), &body["patches"]);
    let (sequence, wait) = (world.next_submission(), world.back_office.patch_seconds);
    let accepts_unknown = world.back_office.accepts_unknown_skus;
    let seller = own_account(world, asked)?;
    let listing = seller.listings.get(&sku);
    let read = stores.iter().map(|store| {
        refused(seller, listing, &sku, store, accepts_unknown)?;
        edits::read(
            patches.as_array().map_or(&[][..], Vec::as_slice),
            listing,
            store,
        )
    });
    let read: Result<Vec<_>, Issue> = read.collect();
    let asin = listing.map(|listing| listing.asin.to_string());
    let (status, issues) = match read {
        Err(issue) => {
            if issue.violates {
                world.violated(asked, &format!("{sku}: {}", issue.message));
            }
            ("INVALID", vec![issue.of_item()])
        }
        Ok(_) if preview => ("VALID", Vec::new()),
        Ok(edits) => {
            let submission = Submission {
                sequence,
                by: "patch".into(),
                at: clock::later(asked.now, wait),
            };
            let late = LatePatch {
                sku: sku.clone(),
                edits: edits.into_iter().flatten().collect(),
                submission,
            };
            let listings = &mut own_account(world, asked)?.listings;
            listings.late.push(late);
            listings.apply_late(asked.now);
            ("ACCEPTED", Vec::new())
        }
    };
    let mut answer =
        json!({ "sku": sku, "status": status, "submissionId": grants::secret(), "issues": issues });
    if asked
        .list("includedData")
        .contains(&"identifiers".to_owned())
    {
        let identifiers = stores
            .iter()
            .map(|id| json!({ "marketplaceId": id, "asin": asin.clone().unwrap_or_default() }));
        answer["identifiers"] = identifiers.collect();
    }
    Ok(Reply::ok(answer))
}

/// What stands against any submission for this SKU in this store.
pub(crate) fn refused(
    seller: &Seller,
    listing: Option<&Listing>,
    sku: &str,
    store: &str,
    accepts_unknown: bool,
) -> Result<(), Issue> {
    if let Some(refusal) = seller.listings.refusals.get(sku) {
        let attribute = refusal.attribute.as_deref();
        return Err(Issue::new(
            &refusal.code,
            refusal.message.clone(),
            attribute,
        ));
    }
    if accepts_unknown || listing.is_some_and(|listing| listing.offer(store).is_some()) {
        return Ok(());
    }
    let message = format!("The SKU '{sku}' does not exist in the store {store}.");
    Err(Issue::new("13013", message, None))
}

/// The seller of the path, who must be the one that the token is for.
fn own_account<'a>(world: &'a mut World, asked: &Asked<'_>) -> Result<&'a mut Seller, Refusal> {
    let wanted = asked.parameter("sellerId");
    match world.sellers.get_mut(asked.seller) {
        Some(seller) if wanted == asked.seller => Ok(seller),
        _ => Err(Refusal::Other(Reply::denied(""))),
    }
}

fn stores(seller: &Seller, asked: &Asked<'_>) -> Result<Vec<String>, Refusal> {
    let stores = asked.list("marketplaceIds");
    let mut seen = BTreeSet::new();
    for store in &stores {
        if !seller.account.marketplaces.contains(store) {
            return Err(Refusal::Violation(format!(
                "the seller has no marketplace `{store}`"
            )));
        }
        if !seen.insert(store) {
            return Err(Refusal::Violation(format!("`{store}` is given twice")));
        }
    }
    if stores.is_empty() {
        return Err(Refusal::Violation(
            "marketplaceIds holds at least one id".to_owned(),
        ));
    }
    Ok(stores)
}

fn item(sku: &str, listing: &Listing, offers: &[&Offer], asked: &Asked<'_>) -> Value {
    let mut wanted = asked.list("includedData");
    if wanted.is_empty() {
        wanted.push("summaries".to_owned());
    }
    let mut item = json!({ "sku": sku });
    for data in wanted {
        let of_offers =
            |part: &dyn Fn(&Offer) -> Value| offers.iter().map(|offer| part(offer)).collect();
        let value: Value = match data.as_str() {
            "summaries" => of_offers(&|offer| summary(listing, offer)),
            "attributes" => attributes(listing, offers),
            "offers" => offers.iter().filter_map(|offer| priced(offer)).collect(),
            "fulfillmentAvailability" => json!([availability(listing, offers)]),
            "productTypes" => of_offers(
                &|offer| json!({ "marketplaceId": offer.store.id, "productType": &*listing.product_type }),
            ),
            _ => json!([]),
        };
        item[data] = value;
    }
    item
}

fn summary(listing: &Listing, offer: &Offer) -> Value {
    let status: &[&str] = if listing.is_buyable(offer) {
        &["BUYABLE", "DISCOVERABLE"]
    } else {
        &["DISCOVERABLE"]
    };
    json!({
        "marketplaceId": offer.store.id,
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
        "marketplaceId": offer.store.id,
        "offerType": "B2C",
        "price": { "currencyCode": price.currency, "amount": price.amount },
        "audience": { "value": "ALL", "displayName": "Sell on Amazon" },
    }))
}

/// The live number, where `attributes` shows what was last submitted.
fn availability(listing: &Listing, offers: &[&Offer]) -> Value {
    match listing.fulfilment {
        Fulfilment::Merchant => {
            json!({ "fulfillmentChannelCode": "DEFAULT", "quantity": listing.quantity })
        }
        Fulfilment::Amazon => {
            json!({ "fulfillmentChannelCode": amazons_channel(offers[0]) })
        }
    }
}

/// How Amazon calls its own warehouses behind this store.
pub(crate) fn amazons_channel(offer: &Offer) -> String {
    match offer.store.region {
        Region::Na => "AMAZON_NA".to_owned(),
        Region::Eu => "AMAZON_EU".to_owned(),
        Region::Fe => format!("AMAZON_{}", offer.store.country),
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
        Some(json!({
            "audience": "ALL", "currency": price.currency, "marketplace_id": offer.store.id,
            "our_price": [{ "schedule": [{ "value_with_tax": amount }] }],
        }))
    });
    attributes.insert("purchasable_offer".to_owned(), prices.collect());
    let names = offers
        .iter()
        .map(|offer| json!({ "value": &*listing.title, "marketplace_id": offer.store.id }));
    attributes.insert("item_name".to_owned(), names.collect());
    Value::Object(attributes)
}
