//! What each of Amazon's answers makes of a dispatch.

use crate::world::{Says, World, content};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use stallkeeper::domain::connection::ConnectionStatus;
use stallkeeper::domain::dispatch::{DispatchState, HandOver};
use stallkeeper::domain::order::{HistoryEntry, HistoryKind, OrderStatus};
use stallkeeper::queue::{DispatchMessage, Versioned};

#[tokio::test]
async fn a_hand_over_is_confirmed_once_however_often_it_is_woken() {
    let world = World::start().await;
    let order = world.order("026-1", 2, 24).await;
    let dispatch = world.hand_over(&order, "P1").await;
    assert_eq!(world.stored(&order).await.status, OrderStatus::Dispatched);
    for _ in 0..2 {
        assert!(world.wake(Some(&dispatch)).await);
    }
    let after = world.dispatch(&order, "P1").await;
    assert_eq!(after.state, DispatchState::Confirmed);
    assert!(after.confirmed_at.is_some());
    world.amazon(|amazon| {
        assert_eq!(amazon.calls.len(), 1);
        let detail = &amazon.calls[0].1["packageDetail"];
        assert_eq!(detail["packageReferenceId"], dispatch.number.to_string());
        assert_eq!(
            detail["orderItems"],
            json!([{"orderItemId": "1", "quantity": 2}])
        );
        assert_eq!(detail["carrierCode"], "DPD");
    });
}

#[tokio::test]
async fn the_most_urgent_goes_first() {
    let world = World::start().await;
    let mut last = None;
    for (id, hours) in [("026-3", 72), ("026-1", 2), ("026-2", 24)] {
        let order = world.order(id, 1, hours).await;
        last = Some(world.hand_over(&order, "P1").await);
    }
    assert!(world.wake(last.as_ref()).await);
    let orders = world.amazon(|amazon| {
        let calls = amazon.calls.iter().map(|(order, _)| order.clone());
        calls.collect::<Vec<_>>()
    });
    assert_eq!(orders, ["026-1", "026-2", "026-3"]);
}

#[tokio::test]
async fn a_refusal_keeps_amazons_words_and_opens_the_units() {
    let world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    let dispatch = world.hand_over(&order, "P1").await;
    world.amazon(|amazon| amazon.says = Says::Refused);
    assert!(world.wake(Some(&dispatch)).await);
    let after = world.dispatch(&order, "P1").await;
    assert_eq!(after.state, DispatchState::Refused);
    assert_eq!(after.words.unwrap().message, "OrderItemId is invalid");
    let stored = world.stored(&order).await;
    assert_eq!(stored.status, OrderStatus::Acknowledged);
    assert_eq!(stored.open_quantity(&stored.order.items[0]), 1);
    // Edited, it goes again, under its number.
    world.amazon(|amazon| amazon.says = Says::Yes);
    let edited = HandOver {
        tracking_number: "15509999999999".parse().unwrap(),
        ..content()
    };
    world.put(&order, "P1", edited).await;
    assert!(world.wake(Some(&dispatch)).await);
    let numbers = world.amazon(|amazon| {
        let calls = amazon.calls.iter();
        let number = calls.map(|(_, body)| body["packageDetail"]["packageReferenceId"].clone());
        number.collect::<Vec<_>>()
    });
    assert_eq!(numbers[0], numbers[1]);
    assert_eq!(world.stored(&order).await.status, OrderStatus::Dispatched);
}

#[tokio::test]
async fn already_fulfilled_is_believed_only_if_amazon_shows_our_number() {
    let rows = [
        ("1550 1234 567890", DispatchState::Confirmed),
        ("X999", DispatchState::Refused),
    ];
    for (shown, state) in rows {
        let world = World::start().await;
        let order = world.order("026-1", 1, 24).await;
        let dispatch = world.hand_over(&order, "P1").await;
        world.amazon(|amazon| {
            amazon.says = Says::Fulfilled;
            amazon.elsewhere = vec![json!({"packageReferenceId": "1", "trackingNumber": shown})];
        });
        assert!(world.wake(Some(&dispatch)).await);
        let after = world.dispatch(&order, "P1").await;
        assert_eq!(after.state, state, "{shown}");
        let words = after.words.map(|words| words.message);
        assert_eq!(
            words.is_some(),
            state == DispatchState::Refused,
            "{words:?}"
        );
    }
}

