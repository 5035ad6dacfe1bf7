//! From a connected seller and a stock level to what Amazon shows, as a platform lives it: matching, preview, publishing,
//! rounds, and every way of stopping them.

use crate::stack::bus::Listener;
use crate::stack::seller::admin;
use crate::stack::shop::Shop;
use crate::stack::{STAFF, Stack, operator, until};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use stallkeeper::domain::marketplace::Marketplace::Uk;
use std::collections::BTreeMap;

const CUP: &str = "CUP #1/blue & \"white\"";
const PLATE: &str = "Teller Größe 2";
const PAIR: &str = "cups, 2 of them";
/// The report has it in capitals.
const MUG: &str = "mug-9";
const FLAMMABLE: &str = "LAMP-OIL";
/// How often is looked before there is another round.
const LOOKS_A_ROUND: u32 = 12;

/// A shop whose listings Amazon has, and whose products and levels are known.
async fn stocked_shop() -> Shop {
    let shop = Shop::connect(&[Uk], STAFF).await;
    shop.switch_on("UK").await;
    let listing = |sku: &str, fulfilment: &str| json!({"sku": sku, "marketplaces": [Uk.id()], "quantity": 50, "fulfilment": fulfilment});
    let listings = json!({"listings": [
        listing(CUP, "MERCHANT"), listing(PLATE, "MERCHANT"), listing(PAIR, "MERCHANT"),
        listing("MUG-9", "MERCHANT"), listing(FLAMMABLE, "MERCHANT"), listing("FBA-1", "AMAZON"),
    ]});
    on_amazon(&shop, Method::PUT, "listings", listings).await;
    let products = [CUP, PLATE, MUG, FLAMMABLE, "FBA-1"].map(|sku| json!({ "sku": sku }));
    let put = shop.tenant.put("/products", json!(products)).await.is(202);
    assert_eq!(put["rejected"], json!([]));
    // Counted before the orders are first fetched, so that nothing waits for a sweep.
    let earlier = Timestamp::now() - SignedDuration::from_mins(20);
    put_levels(
        &shop,
        &[(CUP, 9), (PLATE, 4), (MUG, 5), (FLAMMABLE, 7), ("FBA-1", 3)],
        earlier,
    )
    .await;
    until("the products are stored", async || {
        let known = shop.tenant.get(&of_sku("/products", CUP)).await;
        let known = known.body["product"].is_object();
        known.then_some(())
    })
    .await;
    shop.set_status("active").await;
    let alias = of_sku(&shop.path("/aliases"), PAIR);
    let tie = json!({"product": CUP, "units": 2});
    shop.tenant.put(&alias, tie).await.is(200);
    shop
}

async fn put_levels(shop: &Shop, levels: &[(&str, u32)], at: Timestamp) {
    let rows = levels.iter().map(|(sku, quantity)| {
        json!({"sku": sku, "warehouse": "LON", "quantity": quantity, "measured_at": at})
    });
    let rows: Vec<Value> = rows.collect();
    let put = shop.tenant.put("/stock-levels", json!(rows)).await.is(202);
    assert_eq!(put["rejected"], json!([]));
}

async fn on_amazon(shop: &Shop, method: Method, path: &str, body: Value) -> Value {
    admin(method, &format!("sellers/{}/{path}", shop.seller.id), body).await
}

/// What Amazon shows of each SKU.
async fn shown(shop: &Shop) -> BTreeMap<String, u64> {
    let listings = on_amazon(shop, Method::GET, "listings?brief=true", Value::Null).await;
    let listings = listings.as_array().unwrap().iter();
    let of_each = listings.map(|it| {
        let sku = it["sku"].as_str().unwrap().to_owned();
        (sku, it["quantity"].as_u64().unwrap())
    });
    of_each.collect()
}

fn of_sku(path: &str, sku: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    format!("{path}?{}", query.append_pair("sku", sku).finish())
}

async fn explain(shop: &Shop, sku: &str) -> Value {
    let path = of_sku(&shop.path("/listings"), sku);
    shop.tenant.get(&path).await.is(200)
}

