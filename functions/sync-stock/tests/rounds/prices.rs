//! Prices: sent if a marketplace asks for the recommended ones, and never once it does not.

use crate::world::{World, ago};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use stallkeeper::domain::connection::{MarketplaceSettings, PriceMode};
use stallkeeper::domain::feed::{FeedKind, FeedLine, FeedState, LineValue, SentBy};
use stallkeeper::domain::listing::{Offer, Sent, WantedPrice};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::price::{PriceLimits, SentLimits};
use stallkeeper::store::{Claimed, ToSend, WantedWritten};

const UK: Marketplace = Marketplace::Uk;
const SKUS: [&str; 3] = ["A", "b/2", "c#3"];

impl World {
    /// What decides the prices in the UK from now on.
    pub(crate) async fn price_mode(&self, price_mode: PriceMode) {
        let key = &self.ids();
        let uk = MarketplaceSettings {
            active: true,
            price_mode,
            ..MarketplaceSettings::new(UK)
        };
        self.store.put_marketplace(key, &uk).await.unwrap();
    }

    /// Writes the price that is wanted in the UK, and puts an entry, as a recompute does.
    pub(crate) async fn want_price(&self, sku: &str, amount: i64, generation: u64) {
        let key = &self.ids();
        let sku = sku.parse().unwrap();
        let wanted = WantedPrice {
            amount: Some(Decimal::from(amount)),
            generation,
            at: ago(0),
            ..WantedPrice::default()
        };
        let name = key.listing(&sku).offer(UK);
        let written = self.store.write_wanted_price(&name, &wanted).await.unwrap();
        let WantedWritten::Current(offer) = written else {
            panic!("another price of {sku} is wanted");
        };
        let entry = ToSend {
            price_on: Some(UK),
            end_on: None,
            value: LineValue::price(Decimal::from(amount), UK),
            generation,
            send_count: offer.send_count,
            decrease: false,
            urgent: false,
            level_at: None,
            after: None,
            marketplaces: vec![UK],
            product_type: None,
            at: Timestamp::now(),
            by_patch: false,
            tries: 0,
            next_at: None,
            sku,
        };
        self.store.put_to_send(key, &entry).await.unwrap();
    }

    async fn offer(&self, sku: &str) -> Offer {
        let key = &self.ids();
        let sku = sku.parse().unwrap();
        let offer = self
            .store
            .offer(&key.listing(&sku).offer(UK))
            .await
            .unwrap();
        offer.unwrap()
    }

    /// What Amazon shows in the UK.
    pub(crate) async fn price(&self, sku: &str) -> Option<Decimal> {
        let listings = self.on_seller("GET", "listings", Value::Null).await;
        let listings = listings.as_array().unwrap();
        let listing = listings.iter().find(|it| it["sku"] == sku).unwrap();
        let amount = &listing["prices"][UK.id()]["amount"];
        amount.as_str().map(|amount| amount.parse().unwrap())
    }
}

#[tokio::test]
async fn a_price_is_patched_and_a_refused_one_noted() {
    let world = World::start().await;
    world.list(&SKUS, 50).await;
    world.price_mode(PriceMode::Rrp).await;
    let refusal = json!({ "c#3": { "code": "18701", "message": "far too high" } });
    world.on_seller("PUT", "refusals", refusal).await;
    for sku in SKUS {
        world.want_price(sku, 12, 1).await;
    }
    world.tick().await;
    assert_eq!(world.price("A").await, Some(Decimal::from(12)));
    assert_eq!(world.price("b/2").await, Some(Decimal::from(12)));
    assert_eq!(world.price("c#3").await, None);
    assert_eq!(world.offer("A").await.sent.unwrap().by, SentBy::Patch);
    let refused = world.offer("c#3").await.refused.unwrap();
    assert_eq!(refused.code, "18701");
    assert!(world.to_send().await.is_empty());
    assert!(world.live().await.values().all(|quantity| *quantity == 50));
    assert_eq!(world.violations().await, json!([]));
}

