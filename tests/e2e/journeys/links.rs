//! The link to authorise: good once, for ten minutes, in one browser.

use super::connecting::begin;
use crate::stack::browser::Browser;
use crate::stack::seller::Seller;
use crate::stack::tenant::Tenant;
use crate::stack::{STAFF, Stack, operator};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use stallkeeper::domain::marketplace::Marketplace::Uk;

async fn assert_still_waits(tenant: &Tenant, connection: &str) {
    let shown = tenant.get(&format!("/connections/{connection}")).await;
    assert_eq!(shown.is(200)["status"], "awaiting_authorisation");
}

#[tokio::test]
async fn a_link_works_once() {
    let (tenant, seller) = tokio::join!(Tenant::new(STAFF), Seller::new(&[Uk]));
    let (id, link) = begin(&tenant).await;
    let mut browser = Browser::default();
    let last = browser.authorise(&link, &seller.id).await;
    let callback = browser.came_to("/oauth/callback").to_string();

    // Between consent and confirmation the browser is not tied any more, so it is any browser.
    for address in [&link, &callback] {
        let page = browser.open(address).await;
        assert!(matches!(page.status, 403 | 410), "{page:?}");
    }
    let who = json!({"seller_id": seller.id, "code": last.code()});
    let confirm = format!("/connections/{id}/confirm");
    tenant.post(&confirm, who).await.is(200);
    for address in [&link, &callback] {
        assert_eq!(browser.open(address).await.status, 410);
    }
    let shown = tenant.get(&format!("/connections/{id}")).await.is(200);
    assert_eq!(shown["status"], "inactive");
}

#[tokio::test]
async fn another_browser_cannot_go_on_with_what_one_began() {
    let (tenant, seller) = tokio::join!(Tenant::new(STAFF), Seller::new(&[Uk]));
    let (id, link) = begin(&tenant).await;
    let (mut previews, mut sellers) = (Browser::default(), Browser::default());
    // A chat's preview of the link comes first, and is in nobody's way.
    assert_eq!(previews.open(&link).await.status, 200);
    let consent = sellers.begin(&link).await;

    let query = link.split_once('?').unwrap().1;
    let api = &Stack::running().api_url;
    let forged = format!(
        "{api}/oauth/callback?{query}&selling_partner_id={}&spapi_oauth_code=stolen",
        seller.id
    );
    for mut other in [previews, Browser::default()] {
        assert_eq!(other.open(&forged).await.status, 403);
    }
    assert_still_waits(&tenant, &id).await;

    // It spoilt nothing for the seller.
    let last = sellers.consent(&consent, &seller.id).await;
    assert_eq!(last.status, 200, "{last:?}");
}

#[tokio::test]
async fn a_new_link_kills_the_one_before() {
    let (tenant, seller) = tokio::join!(Tenant::new(STAFF), Seller::new(&[Uk]));
    let (id, old) = begin(&tenant).await;
    let path = format!("/connections/{id}/reauthorise");
    let fresh = tenant.post(&path, json!({})).await.is(200);
    let fresh = fresh["authorise_url"].as_str().unwrap();

    assert_eq!(Browser::default().open(&old).await.status, 410);
    let last = Browser::default().authorise(fresh, &seller.id).await;
    assert_eq!(last.status, 200, "{last:?}");
}

#[tokio::test]
async fn a_link_dies_after_ten_minutes() {
    let (tenant, seller) = tokio::join!(Tenant::new(STAFF), Seller::new(&[Uk]));
    let (id, link) = begin(&tenant).await;
    let mut browser = Browser::default();
    let consent = browser.begin(&link).await;
    age_states_of(&id).await;

    assert_eq!(browser.open(&link).await.status, 410);
    let last = browser.consent(&consent, &seller.id).await;
    assert_eq!(last.status, 410, "{last:?}");
    let path = format!("/connections/{id}/confirm");
    let confirm = tenant
        .post(&path, json!({"seller_id": seller.id, "code": "x"}))
        .await;
    confirm.problem(409, "nothing-to-confirm");
    assert_still_waits(&tenant, &id).await;
}

/// Lets the states of a connection be eleven minutes old.
async fn age_states_of(connection: &str) {
    let stack = Stack::running();
    let db = aws_sdk_dynamodb::Client::new(&stack.aws().await);
    let states = operator::items_about("ConnectionsTable", &[connection]).await;
    let states: Vec<_> = states
        .into_keys()
        .filter(|(_, sk)| sk == "OAUTH_STATE")
        .collect();
    assert_eq!(states.len(), 1, "{states:?}");
    for (pk, sk) in states {
        let update = db.update_item().key("pk", AttributeValue::S(pk));
        let update = update.key("sk", AttributeValue::S(sk));
        let update = update.table_name(stack.output("ConnectionsTableName"));
        let update = update.update_expression("SET #expires = :past");
        let update = update.expression_attribute_names("#expires", "expires");
        let past = AttributeValue::S("2026-01-01T00:00:00Z".to_owned());
        let update = update.expression_attribute_values(":past", past);
        update.send().await.unwrap();
    }
}
