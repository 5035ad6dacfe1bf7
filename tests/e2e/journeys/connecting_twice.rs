//! The same seller, or the same request, a second time.

use super::connecting::{begin, by_consent};
use crate::stack::browser::Browser;
use crate::stack::shop::{Shop, pasted};
use crate::stack::tenant::{Answer, Tenant};
use crate::stack::{STAFF, unique};
use reqwest::Method;
use serde_json::{Value, json};
use stallkeeper::domain::marketplace::Marketplace::Uk;

#[tokio::test]
async fn a_seller_account_is_connected_once_whoever_asks() {
    let (shop, stranger) = tokio::join!(Shop::connect(&[Uk], STAFF), Tenant::new(STAFF));
    let again = pasted(&shop.seller.id, &shop.seller.self_authorise().await);

    let own = shop.tenant.post("/connections", again.clone()).await;
    let own = own.problem(409, "seller-taken");
    assert!(own["detail"].as_str().unwrap().contains(&shop.connection));

    let foreign = stranger.post("/connections", again).await;
    let foreign = foreign.problem(409, "seller-taken").to_string();
    assert!(!foreign.contains(&shop.connection) && !foreign.contains(&shop.tenant.id));

    let (id, link) = begin(&stranger).await;
    let last = Browser::default().authorise(&link, &shop.seller.id).await;
    let who = json!({"seller_id": shop.seller.id, "code": last.code()});
    let path = format!("/connections/{id}/confirm");
    let confirmed = stranger.post(&path, who).await;
    confirmed.problem(409, "seller-taken");

    assert_eq!(shop.show().await["status"], "inactive");
    shop.switch_on("UK").await;
    shop.assert_amazon_allowed_all().await;
}

async fn with_key(tenant: &Tenant, body: Value, key: &str) -> Answer {
    let key = Some(key);
    tenant
        .send_with_key(Method::POST, "/connections", body, key)
        .await
}

#[tokio::test]
async fn the_same_key_finds_the_connection_that_it_made() {
    let (tenant, other) = tokio::join!(Tenant::new(STAFF), Tenant::new(STAFF));
    let key = unique();
    let (one, two) = tokio::join!(
        with_key(&tenant, by_consent(), &key),
        with_key(&tenant, by_consent(), &key)
    );
    let (one, two) = (one.is(201), two.is(201));
    assert_eq!(one["id"], two["id"]);
    let third = with_key(&tenant, by_consent(), &key).await.is(201);
    assert_eq!(third["id"], one["id"]);
    // Asking twice returns the same link: the seller may have it open already.
    assert_eq!(third["authorise_url"], two["authorise_url"]);

    let mut changed = by_consent();
    changed["name"] = json!("Another stall");
    let refused = with_key(&tenant, changed, &key).await;
    refused.problem(422, "key-used");
    let list = tenant.get("/connections").await.is(200);
    assert_eq!(list["connections"].as_array().unwrap().len(), 1);

    let others = with_key(&other, by_consent(), &key).await.is(201);
    assert_ne!(others["id"], one["id"]);
}

#[tokio::test]
async fn a_pasted_token_sent_twice_with_one_key_is_one_connection() {
    let tenant = Tenant::new(STAFF).await;
    let seller = crate::stack::seller::Seller::new(&[Uk]).await;
    let (body, key) = (pasted(&seller.id, &seller.self_authorise().await), unique());
    let one = with_key(&tenant, body.clone(), &key).await.is(201);
    let two = with_key(&tenant, body, &key).await.is(201);
    assert_eq!(one, two);
}
