//! A parcel: from the desk to Amazon, and back by Amazon's own word.

use crate::stack::bus::Listener;
use crate::stack::seller::admin;
use crate::stack::shop::Shop;
use crate::stack::{STAFF, until};
use crate::world::amazon::{order, order_id};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use stallkeeper::domain::marketplace::Marketplace::Uk;
use std::collections::{BTreeMap, BTreeSet};

/// A shop whose courier carries its orders.
async fn shop_with(orders: Vec<Value>) -> Shop {
    let shop = Shop::connect(&[Uk], STAFF).await;
    shop.put_courier().await;
    shop.map("STD UK DOM", "DPD/next-day").await;
    shop.switch_on("UK").await;
    shop.seller.add(orders).await;
    shop
}

/// What Amazon has: its packages, with what each confirmation did to them.
async fn packages(shop: &Shop) -> Vec<Value> {
    let path = format!("sellers/{}/packages", shop.seller.id);
    let packages = admin(Method::GET, &path, Value::Null).await;
    serde_json::from_value(packages).unwrap()
}

fn effects(package: &Value) -> Vec<&str> {
    let confirmations = package["confirmations"].as_array().unwrap().iter();
    confirmations
        .map(|it| it["effect"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_parcel_is_told_to_amazon_once_and_an_edit_keeps_its_number() {
    let shop = shop_with(vec![order(1, json!({}))]).await;
    let mut bus = Listener::start(Some(&shop.tenant.id)).await;
    shop.set_status("active").await;
    shop.has_orders("ready", 1).await;

    let path = shop.order_path(&order_id(1), "/dispatches/P-1");
    let parcel = |number: &str| {
        json!({
            "courier_service": "DPD/next-day", "tracking_number": number,
            "handed_over_at": Timestamp::now().to_string(), "warehouse": "LON",
        })
    };
    let first = parcel("15501234567890");
    let put = shop.tenant.put(&path, first.clone()).await.is(200);
    assert_eq!(put["lines"].as_array().map(Vec::is_empty), Some(false));
    shop.has_orders("dispatched", 1).await;
    is_confirmed(&shop, "15501234567890").await;
    let again = shop.tenant.put(&path, first).await.is(200);
    assert_eq!(again["state"], "confirmed", "the same again");
    shop.tenant
        .put(&path, parcel("15509999999999"))
        .await
        .is(200);
    is_confirmed(&shop, "15509999999999").await;

    let packages = packages(&shop).await;
    let [package] = &packages[..] else {
        panic!("{packages:?}")
    };
    assert_eq!(effects(package), ["new", "edited"]);
    for kind in ["dispatch.confirmed", "dispatch.edited"] {
        until(kind, async || {
            bus.listen().await;
            (bus.of_type(kind).len() == 1).then_some(())
        })
        .await;
    }
    shop.assert_amazon_allowed_all().await;
    bus.stop().await;
}

#[tokio::test]
async fn a_confirmation_whose_answer_is_lost_is_at_amazon_once_and_under_its_number() {
    let all = 1..=3;
    let shop = shop_with(all.clone().map(|number| order(number, json!({}))).collect()).await;
    shop.set_status("active").await;
    shop.has_orders("ready", 3).await;
    let is_lost = |number: u32| number < 3;
    for number in all.clone().filter(|it| is_lost(*it)) {
        let fault = json!({
            "operation": "confirmShipment", "kind": "lost", "seller": shop.seller.id, "order": order_id(number),
        });
        admin(Method::POST, "faults", fault).await;
    }
    // Long enough ago for Amazon's clock, so that the repeated call says the same date.
    let handed_over_at = Timestamp::now() - SignedDuration::from_mins(5);
    let row = |number: u32| {
        json!({
            "connection": shop.connection, "order_id": order_id(number), "parcel": "P-1",
            "courier_service": "DPD/next-day", "tracking_number": format!("1550123456789{number}"),
            "handed_over_at": handed_over_at.to_string(),
        })
    };
    let rows: Vec<Value> = all.clone().map(row).collect();
    let taken = shop.tenant.post("/dispatches", json!(rows)).await.is(202);
    assert_eq!(taken["accepted"], 3, "{taken}");

    let mut lost = BTreeSet::new();
    let mut numbers = BTreeMap::new();
    until("all are confirmed", async || {
        for number in all.clone() {
            let order = shop.order(&order_id(number)).await;
            let dispatch = &order["dispatches"][0];
            match dispatch["state"].as_str() {
                Some("unknown") => drop(lost.insert(number)),
                Some("confirmed") => {
                    drop(numbers.insert(order_id(number), dispatch["package_number"].clone()));
                }
                _ => {}
            }
        }
        (numbers.len() == 3).then_some(())
    })
    .await;
    assert_eq!(lost, all.clone().filter(|it| is_lost(*it)).collect());
    let packages = packages(&shop).await;
    assert_eq!(packages.len(), 3, "{packages:?}");
    for number in all {
        let of_order = |it: &&Value| it["order_id"] == order_id(number);
        let package = packages.iter().find(of_order).unwrap();
        let expected: &[&str] = if is_lost(number) {
            &["new", "repeated"]
        } else {
            &["new"]
        };
        assert_eq!(effects(package), expected, "{package}");
        let reference = &package["package"]["packageReferenceId"];
        assert_eq!(*reference, numbers[&order_id(number)]);
    }
    shop.assert_amazon_allowed_all().await;
}

/// Waits until Amazon has confirmed the parcel under this tracking number.
async fn is_confirmed(shop: &Shop, number: &str) {
    until("the parcel is confirmed", async || {
        let order = shop.order(&order_id(1)).await;
        let dispatch = &order["dispatches"][0];
        let is = dispatch["state"] == "confirmed" && dispatch["tracking_number"] == number;
        is.then_some(())
    })
    .await;
}
