//! A feed that Amazon does not bring to an end: what it carries is not taken for live.

use crate::tripwire::{Side, Tripwire};
use crate::world::World;
use jiff::SignedDuration;
use serde_json::json;
use stallkeeper::domain::feed::{Feed, FeedState};
use stallkeeper::store::Written;

impl World {
    /// So many minutes pass for the newest feed.
    async fn age(&self, minutes: i64) {
        let feed = self.feeds().await.remove(0);
        let older = Feed {
            created_at: feed.created_at - SignedDuration::from_mins(minutes),
            revision: feed.revision + 1,
            ..feed
        };
        assert_eq!(self.store.save_feed(&older).await.unwrap(), Written::Done);
    }

    /// Feeds of decreases and increases that Amazon never finishes.
    async fn with_stuck_feed() -> (Self, sync_stock::App) {
        let world = World::start().await;
        let app = world.app_with(2);
        world.settings(json!({ "feed_hold": true })).await;
        world.list(&["D1", "D2", "D3"], 50).await;
        world.list(&["U1", "U2"], 1).await;
        for sku in ["D1", "D2", "D3"] {
            world.want(sku, 10).await;
        }
        let counted = jiff::Timestamp::now() - SignedDuration::from_mins(1);
        for sku in ["U1", "U2"] {
            world.want_of_level(sku, 40, Some(counted)).await;
        }
        world.tick_at(&app).await;
        assert_eq!(world.states().await, [FeedState::Submitted]);
        (world, app)
    }
}

#[tokio::test]
async fn after_half_an_hour_the_decreases_of_a_feed_go_by_patch_and_after_four_hours_all_goes() {
    let (world, app) = World::with_stuck_feed().await;
    world.tick_at(&app).await;
    assert_eq!(
        world.count("patchListingsItem").await,
        0,
        "it is not late yet"
    );

    world.age(31).await;
    world.tick_at(&app).await;
    let live = world.live().await;
    assert_eq!([live["D1"], live["D2"], live["D3"]], [10, 10, 10]);
    assert_eq!([live["U1"], live["U2"]], [1, 1], "an increase can wait");
    let feed = world.feeds().await.remove(0);
    assert!(feed.stuck && feed.state == FeedState::Submitted);
    assert_eq!(world.count("createFeed").await, 1);

    let before = world.count("patchListingsItem").await;
    world.tick_at(&app).await;
    assert_eq!(world.count("patchListingsItem").await, before, "once");

    world.age(4 * 60).await;
    world.tick_at(&app).await;
    assert_eq!(world.states().await, [FeedState::SetAside]);
    let live = world.live().await;
    assert_eq!([live["U1"], live["U2"]], [40, 40]);
    assert!(world.to_send().await.is_empty());

    // Whatever Amazon makes of it in the end, what was sent later stays.
    world.want("D1", 3).await;
    world.tick_at(&app).await;
    world.settings(json!({ "feed_hold": false })).await;
    world.admin_release().await;
    assert_eq!(world.live().await["D1"], 3);
}

#[tokio::test]
async fn what_is_wanted_by_then_goes_and_a_new_decrease_needs_no_feed_that_works() {
    let (world, app) = World::with_stuck_feed().await;
    world.age(31).await;
    for sku in ["D1", "D2", "D3"] {
        world.want(sku, 7).await;
    }
    world.tick_at(&app).await;
    for sku in ["D1", "D2", "D3"] {
        world.want(sku, 6).await;
    }
    world.tick_at(&app).await;
    let live = world.live().await;
    assert_eq!([live["D1"], live["D2"], live["D3"]], [6, 6, 6]);
    assert_eq!(world.count("createFeed").await, 1);
}

#[tokio::test]
async fn a_feed_that_cannot_be_submitted_for_half_an_hour_gives_back_its_lines() {
    let world = World::start().await;
    let app = world.app_with(0);
    world.list(&["A"], 50).await;
    world.want("A", 6).await;
    let fault = json!({ "operation": "createFeed", "kind": "status", "status": 429 });
    world.fault(fault).await;
    world.tick_at(&app).await;
    assert_eq!(world.states().await, [FeedState::Claimed]);
    world.age(31).await;
    world.tick_at(&app).await;
    assert_eq!(world.states().await, [FeedState::Returned]);
    assert_eq!(world.to_send().await, ["A"]);
}

#[tokio::test]
async fn an_urgent_decrease_is_not_behind_a_round_that_makes_a_feed() {
    let world = World::start().await;
    world.list(&["FIRST", "SECOND", "B", "C"], 50).await;
    world.want("FIRST", 0).await;
    world.want("B", 6).await;
    world.want("C", 6).await;
    let wire = Tripwire::across(&world.outside).await;
    let wired = world.app_at(&wire.outside, 1);
    wire.arm_when(Side::Before, |_, call| {
        call.name.ends_with("/feeds/2021-06-30/documents")
    });
    let meanwhile = async {
        world.want("SECOND", 0).await;
        assert!(world.urgent().await);
        assert_eq!(world.live().await["SECOND"], 0, "it went at once");
    };
    let (acknowledged, tripped) = wire
        .interrupt(world.message(&wired, "tick"), meanwhile)
        .await;
    assert!(acknowledged && tripped);
    let live = world.live().await;
    assert_eq!([live["FIRST"], live["B"], live["C"]], [0, 6, 6]);
}

#[tokio::test]
async fn a_killed_round_holds_the_rest_for_a_minute_at_most() {
    let world = World::start().await;
    world.list(&["ZERO"], 50).await;
    world.want("ZERO", 0).await;
    let wire = Tripwire::across(&world.outside).await;
    let wired = world.app_at(&wire.outside, 300);
    wire.arm_when(Side::Before, |_, call| call.name.contains("/listings/"));
    assert!(wire.kill(world.message(&wired, "tick")).await.is_none());
    let left = world.longest_lease().await;
    assert!(left <= SignedDuration::from_secs(60), "{left}");
    assert!(left > SignedDuration::ZERO, "it is held");
}
