//! Connecting a seller: by Amazon's consent page, or by a token that was copied out of Seller Central.

use crate::stack::browser::Browser;
use crate::stack::seller::Seller;
use crate::stack::shop::pasted;
use crate::stack::tenant::Tenant;
use crate::stack::{STAFF, operator};
use serde_json::{Value, json};
use stallkeeper::domain::marketplace::Marketplace::{De, Uk};

/// Makes a connection that waits for consent; its id and the link to begin at.
pub async fn begin(tenant: &Tenant) -> (String, String) {
    let made = tenant.post("/connections", by_consent()).await.is(201);
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("authorise_url"))
}

pub fn by_consent() -> Value {
    json!({"name": "A stall", "marketplace": "UK", "authorisation": {"kind": "oauth"}})
}

/// A step of the set-up, as the platform shows it.
async fn step(tenant: &Tenant, connection: &str, id: &str) -> Value {
    let path = format!("/connections/{connection}/setup");
    let setup = tenant.get(&path).await.is(200);
    let steps = setup["steps"].as_array().unwrap();
    steps.iter().find(|step| step["id"] == id).unwrap().clone()
}

#[tokio::test]
async fn a_seller_who_consents_is_connected_once_the_user_confirms() {
    let (tenant, seller) = tokio::join!(Tenant::new(STAFF), Seller::new(&[Uk, De]));
    let (id, link) = begin(&tenant).await;
    let path = format!("/connections/{id}");
    let mut browser = Browser::default();
    let last = browser.authorise(&link, &seller.id).await;

    assert_eq!((last.status, last.url.path()), (200, "/oauth/callback"));
    browser.came_to("/oauth/start");
    browser.came_to("/oauth/consent");
    browser.came_to("/oauth/login");
    // The callback alone proves nothing: anyone's browser could have brought it.
    let shown = tenant.get(&path).await.is(200);
    assert_eq!(shown["status"], "awaiting_authorisation");
    assert!(shown["seller_id"].is_null());
    let confirm = step(&tenant, &id, "confirm_seller").await;
    assert!(confirm["text"].as_str().unwrap().contains(&seller.id));
    assert_eq!(confirm["done"], false);

    let who = json!({"seller_id": seller.id, "code": last.code()});
    for _ in 0..2 {
        let confirmed = tenant.post(&format!("{path}/confirm"), who.clone()).await;
        let confirmed = confirmed.is(200);
        assert_eq!(confirmed["status"], "inactive");
        assert_eq!(confirmed["seller_id"], json!(seller.id));
    }
    assert_eq!(step(&tenant, &id, "confirm_seller").await["done"], true);
    let marketplaces = tenant.get(&format!("{path}/marketplaces")).await.is(200);
    let mut countries: Vec<&str> = marketplaces["marketplaces"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|store| store["participating"] == true)
        .map(|store| store["marketplace"].as_str().unwrap())
        .collect();
    countries.sort_unstable();
    assert_eq!(countries, ["DE", "UK"]);
    assert_eq!(seller.violations().await, json!([]));
}

#[tokio::test]
async fn only_the_seller_whom_amazon_names_is_confirmed_and_only_with_that_browsers_code() {
    let (tenant, stranger) = tokio::join!(Tenant::new(STAFF), Tenant::new(STAFF));
    let seller = Seller::new(&[Uk]).await;
    let (id, link) = begin(&tenant).await;
    let confirm = format!("/connections/{id}/confirm");
    let guessed = json!({"seller_id": seller.id, "code": "0000-0000-0000"});

    let early = tenant.post(&confirm, guessed.clone()).await;
    early.problem(409, "nothing-to-confirm");
    let last = Browser::default().authorise(&link, &seller.id).await;
    let code = last.code();
    // Whoever sent the link to somebody else does not see the other's browser.
    let refused = tenant.post(&confirm, guessed).await;
    let refused = refused.problem(409, "wrong-code").to_string();
    assert!(!refused.contains(&code), "{refused}");

    let who = json!({"seller_id": seller.id, "code": code.to_lowercase().replace('-', " ")});
    let other = tenant.post(
        &confirm,
        json!({"seller_id": "A1ANOTHERSELLER", "code": code}),
    );
    other.await.problem(409, "not-this-seller");
    let foreign = stranger.post(&confirm, who.clone()).await.is(404);
    assert!(!foreign.to_string().contains(&seller.id));
    let shown = tenant.get(&format!("/connections/{id}")).await.is(200);
    assert_eq!(shown["status"], "awaiting_authorisation");
    tenant.post(&confirm, who).await.is(200);
}

