//! A parcel: from the desk to Amazon, and back by Amazon's own word.

use crate::stack::bus::Listener;
use crate::stack::seller::admin;
use crate::stack::shop::Shop;
use crate::stack::{STAFF, until};
use crate::world::amazon::{order, order_id};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use stallkeeper::domain::marketplace::Marketplace::Uk;

#[tokio::test]
async fn a_parcel_is_told_to_amazon_once_and_an_edit_keeps_its_number() {
    let shop = Shop::connect(&[Uk], STAFF).await;
    shop.put_courier().await;
    shop.map("STD UK DOM", "DPD/next-day").await;
    shop.switch_on("UK").await;
    shop.seller.add(vec![order(1, json!({}))]).await;
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

    let packages = format!("sellers/{}/packages", shop.seller.id);
    let packages = admin(Method::GET, &packages, Value::Null).await;
    let [package] = &packages.as_array().unwrap()[..] else {
        panic!("{packages}")
    };
    let effects = package["confirmations"].as_array().unwrap().iter();
    let effects: Vec<&str> = effects.map(|it| it["effect"].as_str().unwrap()).collect();
    assert_eq!(effects, ["new", "edited"]);
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
