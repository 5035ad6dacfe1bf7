//! Owns the admin endpoints that put listings into a seller's account, change them as the seller does
//! in Seller Central, and show what became of them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Here, Refused, no_such_seller, refuse};
use crate::{
    generate,
    listings::{Fulfilment, Listing, Price, Standing, Submission},
    marketplaces::{self, Marketplace},
    world::Seller,
};

/// Page "Listings Items API": a SKU has at most 40 characters.
pub(super) const LONGEST_SKU: usize = 40;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewListings {
    listings: Vec<NewListing>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewListing {
    sku: String,
    asin: Option<String>,
    product_type: Option<String>,
    title: Option<String>,
    stores: Vec<String>,
    quantity: Option<u64>,
    price: Option<Prices>,
    #[serde(default)]
    fulfilment: Fulfilment,
    #[serde(default)]
    status: Standing,
}

/// One price for all stores of its currency, or one per store.
#[derive(Deserialize)]
#[serde(untagged)]
enum Prices {
    One(Price),
    PerStore(std::collections::BTreeMap<String, Price>),
}

impl Prices {
    fn of(&self, store: &Marketplace) -> Option<Price> {
        let price = match self {
            Self::One(price) => Some(price),
            Self::PerStore(prices) => prices.get(store.id),
        };
        price
            .filter(|price| price.currency == store.currency)
            .cloned()
    }
}

/// Puts listings in, or describes known ones anew; a quantity that is left out stays.
pub(super) async fn put(
    State(sandbox): Here,
    Path(seller): Path<String>,
    Json(new): Json<NewListings>,
) -> Result<Json<Value>, Refused> {
    let (mut world, now) = (sandbox.world(), sandbox.clock.now());
    let sequence = world.next_submission();
    let Some(known) = world.sellers.get_mut(&seller) else {
        return no_such_seller(&seller);
    };
    let count = new.listings.len();
    for listing in new.listings {
        if let Err(why) = put_one(known, listing, sequence, now) {
            return refuse(StatusCode::BAD_REQUEST, why);
        }
    }
    Ok(Json(json!({ "count": count })))
}

fn put_one(
    seller: &mut Seller,
    new: NewListing,
    sequence: u64,
    now: Timestamp,
) -> Result<(), String> {
    if new.sku.is_empty() || new.sku.chars().count() > LONGEST_SKU {
        return Err(format!("`{}` is no SKU", new.sku));
    }
    let stores = stores(seller, &new.stores)?;
    let known = seller.listings.get(&new.sku).cloned();
    let is_new = known.is_none();
    let asin = || generate::asin(&new.sku).into();
    let mut listing =
        known.unwrap_or_else(|| Listing::new(asin(), Arc::from(new.sku.as_str()), now));
    if let Some(asin) = &new.asin {
        listing.asin = asin.as_str().into();
    }
    if let Some(title) = &new.title {
        listing.title = title.as_str().into();
    }
    if let Some(product_type) = &new.product_type {
        listing.product_type = product_type.as_str().into();
    }
    listing
        .offers
        .retain(|offer| stores.iter().any(|store| store.id == offer.store.id));
    for store in stores {
        let price = new.price.as_ref().and_then(|prices| prices.of(store));
        let kept = listing
            .offer(store.id)
            .and_then(|offer| offer.price.clone());
        listing.put_offer(store, price.or(kept));
    }
    (listing.fulfilment, listing.standing) = (new.fulfilment, new.status);
    if let Some(quantity) = new.quantity.or(is_new.then_some(0)) {
        listing.set_quantity(quantity, &by_seller(sequence, now));
    }
    seller.listings.put(&new.sku, listing);
    Ok(())
}

pub(super) fn by_seller(sequence: u64, at: Timestamp) -> Submission {
    Submission {
        sequence,
        by: "seller".into(),
        at,
    }
}

pub(super) fn stores(seller: &Seller, ids: &[String]) -> Result<Vec<&'static Marketplace>, String> {
    let of = |id: &String| {
        marketplaces::of(id)
            .filter(|_| seller.account.marketplaces.contains(id))
            .ok_or_else(|| format!("the seller has no marketplace `{id}`"))
    };
    ids.iter().map(of).collect()
}

