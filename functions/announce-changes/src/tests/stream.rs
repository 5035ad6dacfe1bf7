//! Records as the real store makes them, so that the outbox and the tables cannot drift apart.

use super::bus::Cloud;
use super::*;
use crate::{Announced, handle};
use kit::{Database, stream_event as batch, stream_record as record};
use serde_json::{Value, json};
use stallkeeper::error::Class;
use stallkeeper::lambda::stream::StreamEvent;
use stallkeeper::store::Written;

const SAMPLE: &str = include_str!("../../../../events/announce-changes.json");

/// An order comes in and waits, gets its courier by a new mapping; a connection loses its authorisation.
async fn a_day() -> Vec<Value> {
    let database = Database::new().await;
    let waiting = demo_order();
    assert_eq!(
        database.store.insert_order(&waiting).await.unwrap(),
        Written::Done
    );
    let first = database.image("OrdersTable", "ORDER").await;

    let mut ready = waiting.clone();
    ready.status = OrderStatus::Ready;
    ready.revision = 2;
    ready.decision.reason = None;
    ready.decision.service = Some("DPD/next-day".parse().unwrap());
    let entry = HistoryEntry {
        at: at(500),
        kind: HistoryKind::Rerun,
        note: "looked at again: pending_review → ready".into(),
    };
    assert_eq!(
        database.store.replace_order(&ready, &entry).await.unwrap(),
        Written::Done
    );
    let second = database.image("OrdersTable", "ORDER").await;

    let active = connection(ConnectionStatus::Active);
    assert_eq!(
        database.store.create_connection(&active).await.unwrap(),
        Written::Done
    );
    let before = database.image("ConnectionsTable", "CONNECTION#").await;
    let mut lost = connection(ConnectionStatus::NeedsReauthorisation);
    lost.resume = Some(ConnectionStatus::Active);
    lost.revision += 1;
    assert_eq!(
        database.store.replace_connection(&lost).await.unwrap(),
        Written::Done
    );
    let after = database.image("ConnectionsTable", "CONNECTION#").await;
    vec![
        record(1, None, Some(&first)),
        record(2, Some(&first), Some(&second)),
        record(3, Some(&before), Some(&after)),
    ]
}

/// The sample holds stock out and orders out, too: every event that there is.
async fn sampled() -> Vec<Value> {
    let mut records = a_day().await;
    records.extend(super::stock::a_day().await);
    records.extend(super::orders_out::a_day().await);
    records
}

fn put_kinds(put: &[Vec<Value>]) -> Vec<&str> {
    put.iter()
        .flatten()
        .map(|entry| entry["DetailType"].as_str().unwrap())
        .collect()
}

const A_DAYS_EVENTS: [&str; 4] = [
    "order.imported",
    "order.pending_review",
    "order.courier_assigned",
    "connection.needs_reauthorisation",
];

/// What the scheduler is asked for a connection whose stock nobody has published.
fn followed(orders: &str) -> [String; 3] {
    let path = |kind| format!("/schedules/{kind}-01K5QZ6D3M8N0V4T7R2W9X1Y5Z");
    [
        format!("{orders} {}", path("orders")),
        format!("DELETE {}", path("stock")),
        format!("DELETE {}", path("match")),
    ]
}

#[tokio::test]
async fn what_the_store_wrote_is_announced_and_the_schedule_follows() {
    let cloud = Cloud::new().await;
    let announced = handle(&cloud.app, batch(a_day().await)).await.unwrap();
    assert_eq!(
        announced,
        Announced {
            events: 4,
            schedules: 1,
            skipped: 0
        }
    );
    let put = cloud.put();
    assert_eq!(put_kinds(&put), A_DAYS_EVENTS);
    let imported: Value = serde_json::from_str(put[0][0]["Detail"].as_str().unwrap()).unwrap();
    let from_image = changes(None, &image(), None);
    assert_eq!(
        imported,
        serde_json::to_value(&from_image[0].detail).unwrap()
    );
    assert_eq!(cloud.scheduled(), followed("DELETE"));
}

