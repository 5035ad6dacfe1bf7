//! What changes while a run has offers in its hands.

use crate::world::{MUG, World};
use jiff::Timestamp;
use serde_json::json;
use stallkeeper::domain::listing::{HoldMode, ListingHold};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::new_offer::NewOfferState;
use stallkeeper::domain::selling_rules::{RulesDraft, SellingRules};
use stallkeeper::store::Written;

impl World {
    /// Until Amazon was asked; the run is awaited beside it.
    async fn until_called(&self, operation: &str) {
        while self.count(operation).await == 0 {}
    }

    /// A person has its listing left alone.
    async fn hold(&self, sku: &str) {
        let key = &self.key().listing(&sku.parse().unwrap());
        let read = self.store.listing(key).await.unwrap().unwrap();
        let hold = ListingHold {
            mode: HoldMode::Leave,
            reason: "a recall".into(),
            until: None,
            author: None,
            since: Timestamp::now(),
        };
        let held = self.store.hold_listing(&read, &hold).await;
        assert_eq!(held.unwrap(), Written::Done);
    }
}

impl World {
    /// Price rules that double the recommended price are published.
    async fn publish_rules(&self) {
        let rules = json!({"prices": {"UK": {
            "mode": "rules", "minimum_margin": null,
            "rules": [{"condition": {"type": "all"}, "action": {"type": "rrp", "factor": "2"}}],
        }}});
        let rules: SellingRules = serde_json::from_value(rules).unwrap();
        let (key, draft) = (&self.key(), RulesDraft { revision: 1, rules });
        self.store.keep_rules(key, &draft).await.unwrap();
        let mut plan = self.store.stock_plan(key).await.unwrap();
        plan.published.as_mut().unwrap().rules = Some(1);
        plan.revision += 1;
        let saved = self.store.save_stock_plan(key, &plan).await;
        assert_eq!(saved.unwrap(), Written::Done);
    }
}

#[tokio::test]
async fn by_price_rules_that_are_published_during_a_run_its_offers_go_with_the_next() {
    let world = World::start().await;
    world.item(MUG, "4006381333931").await;
    world.wanted("MUG", "4006381333931").await;
    let slow = json!({"operation": "getListingsItem", "kind": "delay", "delay_ms": 1500});
    world.admin("POST", "faults", slow).await;
    let change = async {
        world.until_called("getListingsItem").await;
        world.publish_rules().await;
    };
    let (acknowledged, ()) = tokio::join!(world.run(), change);
    assert!(acknowledged);
    assert_eq!(world.count("createFeed").await, 0);
    world.make_due("MUG").await;
    assert!(world.run().await && world.settle().await);
    let made = world.at_amazon("MUG").await;
    assert_eq!(made["prices"][Marketplace::Uk.id()]["amount"], "19.8");
}

#[tokio::test]
async fn what_amazon_throttles_at_the_last_moment_takes_nothing_off_the_number_of_a_day() {
    let world = World::start().await;
    world.publish(|settings| settings.a_day = 1).await;
    world.item(MUG, "4006381333931").await;
    world.wanted("MUG", "4006381333931").await;
    let throttled = json!({"operation": "createFeed", "kind": "status", "status": 429});
    world.admin("POST", "faults", throttled).await;
    assert!(world.run().await);
    assert_eq!(world.state("MUG").await, NewOfferState::Searching);
    let sent = || async { world.store.offer_run(&world.key()).await.unwrap().sent };
    assert_eq!(sent().await, 0);
    world.forget_limits().await;
    world.make_due("MUG").await;
    assert!(world.run().await);
    assert_eq!(world.state("MUG").await, NewOfferState::Sent);
    assert_eq!(sent().await, 1);
}

#[tokio::test]
async fn what_a_person_holds_or_switches_off_during_a_run_is_not_sent_with_it() {
    for switch_off in [false, true] {
        let world = World::start().await;
        world.item(MUG, "4006381333931").await;
        world.wanted("MUG", "4006381333931").await;
        let slow = json!({"operation": "getListingsItem", "kind": "delay", "delay_ms": 1500});
        world.admin("POST", "faults", slow).await;
        let change = async {
            world.until_called("getListingsItem").await;
            match switch_off {
                true => world.publish(|settings| settings.on = false).await,
                false => world.hold("MUG").await,
            }
        };
        let (acknowledged, ()) = tokio::join!(world.run(), change);
        assert!(acknowledged);
        assert_eq!(
            world.count("createFeed").await,
            0,
            "switched off: {switch_off}"
        );
        assert!(world.open_feeds().await.is_empty());
        let run = world.store.offer_run(&world.key()).await.unwrap();
        assert_eq!(run.sent, 0);
        assert_ne!(world.state("MUG").await, NewOfferState::Sent);
    }
}
