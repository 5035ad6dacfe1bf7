//! A connection is paused, switched off and on, and given up.

use crate::stack::shop::{Shop, pasted};
use crate::stack::tenant::Tenant;
use crate::stack::{STAFF, STAFF_WITH_BUYERS, operator, until};
use crate::world::amazon::{order, order_id};
use serde_json::json;
use stallkeeper::domain::marketplace::Marketplace::Uk;

#[tokio::test]
async fn the_schedule_follows_the_status() {
    let shop = Shop::connect(&[Uk], STAFF).await;
    shop.switch_on("UK").await;
    shop.schedule_is(false).await;
    shop.seller.add(vec![order(1, json!({}))]).await;

    shop.set_status("active").await;
    shop.schedule_is(true).await;
    shop.has_orders("pending_review", 1).await;
    shop.set_status("paused").await;
    shop.schedule_is(true).await;
    shop.seller.add(vec![order(2, json!({}))]).await;
    shop.fetches("pending_review", 2).await;

    shop.set_status("inactive").await;
    shop.schedule_is(false).await;
    operator::ticks_are_worked_off().await;
    let asked = shop.seller.searches().await.len();
    shop.tick().await;
    operator::ticks_are_worked_off().await;
    assert_eq!(shop.seller.searches().await.len(), asked);

    shop.seller.add(vec![order(3, json!({}))]).await;
    shop.set_status("active").await;
    shop.schedule_is(true).await;
    shop.fetches("pending_review", 3).await;
    shop.assert_amazon_allowed_all().await;
}

#[tokio::test]
async fn a_disconnected_connection_keeps_no_token_and_frees_its_seller() {
    let shop = Shop::connect(&[Uk], STAFF).await;
    shop.switch_on("UK").await;
    shop.seller.add(vec![order(1, json!({}))]).await;
    shop.set_status("active").await;
    shop.has_orders("pending_review", 1).await;
    // A link that is open when all ends.
    let path = shop.path("/reauthorise");
    let link = shop.tenant.post(&path, json!({})).await.is(200);
    let link = link["authorise_url"].as_str().unwrap();
    let kinds = kept(&shop).await;
    for kind in [
        "CREDENTIALS",
        "CURSOR#orders",
        "ATTEMPT",
        "OAUTH_STATE",
        "SELLER",
        "NOTICES",
        "SUBSCRIPTION",
    ] {
        assert!(kinds.iter().any(|kept| kept == kind), "{kind}: {kinds:?}");
    }

    for _ in 0..2 {
        let farewell = shop.tenant.delete(&shop.path("")).await.is(200);
        assert_eq!(farewell["status"], "disconnected");
        assert!(!farewell["retained"].as_array().unwrap().is_empty());
    }
    shop.schedule_is(false).await;
    shop.tick().await;
    operator::ticks_are_worked_off().await;
    let mut kinds = kept(&shop).await;
    kinds.retain(|kind| !kind.starts_with("CONNECTION#") && !kind.starts_with("MARKETPLACE#"));
    // How fast the seller may be asked belongs to the seller, not to a connection.
    let limits = [
        "searchOrders",
        "getMarketplaceParticipations",
        "getListingsItem",
        "getOrder",
        "getSubscription",
        "createDestination",
        "createSubscription",
        "deleteSubscriptionById",
    ];
    kinds.retain(|kind| !limits.contains(&kind.as_str()));
    assert_eq!(kinds, Vec::<String>::new());
    assert!(!operator::has_schedule(&shop.connection).await);
    let dead = crate::stack::browser::Browser::default().open(link).await;
    assert_eq!(dead.status, 410);

    assert_eq!(shop.show().await["status"], "disconnected");
    shop.order(&order_id(1)).await;
    let on = json!({"status": "active", "orders_from": "2020-01-01T00:00:00Z"});
    shop.tenant.patch(&shop.path(""), on).await.is(409);
    let next = Tenant::new(STAFF).await;
    let token = shop.seller.self_authorise().await;
    let made = next.post("/connections", pasted(&shop.seller.id, &token));
    made.await.is(201);
}

#[tokio::test]
async fn buyer_data_is_erased_on_request_one_order_or_all_of_a_connection() {
    let shop = Shop::connect(&[Uk], STAFF_WITH_BUYERS).await;
    shop.switch_on("UK").await;
    shop.seller
        .add((1..=3).map(|n| order(n, json!({}))).collect())
        .await;
    shop.set_status("active").await;
    shop.has_orders("pending_review", 3).await;
    let buyer = |n| shop.order_path(&order_id(n), "/buyer");
    shop.tenant.get(&buyer(1)).await.is(200);
    for _ in 0..2 {
        shop.tenant.delete(&buyer(1)).await.is(204);
        shop.tenant
            .get(&buyer(1))
            .await
            .problem(404, "no-buyer-data");
    }
    shop.tenant.get(&buyer(2)).await.is(200);

    shop.tenant.delete(&shop.path("")).await.is(200);
    let queued = shop.tenant.delete(&shop.path("/buyers")).await.is(202);
    assert_eq!(queued["connections"], json!([shop.connection]));
    until("the buyer data is gone", async || {
        let left = operator::items_about("BuyersTable", &[&shop.connection]).await;
        let is_mark = |text: &String| !text.contains("body") && !text.contains("Quillfeather");
        left.values().all(is_mark).then_some(())
    })
    .await;
    shop.order(&order_id(2)).await;
}

/// The sort keys of all that is kept of a shop's connection and seller.
async fn kept(shop: &Shop) -> Vec<String> {
    let names = [shop.connection.as_str(), &shop.seller.id];
    let items = operator::items_about("ConnectionsTable", &names).await;
    items.into_keys().map(|(_, sk)| sk).collect()
}
