//! Orders of one connection: from Amazon to the desk and onto the bus.

use crate::stack::bus::Listener;
use crate::stack::shop::Shop;
use crate::stack::{STAFF, STAFF_WITH_BUYERS, until};
use crate::world::amazon::{of_store, order, order_id};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stallkeeper::domain::marketplace::Marketplace::{De, Uk};
use std::collections::BTreeSet;

pub fn at_level(level: &str) -> Value {
    json!({"fulfillment": {"fulfillmentServiceLevel": level}})
}

/// A moment that a sweep may see already, and that is new.
pub fn minutes_ago(minutes: i64) -> String {
    let ago = SignedDuration::from_mins(minutes);
    Timestamp::now().checked_sub(ago).unwrap().to_string()
}

fn named(shop: &Shop, numbers: &[u32]) -> Value {
    let name = |number: &u32| json!({"connection": shop.connection, "id": order_id(*number)});
    json!({"orders": numbers.iter().map(name).collect::<Vec<_>>()})
}

fn outcomes(answer: &Value) -> Vec<&str> {
    let rows = answer["orders"].as_array().unwrap().iter();
    rows.map(|row| row["outcome"].as_str().unwrap()).collect()
}

/// A shop with an order of each kind: mapped, not mapped, and of a marketplace that is not switched on.
async fn with_three_orders() -> Shop {
    let shop = Shop::connect(&[Uk, De], STAFF_WITH_BUYERS).await;
    shop.put_courier().await;
    shop.map("STD UK DOM", "DPD/next-day").await;
    shop.switch_on("UK").await;
    let orders = vec![
        order(1, json!({})),
        order(2, at_level("EXPEDITED")),
        order(3, of_store(De, "DE", "10115")),
    ];
    shop.seller.add(orders).await;
    shop
}

#[tokio::test]
async fn orders_come_in_find_their_courier_and_are_taken_over() {
    let shop = with_three_orders().await;
    let mut bus = Listener::start(Some(&shop.tenant.id)).await;
    shop.set_status("active").await;

    let ready = shop.has_orders("ready", 1).await;
    assert_eq!(ready[0]["order_id"], json!(order_id(1)));
    assert_eq!(ready[0]["service"], "DPD/next-day");
    let waiting = shop.has_orders("pending_review", 1).await;
    assert_eq!(waiting[0]["reason"], "no_mapping");
    assert_eq!(waiting[0]["term"], "EXP UK DOM");

    a_store_that_is_switched_on_gets_its_parked_orders(&shop).await;
    each_is_found_by_what_a_person_has_in_hand(&shop).await;
    a_new_mapping_frees_what_waited_for_it(&shop).await;
    a_person_picks(&shop).await;

    let take_over = async || {
        let orders = named(&shop, &[1, 2, 3]);
        shop.tenant
            .post("/orders/acknowledge", orders)
            .await
            .is(200)
    };
    assert_eq!(outcomes(&take_over().await), ["acknowledged"; 3]);
    assert_eq!(outcomes(&take_over().await), ["already"; 3]);
    shop.has_orders("acknowledged", 3).await;

    each_change_is_told_once(&shop, &mut bus).await;
    shop.assert_amazon_allowed_all().await;
    bus.stop().await;
}

async fn a_store_that_is_switched_on_gets_its_parked_orders(shop: &Shop) {
    let parked = shop.has_orders("parked", 1).await;
    assert_eq!(parked[0]["order_id"], json!(order_id(3)));
    let buyer = shop.order_path(&order_id(3), "/buyer");
    shop.tenant.get(&buyer).await.problem(404, "no-buyer-data");
    let store = shop.path("/marketplaces/DE");
    let shown = shop.tenant.get(&store).await.is(200);
    assert!(shown["parked_since"].is_string(), "{shown}");

    shop.switch_on("DE").await;
    shop.has_orders("pending_review", 2).await;
    shop.has_orders("parked", 0).await;
    let history = shop.order(&order_id(3)).await["history"].clone();
    let last = history.as_array().unwrap().last().unwrap();
    let note = last["note"].as_str().unwrap();
    assert!(note.contains("marketplace was switched on"), "{history}");
    let buyer = shop.tenant.get(&buyer).await.is(200);
    assert!(buyer.to_string().contains("Peregrine Quillfeather-3"));
    let shown = shop.tenant.get(&store).await.is(200);
    assert!(shown["parked_since"].is_null(), "{shown}");
}

