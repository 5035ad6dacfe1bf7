//! Amazon's notices over a connection's life: subscribed with the authorisation, shown, and ended before the token goes.

use crate::world::{World, pasted};
use kit::sample;
use serde_json::{Value, json};
use stallkeeper::domain::notice::{NoticeKind, NoticeSettings, Workflow};
use std::sync::Arc;

impl World {
    fn notices_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.outside.amazon().notices_asked)
    }

    /// Amazon's limits are full again.
    async fn fill_limits(&self) {
        let (tables, items) = (
            &self.database.tables,
            self.database.items("ConnectionsTable"),
        );
        for item in items.await.iter().filter(|item| item.contains_key("tat")) {
            let delete = tables.client.delete_item();
            let delete = delete.table_name(tables.name("ConnectionsTable"));
            let delete = delete.key("pk", item["pk"].clone());
            delete.key("sk", item["sk"].clone()).send().await.unwrap();
        }
    }

    async fn kept(&self, id: &str) -> NoticeSettings {
        let key = sample::key("north", id);
        self.app.store.notice_settings(&key).await.unwrap()
    }

    async fn notices_shown(&self, id: &str) -> Value {
        let path = format!("/connections/{id}/setup");
        let setup = self.ask("north", "GET", &path, Value::Null).await.is(200);
        setup["notices"].clone()
    }
}

#[tokio::test]
async fn authorising_subscribes_the_seller_through_one_destination_of_the_app() {
    let world = World::new().await;
    let id = world.connected("north", "A1").await;
    let expected = [
        "app POST destinations",
        "seller GET subscriptions/ORDER_CHANGE",
        "seller POST subscriptions/ORDER_CHANGE",
        "seller GET subscriptions/FEED_PROCESSING_FINISHED",
        "seller POST subscriptions/FEED_PROCESSING_FINISHED",
        "seller GET subscriptions/ACCOUNT_STATUS_CHANGED",
        "seller POST subscriptions/ACCOUNT_STATUS_CHANGED",
    ];
    assert_eq!(world.notices_asked(), expected);
    let shown = world.notices_shown(&id).await;
    assert_eq!(shown["state"], "subscribed");
    assert!(shown["subscribed_at"].is_string() && shown["checked_at"].is_string());
    let holder = world
        .app
        .store
        .subscriber("ORDER_CHANGE-A1-3")
        .await
        .unwrap();
    assert_eq!(holder, Some(sample::key("north", &id)));
    world.connected("south", "A2").await;
    let asked = world.notices_asked();
    assert_eq!(
        asked[0], "seller GET subscriptions/ORDER_CHANGE",
        "the same destination"
    );
}

#[tokio::test]
async fn authorising_again_makes_again_what_amazon_lost_and_nothing_else() {
    let world = World::new().await;
    let id = world.connected("north", "A1").await;
    world.notices_asked();
    let key = ("A1".to_owned(), "ORDER_CHANGE".to_owned());
    world.outside.amazon().subscriptions.remove(&key);
    world.fill_limits().await;
    let path = format!("/connections/{id}/reauthorise");
    let again = json!({"authorisation": pasted("A1", "Atzr|A1-again")["authorisation"]});
    world.ask("north", "POST", &path, again).await.is(200);
    let expected = [
        "seller GET subscriptions/ORDER_CHANGE",
        "seller POST subscriptions/ORDER_CHANGE",
        "seller GET subscriptions/FEED_PROCESSING_FINISHED",
        "seller GET subscriptions/ACCOUNT_STATUS_CHANGED",
    ];
    assert_eq!(world.notices_asked(), expected);
}

#[tokio::test]
async fn a_destination_that_amazon_has_already_is_found_by_its_queue() {
    let world = World::new().await;
    world.connected("north", "A1").await;
    world.notices_asked();
    // As after a stack that was deployed again over new tables.
    let region = stallkeeper::domain::marketplace::Region::Eu;
    let other = stallkeeper::store::KnownDestination {
        id: "d0".into(),
        queue_arn: "arn:aws:sqs:eu-west-1:000000000000:former".into(),
    };
    let put = world
        .app
        .store
        .put_destination(region, "our-client", Workflow::Queue, &other);
    put.await.unwrap();
    let id = world.connected("south", "A2").await;
    let asked = world.notices_asked();
    assert_eq!(
        asked[..2],
        ["app POST destinations", "app GET destinations"]
    );
    let key = sample::key("south", &id);
    let kept = world.app.store.notice_settings(&key).await.unwrap();
    assert!(kept.hears_of_orders());
    let store = &world.app.store;
    let known = store.destination(region, "our-client", Workflow::Queue);
    assert_eq!(known.await.unwrap().unwrap().id, "d1");
}

