//! Rows of bulk calls, however they arrive.

use crate::world::{Says, World, content, wake_up};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stallkeeper::domain::connection::ConnectionStatus;
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

/// Rows are stored, and nothing is confirmed.
async fn paused() -> World {
    let mut world = World::start().await;
    world.set_status(ConnectionStatus::Paused).await;
    world
}

fn seconds_ago(seconds: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_secs(seconds)
}

#[tokio::test]
async fn a_row_of_a_bulk_call_is_stored_and_a_late_refusal_is_kept_in_words() {
    let world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    for (parcel, state) in [
        ("P1", DispatchState::Confirmed),
        ("P2", DispatchState::Refused),
    ] {
        let row = row(&order, parcel, &content(), Some(seconds_ago(5)));
        assert!(world.deliver(&world.app, row).await);
        let found: Dispatch = world.dispatch(&order, parcel).await;
        assert_eq!(found.state, state, "{parcel}");
    }
    let words = world.dispatch(&order, "P2").await.words.unwrap();
    assert_eq!(words.code, "nothing_open");
    assert_eq!(
        world.queued(),
        [],
        "it is confirmed by the run that stored it"
    );
}

#[tokio::test]
async fn a_row_that_comes_late_or_twice_undoes_no_newer_edit() {
    let world = paused().await;
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
    let world = paused().await;
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
    world.amazon(|amazon| amazon.says = Says::Refused);
    assert!(world.deliver(&world.app, first.clone()).await);
    let refused = world.dispatch(&order, "P1").await;
    assert_eq!(refused.state, DispatchState::Refused);
    let former = row(&order, "P1", &content(), None);
    for row in [first, former] {
        assert!(world.deliver(&world.app, row).await);
        assert_eq!(world.dispatch(&order, "P1").await, refused);
    }
    world.amazon(|amazon| amazon.says = Says::Yes);
    let again = row(&order, "P1", &content(), Some(Timestamp::now()));
    for _ in 0..2 {
        assert!(world.deliver(&world.app, again.clone()).await);
        let confirmed = world.dispatch(&order, "P1").await;
        assert_eq!(confirmed.state, DispatchState::Confirmed);
        assert_eq!(confirmed.number, refused.number);
    }
    assert_eq!(world.amazon(|amazon| amazon.calls.len()), 2);
}

#[tokio::test]
async fn a_row_of_the_release_before_is_stored_and_edits_as_it_did_there() {
    let world = paused().await;
    let order = world.order("026-1", 1, 24).await;
    for tracking in ["1", "2", "2"] {
        let row = row(&order, "P1", &with(tracking), None);
        assert!(world.deliver(&world.app, row).await);
        let found = world.dispatch(&order, "P1").await;
        assert_eq!(found.hand_over, with(tracking));
    }
    assert_eq!(world.dispatch(&order, "P1").await.revision, 2);
}

#[tokio::test]
async fn a_row_that_is_handed_over_later_wakes_the_function_then() {
    let world = World::start().await;
    let order = world.order("026-1", 1, 24).await;
    let later = HandOver {
        handed_over_at: Timestamp::now() + SignedDuration::from_mins(10),
        ..content()
    };
    let row = row(&order, "P1", &later, Some(Timestamp::now()));
    assert!(world.deliver(&world.app, row).await);
    let (queued, delay) = world.queued().pop().unwrap();
    let dispatch = world.dispatch(&order, "P1").await;
    assert_eq!(
        queued["new"],
        wake_up(&world.connection, Some(&dispatch))["new"]
    );
    assert!((590..=600).contains(&delay), "{delay}");
}
