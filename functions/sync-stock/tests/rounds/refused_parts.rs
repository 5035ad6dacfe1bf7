//! What Amazon refuses of one SKU or one marketplace keeps nothing else from being sent.

use crate::world::World;
use serde_json::json;
use stallkeeper::domain::feed::FeedState;
use stallkeeper::domain::listing::{Listing, ListingPart};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::store::{ToSend, Written};

const REFUSED: [&str; 5] = ["A/0", "A/1", "A/2", "A/3", "A/4"];

fn others(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("G{n:02}")).collect()
}

impl World {
    async fn refuse_calls_for(&self, sku: &str, status: u16) {
        let fault = json!({
            "operation": "patchListingsItem", "kind": "status", "status": status, "sku": sku, "count": 100,
        });
        self.fault(fault).await;
    }

    /// Lists SKUs of which 50 are shown, and wants `quantity` of each.
    async fn list_and_want<S: AsRef<str>>(&self, skus: &[S], quantity: u32) {
        let skus: Vec<&str> = skus.iter().map(AsRef::as_ref).collect();
        self.list(&skus, 50).await;
        for sku in skus {
            self.want(sku, quantity).await;
        }
    }

    /// Here it is known to be listed in these.
    async fn known_in(&self, sku: &str, marketplaces: &[Marketplace]) {
        let read = self.listing(sku).await;
        let known = Listing {
            marketplaces: marketplaces.to_vec(),
            ..read.clone()
        };
        let placed = self.store.place_listing(&known, Some(&read), false).await;
        assert_eq!(placed.unwrap(), Written::Done);
    }

    async fn entry(&self, sku: &str) -> ToSend {
        let sku = sku.parse().unwrap();
        let entry = self
            .store
            .to_send_of(&self.ids(), &sku, ListingPart::Quantity)
            .await;
        entry.unwrap().unwrap()
    }
}

#[tokio::test]
async fn skus_that_are_answered_403_are_noted_and_the_others_are_sent() {
    let world = World::start().await;
    for sku in REFUSED {
        world.refuse_calls_for(sku, 403).await;
    }
    world.list_and_want(&REFUSED, 5).await;
    world.list_and_want(&others(12), 5).await;
    world.tick().await;
    let live = world.live().await;
    for sku in others(12) {
        assert_eq!(live[&sku], 5, "{sku}");
    }
    assert_eq!(world.to_send().await, REFUSED);
    for sku in REFUSED {
        let refused = world.listing(sku).await.refused.unwrap();
        assert_eq!((refused.code.as_str(), refused.value), ("403", 5));
        let named = refused.message.contains("patchListingsItem with 403");
        assert!(named, "{}", refused.message);
    }
    let round = world.round().await;
    assert_eq!((round.last.patched, round.last.refused), (12, 5));
    assert_eq!(round.failed, None, "Amazon takes the others");
}

#[tokio::test]
async fn what_is_answered_403_is_tried_again_ever_later_and_sent_once_amazon_takes_it() {
    let world = World::start().await;
    world.refuse_calls_for("A/0", 403).await;
    world.list_and_want(&["A/0"], 5).await;
    for _ in 0..4 {
        world.tick().await;
    }
    assert_eq!(
        world.count("patchListingsItem").await,
        2,
        "the third one waits"
    );
    let entry = world.entry("A/0").await;
    assert_eq!(entry.tries, 2);
    assert!(entry.next_at.unwrap() > jiff::Timestamp::now());
    world.end_faults().await;
    world.want("A/0", 4).await;
    world.tick().await;
    assert_eq!(world.live().await["A/0"], 4, "another value does not wait");
    assert!(world.to_send().await.is_empty());
    assert_eq!(world.listing("A/0").await.refused, None);
}

#[tokio::test]
async fn an_urgent_zero_does_not_wait_for_skus_that_are_answered_403() {
    for status in [400, 403, 404] {
        let world = World::start().await;
        for sku in REFUSED {
            world.refuse_calls_for(sku, status).await;
        }
        world.list_and_want(&REFUSED, 0).await;
        world.list_and_want(&["ZERO"], 0).await;
        assert!(world.urgent().await, "{status}");
        assert_eq!(world.live().await["ZERO"], 0, "{status}");
        assert_eq!(world.to_send().await, REFUSED, "{status}");
        let again = world.sent("ticks");
        let (message, delay) = &again[0];
        assert_eq!((message["kind"].as_str(), *delay), (Some("urgent"), 30));
        assert_eq!(again.len(), 1, "they wait for no round");
        assert_eq!(world.round().await.zeros, 6);
        assert!(world.urgent().await);
        assert_eq!(world.round().await.zeros, 6, "counted once");
        assert_eq!(world.sent("ticks")[0].1, 630, "ever later");
    }
}