#[tokio::test]
async fn many_prices_are_one_feed_of_their_marketplace() {
    let world = World::start().await;
    let app = world.app_with(0);
    world.list(&SKUS, 50).await;
    world.price_mode(PriceMode::Rrp).await;
    for sku in SKUS {
        world.want_price(sku, 12, 1).await;
    }
    world.tick_at(&app).await;
    let feed = world.feeds().await.remove(0);
    assert_eq!(
        (feed.kind, feed.state),
        (FeedKind::Price, FeedState::Submitted)
    );
    for sku in SKUS {
        assert_eq!(world.price(sku).await, Some(Decimal::from(12)), "{sku}");
    }
    assert!(world.to_send().await.is_empty());
    assert!(world.live().await.values().all(|quantity| *quantity == 50));
    assert_eq!(world.violations().await, json!([]));
}

#[tokio::test]
async fn prices_of_a_feed_that_may_not_have_arrived_go_back_and_are_sent_again() {
    let world = World::start().await;
    let app = world.app_with(0);
    world.list(&SKUS, 50).await;
    world.price_mode(PriceMode::Rrp).await;
    for sku in SKUS {
        world.want_price(sku, 12, 1).await;
    }
    world
        .fault(json!({ "operation": "createFeed", "kind": "lost" }))
        .await;
    world.tick_at(&app).await;
    assert_eq!(world.states().await, [FeedState::Returned]);
    assert_eq!(world.to_send().await, SKUS);
    world.tick_at(&app).await;
    assert!(world.to_send().await.is_empty());
    assert_eq!(world.offer("A").await.send_count, 2);
    assert_eq!(world.price("A").await, Some(Decimal::from(12)));
}

#[tokio::test]
async fn a_marketplace_that_is_told_to_leave_its_prices_alone_is_sent_none() {
    let world = World::start().await;
    world.list(&SKUS, 50).await;
    world.price_mode(PriceMode::Rrp).await;
    for sku in SKUS {
        world.want_price(sku, 12, 1).await;
    }
    world.want("A", 5).await;
    world.price_mode(PriceMode::Leave).await;
    world.tick().await;
    assert!(world.to_send().await.is_empty());
    assert_eq!(
        world.offer("A").await.send_count,
        0,
        "it was not even claimed"
    );
    for sku in SKUS {
        assert_eq!(world.price(sku).await, None, "{sku}");
    }
    assert_eq!(world.live().await["A"], 5, "its quantity goes all the same");
}

#[tokio::test]
async fn a_price_feed_that_waits_is_given_up_once_prices_are_left_alone() {
    let world = World::start().await;
    let app = world.app_with(0);
    world.list(&SKUS, 50).await;
    world.price_mode(PriceMode::Rrp).await;
    for sku in SKUS {
        world.want_price(sku, 12, 1).await;
    }
    let fault = json!({ "operation": "createFeed", "kind": "status", "status": 429 });
    world.fault(fault).await;
    world.tick_at(&app).await;
    assert_eq!(world.states().await, [FeedState::Claimed]);
    world.price_mode(PriceMode::Leave).await;
    world.forget_limits().await;
    world.tick_at(&app).await;
    assert_eq!(world.states().await, [FeedState::Returned]);
    assert!(world.to_send().await.is_empty());
    assert_eq!(world.price("A").await, None);
}

#[tokio::test]
async fn a_price_that_a_rule_of_amazons_sets_is_left_alone_and_the_quantity_goes() {
    let world = World::start().await;
    world.list(&["A"], 50).await;
    let price = json!({ "amount": "9.99", "currency": UK.currency() });
    let special = json!({ "automated_in": [UK.id()] });
    let automated = json!({
        "sku": "A", "marketplaces": [UK.id()], "quantity": 50, "price": price, "special": special,
    });
    world
        .on_seller("PUT", "listings", json!({ "listings": [automated] }))
        .await;
    world.price_mode(PriceMode::Rrp).await;
    world.want_price("A", 12, 1).await;
    world.want("A", 5).await;
    world.tick().await;
    assert_eq!(world.price("A").await, Some("9.99".parse().unwrap()));
    assert_eq!(world.offer("A").await.send_count, 0);
    assert!(world.listing("A").await.price_is_automated(UK));
    assert!(world.to_send().await.is_empty());
    assert_eq!(world.live().await["A"], 5);
}

