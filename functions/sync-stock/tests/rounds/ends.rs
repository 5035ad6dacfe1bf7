//! Offers are ended and opened again on one marketplace, by patch and by feed, and never touch quantity or price.

use crate::world::{World, ago};
use serde_json::{Value, json};
use stallkeeper::domain::feed::{FeedKind, FeedState, SentBy};
use stallkeeper::domain::listing::{HoldMode, ListingHold, OfferEnd, Standing};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock::Wanted;
use stallkeeper::store::{ToSend, WantedWritten, Written};

const DE: Marketplace = Marketplace::De;
const BOTH: [Marketplace; 2] = [Marketplace::Uk, DE];
const SKUS: [&str; 3] = ["A", "b/2", "c#3"];

impl World {
    /// Writes whether the offer in Germany is to be ended, and puts an entry if that must be sent, as a recompute does.
    pub(crate) async fn want_end(&self, sku: &str, ended: bool) {
        let (key, listing) = (&self.ids(), self.listing(sku).await);
        let name = listing.key();
        let before = listing.wanted.map_or(0, |wanted| wanted.generation);
        let wanted = Wanted {
            quantity: Some(50),
            why: String::new(),
            level_at: None,
            asks: false,
            unsold: false,
            ended: ended.then_some(DE).into_iter().collect(),
            generation: before + 1,
            at: ago(0),
        };
        let product = (&name.amazon_sku.as_product(), 1);
        let written = self.store.write_wanted(&name, product, &wanted).await;
        let WantedWritten::Current(listing) = written.unwrap() else {
            panic!("{sku} is not listed so");
        };
        let feed = listing.end(DE).sent_by().and_then(SentBy::feed).cloned();
        let feed = match feed {
            Some(feed) => self.store.feed(key, &feed).await.unwrap(),
            None => None,
        };
        let standing = Standing::of(listing.end(DE).sent_by(), feed.as_ref());
        if let Some(entry) = ToSend::end(&listing, DE, standing, ago(0)) {
            self.store.put_to_send(key, &entry).await.unwrap();
        }
    }

    /// The end of the offer in Germany.
    pub(crate) async fn end(&self, sku: &str) -> OfferEnd {
        self.listing(sku).await.end(DE)
    }

    /// Whether Amazon shows the offer in Germany ended, and that in the UK not.
    pub(crate) async fn is_ended(&self, sku: &str) -> bool {
        let listings = self.on_seller("GET", "listings", Value::Null).await;
        let mut listings = listings.as_array().unwrap().iter();
        let ends = &listings.find(|it| it["sku"] == sku).unwrap()["ends"];
        assert!(ends[Marketplace::Uk.id()].is_null());
        ends[DE.id()].is_string()
    }
}

#[tokio::test]
async fn an_offer_is_ended_and_opened_again_by_patch_and_nothing_else_changes() {
    let world = World::start().await;
    world.list_in(&SKUS, 50, &BOTH).await;
    let refusal = json!({ "c#3": { "code": "18701", "message": "no" } });
    world.on_seller("PUT", "refusals", refusal).await;
    for sku in SKUS {
        world.want_end(sku, true).await;
    }
    world.tick().await;
    assert!(world.is_ended("A").await && world.is_ended("b/2").await);
    assert_eq!(world.end("A").await.sent.unwrap().by, SentBy::Patch);
    assert_eq!(world.end("c#3").await.refused.unwrap().code, "18701");
    assert!(world.to_send().await.is_empty());
    world.tick().await;
    assert_eq!(world.end("A").await.send_count, 1, "it is sent once");
    world.want_end("A", false).await;
    world.want_end("c#3", false).await;
    world.tick().await;
    assert!(!world.is_ended("A").await && world.is_ended("b/2").await);
    assert!(world.to_send().await.is_empty());
    assert!(world.live().await.values().all(|quantity| *quantity == 50));
    assert_eq!(world.violations().await, json!([]));
}

#[tokio::test]
async fn many_ends_are_one_feed_of_their_marketplace() {
    let world = World::start().await;
    let app = world.app_with(0);
    world.list_in(&SKUS, 50, &BOTH).await;
    for ended in [true, false] {
        for sku in SKUS {
            world.want_end(sku, ended).await;
        }
        world.tick_at(&app).await;
        let feed = world.feeds().await.remove(0);
        let expected = (FeedKind::End, FeedState::Submitted, DE);
        assert_eq!((feed.kind, feed.state, feed.marketplace), expected);
        for sku in SKUS {
            assert_eq!(world.is_ended(sku).await, ended, "{sku}");
        }
        world.settle(&feed.id).await;
    }
    assert!(world.to_send().await.is_empty());
    assert!(world.live().await.values().all(|quantity| *quantity == 50));
    assert_eq!(world.violations().await, json!([]));
}

#[tokio::test]
async fn an_end_whose_answer_is_lost_is_sent_again() {
    for (patch_most, operation) in [(300, "patchListingsItem"), (0, "createFeed")] {
        let world = World::start().await;
        let app = world.app_with(patch_most);
        world.list_in(&["A"], 50, &BOTH).await;
        world.want_end("A", true).await;
        world
            .fault(json!({ "operation": operation, "kind": "lost" }))
            .await;
        world.tick_at(&app).await;
        assert_eq!(world.to_send().await, ["A"], "{operation}");
        world.tick_at(&app).await;
        assert!(world.to_send().await.is_empty(), "{operation}");
        assert_eq!(world.end("A").await.send_count, 2);
        assert!(world.is_ended("A").await);
    }
}

#[tokio::test]
async fn what_is_held_is_not_ended_and_what_is_wanted_no_longer_is_dropped() {
    let world = World::start().await;
    world.list_in(&["A", "B"], 50, &BOTH).await;
    world.want_end("A", true).await;
    world.want_end("B", true).await;
    let hold = ListingHold {
        mode: HoldMode::Leave,
        reason: "a test".into(),
        until: Some(ago(-60)),
        author: None,
        since: ago(0),
    };
    let read = world.listing("A").await;
    let held = world.store.hold_listing(&read, &hold).await.unwrap();
    assert_eq!(held, Written::Done);
    // The entry of B stays behind, as if the run that wrote this had stopped.
    world.want_end("B", false).await;
    world.tick().await;
    assert!(!world.is_ended("A").await && !world.is_ended("B").await);
    assert_eq!(world.end("B").await.send_count, 0);
    assert!(world.to_send().await.is_empty());
    let ended = ListingHold {
        until: Some(ago(1)),
        ..hold
    };
    let read = world.listing("A").await;
    let held = world.store.hold_listing(&read, &ended).await.unwrap();
    assert_eq!(held, Written::Done);
    world.tick().await;
    assert!(world.is_ended("A").await, "once the hold is over");
}