#[tokio::test]
async fn amazons_limit_puts_it_off_and_nothing_is_lost() {
    let world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    let dispatch = world.hand_over(&order, "P1").await;
    world.amazon(|amazon| amazon.says = Says::Status(429));
    assert!(world.wake(Some(&dispatch)).await);
    let after = world.dispatch(&order, "P1").await;
    assert_eq!(
        (after.state, after.calling_until),
        (DispatchState::ToConfirm, None)
    );
    assert_eq!(world.queued().len(), 1);
}

#[tokio::test]
async fn what_amazon_does_not_allow_waits_an_hour_in_words() {
    let world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    let dispatch = world.hand_over(&order, "P1").await;
    world.amazon(|amazon| amazon.says = Says::Status(403));
    assert!(world.wake(Some(&dispatch)).await);
    let after = world.dispatch(&order, "P1").await;
    assert_eq!(after.state, DispatchState::ToConfirm);
    assert_eq!(after.words.unwrap().code, "403");
    assert!(after.due_at > Timestamp::now() + SignedDuration::from_mins(50));
}

#[tokio::test]
async fn paused_or_revoked_it_waits_and_goes_on_later() {
    let mut world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    let dispatch = world.hand_over(&order, "P1").await;
    world.set_status(ConnectionStatus::Paused).await;
    assert!(world.wake(Some(&dispatch)).await);
    world.set_status(ConnectionStatus::Active).await;
    world.amazon(|amazon| amazon.says = Says::Revoked);
    assert!(world.wake(Some(&dispatch)).await, "acknowledged");
    assert_eq!(world.amazon(|amazon| amazon.calls.len()), 0);
    world.amazon(|amazon| amazon.says = Says::Yes);
    world.connection = world
        .store
        .connection(&world.connection.key())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        world.connection.status,
        ConnectionStatus::NeedsReauthorisation
    );
    world.set_status(ConnectionStatus::Active).await;
    assert!(world.wake(None).await);
    assert_eq!(
        world.dispatch(&order, "P1").await.state,
        DispatchState::Confirmed
    );
}

#[tokio::test]
async fn a_cancelled_order_is_refused_before_amazon_is_asked() {
    let world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    let dispatch = world.hand_over(&order, "P1").await;
    let mut stored = world.stored(&order).await;
    stored.status = OrderStatus::Cancelled;
    stored.revision += 1;
    let entry = HistoryEntry {
        at: Timestamp::now(),
        kind: HistoryKind::Changed,
        note: String::new(),
    };
    let _ = world.store.replace_order(&stored, &entry).await.unwrap();
    assert!(world.wake(Some(&dispatch)).await);
    let after = world.dispatch(&order, "P1").await;
    assert_eq!(
        (after.state, after.words.unwrap().code),
        (DispatchState::Refused, "cancelled".into())
    );
    assert_eq!(world.amazon(|amazon| amazon.calls.len()), 0);
}

#[tokio::test]
async fn what_is_not_handed_over_yet_waits_for_its_moment() {
    let world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    let content = HandOver {
        handed_over_at: Timestamp::now() + SignedDuration::from_mins(10),
        ..content()
    };
    let dispatch = world.put(&order, "P1", content).await;
    world
        .app
        .dispatches
        .confirm(&dispatch, Timestamp::now())
        .await
        .unwrap();
    let (_, delay) = world.queued().pop().unwrap();
    assert!((590..=600).contains(&delay), "{delay}");
    assert!(world.wake(Some(&dispatch)).await);
    assert_eq!(world.amazon(|amazon| amazon.calls.len()), 0);
}

#[test]
fn the_sample_event_holds_a_wake_up_and_news_of_packages() {
    let sample = include_str!("../../../../events/confirm-shipments.json");
    let event: aws_lambda_events::sqs::SqsEvent = serde_json::from_str(sample).unwrap();
    let read = event.records.iter().map(|record| {
        let body = record.body.as_deref().unwrap();
        let message: Versioned<DispatchMessage> = serde_json::from_str(body).unwrap();
        message.open().unwrap()
    });
    let read: Vec<DispatchMessage> = read.collect();
    assert!(matches!(
        &read[..],
        [
            DispatchMessage::Confirm { new: Some(_), .. },
            DispatchMessage::Packages { .. }
        ]
    ));
}