/// Drafts settings, has their effect shown, and puts them in force.
async fn publish(shop: &Shop, wish: Value) -> Value {
    let (settings, publish) = (shop.path("/stock-settings"), shop.path("/publish"));
    let draft = json!({"on": true, "brakes": {"zero_percent": 100}});
    shop.tenant.put(&settings, draft).await.is(200);
    shop.tenant
        .post(&publish, json!({}))
        .await
        .problem(409, "not-previewed");
    let preview = json!({"preview": true});
    shop.tenant.post(&publish, preview).await.is(202);
    let effect = until("a preview", async || {
        let preview = shop.tenant.get(&settings).await.is(200)["preview"].clone();
        assert!(preview["failed"].is_null(), "{preview}");
        preview["effect"]
            .is_object()
            .then(|| preview["effect"].clone())
    })
    .await;
    shop.tenant.post(&publish, wish).await.is(200);
    effect
}

/// Lets the clock tick, for orders and for rounds, until it is so.
async fn rounds_until(shop: &Shop, what: &str, there: impl AsyncFn() -> bool) {
    let mut looked = 0_u32;
    until(what, async || {
        if looked.is_multiple_of(LOOKS_A_ROUND) {
            shop.tick().await;
            round(shop).await;
        }
        looked += 1;
        there().await.then_some(())
    })
    .await;
}

async fn round(shop: &Shop) {
    let stack = Stack::running();
    stack.stock_tick(&shop.tenant.id, &shop.connection).await;
}

/// Waits until this quantity is wanted of a listing.
async fn is_wanted(shop: &Shop, sku: &str, quantity: u32) {
    until(&format!("{quantity} wanted of {sku}"), async || {
        let wanted = explain(shop, sku).await["wanted"]["value"] == json!(quantity);
        wanted.then_some(())
    })
    .await;
}

