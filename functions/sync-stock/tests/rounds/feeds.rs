//! Many differences go by feed.

use crate::world::World;
use serde_json::json;
use stallkeeper::domain::feed::FeedState;
use stallkeeper::domain::marketplace::Marketplace;

const SKUS: [&str; 4] = ["A", "b/2", "c#3", "D"];

#[tokio::test]
async fn many_differences_are_one_feed_whose_check_is_queued() {
    let world = World::start().await;
    let app = world.app_with(2);
    world.list(&SKUS, 50).await;
    for sku in SKUS {
        world.want(sku, 6).await;
    }
    world.tick_at(&app).await;
    assert_eq!(world.count("createFeed").await, 1);
    assert_eq!(world.count("patchListingsItem").await, 0);
    assert!(world.live().await.values().all(|quantity| *quantity == 6));
    assert!(world.to_send().await.is_empty());
    assert_eq!(world.states().await, [FeedState::Submitted]);
    let feed = world.feeds().await.remove(0);
    assert_eq!(feed.lines, 4);
    assert_eq!(world.store.manifest(&feed).await.unwrap().len(), 4);
    let checks = world.sent("checks");
    assert_eq!(checks.len(), 1);
    assert_eq!(checks[0].0["feed"], feed.id.as_str());
    assert_eq!(checks[0].1, 60);
    assert_eq!(world.round().await.last.fed, 4);

    world.tick_at(&app).await;
    assert_eq!(world.count("createFeed").await, 1);
    assert_eq!(world.violations().await, json!([]));
}

#[tokio::test]
async fn a_feed_outlives_its_manifest_since_listings_stand_by_it() {
    let world = World::start().await;
    let app = world.app_with(0);
    world.list(&["A"], 50).await;
    world.want("A", 6).await;
    world.tick_at(&app).await;
    let feed = world.feeds().await.remove(0);
    world.settle(&feed.id).await;
    assert_eq!(world.expiring().await, ["PART#00000"]);
}

#[tokio::test]
async fn each_listing_goes_through_a_store_it_is_in() {
    let world = World::start().await;
    let app = world.app_with(0);
    world.list_in(&["UK", "UK2"], 50, &[Marketplace::Uk]).await;
    world.list_in(&["DE"], 50, &[Marketplace::De]).await;
    let both = [Marketplace::De, Marketplace::Uk];
    world.list_in(&["BOTH"], 50, &both).await;
    for sku in ["UK", "UK2", "DE", "BOTH"] {
        world.want(sku, 6).await;
    }
    world.tick_at(&app).await;
    assert!(world.live().await.values().all(|quantity| *quantity == 6));
    let feeds = world.feeds().await;
    let mut lines: Vec<_> = feeds
        .iter()
        .map(|feed| (feed.marketplace.country(), feed.lines))
        .collect();
    lines.sort_unstable();
    assert_eq!(lines, [("DE", 1), ("UK", 3)]);
}

#[tokio::test]
async fn a_submission_whose_answer_is_lost_is_given_back_and_sent_again() {
    for kind in ["lost", "reset", "cut_off"] {
        let world = World::start().await;
        let app = world.app_with(0);
        world.list(&SKUS, 50).await;
        for sku in SKUS {
            world.want(sku, 6).await;
        }
        world
            .fault(json!({ "operation": "createFeed", "kind": kind }))
            .await;
        world.tick_at(&app).await;
        assert_eq!(world.states().await, [FeedState::Returned], "{kind}");
        assert_eq!(world.to_send().await.len(), 4, "{kind}");
        world.tick_at(&app).await;
        let states = [FeedState::Submitted, FeedState::Returned];
        assert_eq!(world.states().await, states, "{kind}");
        assert!(world.live().await.values().all(|quantity| *quantity == 6));
        assert!(world.to_send().await.is_empty(), "{kind}");
    }
}

