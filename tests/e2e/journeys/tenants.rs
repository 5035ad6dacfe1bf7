//! Tenants are strangers to each other: each route is tried with another tenant's ids, and with every token that must
//! not open it.

use super::walk::{Reveals, STOCKED, Step, steps};
use crate::stack::seller::Seller;
use crate::stack::shop::Shop;
use crate::stack::tenant::{Answer, Tenant};
use crate::stack::{STAFF, STAFF_WITH_BUYERS, Stack, operator, until};
use crate::world::amazon::{order, order_id};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use stallkeeper::domain::marketplace::Marketplace::Uk;
use std::collections::{BTreeMap, BTreeSet};

/// A shop with an order that has its courier, and with all that a stranger could want.
async fn shop_with_an_order() -> Shop {
    let shop = Shop::connect(&[Uk], STAFF_WITH_BUYERS).await;
    shop.put_courier().await;
    shop.map("STD UK DOM", "DPD/next-day").await;
    shop.switch_on("UK").await;
    let product = json!([{"sku": STOCKED, "title": "tracked"}]);
    shop.tenant.put("/products", product).await.is(202);
    let level = json!([{"sku": STOCKED, "warehouse": "LON", "quantity": 9, "measured_at": "2026-11-20T00:00:00Z"}]);
    shop.tenant.put("/stock-levels", level).await.is(202);
    shop.seller.add(vec![order(1, json!({}))]).await;
    shop.set_status("active").await;
    shop.has_orders("ready", 1).await;
    until("what the order reserves is known", async || {
        let about = operator::items_about("CatalogueTable", &[&shop.connection]).await;
        (!about.is_empty()).then_some(())
    })
    .await;
    shop
}

/// All that is kept of a shop. How fast its seller may be asked is not the shop's alone.
async fn kept(shop: &Shop) -> BTreeMap<(String, String), String> {
    let names = [shop.tenant.id.as_str(), &shop.connection, &shop.seller.id];
    let mut kept = BTreeMap::new();
    for table in [
        "ConnectionsTable",
        "OrdersTable",
        "BuyersTable",
        "CatalogueTable",
    ] {
        kept.extend(operator::items_about(table, &names).await);
    }
    kept.retain(|(pk, _), _| !pk.starts_with("LIMIT#"));
    kept
}

async fn take(step: &Step, asking: &Tenant, shop: &Shop) -> Answer {
    let method: Method = step.method.parse().unwrap();
    let path = step.path(shop);
    asking.send(method, &path, step.body.clone()).await
}

/// Compares what another tenant was answered with what that may be.
fn assert_reveals(step: &Step, shop: &Shop, answer: Answer) {
    let (name, text) = (step.name(), answer.text.clone());
    match step.reveals {
        Reveals::NotFound => {
            answer.is(404);
        }
        Reveals::Nothing(list) => assert_eq!(answer.is(200)[list], json!([]), "{name}"),
        Reveals::Own(status) => {
            answer.is(status);
        }
        Reveals::Taken => {
            answer.problem(409, "seller-taken");
        }
        Reveals::NoSuchOrder => {
            let row = &answer.is(200)["orders"][0];
            assert_eq!(row["outcome"], "not_found", "{name}");
            assert!(row["status"].is_null() && row["service"].is_null(), "{row}");
        }
        Reveals::Public => assert!(answer.status < 500, "{name}: {text}"),
    }
    let sent = step.body.to_string();
    for secret in [
        &shop.tenant.id,
        &shop.seller.id,
        "A stall",
        "Quillfeather",
        "tracked",
    ] {
        assert!(
            sent.contains(secret) || !text.contains(secret),
            "{name} reveals {secret}: {text}"
        );
    }
}

#[tokio::test]
async fn no_route_reveals_or_changes_anything_of_another_tenant() {
    let (shop, stranger) = tokio::join!(shop_with_an_order(), Tenant::new(STAFF_WITH_BUYERS));
    let foreign = Seller::new(&[Uk]).await.self_authorise().await;
    // The sweep that found the order saves its place a moment later.
    shop.set_status("inactive").await;
    operator::ticks_are_worked_off().await;
    until("nothing left to be computed", async || {
        let done = operator::is_worked_off("StockChangesQueueUrl").await;
        done.then_some(())
    })
    .await;
    let before = kept(&shop).await;
    assert!(before.len() > 6, "{:?}", before.keys());
    for step in steps(&shop, &foreign) {
        let answer = take(&step, &stranger, &shop).await;
        assert_reveals(&step, &shop, answer);
        let after = kept(&shop).await;
        assert!(before == after, "{} changed something", step.name());
    }
}