#[tokio::test]
async fn a_batch_that_comes_again_puts_the_same() {
    let cloud = Cloud::new().await;
    let records = a_day().await;
    for _ in 0..2 {
        handle(&cloud.app, batch(records.clone())).await.unwrap();
    }
    let put = cloud.put();
    assert_eq!(put.len(), 2);
    assert_eq!(put[0], put[1]);
}

#[tokio::test]
async fn what_goes_onto_the_bus_is_kept_for_who_cannot_listen_to_it() {
    let cloud = Cloud::new().await;
    handle(&cloud.app, batch(a_day().await)).await.unwrap();
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60);
    let tenant = demo_connection().tenant;
    let store = &cloud.app.store;
    let page = store.events_after(&tenant, None, 100, later).await.unwrap();
    let mut kept: Vec<&str> = page.events.iter().map(|event| &*event.kind).collect();
    kept.sort_unstable();
    let mut expected = A_DAYS_EVENTS;
    expected.sort_unstable();
    assert_eq!(kept, expected);
    let put = cloud.put().concat();
    for event in page.events {
        let same = put
            .iter()
            .find(|put| put["DetailType"] == event.kind.as_str())
            .unwrap();
        let detail: Value = serde_json::from_str(same["Detail"].as_str().unwrap()).unwrap();
        assert_eq!(event.detail, detail);
    }
    assert_eq!(kept_places(&cloud).await.len(), 3, "one item a change");
}

/// The sort keys of the items of changes, without the marks of hours.
async fn kept_places(cloud: &Cloud) -> Vec<String> {
    let mut items = cloud.database.items("EventsTable").await;
    items.retain(|item| item["pk"].as_s().unwrap().starts_with("EVENTS#"));
    let places = items.iter().map(|item| item["sk"].as_s().unwrap().clone());
    places.collect()
}

/// A reader may have passed the moment at which the batch began, before the last of its changes is kept.
#[tokio::test]
async fn each_change_of_a_batch_that_comes_late_has_the_moment_of_its_own_writing_for_its_place() {
    let orders = Database::new().await;
    for number in 0..60 {
        let mut order = demo_order();
        order.order.id = format!("026-{number}").parse().unwrap();
        let inserted = orders.store.insert_order(&order).await;
        assert_eq!(inserted.unwrap(), Written::Done);
    }
    let images = orders.images("OrdersTable", "ORDER").await;
    let records = images.iter().enumerate();
    let records = records.map(|(place, image)| record(place as u32, None, Some(image)));
    let cloud = Cloud::new().await;
    handle(&cloud.app, batch(records.collect())).await.unwrap();
    let places = kept_places(&cloud).await;
    let moments = places.iter().filter_map(|place| place.split('#').next());
    let moments: std::collections::BTreeSet<&str> = moments.collect();
    assert_eq!(places.len(), 60);
    assert!(moments.len() > 1, "{moments:?}");
}

/// Bodies are left out: how they deflate does not matter.
#[tokio::test]
async fn the_sample_event_is_what_the_store_writes() {
    let made = json!({"Records": sampled().await});
    let sample: Value = serde_json::from_str(SAMPLE).unwrap();
    let without_bodies = |mut event: Value| {
        for record in event["Records"].as_array_mut().unwrap() {
            for image in ["OldImage", "NewImage"] {
                if let Some(image) = record["dynamodb"][image].as_object_mut() {
                    image.remove("primed");
                }
            }
        }
        event
    };
    assert_eq!(
        without_bodies(sample),
        without_bodies(made.clone()),
        "{made:#}"
    );
}

