//! Owns the admin endpoint that invents listings by the thousand: the same wish gives the same.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Here, Refused, no_such_seller, refuse,
    stock_listings::{LONGEST_SKU, by_seller, marketplaces},
};
use crate::{
    generate,
    listings::{Fulfilment, Listing, Price},
};

/// How many invented listings are wanted, and what they have in common.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    count: u32,
    prefix: String,
    quantity: u64,
    marketplaces: Vec<String>,
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    fulfilment: Fulfilment,
}

/// Invents listings: SKUs `PREFIX000000`, `PREFIX000001`, … with a title and a price of their own.
pub(super) async fn invent(
    State(sandbox): Here,
    Path(seller): Path<String>,
    Json(wish): Json<Wish>,
) -> Result<Json<Value>, Refused> {
    let (mut world, now) = (sandbox.world(), sandbox.clock.now());
    let by = by_seller(world.next_submission(), now);
    let Some(known) = world.sellers.get_mut(&seller) else {
        return no_such_seller(&seller);
    };
    let marketplaces = match marketplaces(known, &wish.marketplaces) {
        Ok(marketplaces) => marketplaces,
        Err(why) => return refuse(StatusCode::BAD_REQUEST, why),
    };
    let sku = |number: u32| format!("{}{number:06}", wish.prefix);
    if sku(wish.count).chars().count() > LONGEST_SKU {
        return refuse(StatusCode::BAD_REQUEST, "the prefix is too long for a SKU");
    }
    for number in 0..wish.count {
        let sku = sku(number);
        let (title, cents) = generate::product(wish.seed, number);
        let mut listing = Listing::new(generate::asin(&sku).into(), title.into(), now);
        for marketplace in &marketplaces {
            let amount = format!("{}.{:02}", cents / 100, cents % 100);
            let currency = marketplace.currency.to_owned();
            listing.put_offer(marketplace, Some(Price { amount, currency }));
        }
        listing.fulfilment = wish.fulfilment;
        listing.set_quantity(wish.quantity, &by);
        known.listings.put(&sku, listing);
    }
    let last = sku(wish.count.saturating_sub(1));
    Ok(Json(
        json!({ "count": wish.count, "first_sku": sku(0), "last_sku": last }),
    ))
}
