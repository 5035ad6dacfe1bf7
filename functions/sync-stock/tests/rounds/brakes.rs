//! What a person stops, and what stops for a person.

use crate::world::{World, ago};
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock_settings::{Brakes, Freeze};

async fn four_of_ten_are_too_many(world: &World) {
    world.count_matched(10).await;
    world
        .publish(|published| {
            published.settings.brakes = Brakes {
                zero_at_least: 4,
                ..Brakes::default()
            };
        })
        .await;
}

async fn five_of_ten(world: &World, to: u32) {
    let skus = ["A", "B", "C", "D", "E"];
    world.list(&skus, 50).await;
    four_of_ten_are_too_many(world).await;
    for sku in skus {
        world.want(sku, to).await;
    }
}

#[tokio::test]
async fn a_round_that_would_zero_too_many_is_held_until_a_person_releases_it() {
    let world = World::start().await;
    five_of_ten(&world, 0).await;
    world.list(&["OTHER"], 50).await;
    world.want("OTHER", 9).await;
    for _ in 0..2 {
        world.tick().await;
        assert_eq!(world.count("patchListingsItem").await, 0);
        let held = world.round().await.held.unwrap();
        assert_eq!((held.zeros, held.matched), (5, 10));
        assert!(world.urgent().await);
        assert_eq!(world.count("patchListingsItem").await, 0, "nor urgently");
    }
    world
        .save_round(|round| {
            round.held = None;
            round.released_until = Some(Timestamp::now() + SignedDuration::from_mins(10));
        })
        .await;
    world.tick().await;
    let live = world.live().await;
    assert_eq!((live["A"], live["OTHER"]), (0, 9));
    assert_eq!(world.round().await.held, None);
}

#[tokio::test]
async fn too_many_ends_of_offers_wait_for_a_person_and_hold_up_no_quantity() {
    let world = World::start().await;
    let skus = ["A", "B", "C", "D", "E"];
    world
        .list_in(&skus, 50, &[Marketplace::Uk, Marketplace::De])
        .await;
    four_of_ten_are_too_many(&world).await;
    for sku in skus {
        world.want_end(sku, true).await;
    }
    world.list(&["LESS", "NONE"], 50).await;
    world.want("LESS", 7).await;
    world.tick().await;
    let held = world.round().await.held.unwrap();
    assert_eq!((held.zeros, held.matched, held.ends_alone), (5, 10, true));
    assert!(!world.is_ended("A").await && !world.is_ended("E").await);
    assert_eq!(world.live().await["LESS"], 7, "by the round");
    world.want("NONE", 0).await;
    assert!(world.urgent().await);
    assert_eq!(world.live().await["NONE"], 0, "and at once");
    world.tick().await;
    assert!(world.round().await.held.unwrap().ends_alone);
    assert!(!world.is_ended("C").await);
    for sku in ["A", "B"] {
        world.want_end(sku, false).await;
    }
    world
        .save_round(|round| {
            round.held = None;
            round.released_until = Some(Timestamp::now() + SignedDuration::from_mins(10));
        })
        .await;
    world.tick().await;
    assert!(world.is_ended("C").await && !world.is_ended("A").await);
}

#[tokio::test]
async fn a_held_round_goes_on_by_itself_once_its_zeros_are_taken_back() {
    let world = World::start().await;
    five_of_ten(&world, 0).await;
    world.tick().await;
    assert!(world.round().await.held.is_some());
    for sku in ["A", "B", "C"] {
        world.want(sku, 8).await;
    }
    world.tick().await;
    assert_eq!(world.round().await.held, None);
    let live = world.live().await;
    assert_eq!((live["A"], live["D"]), (8, 0));
}

#[tokio::test]
async fn urgent_zeros_and_those_of_a_round_are_counted_together() {
    let world = World::start().await;
    five_of_ten(&world, 9).await;
    world.want("A", 0).await;
    world.want("B", 0).await;
    assert!(world.urgent().await);
    assert_eq!(world.count("patchListingsItem").await, 2);
    world.want("C", 0).await;
    world.want("D", 0).await;
    assert!(world.urgent().await);
    assert_eq!(world.count("patchListingsItem").await, 2);
    assert_eq!(world.round().await.held.unwrap().zeros, 4);
    world.tick().await;
    assert_eq!(world.count("patchListingsItem").await, 2);
}

#[tokio::test]
async fn a_freeze_of_the_connection_or_of_the_deployment_sends_nothing() {
    let world = World::start().await;
    world.list(&["A"], 50).await;
    world.want("A", 0).await;
    let freeze = Freeze {
        at: Timestamp::now(),
        reason: None,
    };
    world
        .change_plan(|plan| plan.frozen = Some(freeze.clone()))
        .await;
    world.tick().await;
    assert!(world.urgent().await);
    world.change_plan(|plan| plan.frozen = None).await;
    world
        .store
        .set_deployment_freeze(Some(&freeze))
        .await
        .unwrap();
    world.tick().await;
    assert!(world.urgent().await);
    assert_eq!(world.calls().await, 0);
    world.store.set_deployment_freeze(None).await.unwrap();
    world.tick().await;
    assert_eq!(world.live().await["A"], 0);
}

#[tokio::test]
async fn in_shadow_everything_is_counted_and_nothing_sent() {
    let world = World::start().await;
    world.list(&["A", "B"], 50).await;
    world.publish(|published| published.shadow = true).await;
    world.want("A", 0).await;
    world.want("B", 5).await;
    world.tick().await;
    assert!(world.urgent().await);
    assert_eq!(world.calls().await, 0);
    assert_eq!(world.round().await.last.shadowed, 2);
    assert_eq!(world.to_send().await, ["A", "B"]);
}

#[tokio::test]
async fn stock_levels_that_stay_away_too_long_are_told_once() {
    let world = World::start().await;
    let tenant = &world.ids().tenant;
    world.publish(|published| published.at = ago(60 * 25)).await;
    world.tick().await;
    let since = world.round().await.stale_since.unwrap();
    world.tick().await;
    assert_eq!(world.round().await.stale_since, Some(since));
    world
        .store
        .note_stock_seen(tenant, Timestamp::now())
        .await
        .unwrap();
    world.tick().await;
    assert_eq!(world.round().await.stale_since, None);
}
