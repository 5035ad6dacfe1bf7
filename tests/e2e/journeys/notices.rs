//! Amazon's notices, from the sandbox into the deployed queue.

use crate::stack::STAFF;
use crate::stack::seller::admin;
use crate::stack::shop::Shop;
use crate::stack::until;
use crate::world::amazon::{bought, order, order_id};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::json;
use stallkeeper::domain::marketplace::Marketplace::Uk;
use std::time::Instant;

#[tokio::test]
async fn an_order_is_stored_with_its_courier_within_seconds_of_its_notice() {
    let shop = Shop::subscribed(STAFF).await;
    // The first sweep is over; Amazon's search shows none of these for three minutes.
    let mut seconds = Vec::new();
    for number in 1..=3 {
        let began = Instant::now();
        shop.seller
            .add(vec![order(number, bought(Timestamp::now()))])
            .await;
        let rows = shop.has_orders("ready", number as usize).await;
        seconds.push(began.elapsed().as_secs_f64());
        assert!(rows.iter().all(|row| row["service"] == "DPD/next-day"));
    }
    seconds.sort_by(f64::total_cmp);
    println!("seconds from Amazon to the desk, by notice: {seconds:.2?}");
    let searched = shop.seller.searches().await;
    let told = shop.seller.told().await;
    let orders = told.iter().filter(|(kind, _)| kind == "ORDER_CHANGE");
    assert!(orders.clone().count() >= 3, "{told:?} {searched:?}");
    let setup = shop.tenant.get(&shop.path("/setup")).await.is(200);
    assert!(setup["notices"]["last_notice_at"].is_string(), "{setup}");
    shop.assert_amazon_allowed_all().await;
}

#[tokio::test]
async fn notices_that_come_twice_late_or_never_lose_and_double_no_order() {
    let shop = Shop::subscribed(STAFF).await;
    let fault = |kind: &str, delay_ms: u64| json!([{"kind": kind, "seller": shop.seller.id, "delay_ms": delay_ms, "count": 1}]);
    for (number, faults) in [(1, fault("doubled", 0)), (2, fault("late", 1_500))] {
        admin(Method::PUT, "notice-faults", faults).await;
        shop.seller
            .add(vec![order(number, bought(Timestamp::now()))])
            .await;
        shop.has_orders("ready", number as usize).await;
    }
    admin(Method::PUT, "notice-faults", fault("never", 0)).await;
    // Old enough for a sweep, which brings what no notice tells.
    let silent = bought(Timestamp::now() - SignedDuration::from_mins(4));
    shop.seller.add(vec![order(3, silent)]).await;
    shop.fetches("ready", 3).await;
    let first = shop.order(&order_id(1)).await;
    let imported = first["history"].as_array().unwrap().iter();
    let imported = imported.filter(|it| it["kind"] == "imported");
    assert_eq!(imported.count(), 1, "{first}");
    shop.assert_amazon_allowed_all().await;
}

#[tokio::test]
async fn what_happened_to_a_listing_is_told_by_event_bridge_into_the_same_queue() {
    let shop = Shop::subscribed(STAFF).await;
    let at_amazon = format!("sellers/{}/listings", shop.seller.id);
    let listings = json!({"listings": [
        {"sku": "TEA", "marketplaces": [Uk.id()], "quantity": 5, "fulfilment": "MERCHANT"},
    ]});
    admin(Method::PUT, &at_amazon, listings).await;
    let closed = json!({"status": "INACTIVE"});
    admin(Method::PATCH, &format!("{at_amazon}?sku=TEA"), closed).await;
    until("its notice is delivered", async || {
        let told = shop.seller.told().await;
        let of_listings = |(kind, deliveries): &(String, u64)| {
            kind == "LISTINGS_ITEM_STATUS_CHANGE" && *deliveries > 0
        };
        told.iter().any(of_listings).then_some(())
    })
    .await;
    shop.assert_amazon_allowed_all().await;
}

#[tokio::test]
async fn a_deactivated_account_is_frozen_and_a_disconnected_seller_is_not_subscribed_any_more() {
    let shop = Shop::subscribed(STAFF).await;
    let frozen = async |is: bool| {
        until("the freeze", async || {
            let stock = shop.tenant.get(&shop.path("/stock-settings")).await.is(200);
            (stock["frozen"].is_object() == is).then_some(())
        })
        .await;
    };
    shop.seller.account_is("DEACTIVATED").await;
    frozen(true).await;
    shop.seller.account_is("NORMAL").await;
    frozen(false).await;
    shop.tenant.delete(&shop.path("")).await.is(200);
    let told = shop.seller.told().await.len();
    shop.seller
        .add(vec![order(1, bought(Timestamp::now()))])
        .await;
    assert_eq!(shop.seller.told().await.len(), told, "nobody is told");
}