#[tokio::test]
async fn the_sample_event_is_announced() {
    let cloud = Cloud::new().await;
    let event: StreamEvent = serde_json::from_str(SAMPLE).unwrap();
    handle(&cloud.app, event).await.unwrap();
    let stock = super::stock::A_DAYS_EVENTS.into_iter();
    let events = A_DAYS_EVENTS.into_iter().chain(stock);
    let events: Vec<&str> = events.chain(super::orders_out::A_DAYS_EVENTS).collect();
    assert_eq!(put_kinds(&cloud.put()), events);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_holds_up_no_other() {
    let cloud = Cloud::new().await;
    let mut records = a_day().await;
    let mut broken = records[0].clone();
    broken["dynamodb"]["NewImage"]["status"] = json!({"S": "lost"});
    let unreadable = [json!("noise"), json!({"dynamodb": {"Keys": {}}}), broken];
    for (place, record) in unreadable.into_iter().enumerate() {
        records.insert(place, record);
    }
    let announced = handle(&cloud.app, batch(records)).await.unwrap();
    assert_eq!(
        announced,
        Announced {
            events: 4,
            schedules: 1,
            skipped: 3
        }
    );
}

#[tokio::test]
async fn a_newer_releases_record_waits_for_the_newer_release() {
    let cloud = Cloud::new().await;
    let mut records = a_day().await;
    records[1]["dynamodb"]["NewImage"]["v"] = json!({"N": "3"});
    let error = handle(&cloud.app, batch(records)).await.unwrap_err();
    assert_eq!(error.class(), Class::Retryable);
    assert!(
        cloud.put().is_empty(),
        "nothing is put before the whole batch is read"
    );
}

#[tokio::test]
async fn what_expires_and_what_is_no_ones_business_announces_nothing() {
    let cloud = Cloud::new().await;
    let database = Database::new().await;
    let order = demo_order();
    assert_eq!(
        database.store.insert_order(&order).await.unwrap(),
        Written::Done
    );
    let image = database.image("OrdersTable", "ORDER").await;
    let mut expired = record(1, Some(&image), None);
    expired["userIdentity"] = json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"});
    let mut changed = order.clone();
    changed.revision = 2;
    let entry = order.first_history.clone();
    assert_eq!(
        database
            .store
            .replace_order(&changed, &entry)
            .await
            .unwrap(),
        Written::Done
    );
    let history = database.images("OrdersTable", "HISTORY#").await.remove(0);
    let records = vec![
        expired,
        record(2, None, Some(&history)),
        record(
            3,
            Some(&image),
            Some(&database.image("OrdersTable", "ORDER").await),
        ),
    ];
    let announced = handle(&cloud.app, batch(records)).await.unwrap();
    assert_eq!(announced, Announced::default());
}

#[tokio::test]
async fn schedules_follow_what_the_table_says_and_not_the_image() {
    use ConnectionStatus::{Active, Disconnected, Inactive, Paused};
    let database = Database::new().await;
    let mut made = connection(Inactive);
    made.revision = 1;
    assert_eq!(
        database.store.create_connection(&made).await.unwrap(),
        Written::Done
    );
    let mut images = vec![database.image("ConnectionsTable", "CONNECTION#").await];
    for status in [Active, Paused, Disconnected] {
        made.status = status;
        made.revision += 1;
        assert_eq!(
            database.store.replace_connection(&made).await.unwrap(),
            Written::Done
        );
        images.push(database.image("ConnectionsTable", "CONNECTION#").await);
    }
    let change = |from: usize, to: usize| record(to as u32, Some(&images[from]), Some(&images[to]));
    let rows = [
        (
            vec![record(0, None, Some(&images[0]))],
            Some(Inactive),
            vec!["DELETE"],
        ),
        (vec![change(0, 1)], Some(Active), vec!["POST"]),
        (vec![change(0, 1)], Some(Inactive), vec!["DELETE"]),
        (vec![change(1, 2)], Some(Paused), vec!["POST"]),
        (
            vec![change(1, 2), change(2, 3)],
            Some(Disconnected),
            vec!["DELETE"],
        ),
        (vec![change(1, 2), change(2, 3)], Some(Active), vec!["POST"]),
        (vec![change(1, 1)], Some(Active), vec![]),
        (
            vec![record(9, Some(&images[2]), None)],
            None,
            vec!["DELETE"],
        ),
    ];
    for (records, current, verbs) in rows {
        let cloud = Cloud::new().await;
        if let Some(status) = current {
            let standing = connection(status);
            let made = cloud.database.store.create_connection(&standing);
            assert_eq!(made.await.unwrap(), Written::Done);
        }
        handle(&cloud.app, batch(records)).await.unwrap();
        let expected: Vec<String> = verbs.into_iter().flat_map(followed).collect();
        assert_eq!(cloud.scheduled(), expected);
        assert!(cloud.put().is_empty(), "none of it is announced");
    }
}