#[tokio::test]
async fn a_pasted_token_connects_at_once() {
    let (tenant, seller) = tokio::join!(Tenant::new(STAFF), Seller::new(&[Uk, De]));
    let token = seller.self_authorise().await;
    let padded = format!(" {token}\n");
    let made = tenant
        .post("/connections", pasted(&seller.id, &padded))
        .await;
    let made = made.is(201);
    assert_eq!(made["status"], "inactive");
    assert_eq!(made["seller_id"], json!(seller.id));
    assert!(made["authorise_url"].is_null());
    assert_eq!(made["participations"].as_array().unwrap().len(), 2);
    assert_eq!(seller.violations().await, json!([]));
}

#[tokio::test]
async fn a_pasted_token_claims_no_seller_but_its_own() {
    let (tenant, owner) = tokio::join!(Tenant::new(STAFF), Tenant::new(STAFF));
    let (seller, other) = tokio::join!(Seller::new(&[Uk]), Seller::new(&[Uk]));
    let token = seller.self_authorise().await;
    for claimed in [other.id.as_str(), "A1MADEUPSELLER"] {
        let refused = tenant.post("/connections", pasted(claimed, &token)).await;
        refused.problem(422, "seller-not-proven");
    }
    let own = other.self_authorise().await;
    owner
        .post("/connections", pasted(&other.id, &own))
        .await
        .is(201);
}

#[tokio::test]
async fn a_pasted_token_that_is_no_good_leaves_nothing_behind() {
    let (tenant, seller) = tokio::join!(Tenant::new(STAFF), Seller::new(&[Uk]));
    let token = seller.self_authorise().await;
    seller.revoke().await;
    for bad in [token.as_str(), "Atzr|never-given-out"] {
        let refused = tenant.post("/connections", pasted(&seller.id, bad)).await;
        let problem = refused.problem(422, "token-refused");
        assert_eq!(
            problem["errors"][0]["pointer"],
            "/authorisation/refresh_token"
        );
        assert!(!problem.to_string().contains(bad), "{problem}");
    }
    let list = tenant.get("/connections").await.is(200);
    assert_eq!(list, json!({"connections": []}));
    let left = operator::items_about("ConnectionsTable", &[&tenant.id, &seller.id]).await;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn keys_of_the_old_web_service_are_refused_with_what_to_do() {
    let tenant = Tenant::new(STAFF).await;
    let (id, _) = begin(&tenant).await;
    for field in [
        "access_key",
        "SecretAccessKey",
        "MWSAuthToken",
        "merchantId",
    ] {
        let mut new = by_consent();
        new["authorisation"][field] = json!("amzn.mws.4ea38b7b");
        let change = json!({"name": "B", field: "amzn.mws.4ea38b7b"});
        let path = format!("/connections/{id}");
        for refused in [
            tenant.post("/connections", new).await,
            tenant.patch(&path, change).await,
        ] {
            let problem = refused.problem(422, "mws-is-gone");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains("authorise again"), "{detail}");
            assert!(!problem.to_string().contains("4ea38b7b"), "{problem}");
        }
    }
    let list = tenant.get("/connections").await.is(200);
    let list = list["connections"].as_array().unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0]["name"], "A stall");
}
