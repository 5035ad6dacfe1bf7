//! Owns the admin endpoints that put listings into a seller's account, change them as the seller does
//! in Seller Central, and show what became of them.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderValue, Response, StatusCode, header},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Here, Refused, no_such_seller, refuse};
use crate::{
    generate,
    listings::{Fulfilment, Listing, Offer, Price, Special, Standing, Step, Submission},
    marketplaces::{self, Marketplace},
    notices::Raised,
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
    marketplaces: Vec<String>,
    quantity: Option<u64>,
    price: Option<Prices>,
    #[serde(default)]
    fulfilment: Fulfilment,
    #[serde(default)]
    status: Standing,
    special: Option<Box<Special>>,
}

/// One price for all marketplaces of its currency, or one per marketplace.
#[derive(Deserialize)]
#[serde(untagged)]
enum Prices {
    One(Price),
    PerStore(BTreeMap<String, Price>),
}

impl Prices {
    fn of(&self, marketplace: &Marketplace) -> Option<Price> {
        let price = match self {
            Self::One(price) => Some(price),
            Self::PerStore(prices) => prices.get(marketplace.id),
        };
        price
            .filter(|price| price.currency == marketplace.currency)
            .cloned()
    }
}

/// Puts listings in, or describes known ones again; a quantity that is left out stays.
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
    let marketplaces = marketplaces(seller, &new.marketplaces)?;
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
    listing.offers.retain(|offer| {
        marketplaces
            .iter()
            .any(|marketplace| marketplace.id == offer.marketplace.id)
    });
    for marketplace in marketplaces {
        let price = new.price.as_ref().and_then(|prices| prices.of(marketplace));
        let kept = listing
            .offer(marketplace.id)
            .and_then(|offer| offer.price.clone());
        listing.put_offer(marketplace, price.or(kept));
    }
    (listing.fulfilment, listing.standing) = (new.fulfilment, new.status);
    let before = listing.special.take().map(|it| *it);
    let special = new.special.map(|it| *it).unwrap_or_default();
    listing.special = special.or_of(before).boxed();
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

pub(super) fn marketplaces(
    seller: &Seller,
    ids: &[String],
) -> Result<Vec<&'static Marketplace>, String> {
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

/// They are written while the world is locked: a copy of them all would be large.
pub(super) async fn list(
    State(sandbox): Here,
    Path(seller): Path<String>,
    Query(narrowed): Query<Narrowed>,
) -> Result<Response<Body>, Refused> {
    let world = sandbox.world();
    let Some(known) = world.sellers.get(&seller) else {
        return no_such_seller(&seller);
    };
    let wanted: Vec<Shown<'_>> = match &narrowed.sku {
        Some(sku) => {
            let one = known.listings.get(sku);
            one.map(|listing| Shown::of(sku, listing, narrowed.brief))
                .into_iter()
                .collect()
        }
        None => {
            let all = known.listings.iter();
            all.map(|(sku, listing)| Shown::of(sku, listing, narrowed.brief))
                .collect()
        }
    };
    match serde_json::to_vec(&wanted) {
        Ok(text) => {
            let mut response = Response::new(Body::from(text));
            let kind = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            Ok(response)
        }
        Err(why) => refuse(StatusCode::INTERNAL_SERVER_ERROR, why),
    }
}

/// A listing as a test sees it.
#[derive(Serialize)]
struct Shown<'a> {
    sku: &'a str,
    quantity: u64,
    submitted: u64,
    oversold: u64,
    fulfilment: Fulfilment,
    #[serde(flatten)]
    more: Option<More<'a>>,
}

#[derive(Serialize)]
struct More<'a> {
    marketplaces: Vec<&'static str>,
    prices: BTreeMap<&'static str, &'a Price>,
    /// Ends of sale periods.
    ends: BTreeMap<&'static str, &'a str>,
    /// What offers have beside their price.
    offer_parts: BTreeMap<&'static str, Map<String, Value>>,
    asin: &'a str,
    product_type: &'a str,
    title: &'a str,
    status: Standing,
    attributes: &'a Map<String, Value>,
    beside_quantity: &'a Map<String, Value>,
    history: &'a [Step],
}

impl<'a> Shown<'a> {
    fn of(sku: &'a str, listing: &'a Listing, brief: bool) -> Self {
        let priced = |offer: &'a Offer| Some((offer.marketplace.id, offer.price.as_ref()?));
        let ends = |offer: &'a Offer| {
            let id = offer.marketplace.id;
            Some((id, listing.end_at(id)?))
        };
        let parts = |offer: &'a Offer| {
            let id = offer.marketplace.id;
            Some((id, listing.offer_parts(id))).filter(|(_, parts)| !parts.is_empty())
        };
        let more = || More {
            marketplaces: listing
                .offers
                .iter()
                .map(|offer| offer.marketplace.id)
                .collect(),
            prices: listing.offers.iter().filter_map(priced).collect(),
            ends: listing.offers.iter().filter_map(ends).collect(),
            offer_parts: listing.offers.iter().filter_map(parts).collect(),
            asin: &listing.asin,
            product_type: &listing.product_type,
            title: &listing.title,
            status: listing.standing,
            attributes: &listing.attributes,
            beside_quantity: &listing.beside_quantity,
            history: &listing.history,
        };
        Self {
            sku,
            quantity: listing.quantity,
            submitted: listing.submitted,
            oversold: listing.oversold,
            fulfilment: listing.fulfilment,
            more: (!brief).then(more),
        }
    }
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
    let shown = json!(Shown::of(&which.sku, listing, false));
    let told = told(&which.sku, listing, false, now);
    if change.status.is_some() || change.fulfilment.is_some() {
        known.raised.extend(told);
    }
    Ok(Json(shown))
}

/// What a listing's status is in each of its marketplaces.
fn told(sku: &str, listing: &Listing, deleted: bool, now: Timestamp) -> Vec<Raised> {
    let of = |offer: &Offer| Raised::Listing {
        marketplace: offer.marketplace.id.to_owned(),
        sku: sku.to_owned(),
        asin: listing.asin.to_string(),
        status: match (deleted, listing.is_buyable(offer, now)) {
            (true, _) => vec!["DELETED"],
            (false, true) => vec!["BUYABLE", "DISCOVERABLE"],
            (false, false) => vec!["DISCOVERABLE"],
        },
    };
    listing.offers.iter().map(of).collect()
}

pub(super) async fn remove(
    State(sandbox): Here,
    Path(seller): Path<String>,
    Query(which): Query<Which>,
) -> Result<StatusCode, Refused> {
    let (mut world, now) = (sandbox.world(), sandbox.clock.now());
    let Some(known) = world.sellers.get_mut(&seller) else {
        return no_such_seller(&seller);
    };
    let listing = known.listings.get(&which.sku);
    let told = listing.map(|listing| told(&which.sku, listing, true, now));
    known.raised.extend(told.into_iter().flatten());
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
