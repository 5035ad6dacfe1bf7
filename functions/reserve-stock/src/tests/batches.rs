//! Batches of records as the real store makes them, so that the function and the table cannot drift apart.

use super::*;
use crate::{BatchOutcome, handle};
use kit::{stream_event as batch, stream_record as record};
use serde_json::{Value, json};
use stallkeeper::domain::order::HistoryEntry;
use stallkeeper::lambda::stream::StreamEvent;

const SAMPLE: &str = include_str!("../../../../events/reserve-stock.json");

/// An order of two mugs comes in, and one of them is sent.
async fn a_day() -> Vec<Value> {
    let cloud = Cloud::new().await;
    let store = &cloud.app.store;
    let first = order(vec![item("1", "MUG", 2)]);
    assert_eq!(store.insert_order(&first).await.unwrap(), Written::Done);
    let old = cloud.image().await;
    let sent = next(&first, |order| {
        order.order.items[0].quantity_fulfilled = 1;
    });
    let entry = HistoryEntry {
        note: "Amazon reports a change".into(),
        ..first.first_history.clone()
    };
    let replaced = store.replace_order(&sent, &entry).await;
    assert_eq!(replaced.unwrap(), Written::Done);
    let new = cloud.image().await;
    vec![
        record(1, None, Some(&old)),
        record(2, Some(&old), Some(&new)),
    ]
}

/// Bodies are left out: how they deflate does not matter.
#[tokio::test]
async fn the_sample_event_is_what_the_store_writes() {
    let made = json!({"Records": a_day().await});
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
    let same = without_bodies(sample) == without_bodies(made.clone());
    assert!(same, "{made:#}");
}

#[tokio::test]
async fn the_sample_event_is_reserved_in_one_go() {
    let cloud = Cloud::new().await;
    let event: StreamEvent = serde_json::from_str(SAMPLE).unwrap();
    let outcome = handle(&cloud.app, event).await.unwrap();
    let expected = BatchOutcome {
        orders: 1,
        recomputed: 1,
        skipped: 0,
    };
    assert_eq!(outcome, expected);
    let mug = only(&cloud, "MUG").await;
    let sent: u32 = mug.dispatched.iter().map(|it| it.units).sum();
    assert_eq!((mug.units, sent, mug.revision), (2, 1, 2));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_holds_up_no_other() {
    let cloud = Cloud::new().await;
    let mut records = a_day().await;
    let mut broken = records[0].clone();
    broken["dynamodb"]["NewImage"]["status"] = json!({"S": "lost"});
    records.splice(0..0, [json!("noise"), broken]);
    let outcome = handle(&cloud.app, batch(records)).await.unwrap();
    assert_eq!((outcome.orders, outcome.skipped), (1, 2));
    assert_eq!(only(&cloud, "MUG").await.units, 2);
}

#[tokio::test]
async fn a_newer_releases_record_waits_for_the_newer_release() {
    let cloud = Cloud::new().await;
    let mut records = a_day().await;
    records[1]["dynamodb"]["NewImage"]["v"] = json!({"N": "3"});
    let error = handle(&cloud.app, batch(records)).await.unwrap_err();
    assert_eq!(error.class(), stallkeeper::Class::Retryable);
    assert!(inputs(&cloud, "MUG").await.reservations.is_empty());
}

#[tokio::test]
async fn a_batch_without_orders_calls_nothing() {
    let cloud = Cloud::new().await;
    let outcome = handle(&cloud.app, batch(Vec::new())).await.unwrap();
    assert_eq!(outcome, BatchOutcome::default());
}