#[tokio::test]
async fn what_amazon_refuses_keeps_no_connection_from_being_made_and_is_shown() {
    let world = World::new().await;
    world.outside.amazon().refuses_notices = Some(403);
    let id = world.connected("north", "A1").await;
    let shown = world.notices_shown(&id).await;
    assert_eq!(shown["state"], "failing");
    let text = shown["text"].as_str().unwrap();
    assert!(
        text.contains("createDestination was answered 403"),
        "{text}"
    );
    let path = format!("/connections/{id}");
    let active = json!({"status": "active"});
    world.ask("north", "PATCH", &path, active).await.is(200);
}

#[tokio::test]
async fn disconnecting_ends_the_subscriptions_before_the_token_goes() {
    let world = World::new().await;
    let id = world.connected("north", "A1").await;
    world.notices_asked();
    let path = format!("/connections/{id}");
    for _ in 0..2 {
        world
            .ask("north", "DELETE", &path, Value::Null)
            .await
            .is(200);
    }
    let asked = world.notices_asked();
    assert_eq!(asked.len(), 3, "once: {asked:?}");
    assert!(
        asked
            .iter()
            .all(|it| it.starts_with("app DELETE subscriptions/"))
    );
    assert!(world.outside.amazon().subscriptions.is_empty());
    let table = world.table().await;
    for gone in ["NOTICES", "SUBSCRIPTION#", "HEARD"] {
        assert!(!table.contains(gone), "{gone}: {table}");
    }
    assert_eq!(world.notices_shown(&id).await["state"], "not_yet");
}

#[tokio::test]
async fn a_subscription_that_amazon_does_not_end_keeps_no_connection_alive() {
    let world = World::new().await;
    let id = world.connected("north", "A1").await;
    world.outside.amazon().refuses_notices = Some(500);
    let path = format!("/connections/{id}");
    world
        .ask("north", "DELETE", &path, Value::Null)
        .await
        .is(200);
    assert!(!world.table().await.contains("SUBSCRIPTION#"));
}

const LISTINGS: NoticeKind = NoticeKind::ListingsItemStatusChange;

async fn with_listing_notices() -> World {
    World::with(|config| config.listing_notices = true).await
}

#[tokio::test]
async fn notices_of_listings_come_by_an_event_source_of_the_deployments_account_if_they_are_wanted()
{
    let world = with_listing_notices().await;
    let id = world.connected("north", "A1").await;
    let expected = [
        "app POST destinations",
        "seller GET subscriptions/LISTINGS_ITEM_STATUS_CHANGE",
        "seller POST subscriptions/LISTINGS_ITEM_STATUS_CHANGE",
    ];
    assert_eq!(world.notices_asked()[7..], expected);
    let kept = world.kept(&id).await;
    let listings = kept.subscriptions[&LISTINGS].clone();
    let holder = world.app.store.subscriber(&listings).await.unwrap();
    assert_eq!(holder, Some(sample::key("north", &id)));
    world.connected("south", "A2").await;
    let asked = world.notices_asked();
    let made = asked.iter().filter(|it| *it == "app POST destinations");
    assert_eq!(made.count(), 0, "the same destinations: {asked:?}");
}

#[tokio::test]
async fn an_event_source_that_amazon_does_not_give_is_done_without_and_shown() {
    let world = with_listing_notices().await;
    world.outside.amazon().refuses_event_source = true;
    let id = world.connected("north", "A1").await;
    let shown = world.notices_shown(&id).await;
    assert_eq!(shown["state"], "subscribed");
    assert_eq!(shown["refused"][0]["kind"], "listings_item_status_change");
    let kept = world.kept(&id).await;
    assert_eq!(kept.subscriptions.len(), 3);
}

#[tokio::test]
async fn a_sellers_own_app_has_no_event_source_here() {
    let world = with_listing_notices().await;
    let mut own = pasted("A1", "Atzr|A1-own");
    own["authorisation"]["client_id"] = "own-client".into();
    own["authorisation"]["client_secret"] = "own-secret".into();
    let made = world
        .ask("north", "POST", "/connections", own)
        .await
        .is(201);
    let id = made["id"].as_str().unwrap();
    let kept = world.kept(id).await;
    assert_eq!(kept.subscriptions.len(), 3);
    assert!(!kept.subscriptions.contains_key(&LISTINGS));
}

#[tokio::test]
async fn what_is_not_wanted_any_more_is_ended_with_the_next_authorisation() {
    let mut world = with_listing_notices().await;
    let id = world.connected("north", "A1").await;
    let app = Arc::get_mut(&mut world.app).unwrap();
    app.config.listing_notices = false;
    world.notices_asked();
    world.fill_limits().await;
    let path = format!("/connections/{id}/reauthorise");
    let again = json!({"authorisation": pasted("A1", "Atzr|A1-again")["authorisation"]});
    world.ask("north", "POST", &path, again).await.is(200);
    let asked = world.notices_asked();
    let ended = asked.iter().filter(|it| it.starts_with("app DELETE"));
    assert_eq!(ended.count(), 1, "{asked:?}");
    let kept = world.kept(&id).await;
    assert!(!kept.subscriptions.contains_key(&LISTINGS));
    assert_eq!(kept.subscriptions.len(), 3);
}