#[tokio::test]
async fn no_route_opens_to_a_token_that_the_platform_did_not_give_for_it() {
    let shop = shop_with_an_order().await;
    let stack = Stack::running();
    let good = stack.token(&shop.tenant.id, STAFF_WITH_BUYERS, 3600).await;
    let over = stack.token(&shop.tenant.id, STAFF_WITH_BUYERS, -60).await;
    let stranger = stack.token("t-stranger", STAFF_WITH_BUYERS, 3600).await;
    let with = |token: Option<String>| Tenant::with_token(&shop.tenant.id, token);
    let outsiders = [
        ("no token", with(None)),
        ("a token that is over", with(Some(over))),
        (
            "a token of another issuer",
            with(Some(forged(&good, "iss", "https://elsewhere.example"))),
        ),
        (
            "a token for another audience",
            with(Some(forged(&good, "aud", "elsewhere"))),
        ),
        (
            "a token that names another tenant",
            with(Some(forged(&stranger, "tenant", &shop.tenant.id))),
        ),
        ("a token that nobody signed", with(Some(unsigned(&good)))),
        (
            "no token at all, but a word",
            with(Some("let-me-in".to_owned())),
        ),
    ];
    for step in steps(&shop, "Atzr|none") {
        if step.reveals == Reveals::Public {
            continue;
        }
        for (what, outsider) in &outsiders {
            let answer = take(&step, outsider, &shop).await;
            assert_eq!(
                answer.status,
                401,
                "{} with {what}: {}",
                step.name(),
                answer.text
            );
        }
        let scope = scope_without(step.route);
        let unfit = Tenant::called(&shop.tenant.id, scope).await;
        let answer = take(&step, &unfit, &shop).await;
        assert_eq!(
            answer.status,
            403,
            "{} with `{scope}`: {}",
            step.name(),
            answer.text
        );
    }
    assert_eq!(shop.show().await["status"], "active");
    assert_eq!(shop.order(&order_id(1)).await["status"], "ready");
}

/// All scopes but the one that opens a route.
fn scope_without(route: &str) -> &'static str {
    let below = |end: &str| {
        let of_connection = route.starts_with("/connections/") && !route.contains("/preview/");
        of_connection && route.contains(end)
    };
    let catalogue = ["/listings", "/aliases", "/feeds", "/prices/release"]
        .into_iter()
        .any(below);
    if route == "/buyers" || below("/buyers") {
        "catalogue desk buyer operator"
    } else if route.starts_with("/orders") || route == "/events" || route == "/dispatches" {
        "connections catalogue buyer operator"
    } else if catalogue || route == "/products" || route == "/stock-levels" {
        "connections desk buyer operator"
    } else if matches!(route, "/freeze" | "/unfreeze" | "/default-mappings")
        || route.starts_with("/sellers")
        || route.starts_with("/operator")
    {
        "connections catalogue desk buyer"
    } else {
        "catalogue desk buyer operator"
    }
}

/// The token with one claim exchanged and the signature that it had.
fn forged(token: &str, claim: &str, value: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims = decoded(parts[1]);
    claims[claim] = json!(value);
    format!("{}.{}.{}", parts[0], encoded(&claims), parts[2])
}

fn unsigned(token: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let mut header = decoded(parts[0]);
    header["alg"] = json!("none");
    format!("{}.{}.", encoded(&header), parts[1])
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

#[tokio::test]
async fn the_walk_takes_every_route_of_the_document() {
    let shop = Shop {
        tenant: Tenant::with_token("t-none", None),
        seller: Seller {
            id: "A1NONE".to_owned(),
        },
        connection: "none".to_owned(),
        refresh_token: String::new(),
    };
    let walked: BTreeSet<String> = steps(&shop, "none")
        .iter()
        .map(|step| format!("{} {}", step.method, step.route))
        .collect();
    let document: Value =
        serde_json::from_str(include_str!("../../../infra/openapi.json")).unwrap();
    let documented: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, operations)| {
            let methods = operations.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    assert_eq!(walked, documented);
}

#[tokio::test]
async fn buyer_data_is_told_to_its_own_scope_alone() {
    let shop = shop_with_an_order().await;
    let path = shop.order_path(&order_id(1), "/buyer");
    for scope in [STAFF, "buyer", "buyer connections", "desk"] {
        let staff = Tenant::called(&shop.tenant.id, scope).await;
        let refused = staff.get(&path).await;
        assert_eq!(refused.status, 403, "{scope}: {}", refused.text);
        assert!(!refused.text.contains("Quillfeather"));
    }
    let answer = shop.tenant.get(&path).await.is(200);
    assert!(
        answer.to_string().contains("Peregrine Quillfeather-1"),
        "{answer}"
    );
}