/// One function's role seals the key of postcodes, another's opens it.
async fn each_is_found_by_what_a_person_has_in_hand(shop: &Shop) {
    let ids = |page: Value| -> Vec<String> {
        let orders = page["orders"].as_array().unwrap().iter();
        let mut ids: Vec<_> = orders
            .map(|order| order["order_id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    };
    for (postcode, numbers) in [
        ("ls1 1aa", vec![1, 2]),
        ("10-115", vec![3]),
        ("10117", vec![]),
    ] {
        let search = json!({"postcode": postcode});
        let found = shop.tenant.post("/orders/search", search).await.is(200);
        let expected: Vec<_> = numbers.into_iter().map(order_id).collect();
        assert_eq!(ids(found), expected, "{postcode}");
    }
    let path = format!("/orders?order_id={}", order_id(2));
    let found = shop.tenant.get(&path).await.is(200);
    assert_eq!(ids(found), [order_id(2)]);
    let sku = shop.order(&order_id(3)).await["amazon"]["items"][0]["sku"].clone();
    let sku =
        url::form_urlencoded::byte_serialize(sku.as_str().unwrap().as_bytes()).collect::<String>();
    let found = shop.tenant.get(&format!("/orders?sku={sku}")).await.is(200);
    assert!(ids(found).contains(&order_id(3)));
}

async fn a_new_mapping_frees_what_waited_for_it(shop: &Shop) {
    shop.map("EXP UK DOM", "DPD/parcel").await;
    shop.has_orders("ready", 2).await;
    let freed = shop.order(&order_id(2)).await;
    assert_eq!(freed["decision"]["service"], "DPD/parcel");
}

async fn a_person_picks(shop: &Shop) {
    let path = shop.order_path(&order_id(3), "/courier");
    let pick = async |service: &str| shop.tenant.post(&path, json!({"service": service})).await;
    pick("DPD/no-such-service")
        .await
        .problem(422, "service-does-not-fit");
    let picked = pick("DPD/parcel").await.is(200);
    assert_eq!(picked["status"], "ready");
    assert_eq!(pick("DPD/parcel").await.is(200), picked);
    let late = pick("DPD/next-day").await.problem(409, "not-pending");
    assert_eq!(late["current"]["decision"]["service"], "DPD/parcel");
}

async fn each_change_is_told_once(shop: &Shop, bus: &mut Listener) {
    let kinds = [
        ("order.imported", vec![1, 2, 3]),
        ("order.pending_review", vec![2, 3]),
        ("order.courier_assigned", vec![1, 2, 3]),
        // Nothing changed at Amazon; but the one that was parked is not what it was.
        ("order.changed", vec![3]),
    ];
    for (kind, numbers) in kinds {
        let wanted: Vec<String> = numbers.into_iter().map(order_id).collect();
        let announced = until(kind, async || {
            bus.listen().await;
            let details = bus.of_type(kind).into_iter();
            let mut announced: Vec<String> = details
                .map(|detail| detail["order_id"].as_str().unwrap().to_owned())
                .collect();
            announced.sort();
            (announced.len() >= wanted.len()).then_some(announced)
        })
        .await;
        assert_eq!(announced, wanted, "{kind}");
    }
    let revisions: BTreeSet<String> = bus
        .heard
        .values()
        .map(|event| {
            let detail = &event["detail"];
            assert_eq!(detail["connection"], json!(shop.connection));
            format!("{} {detail}", event["detail-type"])
        })
        .collect();
    assert_eq!(revisions.len(), bus.heard.len());
}

#[tokio::test]
async fn an_order_that_comes_in_late_is_announced_as_at_risk() {
    let shop = Shop::connect(&[Uk], STAFF).await;
    let mut bus = Listener::start(Some(&shop.tenant.id)).await;
    shop.switch_on("UK").await;
    let ship_by = minutes_ago(-60);
    let late = json!({"fulfillment": {"shipByWindow": {"latestDateTime": ship_by}}});
    shop.seller
        .add(vec![order(1, late), order(2, json!({}))])
        .await;
    shop.set_status("active").await;
    shop.has_orders("pending_review", 2).await;
    let at_risk = until("the order is announced as at risk", async || {
        bus.listen().await;
        bus.of_type("order.at_risk").first().map(|it| (*it).clone())
    })
    .await;
    assert_eq!(at_risk["order_id"], json!(order_id(1)));
    assert_eq!(at_risk["risk"], "ship_by");
    assert!(at_risk["auto_cancel_at"].is_string(), "{at_risk}");
    let listed = shop.tenant.get("/orders?at_risk=true").await.is(200);
    assert_eq!(listed["orders"].as_array().unwrap().len(), 1);
    bus.stop().await;
}

#[tokio::test]
async fn what_changes_at_amazon_changes_here_and_is_told() {
    let shop = Shop::connect(&[Uk], STAFF).await;
    let mut bus = Listener::start(Some(&shop.tenant.id)).await;
    shop.switch_on("UK").await;
    shop.seller.add(vec![order(1, json!({}))]).await;
    shop.set_status("active").await;
    shop.has_orders("pending_review", 1).await;

    let cancelled = json!({
        "lastUpdatedTime": minutes_ago(4),
        "fulfillment": {"fulfillmentStatus": "CANCELLED"},
    });
    shop.seller.change(&order_id(1), cancelled).await;
    shop.fetches("cancelled", 1).await;
    for kind in ["order.changed", "order.cancelled"] {
        until(kind, async || {
            bus.listen().await;
            (bus.of_type(kind).len() == 1).then_some(())
        })
        .await;
    }
    assert_eq!(bus.of_type("order.imported").len(), 1);
    shop.assert_amazon_allowed_all().await;
    bus.stop().await;
}

#[tokio::test]
async fn reading_orders_again_costs_a_few_calls_and_changes_nothing() {
    let shop = Shop::connect(&[Uk], STAFF).await;
    let path = shop.path("/orders/refetch");
    let refetch = async |since: &str| shop.tenant.post(&path, json!({"since": since})).await;
    refetch(&minutes_ago(60)).await.problem(409, "not-fetching");
    shop.switch_on("UK").await;
    shop.seller.add(crate::world::amazon::orders(3)).await;
    shop.set_status("active").await;
    let before = shop.has_orders("pending_review", 3).await;
    let whole = shop.order(&order_id(1)).await;
    let calls = until("the first sweep", async || {
        let searches = shop.seller.searches().await;
        (!searches.is_empty()).then_some(searches.len())
    })
    .await;

    for bad in [
        "yesterday",
        "2026-11-20",
        &minutes_ago(-5),
        &minutes_ago(31 * 24 * 60),
    ] {
        let problem = refetch(bad).await.is(422);
        assert_eq!(
            problem["errors"][0]["pointer"], "/since",
            "{bad}: {problem}"
        );
    }
    // The cursor is saved a moment after its last order is queued.
    let since = minutes_ago(24 * 60);
    let accepted = until("a refetch", async || {
        let answer = refetch(&since).await;
        (answer.status == 202).then_some(answer.body)
    })
    .await;
    assert!(
        accepted["since"].as_str().unwrap() <= since.as_str(),
        "{accepted}"
    );
    // `paging` ends with the sweep: its window is the last one then.
    until("another sweep from there", async || {
        let searches = shop.seller.searches().await;
        searches.get(calls..)?.iter().find_map(|call| {
            let from: Timestamp = call.parameter("lastUpdatedAfter")?.parse().ok()?;
            (from <= since.parse().ok()?).then_some(())
        })
    })
    .await;
    until("both queues are empty", async || {
        use crate::stack::operator::is_worked_off;
        let done =
            is_worked_off("OrderTicksQueueUrl").await && is_worked_off("OrdersQueueUrl").await;
        done.then_some(())
    })
    .await;
    assert_eq!(shop.tenant.orders("pending_review").await, before);
    assert_eq!(shop.order(&order_id(1)).await, whole);
    shop.assert_amazon_allowed_all().await;
}