/// Which listing is meant; a SKU may hold what no path can.
#[derive(Deserialize)]
pub(super) struct Which {
    sku: String,
}

/// Narrows the list.
#[derive(Deserialize)]
pub(super) struct Narrowed {
    sku: Option<String>,
    #[serde(default)]
    brief: bool,
}

pub(super) async fn list(
    State(sandbox): Here,
    Path(seller): Path<String>,
    Query(narrowed): Query<Narrowed>,
) -> Result<Json<Vec<Value>>, Refused> {
    let world = sandbox.world();
    let Some(known) = world.sellers.get(&seller) else {
        return no_such_seller(&seller);
    };
    let all = known.listings.iter();
    let wanted = all.filter(|(sku, _)| narrowed.sku.as_deref().is_none_or(|one| one == &***sku));
    Ok(Json(
        wanted
            .map(|(sku, listing)| shown(sku, listing, narrowed.brief))
            .collect(),
    ))
}

fn shown(sku: &str, listing: &Listing, brief: bool) -> Value {
    let mut shown = json!({
        "sku": sku,
        "quantity": listing.quantity,
        "submitted": listing.submitted,
        "oversold": listing.oversold,
        "fulfilment": listing.fulfilment,
    });
    if brief {
        return shown;
    }
    let prices = listing.offers.iter().filter_map(|offer| {
        let price = offer.price.as_ref()?;
        Some((offer.store.id.to_owned(), json!(price)))
    });
    shown["prices"] = Value::Object(prices.collect());
    shown["stores"] = listing.offers.iter().map(|offer| offer.store.id).collect();
    shown["asin"] = json!(&*listing.asin);
    shown["product_type"] = json!(&*listing.product_type);
    shown["title"] = json!(&*listing.title);
    shown["status"] = json!(listing.standing);
    shown["attributes"] = json!(listing.attributes);
    shown["beside_quantity"] = json!(listing.beside_quantity);
    shown["history"] = json!(listing.history);
    shown
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    quantity: Option<u64>,
    fulfilment: Option<Fulfilment>,
    status: Option<Standing>,
}

/// The seller changes a listing in Seller Central, which counts like any submission.
pub(super) async fn change(
    State(sandbox): Here,
    Path(seller): Path<String>,
    Query(which): Query<Which>,
    Json(change): Json<Change>,
) -> Result<Json<Value>, Refused> {
    let (mut world, now) = (sandbox.world(), sandbox.clock.now());
    let by = by_seller(world.next_submission(), now);
    let Some(known) = world.sellers.get_mut(&seller) else {
        return no_such_seller(&seller);
    };
    let Some(listing) = known.listings.get_mut(&which.sku) else {
        return no_such_listing(&seller, &which.sku);
    };
    listing.fulfilment = change.fulfilment.unwrap_or(listing.fulfilment);
    listing.standing = change.status.unwrap_or(listing.standing);
    if let Some(quantity) = change.quantity {
        listing.set_quantity(quantity, &by);
    }
    Ok(Json(shown(&which.sku, listing, false)))
}

pub(super) async fn remove(
    State(sandbox): Here,
    Path(seller): Path<String>,
    Query(which): Query<Which>,
) -> Result<StatusCode, Refused> {
    let mut world = sandbox.world();
    let Some(known) = world.sellers.get_mut(&seller) else {
        return no_such_seller(&seller);
    };
    if known.listings.remove(&which.sku) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        no_such_listing(&seller, &which.sku)
    }
}

fn no_such_listing<T>(seller: &str, sku: &str) -> Result<T, Refused> {
    refuse(
        StatusCode::NOT_FOUND,
        format!("`{seller}` has no listing `{sku}`"),
    )
}