#[tokio::test]
async fn what_a_lost_submission_gives_back_does_not_wait_where_it_is_urgent() {
    let world = World::start().await;
    let app = world.app_with(0);
    world.list(&["ZERO", "MANY"], 50).await;
    world.want("ZERO", 0).await;
    world.want("MANY", 6).await;
    let lost = json!({ "operation": "createFeed", "kind": "reset" });
    world.fault(lost).await;
    world.tick_at(&app).await;
    assert_eq!(world.live().await["ZERO"], 50);
    let woken = world.sent("ticks");
    let kinds: Vec<_> = woken.iter().map(|(it, _)| it["kind"].as_str()).collect();
    assert_eq!(kinds, [Some("urgent")]);
    assert!(world.urgent().await);
    assert_eq!(world.live().await["ZERO"], 0);
    assert_eq!(world.to_send().await, ["MANY"]);
}

#[tokio::test]
async fn a_feed_that_amazon_has_no_room_for_stays_claimed_and_goes_later() {
    let world = World::start().await;
    let app = world.app_with(0);
    world.list(&SKUS, 50).await;
    for sku in SKUS {
        world.want(sku, 6).await;
    }
    let fault = json!({ "operation": "createFeed", "kind": "status", "status": 429 });
    world.fault(fault).await;
    world.tick_at(&app).await;
    assert_eq!(world.states().await, [FeedState::Claimed]);
    world.tick_at(&app).await;
    assert_eq!(
        world.states().await,
        [FeedState::Claimed],
        "the limit lasts"
    );
    assert_eq!(world.count("createFeed").await, 1);
    world.forget_limits().await;
    world.tick_at(&app).await;
    assert_eq!(world.states().await, [FeedState::Submitted]);
    assert!(world.live().await.values().all(|quantity| *quantity == 6));
}

#[tokio::test]
async fn no_more_than_five_feeds_are_submitted_in_five_minutes() {
    let world = World::start().await;
    let app = world.app_with(0);
    world.list(&["A"], 50).await;
    for quantity in 1..=7 {
        world.want("A", quantity).await;
        world.tick_at(&app).await;
    }
    assert_eq!(world.count("createFeed").await, 5);
    assert_eq!(world.to_send().await, ["A"]);
    assert_eq!(
        world.listing("A").await.send_count,
        5,
        "what cannot go is not claimed"
    );
}

#[tokio::test]
async fn what_a_feed_may_make_needless_waits_until_it_is_settled() {
    let world = World::start().await;
    let app = world.app_with(0);
    world.list(&["A"], 50).await;
    world.want("A", 6).await;
    world.tick_at(&app).await;
    let feed = world.feeds().await.remove(0);
    world.wait_for(&feed.id, "A", 6).await;
    world.tick_at(&app).await;
    assert_eq!(world.to_send().await, ["A"]);
    assert_eq!(world.round().await.last.waiting, 1);
    world.settle(&feed.id).await;
    world.tick_at(&app).await;
    assert!(world.to_send().await.is_empty());
    assert_eq!(world.feeds().await.len(), 2);
}

#[tokio::test]
async fn a_freeze_while_a_feed_is_built_keeps_it_from_amazon() {
    let world = World::start().await;
    let app = world.app_with(0);
    world.list(&SKUS, 50).await;
    for sku in SKUS {
        world.want(sku, 6).await;
    }
    let wire = crate::tripwire::Tripwire::across(&world.outside).await;
    let wired = world.app_at(&wire.outside, 0);
    wire.arm_when(crate::tripwire::Side::Before, |_, call| {
        call.name.ends_with("/feeds/2021-06-30/documents")
    });
    let freeze = async {
        let freeze = stallkeeper::domain::stock_settings::Freeze {
            at: jiff::Timestamp::now(),
            reason: None,
        };
        world.change_plan(|plan| plan.frozen = Some(freeze)).await;
    };
    let (acknowledged, tripped) = wire.interrupt(world.message(&wired, "tick"), freeze).await;
    assert!(acknowledged && tripped);
    assert_eq!(world.count("createFeed").await, 0);
    assert_eq!(world.states().await, [FeedState::Claimed]);
    world.change_plan(|plan| plan.frozen = None).await;
    world.tick_at(&app).await;
    assert!(world.live().await.values().all(|quantity| *quantity == 6));
}