impl World {
    /// As [`Self::want_price`], with limits.
    async fn want_limited_price(&self, sku: &str, limits: PriceLimits, generation: u64) {
        let offer = self.ids().listing(&sku.parse().unwrap()).offer(UK);
        let wanted = WantedPrice {
            amount: Some(Decimal::from(12)),
            limits,
            generation,
            at: ago(0),
            ..WantedPrice::default()
        };
        let written = self.store.write_wanted_price(&offer, &wanted).await;
        assert!(matches!(written.unwrap(), WantedWritten::Current(_)));
        self.want_price(sku, 12, generation).await;
    }
}

#[tokio::test]
async fn a_price_goes_with_the_limits_that_its_rules_give_and_those_they_drop_are_taken_away() {
    let ten_to_thirty = PriceLimits {
        least: Some(Decimal::from(10)),
        most: Some("30.50".parse().unwrap()),
    };
    let to_thirty = PriceLimits {
        least: None,
        ..ten_to_thirty
    };
    let with_both = SentLimits::default().next(ten_to_thirty);
    for at_once in [300, 0] {
        let world = World::start().await;
        let app = world.app_with(at_once);
        world.list(&SKUS, 50).await;
        world.price_mode(PriceMode::Rrp).await;
        let rounds = [
            (ten_to_thirty, with_both),
            (to_thirty, with_both.next(to_thirty)),
        ];
        for ((limits, sent), generation) in rounds.into_iter().zip(1..) {
            for sku in SKUS {
                world.want_limited_price(sku, limits, generation).await;
            }
            world.tick_at(&app).await;
            assert_eq!(world.violations().await, json!([]));
            assert!(world.to_send().await.is_empty());
            let offer = world.offer("A").await;
            assert_eq!((offer.sent_limits, offer.send_count), (sent, generation));
            if at_once > 0 {
                assert_eq!(world.price("A").await, Some(Decimal::from(12)));
                continue;
            }
            let feeds = world.feeds().await;
            let feed = feeds.iter().max_by_key(|feed| feed.created_at).unwrap();
            let lines: Vec<FeedLine> = world.store.manifest_part(feed, 0).await.unwrap();
            let line = LineValue::limited_price(Decimal::from(12), sent, UK);
            assert!(lines.iter().all(|it| it.value == line), "{lines:?}");
        }
    }
}

#[tokio::test]
async fn a_price_that_is_held_is_not_sent_in_the_place_of_one_that_was_lost() {
    let world = World::start().await;
    world.list(&["A"], 50).await;
    world.price_mode(PriceMode::Rrp).await;
    world.want_price("A", 12, 1).await;
    // A run claimed it and was stopped. Then a price was wanted that moves too far: it has no entry.
    let key = &world.ids().listing(&"A".parse().unwrap()).offer(UK);
    let sent = Sent {
        value: Decimal::from(12),
        generation: 1,
        at: ago(0),
        by: SentBy::Patch,
    };
    let claim = world
        .store
        .claim_offer(key, 0, &sent, SentLimits::default());
    assert_eq!(claim.await.unwrap(), Claimed::Done);
    let wanted = WantedPrice {
        amount: Some(Decimal::from(60)),
        generation: 2,
        at: ago(0),
        ..WantedPrice::default()
    };
    let written = world.store.write_wanted_price(key, &wanted).await.unwrap();
    assert!(matches!(written, WantedWritten::Current(_)));
    world.tick().await;
    assert_eq!(world.price("A").await, None);
    assert_eq!(world.offer("A").await.sent, Some(sent));
    assert!(world.to_send().await.is_empty());
}

#[test]
fn a_line_of_an_older_release_has_no_limits() {
    let older = json!({"amount": "20", "currency": "GBP"});
    let older: LineValue = serde_json::from_value(older).unwrap();
    assert_eq!(older, LineValue::price(Decimal::from(20), UK));
}
