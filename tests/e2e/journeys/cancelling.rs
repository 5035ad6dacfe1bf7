//! A cancellation: from the desk to Amazon's verdict, also if that does not come for hours.

use crate::stack::seller::admin;
use crate::stack::shop::Shop;
use crate::stack::{STAFF, Stack, operator, until};
use crate::world::amazon::{order, order_id};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use stallkeeper::domain::marketplace::Marketplace::Uk;

/// Waits until the order's cancellation is as it is to be; returns it.
async fn cancellation(shop: &Shop, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    until(what, async || {
        let order = shop.order(&order_id(1)).await;
        let cancellation = order["cancellations"][0].clone();
        is(&cancellation).then_some(cancellation)
    })
    .await
}

/// What the stack sends itself a minute later.
async fn has(shop: &Shop, queue: &str, kind: &str, feed: &Value) {
    let message = json!({
        "v": 1, "kind": kind, "tenant": shop.tenant.id, "connection": shop.connection, "feed": feed, "hop": 0,
    });
    Stack::running().send(queue, &message).await;
}

#[tokio::test]
async fn a_cancellation_whose_result_does_not_come_keeps_its_lines_and_is_settled_when_it_comes_after_all()
 {
    let shop = Shop::connect(&[Uk], STAFF).await;
    shop.put_courier().await;
    shop.map("STD UK DOM", "DPD/next-day").await;
    shop.switch_on("UK").await;
    shop.seller.feeds_get_stuck().await;
    shop.seller.add(vec![order(1, json!({}))]).await;
    shop.set_status("active").await;
    shop.has_orders("ready", 1).await;

    let path = shop.order_path(&order_id(1), "/cancel");
    let off = json!({"all_open": true, "reason": "no_carrier"});
    shop.tenant.post(&path, off).await.is(202);
    has(&shop, "CancellationsQueueUrl", "send", &Value::Null).await;
    let sent = cancellation(&shop, "it is sent", |it| it["state"] == "sent").await;
    let feed = &sent["feed"];
    let id = feed.as_str().unwrap();
    let shown = shop.path(&format!("/feeds/{id}"));
    until("Amazon has the feed", async || {
        let feed = shop.tenant.get(&shown).await.is(200);
        (feed["state"] == "submitted").then_some(())
    })
    .await;

    operator::age_feed(id, 5).await;
    has(&shop, "FeedChecksQueueUrl", "check", feed).await;
    let waits = cancellation(&shop, "it says what it waits for", |it| {
        it["note"].is_string()
    })
    .await;
    assert_eq!(waits["state"], "sent");
    let parcel = json!({
        "courier_service": "DPD/next-day", "tracking_number": "15501234567890",
        "handed_over_at": Timestamp::now().to_string(),
    });
    let parcel_path = shop.order_path(&order_id(1), "/dispatches/P-1");
    shop.tenant.put(&parcel_path, parcel).await.is(409);
    // The alarm `StuckFeeds` counts these words.
    let logs = operator::logs().await;
    let (_, log) = logs
        .iter()
        .find(|(name, _)| name.contains("SettleFeeds"))
        .unwrap();
    let is_counted = |line: &str| line.contains("is stuck") && line.contains(id);
    assert!(log.lines().any(is_counted));

    admin(Method::POST, "feeds/release", json!({})).await;
    has(&shop, "FeedChecksQueueUrl", "check", feed).await;
    let accepted = cancellation(&shop, "it is accepted", |it| it["settled_at"].is_string()).await;
    assert_eq!(accepted["note"], Value::Null);
    shop.fetches("cancelled", 1).await;
    cancellation(&shop, "Amazon's order shows it", |it| {
        it["state"] == "cancelled"
    })
    .await;
    assert_eq!(shop.seller.feeds().await.len(), 1, "it was sent once");
    shop.assert_amazon_allowed_all().await;
}
