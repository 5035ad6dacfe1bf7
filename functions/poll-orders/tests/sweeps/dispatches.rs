//! A tick is the clock of the connection's dispatches and cancellations.

use crate::world::World;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use stallkeeper::domain::cancellation::Cancellation;
use stallkeeper::domain::courier::LabelSource;
use stallkeeper::domain::dispatch::{HandOver, HandOverRequest, ParcelCarrier, ParcelUnits};
use stallkeeper::domain::feed::Feed;
use stallkeeper::domain::ids::FeedId;
use stallkeeper::domain::order::{OrderItem, OrderStatus};
use stallkeeper::hand_over::{HandedOver, store_hand_over};
use stallkeeper::store::Written;

#[tokio::test]
async fn a_tick_wakes_who_confirms_dispatches_if_any_waits() {
    let world = World::start().await;
    assert!(world.tick().await);
    assert_eq!(woken(&world), 0);
    let mut order = kit::sample::demo_order();
    order.tenant = world.connection.tenant.clone();
    order.connection = world.connection.id.clone();
    order.status = OrderStatus::Acknowledged;
    let line = json!({
        "id": "1", "sku": "A", "asin": null, "title": null, "quantity": 1, "quantity_fulfilled": 0, "unit_price": null,
        "proceeds": null, "constraints": [], "cancel_requested": false, "programs": [],
    });
    order.order.items = vec![serde_json::from_value::<OrderItem>(line).unwrap()];
    let inserted = world.store.insert_order(&order).await.unwrap();
    assert_eq!(inserted, Written::Done);
    let content = HandOver {
        carrier: ParcelCarrier::Carrier("DPD".into()),
        tracking_number: "1".parse().unwrap(),
        other_tracking_numbers: Vec::new(),
        handed_over_at: kit::sample::at(0),
        units: ParcelUnits::AllOpen,
        warehouse: None,
        label_source: LabelSource::Courier,
        despite_cancel: false,
    };
    let (id, now) = (&order.order.id, Timestamp::now());
    let request = HandOverRequest {
        parcel: "P1".parse().unwrap(),
        content,
        asked_at: Some(now),
    };
    let handed = store_hand_over(&world.store, &world.connection, id, &request, now);
    assert!(matches!(handed.await.unwrap(), HandedOver::Stored(..)));
    assert!(world.tick().await);
    assert_eq!(woken(&world), 1);
}

#[tokio::test]
async fn a_tick_wakes_who_cancels_once_a_cancellation_waits_longer_than_its_message_would() {
    let world = World::start().await;
    let ids = world.connection.key();
    let due = |id: &str, minutes: i64| -> Cancellation {
        let at = Timestamp::now() - SignedDuration::from_mins(minutes);
        serde_json::from_value(json!({
            "tenant": &ids.tenant, "connection": &ids.id, "order_id": "026-1", "id": id, "reason": "other",
            "state": "to_send", "due_at": at, "created_at": at, "revision": 1, "lines": [],
        }))
        .unwrap()
    };
    let put = async |cancellation: Cancellation| {
        let written = world.store.replace_cancellation(&cancellation).await;
        assert_eq!(written.unwrap(), Written::Done);
    };
    put(due("C1", 0)).await;
    assert!(world.tick().await);
    assert_eq!(sent_to(&world, "cancellations"), 0);
    put(due("C2", 4)).await;
    assert!(world.tick().await);
    assert_eq!(sent_to(&world, "cancellations"), 1);
}

#[tokio::test]
async fn a_tick_wakes_who_cancels_for_a_feed_that_is_open_for_hours() {
    let world = World::start().await;
    let feed = |hours: i64| -> Feed {
        let at = Timestamp::now() - SignedDuration::from_hours(hours);
        serde_json::from_value(json!({
            "tenant": &world.connection.tenant, "connection": &world.connection.id, "id": FeedId::new(at, 1),
            "kind": "cancellation", "marketplace": "UK", "state": "submitted", "lines": 1, "parts": 1, "created_at": at,
            "amazon_id": "1", "submitted_at": at, "accepted": 0, "refused": 0, "stuck": false, "revision": 1,
        }))
        .unwrap()
    };
    for (feed, woken) in [(feed(1), 0), (feed(3), 1)] {
        assert_eq!(world.store.save_feed(&feed).await.unwrap(), Written::Done);
        assert!(world.tick().await);
        assert_eq!(sent_to(&world, "cancellations"), woken);
    }
}

fn woken(world: &World) -> usize {
    sent_to(world, "dispatches")
}

fn sent_to(world: &World, queue: &str) -> usize {
    world.heard(|heard| {
        let messages = heard.messages.iter();
        messages.filter(|(to, _)| to == queue).count()
    })
}