#[tokio::test]
async fn one_sku_that_is_answered_403_stops_no_feed() {
    let world = World::start().await;
    let app = world.app_with(3);
    world.refuse_calls_for("A/0", 403).await;
    world.list_and_want(&["A/0"], 0).await;
    world.list_and_want(&others(8), 5).await;
    world.tick_at(&app).await;
    assert_eq!(world.states().await, [FeedState::Submitted]);
    let live = world.live().await;
    assert!(others(8).iter().all(|sku| live[sku] == 5));
    assert_eq!(world.to_send().await, ["A/0"]);
}

#[tokio::test]
async fn however_many_skus_are_refused_first_the_rest_is_reached() {
    let world = World::start().await;
    let refused: Vec<String> = (0..12).map(|n| format!("A{n:02}")).collect();
    for sku in &refused {
        world.refuse_calls_for(sku, 403).await;
    }
    world.list_and_want(&refused, 5).await;
    world.list_and_want(&others(3), 5).await;
    world.tick().await;
    let live = world.live().await;
    assert!(others(3).iter().all(|sku| live[sku] == 5));
    assert_eq!(world.round().await.failed, None);
}

#[tokio::test]
async fn two_sets_of_skus_that_are_all_refused_are_the_apps_fault_and_end_the_run() {
    let world = World::start().await;
    let fault = json!({
        "operation": "patchListingsItem", "kind": "status", "status": 403, "count": 100,
    });
    world.fault(fault).await;
    world.list_and_want(&others(30), 5).await;
    world.tick().await;
    assert_eq!(world.count("patchListingsItem").await, 10);
    let failed = world.round().await.failed.unwrap();
    assert!(failed.contains("patchListingsItem with 403"), "{failed}");
    assert_eq!(world.to_send().await.len(), 30);
    world.end_faults().await;
    world.tick().await;
    assert!(world.to_send().await.is_empty());
    assert_eq!(world.round().await.failed, None);
}

#[tokio::test]
async fn a_marketplace_that_refuses_is_passed_over_for_the_next_one_of_the_listing() {
    let world = World::start().await;
    let app = world.app_with(0);
    let both = [Marketplace::Uk, Marketplace::De];
    world.list_in(&["BOTH", "BOTH2"], 50, &both).await;
    world.want("BOTH", 6).await;
    world.want("BOTH2", 6).await;
    world
        .fault(json!({ "operation": "createFeed", "kind": "status", "status": 403 }))
        .await;
    world.tick_at(&app).await;
    assert_eq!(world.states().await, [FeedState::Returned]);
    let failed = world.round().await.failed.unwrap();
    assert!(
        failed.contains("createFeed with 403") && failed.contains("UK"),
        "{failed}"
    );
    assert_eq!(world.to_send().await, ["BOTH", "BOTH2"]);
    world.tick_at(&app).await;
    let newest = world.feeds().await.remove(0);
    assert_eq!((newest.marketplace, newest.lines), (Marketplace::De, 2));
    assert!(world.live().await.values().all(|quantity| *quantity == 6));
    assert_eq!(world.round().await.failed, None);
}

#[tokio::test]
async fn a_listing_that_amazon_does_not_find_in_one_marketplace_is_patched_through_the_next() {
    let world = World::start().await;
    world.list_in(&["A"], 50, &[Marketplace::De]).await;
    world
        .known_in("A", &[Marketplace::Uk, Marketplace::De])
        .await;
    world.want("A", 6).await;
    world.tick().await;
    assert_eq!(world.listing("A").await.refused.unwrap().code, "13013");
    world.tick().await;
    assert_eq!(world.live().await["A"], 6);
    assert!(world.to_send().await.is_empty());
}

#[tokio::test]
async fn a_sku_that_is_no_part_of_an_address_goes_by_feed_urgent_or_not() {
    let world = World::start().await;
    world.list_and_want(&[".."], 0).await;
    world.list_and_want(&["A"], 5).await;
    assert!(world.urgent().await);
    let woken = world.sent("ticks");
    assert_eq!(woken[0].0["kind"], "tick", "a round sends it");
    world.tick().await;
    let live = world.live().await;
    assert_eq!((live[".."], live["A"]), (0, 5));
    assert_eq!(world.count("createFeed").await, 1);
    assert!(world.to_send().await.is_empty());
}