/// Waits until every message about rounds is worked on.
async fn rounds_are_over() {
    for queue in ["StockChangesQueueUrl", "StockTicksQueueUrl"] {
        until("no round left", async || {
            operator::is_worked_off(queue).await.then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn from_a_stock_level_to_what_amazon_shows() {
    let shop = stocked_shop().await;
    let mut bus = Listener::start(Some(&shop.tenant.id)).await;
    let refusal =
        json!({FLAMMABLE: {"code": "90220", "message": "'Battery type' is required but missing."}});
    on_amazon(&shop, Method::PUT, "refusals", refusal).await;
    let effect = publish(&shop, json!({})).await;
    assert_eq!(effect["matched"], 4, "{effect}");
    assert_eq!(effect["fulfilled_by_amazon"], 1, "{effect}");
    assert_eq!(shown(&shop).await[CUP], 50, "a preview sends nothing");

    rounds_until(&shop, "Amazon shows what is wanted", async || {
        let shown = shown(&shop).await;
        (shown[CUP], shown[PLATE], shown[PAIR]) == (9, 4, 4)
    })
    .await;
    until("what is wrong is announced", async || {
        bus.listen().await;
        let announced = !bus.of_type("listing.refused").is_empty()
            && !bus.of_type("listing.case_mismatch").is_empty();
        announced.then_some(())
    })
    .await;
    let refused = bus.of_type("listing.refused")[0];
    assert_eq!(
        (&refused["sku"], &refused["code"]),
        (&json!(FLAMMABLE), &json!("90220"))
    );
    let mismatch = bus.of_type("listing.case_mismatch")[0];
    assert_eq!(
        (&mismatch["sku"], &mismatch["product"]),
        (&json!("MUG-9"), &json!(MUG))
    );
    let explained = explain(&shop, FLAMMABLE).await;
    assert_eq!(explained["refused"]["code"], "90220", "{explained}");
    let shown_at_last = shown(&shop).await;
    assert_eq!((shown_at_last["MUG-9"], shown_at_last[FLAMMABLE]), (50, 50));

    // The last cup breaks: that waits for no round, and takes its pairs along.
    put_levels(&shop, &[(CUP, 0)], Timestamp::now()).await;
    until("no cup is for sale", async || {
        let shown = shown(&shop).await;
        ((shown[CUP], shown[PAIR]) == (0, 0)).then_some(())
    })
    .await;
    shop.assert_amazon_allowed_all().await;
    bus.stop().await;
}

#[tokio::test]
async fn whoever_is_frozen_or_paused_sends_nothing_from_that_moment_on() {
    let shop = stocked_shop().await;
    publish(&shop, json!({})).await;
    rounds_until(&shop, "Amazon shows what is wanted", async || {
        shown(&shop).await[PLATE] == 4 && shown(&shop).await[CUP] == 9
    })
    .await;
    let why = json!({"reason": "stock-taking"});
    shop.tenant.post(&shop.path("/freeze"), why).await.is(200);
    put_levels(&shop, &[(PLATE, 0)], Timestamp::now()).await;
    is_wanted(&shop, PLATE, 0).await;
    round(&shop).await;
    rounds_are_over().await;
    assert_eq!(shown(&shop).await[PLATE], 4, "frozen");
    shop.tenant
        .post(&shop.path("/unfreeze"), Value::Null)
        .await
        .is(200);
    until("what was frozen goes out", async || {
        (shown(&shop).await[PLATE] == 0).then_some(())
    })
    .await;

    shop.set_status("paused").await;
    put_levels(&shop, &[(CUP, 0)], Timestamp::now()).await;
    is_wanted(&shop, CUP, 0).await;
    round(&shop).await;
    rounds_are_over().await;
    assert_eq!(shown(&shop).await[CUP], 9, "paused");
    shop.set_status("active").await;
    rounds_until(&shop, "what was paused goes out", async || {
        shown(&shop).await[CUP] == 0
    })
    .await;
    shop.assert_amazon_allowed_all().await;
}

#[tokio::test]
async fn in_shadow_everything_is_computed_and_nothing_is_sent() {
    let shop = stocked_shop().await;
    publish(&shop, json!({"shadow": true})).await;
    is_wanted(&shop, CUP, 9).await;
    rounds_until(&shop, "a round in shadow", async || {
        let plan = shop.tenant.get(&shop.path("/stock-settings")).await.is(200);
        plan["last_round"]["shadowed"].as_u64().unwrap() > 0
    })
    .await;
    put_levels(&shop, &[(CUP, 0)], Timestamp::now()).await;
    is_wanted(&shop, CUP, 0).await;
    rounds_are_over().await;
    let left = shown(&shop).await;
    assert!(
        left.values()
            .all(|quantity| *quantity == 50 || *quantity == 0),
        "{left:?}"
    );
    assert_eq!(left[CUP], 50);
    shop.assert_amazon_allowed_all().await;
}

#[tokio::test]
async fn a_held_listing_gets_nothing_until_it_is_released() {
    let shop = stocked_shop().await;
    let mut bus = Listener::start(Some(&shop.tenant.id)).await;
    publish(&shop, json!({})).await;
    rounds_until(&shop, "Amazon shows what is wanted", async || {
        shown(&shop).await[PLATE] == 4 && shown(&shop).await[CUP] == 9
    })
    .await;
    let holds = |sku| of_sku(&shop.path("/holds"), sku);
    let leave = json!({"mode": "leave", "reason": "stock-taking"});
    shop.tenant.put(&holds(PLATE), leave).await.is(200);
    let zero = json!({"mode": "zero", "reason": "a recall"});
    shop.tenant.put(&holds(CUP), zero).await.is(200);
    until("the listing that is held at zero shows it", async || {
        (shown(&shop).await[CUP] == 0).then_some(())
    })
    .await;
    // Counted before the orders were last fetched: once it is released, an increase need not wait for a sweep.
    let earlier = Timestamp::now() - SignedDuration::from_mins(10);
    put_levels(&shop, &[(PLATE, 0), (CUP, 8)], earlier).await;
    is_wanted(&shop, PLATE, 0).await;
    is_wanted(&shop, CUP, 8).await;
    round(&shop).await;
    rounds_are_over().await;
    let left = shown(&shop).await;
    assert_eq!((left[PLATE], left[CUP]), (4, 0));
    let explained = explain(&shop, PLATE).await;
    assert_eq!(explained["hold"]["reason"], "stock-taking", "{explained}");
    let listed = shop.tenant.get(&shop.path("/holds")).await.is(200);
    assert_eq!(listed["holds"].as_array().unwrap().len(), 2);

    for sku in [PLATE, CUP] {
        shop.tenant.delete(&holds(sku)).await.is(204);
    }
    rounds_until(&shop, "Amazon shows what is wanted again", async || {
        let shown = shown(&shop).await;
        (shown[PLATE], shown[CUP]) == (0, 8)
    })
    .await;
    until("holds are announced", async || {
        bus.listen().await;
        let all = ["listing.held", "listing.released"];
        let announced = all.iter().all(|kind| bus.of_type(kind).len() == 2);
        announced.then_some(())
    })
    .await;
    shop.assert_amazon_allowed_all().await;
    bus.stop().await;
}
