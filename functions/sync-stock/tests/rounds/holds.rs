//! A listing that a person holds is sent nothing, or nothing but zero, whatever was on its way to be sent.

use crate::world::{World, ago};
use jiff::Timestamp;
use serde_json::json;
use stallkeeper::domain::connection::PriceMode;
use stallkeeper::domain::feed::FeedState;
use stallkeeper::domain::listing::{HoldMode, ListingHold};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::store::Written;

const SKUS: [&str; 3] = ["A", "b/2", "c#3"];

impl World {
    async fn hold(&self, sku: &str, mode: HoldMode, until: Option<Timestamp>) {
        let read = self.listing(sku).await;
        let hold = ListingHold {
            mode,
            reason: "a test".into(),
            until,
            author: None,
            since: ago(0),
        };
        let held = self.store.hold_listing(&read, &hold).await.unwrap();
        assert_eq!(held, Written::Done);
    }

    async fn release(&self, sku: &str) {
        let read = self.listing(sku).await;
        let released = self.store.release_listing(&read, None, ago(0)).await;
        assert_eq!(released.unwrap(), Written::Done);
    }

    /// Takes a listing out of the feeds that are not submitted, as whoever holds it does.
    async fn take_out(&self, sku: &str) {
        for feed in self.feeds().await {
            let sku = &sku.parse().unwrap();
            let late = self.store.overtake_feed(&self.ids(), &feed.id, sku).await;
            assert_eq!(late.unwrap(), None);
        }
    }
}

#[tokio::test]
async fn what_is_held_between_its_computing_and_its_sending_is_not_sent() {
    for patch_most in [300, 0] {
        let world = World::start().await;
        let app = world.app_with(patch_most);
        world.list(&SKUS, 50).await;
        world.price_mode(PriceMode::Rrp).await;
        for sku in SKUS {
            world.want(sku, 6).await;
            world.want_price(sku, 12, 9).await;
        }
        world.hold("A", HoldMode::Leave, None).await;
        world.hold("b/2", HoldMode::Zero, None).await;
        world.tick_at(&app).await;
        let live = world.live().await;
        assert_eq!((live["A"], live["b/2"], live["c#3"]), (50, 0, 6));
        assert!(world.sent_of("A").await.is_empty());
        assert_eq!(world.price("A").await, None, "{patch_most}");
        assert_eq!(world.price("b/2").await, None, "{patch_most}");
        assert!(world.price("c#3").await.is_some());
        assert!(world.to_send().await.is_empty());
        assert_eq!(world.violations().await, json!([]));
    }
}

#[tokio::test]
async fn what_is_urgent_is_not_sent_of_a_listing_that_is_left_alone() {
    let world = World::start().await;
    world.list(&SKUS, 50).await;
    world.want("A", 0).await;
    world.want("b/2", 0).await;
    world.hold("A", HoldMode::Leave, None).await;
    assert!(world.urgent().await);
    let live = world.live().await;
    assert_eq!((live["A"], live["b/2"]), (50, 0));
}

#[tokio::test]
async fn a_listing_that_is_held_while_its_feed_waits_is_left_out_of_it() {
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
    world.hold("A", HoldMode::Leave, None).await;
    world.take_out("A").await;
    world.hold("b/2", HoldMode::Zero, None).await;
    world.take_out("b/2").await;
    for _ in 0..2 {
        world.forget_limits().await;
        world.tick_at(&app).await;
    }
    let live = world.live().await;
    assert_eq!((live["A"], live["b/2"], live["c#3"]), (50, 0, 6));
    assert!(world.to_send().await.is_empty());
    // Its listing says that 6 were sent, which never were.
    world.release("A").await;
    world.want("A", 6).await;
    world.forget_limits().await;
    world.tick().await;
    assert_eq!(world.live().await["A"], 6);
    assert_eq!(world.listing("A").await.released_at, None);
}

#[tokio::test]
async fn a_listing_that_is_released_is_sent_what_is_wanted_whatever_was_believed() {
    let world = World::start().await;
    world.list(&["A"], 50).await;
    world.want("A", 6).await;
    world.tick().await;
    world.hold("A", HoldMode::Leave, None).await;
    let uk = Marketplace::Uk.id();
    let by_hand = json!({ "listings": [{ "sku": "A", "marketplaces": [uk], "quantity": 40 }] });
    world.on_seller("PUT", "listings", by_hand).await;
    world.want("A", 6).await;
    world.tick().await;
    assert_eq!(world.live().await["A"], 40);
    world.release("A").await;
    world.want("A", 6).await;
    world.tick().await;
    assert_eq!(world.live().await["A"], 6);
}

#[tokio::test]
async fn a_round_ends_the_holds_whose_time_is_over_and_sends_what_is_wanted() {
    let world = World::start().await;
    world.list(&SKUS, 50).await;
    world.price_mode(PriceMode::Rrp).await;
    let ends = [Some(ago(1)), Some(ago(-60)), None];
    for (sku, until) in SKUS.into_iter().zip(ends) {
        world.hold(sku, HoldMode::Leave, None).await;
        world.want(sku, 6).await;
        world.want_price(sku, 12, 9).await;
        world.tick().await;
        world.hold(sku, HoldMode::Leave, until).await;
    }
    world.tick().await;
    let live = world.live().await;
    assert_eq!((live["A"], live["b/2"], live["c#3"]), (6, 50, 50));
    let held = async |sku| world.listing(sku).await.hold.is_some();
    assert_eq!((held("A").await, held("b/2").await), (false, true));
    assert!(world.to_send().await.is_empty());
    let left = world.store.held_page(&world.ids(), None, 9).await.unwrap();
    assert_eq!(left.skus.len(), 2);
}
