//! Decreases that wait for no round.

use crate::world::World;
use serde_json::json;
use stallkeeper::domain::feed::FeedState;

#[tokio::test]
async fn an_urgent_message_patches_what_is_urgent_and_nothing_else() {
    let world = World::start().await;
    world.list(&["ZERO", "LESS"], 50).await;
    world.want("ZERO", 0).await;
    world.want("LESS", 20).await;
    assert!(world.urgent().await);
    let live = world.live().await;
    assert_eq!((live["ZERO"], live["LESS"]), (0, 50));
    assert_eq!(world.to_send().await, ["LESS"]);
    assert_eq!(
        world.round().await.zeros,
        1,
        "counted with the rounds' zeros"
    );
}

#[tokio::test]
async fn an_urgent_zero_overtakes_a_feed_that_is_not_submitted_yet() {
    let world = World::start().await;
    let app = world.app_with(0);
    world.list(&["A", "B"], 50).await;
    world.want("A", 9).await;
    world.want("B", 9).await;
    let fault = json!({ "operation": "createFeed", "kind": "status", "status": 429 });
    world.fault(fault).await;
    world.tick_at(&app).await;
    assert_eq!(world.states().await, [FeedState::Claimed]);

    world.want("A", 0).await;
    assert!(world.urgent().await);
    assert_eq!(world.live().await["A"], 0);
    world.forget_limits().await;
    world.tick_at(&app).await;
    assert_eq!(world.states().await, [FeedState::Submitted]);
    let live = world.live().await;
    assert_eq!((live["A"], live["B"]), (0, 9), "the feed's 9 came too late");
    assert!(world.to_send().await.is_empty());
    assert_eq!(world.feeds().await[0].lines, 1);
}

#[tokio::test]
async fn an_urgent_zero_beats_a_submitted_feed_that_amazon_applies_late() {
    let world = World::start().await;
    let app = world.app_with(0);
    world.settings(json!({ "feed_hold": true })).await;
    world.list(&["A"], 50).await;
    world.want("A", 9).await;
    world.tick_at(&app).await;
    world.want("A", 0).await;
    assert!(world.urgent().await);
    world.settings(json!({ "feed_hold": false })).await;
    world.admin_release().await;
    assert_eq!(world.live().await["A"], 0);
    assert!(world.to_send().await.is_empty());
}

#[tokio::test]
async fn an_urgent_message_that_finds_another_run_comes_again() {
    let world = World::start().await;
    world.list(&["ZERO"], 50).await;
    world.want("ZERO", 0).await;
    let key = &world.ids();
    let now = jiff::Timestamp::now();
    let until = now + jiff::SignedDuration::from_secs(60);
    let leased = world.store.lease_urgent(key, "other", now, until).await;
    assert!(leased.unwrap());
    assert!(world.urgent().await);
    let again = world.sent("ticks");
    assert_eq!(again.len(), 1);
    let (message, delay) = &again[0];
    assert_eq!(
        (message["kind"].as_str(), message["hop"].as_u64()),
        (Some("urgent"), Some(1))
    );
    assert_eq!(*delay, 5);
    assert_eq!(world.to_send().await, ["ZERO"]);
}

#[tokio::test]
async fn a_tick_sends_what_is_urgent_too_where_its_message_was_lost() {
    let world = World::start().await;
    world.list(&["ZERO"], 50).await;
    world.want("ZERO", 0).await;
    world.tick().await;
    assert_eq!(world.live().await["ZERO"], 0);
    assert_eq!(world.count("patchListingsItem").await, 1);
}
