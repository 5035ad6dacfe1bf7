//! A run that is killed at any of its calls, and what the next ones make of it.

use crate::tripwire::{Service, Side, Tripwire};
use crate::world::World;
use futures::StreamExt as _;
use stallkeeper::domain::feed::FeedState;
use stallkeeper::domain::marketplace::Marketplace;
use std::sync::atomic::{AtomicUsize, Ordering};

const SKUS: [&str; 4] = ["A", "b/2", "c#3", "Z"];

/// More than any run here does.
const MOST_EFFECTS: usize = 300;

#[tokio::test]
async fn a_round_of_patches_and_a_feed_stopped_anywhere_ends_as_if_it_had_not_been() {
    stopped(1, "tick").await;
}

#[tokio::test]
async fn urgent_decreases_stopped_anywhere_end_as_if_they_had_not_been() {
    stopped(300, "urgent").await;
}

/// Kills a run after each of its calls that has an effect; each time in a world of its own. What it only reads leaves
/// the world as it is.
async fn stopped(patch_most: usize, kind: &str) {
    let mut runs = futures::stream::iter(1..MOST_EFFECTS)
        .map(|n| stopped_after(patch_most, kind, n))
        .buffered(3);
    let mut stops = 0;
    while let Some(true) = runs.next().await {
        stops += 1;
    }
    assert!(stops > 8, "a run had {stops} effects only");
}

/// Whether the run was killed: it may have had fewer calls than that.
async fn stopped_after(patch_most: usize, kind: &str, n: usize) -> bool {
    let at = format!("{kind} stopped after effect {n}");
    let world = World::start().await;
    world.list(&SKUS, 50).await;
    world
        .list_in(&["E"], 50, &[Marketplace::Uk, Marketplace::De])
        .await;
    world.want_end("E", true).await;
    for (number, sku) in (5..).zip(SKUS) {
        world.want(sku, if sku == "Z" { 0 } else { number }).await;
    }
    let wire = Tripwire::across(&world.outside).await;
    let wired = world.app_at(&wire.outside, patch_most);
    let effects = AtomicUsize::new(0);
    wire.arm_when(Side::After, move |_, call| {
        let effect = call.writes() || call.to != Service::DynamoDb;
        effect && effects.fetch_add(1, Ordering::Relaxed) + 1 == n
    });
    let killed = wire.kill(world.message(&wired, kind)).await.is_none();
    let app = world.app_with(patch_most);
    for _ in 0..3 {
        world.let_leases_expire().await;
        world.forget_limits().await;
        world.tick_at(&app).await;
        for feed in world.feeds().await {
            if feed.state == FeedState::Submitted {
                world.settle(&feed.id).await;
            }
        }
    }
    assert!(world.to_send().await.is_empty(), "{at}");
    let open = |state: &FeedState| state.is_open();
    assert!(!world.states().await.iter().any(open), "{at}");
    assert!(
        world.is_ended("E").await && world.end("E").await.is_ended(),
        "{at}"
    );
    let live = world.live().await;
    for (number, sku) in (5..).zip(SKUS) {
        let wanted = if sku == "Z" { 0 } else { number };
        assert_eq!(live[sku], wanted, "{sku}, {at}");
        let sent = world.sent_of(sku).await;
        assert!(
            sent.iter().all(|one| *one == wanted),
            "{sent:?} of {sku}, {at}"
        );
        assert!(sent.len() <= 2, "{sent:?} of {sku}, {at}");
        let listing = world.listing(sku).await;
        assert_eq!(
            u64::from(listing.sent.unwrap().value),
            wanted,
            "{sku}, {at}"
        );
        assert_eq!(listing.refused, None, "{sku}, {at}");
    }
    killed
}
