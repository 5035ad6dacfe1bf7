//! A seller takes the authorisation back, and gives it again.

use super::orders::minutes_ago;
use crate::stack::STAFF;
use crate::stack::browser::Browser;
use crate::stack::bus::Listener;
use crate::stack::seller::AmazonCall;
use crate::stack::shop::Shop;
use crate::stack::{operator, until};
use crate::world::amazon::{order, order_id};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use stallkeeper::domain::marketplace::Marketplace::Uk;

fn moment(call: &AmazonCall, parameter: &str) -> Timestamp {
    call.parameter(parameter).unwrap().parse().unwrap()
}

/// Whether a search is the live lane's; the back-fill lane's reach further back.
fn is_live(call: &AmazonCall) -> bool {
    call.parameter("lastUpdatedAfter").is_some()
        && Timestamp::now().duration_since(moment(call, "lastUpdatedAfter"))
            < SignedDuration::from_hours(26)
}

const LOST: &str = "connection.needs_reauthorisation";

#[tokio::test]
async fn a_revoked_token_stops_the_connection_and_a_new_one_goes_on_where_it_stopped() {
    let shop = Shop::connect(&[Uk], STAFF).await;
    let mut bus = Listener::start(Some(&shop.tenant.id)).await;
    shop.switch_on("UK").await;
    shop.seller.add(vec![order(1, json!({}))]).await;
    shop.set_status("active").await;
    shop.has_orders("pending_review", 1).await;
    shop.schedule_is(true).await;
    let before = shop.order(&order_id(1)).await;

    shop.seller.revoke().await;
    shop.ticks_until_it_is("needs_reauthorisation").await;
    assert_eq!(shop.show().await["resumes_as"], "active");
    shop.schedule_is(false).await;
    shop.tick().await;
    operator::ticks_are_worked_off().await;
    // An order comes while nobody may ask for it.
    let late = json!({"createdTime": minutes_ago(5), "lastUpdatedTime": minutes_ago(4)});
    shop.seller.add(vec![order(2, late)]).await;
    let answered = |call: &AmazonCall| call.status == Some(200) && is_live(call);
    let searches = shop.seller.searches().await;
    let reached = moment(
        searches.iter().rev().find(|call| answered(call)).unwrap(),
        "lastUpdatedBefore",
    );
    let asked = searches.len();

    authorise_again(&shop).await;
    shop.schedule_is(true).await;
    shop.has_orders("pending_review", 2).await;
    let searches = shop.seller.searches().await;
    let next = searches[asked..].iter().find(|call| is_live(call)).unwrap();
    let overlap = SignedDuration::from_mins(10);
    assert_eq!(moment(next, "lastUpdatedAfter"), reached - overlap);
    assert_eq!(shop.order(&order_id(1)).await, before);

    until("both orders are announced", async || {
        bus.listen().await;
        (bus.of_type("order.imported").len() == 2).then_some(())
    })
    .await;
    assert_eq!(bus.of_type(LOST).len(), 1);
    assert_eq!(bus.of_type(LOST)[0]["connection"], json!(shop.connection));
    shop.assert_amazon_allowed_all().await;
    bus.stop().await;
}

async fn authorise_again(shop: &Shop) {
    let again = shop
        .tenant
        .post(&shop.path("/reauthorise"), json!({}))
        .await;
    let again = again.is(200);
    let link = again["authorise_url"].as_str().unwrap();
    let last = Browser::default().authorise(link, &shop.seller.id).await;
    assert_eq!(last.status, 200, "{last:?}");
    assert_eq!(shop.show().await["status"], "needs_reauthorisation");
    let who = json!({"seller_id": shop.seller.id, "code": last.code()});
    let confirmed = shop.tenant.post(&shop.path("/confirm"), who).await;
    assert_eq!(confirmed.is(200)["status"], "active");
}

#[tokio::test]
async fn another_seller_cannot_take_over_a_connection() {
    let (shop, other) = tokio::join!(
        Shop::connect(&[Uk], STAFF),
        crate::stack::seller::Seller::new(&[Uk])
    );
    let token = other.self_authorise().await;
    let authorisation = json!({"kind": "token", "seller_id": other.id, "refresh_token": token});
    let path = shop.path("/reauthorise");
    let pasted = json!({ "authorisation": authorisation });
    let refused = shop.tenant.post(&path, pasted).await;
    refused.problem(409, "other-seller");

    let again = shop.tenant.post(&path, json!({})).await.is(200);
    let link = again["authorise_url"].as_str().unwrap();
    let last = Browser::default().authorise(link, &other.id).await;
    let who = json!({"seller_id": other.id, "code": last.code()});
    let refused = shop.tenant.post(&shop.path("/confirm"), who).await;
    refused.problem(409, "other-seller");
    assert_eq!(shop.show().await["seller_id"], json!(shop.seller.id));
}
