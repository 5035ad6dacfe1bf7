//! Making connections.

use crate::world::{World, oauth, pasted};
use kit::sample;
use serde_json::{Value, json};

#[tokio::test]
async fn the_same_key_finds_what_it_made() {
    let world = World::new().await;
    let make = |tenant: &'static str, body: Value| {
        let world = &world;
        async move {
            world
                .ask_with(tenant, "POST", "/connections", body, Some("key 1"))
                .await
        }
    };
    let first = make("north", oauth("North")).await.is(201);
    assert_eq!(make("north", oauth("North")).await.is(201), first);
    assert_eq!(
        make("north", oauth("Other")).await.problem_kind(422),
        "key-used"
    );
    assert_ne!(
        make("south", oauth("North")).await.is(201)["id"],
        first["id"]
    );
    let list = world
        .ask("north", "GET", "/connections", Value::Null)
        .await
        .is(200);
    assert_eq!(list["connections"].as_array().unwrap().len(), 1);

    let token = pasted("A1", "Atzr|A1");
    let made = world
        .ask_with(
            "north",
            "POST",
            "/connections",
            token.clone(),
            Some("key 2"),
        )
        .await
        .is(201);
    assert_eq!(made["status"], "inactive");
    assert_eq!(
        world
            .ask_with(
                "north",
                "POST",
                "/connections",
                token.clone(),
                Some("key 2")
            )
            .await
            .is(201),
        made
    );
    let path = format!("/connections/{}", made["id"].as_str().unwrap());
    world
        .ask("north", "DELETE", &path, Value::Null)
        .await
        .is(200);
    assert_eq!(
        world
            .ask_with("north", "POST", "/connections", token, Some("key 2"))
            .await
            .problem_kind(409),
        "disconnected"
    );
}

#[tokio::test]
async fn a_pasted_token_is_tried_before_anything_is_made() {
    let world = World::new().await;
    world.outside.amazon().revoked.insert("Atzr|A9".into());
    let told = world
        .ask("north", "POST", "/connections", pasted("A9", "Atzr|A9"))
        .await;
    assert_eq!(told.problem_kind(422), "token-refused");
    assert!(!told.text.contains("Atzr"), "{}", told.text);
    let mut own = pasted("A1", "Atzr|A1-own");
    assert_eq!(
        world
            .ask("north", "POST", "/connections", own.clone())
            .await
            .problem_kind(422),
        "token-refused"
    );
    own["authorisation"]["client_id"] = "own-client".into();
    own["authorisation"]["client_secret"] = "wrong".into();
    assert_eq!(
        world
            .ask("north", "POST", "/connections", own.clone())
            .await
            .problem_kind(422),
        "app-refused"
    );
    let list = world
        .ask("north", "GET", "/connections", Value::Null)
        .await
        .json();
    assert_eq!(list["connections"], json!([]));
    own["authorisation"]["client_secret"] = "own-secret".into();
    let made = world
        .ask("north", "POST", "/connections", own)
        .await
        .is(201);
    assert_eq!(
        (&made["own_app"], &made["status"], &made["seller_id"]),
        (&json!(true), &json!("inactive"), &json!("A1"))
    );
    let table = world.table().await;
    assert!(
        !table.contains("Atzr") && !table.contains("own-secret"),
        "{table}"
    );
}

#[tokio::test]
async fn a_seller_is_connected_once_in_a_region() {
    let world = World::new().await;
    let id = world.connected("north", "A1").await;
    let own = world
        .ask("north", "POST", "/connections", pasted("A1", "Atzr|A1"))
        .await;
    assert_eq!(own.problem_kind(409), "seller-taken");
    assert!(own.text.contains(&id), "{}", own.text);
    let others = world
        .ask("south", "POST", "/connections", pasted("A1", "Atzr|A1"))
        .await;
    assert_eq!(others.problem_kind(409), "seller-taken");
    assert!(
        !others.text.contains(&id) && !others.text.contains("north"),
        "{}",
        others.text
    );
}

#[tokio::test]
async fn the_old_services_keys_are_refused_in_words() {
    let world = World::new().await;
    let id = world.connected("north", "A1").await;
    let mut body = oauth("North");
    body["authorisation"]["mws_auth_token"] = "amzn.mws.x".into();
    assert_eq!(
        world
            .ask("north", "POST", "/connections", body)
            .await
            .problem_kind(422),
        "mws-is-gone"
    );
    let told = world
        .ask(
            "north",
            "PATCH",
            &format!("/connections/{id}"),
            json!({"access_key": "x", "secret_key": "y"}),
        )
        .await;
    assert_eq!(told.problem_kind(422), "mws-is-gone");
}

#[tokio::test]
async fn a_seller_is_attached_only_if_a_call_in_its_name_proves_it() {
    let world = World::new().await;
    for claimed in ["A2", "MADEUP"] {
        let body = pasted(claimed, "Atzr|A1-x");
        let told = world.ask("stranger", "POST", "/connections", body).await;
        assert_eq!(told.problem_kind(422), "seller-not-proven", "{claimed}");
    }
    world.connected("north", "A2").await;
}

#[tokio::test]
async fn whoever_lacks_the_seller_uses_none_of_its_limits() {
    let world = World::new().await;
    world.connected("north", "A1").await;
    let before = world.outside.amazon().asked;
    let body = pasted("A1", "Atzr|A2-x");
    let told = world.ask("stranger", "POST", "/connections", body).await;
    assert_eq!(told.problem_kind(409), "seller-taken");
    assert_eq!(
        world.outside.amazon().asked,
        before,
        "Amazon's APIs were not asked"
    );
}

#[tokio::test]
async fn an_operator_releases_a_seller_and_its_owner_connects_it() {
    let world = World::new().await;
    let id = world.connected("squatter", "A1").await;
    let path = "/sellers/EU/A1/release";
    let reason = json!({"reason": "the seller never authorised this merchant"});
    let told = world.ask("squatter", "POST", path, reason.clone()).await;
    assert_eq!(told.problem_kind(403), "missing-scope");
    let release = async || world.ask_as_operator("POST", path, reason.clone()).await;
    let released = release().await.is(200);
    assert_eq!(
        (&released["tenant"], &released["status"]),
        (&json!("squatter"), &json!("needs_reauthorisation"))
    );
    assert_eq!(release().await.problem_kind(404), "not-found");
    world.connected("owner", "A1").await;
    let token = json!({"authorisation": pasted("A1", "Atzr|A1-x")["authorisation"]});
    let path = format!("/connections/{id}/reauthorise");
    let told = world.ask("squatter", "POST", &path, token).await;
    assert_eq!(told.problem_kind(409), "seller-taken");
}

#[tokio::test]
async fn a_tenant_has_a_thousand_connections_at_most_and_may_make_one_for_each_that_ends() {
    let world = World::new().await;
    for n in 0..1_000 {
        let connection = sample::connection("north", &format!("C{n}"));
        world.database.connect(&connection).await;
    }
    let make = async |tenant| {
        world
            .ask(tenant, "POST", "/connections", oauth("One more"))
            .await
    };
    assert_eq!(make("north").await.problem_kind(409), "limit-reached");
    make("south").await.is(201);
    world
        .ask("north", "DELETE", "/connections/C7", Value::Null)
        .await
        .is(200);
    make("north").await.is(201);
}
