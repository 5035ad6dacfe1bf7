//! Rows of bulk calls, however they arrive.

use crate::world::{Says, World, content, wake_up};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stallkeeper::domain::dispatch::{Dispatch, DispatchState, HandOver};
use stallkeeper::domain::ids::OrderId;

fn with(tracking: &str) -> HandOver {
    HandOver {
        tracking_number: tracking.parse().unwrap(),
        ..content()
    }
}

/// A row as its message; one of the release before does not say when it was asked for.
fn row(order: &OrderId, parcel: &str, content: &HandOver, asked_at: Option<Timestamp>) -> Value {
    let mut row = json!({
        "v": 1, "kind": "hand_over", "tenant": "north", "connection": "c1", "order_id": order, "parcel": parcel,
        "hand_over": content,
    });
    if let Some(asked_at) = asked_at {
        row["asked_at"] = json!(asked_at);
    }
    row
}

fn seconds_ago(seconds: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_secs(seconds)
}

#[tokio::test]
async fn a_row_of_a_bulk_call_is_stored_and_a_late_refusal_is_kept_in_words() {
    let world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    for (parcel, state) in [
        ("P1", DispatchState::ToConfirm),
        ("P2", DispatchState::Refused),
    ] {
        let row = row(&order, parcel, &content(), Some(seconds_ago(5)));
        assert!(world.deliver(&world.app, row).await);
        let found: Dispatch = world.dispatch(&order, parcel).await;
        assert_eq!(found.state, state, "{parcel}");
    }
    let words = world.dispatch(&order, "P2").await.words.unwrap();
    assert_eq!(words.code, "nothing_open");
    let (queued, _) = world.queued().pop().unwrap();
    assert_eq!(
        queued["new"],
        wake_up(&world.connection, Some(&world.dispatch(&order, "P1").await))["new"]
    );
}

#[tokio::test]
async fn a_row_that_comes_late_or_twice_undoes_no_newer_edit() {
    let world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    let first = row(&order, "P1", &with("1"), Some(seconds_ago(20)));
    let second = row(&order, "P1", &with("2"), Some(seconds_ago(10)));
    for row in [&second, &first, &second] {
        assert!(world.deliver(&world.app, row.clone()).await);
        let found = world.dispatch(&order, "P1").await;
        assert_eq!((found.hand_over, found.revision), (with("2"), 1));
    }
    let edited = world.put(&order, "P1", with("3")).await;
    for row in [first, second] {
        assert!(world.deliver(&world.app, row).await);
        assert_eq!(world.dispatch(&order, "P1").await, edited);
    }
}

#[tokio::test]
async fn a_late_row_that_could_not_be_stored_leaves_no_words_on_a_newer_edit() {
    let world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    let edited = world.hand_over(&order, "P1").await;
    let ahead = HandOver {
        handed_over_at: Timestamp::now() + SignedDuration::from_hours(24 * 40),
        ..content()
    };
    let late = row(&order, "P1", &ahead, Some(seconds_ago(10)));
    assert!(world.deliver(&world.app, late).await);
    assert_eq!(world.dispatch(&order, "P1").await, edited);
    let newer = row(&order, "P1", &ahead, Some(Timestamp::now()));
    for _ in 0..2 {
        assert!(world.deliver(&world.app, newer.clone()).await);
        let noted = world.dispatch(&order, "P1").await;
        assert_eq!(noted.words.unwrap().code, "too_far_ahead");
        assert_eq!((noted.hand_over, noted.revision), (content(), 2));
    }
}

#[tokio::test]
async fn a_refused_parcel_is_handed_over_again_by_its_sender_and_never_by_a_redelivered_row() {
    let world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    let first = row(&order, "P1", &content(), Some(seconds_ago(5)));
    assert!(world.deliver(&world.app, first.clone()).await);
    world.amazon(|amazon| amazon.says = Says::Refused);
    assert!(world.wake(None).await);
    let refused = world.dispatch(&order, "P1").await;
    assert_eq!(refused.state, DispatchState::Refused);
    let queued = world.queued().len();
    let former = row(&order, "P1", &content(), None);
    for row in [first, former] {
        assert!(world.deliver(&world.app, row).await);
        assert_eq!(world.dispatch(&order, "P1").await, refused);
    }
    assert_eq!(world.queued().len(), queued, "nobody is woken for it");
    world.amazon(|amazon| amazon.says = Says::Yes);
    let again = row(&order, "P1", &content(), Some(Timestamp::now()));
    for _ in 0..2 {
        assert!(world.deliver(&world.app, again.clone()).await);
        assert!(world.wake(None).await);
        let confirmed = world.dispatch(&order, "P1").await;
        assert_eq!(confirmed.state, DispatchState::Confirmed);
        assert_eq!(confirmed.number, refused.number);
    }
    assert_eq!(world.amazon(|amazon| amazon.calls.len()), 2);
}

#[tokio::test]
async fn a_row_of_the_release_before_is_stored_and_edits_as_it_did_there() {
    let world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    for tracking in ["1", "2", "2"] {
        let row = row(&order, "P1", &with(tracking), None);
        assert!(world.deliver(&world.app, row).await);
        let found = world.dispatch(&order, "P1").await;
        assert_eq!(found.hand_over, with(tracking));
    }
    assert_eq!(world.dispatch(&order, "P1").await.revision, 2);
}
