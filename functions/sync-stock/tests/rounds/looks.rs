//! The look at Amazon before the first send to a listing, and before each one after a day.

mod many;

use crate::world::{World, ago};
use jiff::SignedDuration;
use serde_json::{Value, json};
use stallkeeper::domain::feed::FeedState;
use stallkeeper::domain::listing::{Finding, Listing, ListingState, Look};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::store::Written;

const LOOK: &str = "getListingsItem";

impl World {
    /// Lists a SKU in the UK and, at Amazon alone, in Germany, as this describes it further.
    async fn list_special(&self, sku: &str, special: Value) {
        self.list(&[sku], 50).await;
        let ids = [Marketplace::Uk, Marketplace::De].map(Marketplace::id);
        let listing =
            json!({ "sku": sku, "marketplaces": ids, "quantity": 50, "special": special });
        self.on_seller("PUT", "listings", json!({ "listings": [listing] }))
            .await;
    }

    /// Amazon answers so many looks at a SKU with this.
    async fn answer_looks(&self, sku: &str, fault: Value) {
        let mut fault = fault;
        fault["operation"] = json!(LOOK);
        fault["sku"] = json!(sku);
        self.fault(fault).await;
    }

    async fn look(&self, sku: &str) -> Look {
        self.listing(sku).await.look.unwrap()
    }

    /// The last look at a SKU becomes so many hours older.
    async fn age_look(&self, sku: &str, hours: i64) {
        let listing = self.listing(sku).await;
        let older = listing.look.clone().unwrap();
        let at = older.at - SignedDuration::from_hours(hours);
        let older = Look { at, ..older };
        let key = &listing.key();
        self.store.note_look(key, &older).await.unwrap();
    }

    async fn change(&self, sku: &str, change: Value) {
        self.on_seller("PATCH", &format!("listings?sku={sku}"), change)
            .await;
    }

    /// What was sent of a SKU, by patch or feed.
    async fn is_sent(&self, sku: &str, quantities: &[u64]) {
        assert_eq!(self.sent_of(sku).await, quantities, "{sku}");
    }
}

#[tokio::test]
async fn a_listing_is_looked_at_before_the_first_send_and_then_once_a_day() {
    let world = World::start().await;
    world.list(&["A"], 50).await;
    for (quantity, looks) in [(7, 1), (6, 1), (9, 1)] {
        world.want("A", quantity).await;
        world.tick().await;
        assert_eq!(world.count(LOOK).await, looks);
    }
    assert_eq!(world.look("A").await.found, Finding::Merchant);
    world.age_look("A", 23).await;
    world.want("A", 8).await;
    world.tick().await;
    assert_eq!(world.count(LOOK).await, 1);
    world.age_look("A", 1).await;
    world.want("A", 7).await;
    world.tick().await;
    assert_eq!(world.count(LOOK).await, 2, "a day is over");
    world.is_sent("A", &[7, 6, 9, 8, 7]).await;
    assert_eq!(world.violations().await, json!([]));
}

#[tokio::test]
async fn what_amazon_fulfils_on_another_marketplace_is_never_sent() {
    let special = json!({ "amazon_in": [Marketplace::De.id()] });
    for by_feed in [false, true] {
        let world = World::start().await;
        world.list_special("FBA", special.clone()).await;
        world.list(&["A"], 50).await;
        world.want("FBA", 0).await;
        world.want("A", 5).await;
        let app = world.app_with(if by_feed { 0 } else { 300 });
        world.tick_at(&app).await;
        let listing = world.listing("FBA").await;
        assert_eq!(listing.state, ListingState::FulfilledByAmazon);
        assert_eq!(listing.look.unwrap().found, Finding::Amazon);
        assert_eq!(listing.sent, None);
        world.is_sent("FBA", &[]).await;
        world.is_sent("A", &[5]).await;
        assert!(world.to_send().await.is_empty());
        assert_eq!(world.violations().await, json!([]));
    }
}

#[tokio::test]
async fn an_urgent_zero_is_looked_at_first_as_well() {
    let world = World::start().await;
    let special = json!({ "amazon_in": [Marketplace::De.id()] });
    world.list_special("FBA", special).await;
    world.list(&["ZERO"], 50).await;
    world.want("FBA", 0).await;
    world.want("ZERO", 0).await;
    assert!(world.urgent().await);
    world.is_sent("FBA", &[]).await;
    world.is_sent("ZERO", &[0]).await;
    assert_eq!(world.count(LOOK).await, 2);
    assert_eq!(world.round().await.zeros, 1, "what is not sent is no zero");
}

#[tokio::test]
async fn a_listing_with_quantities_by_location_is_left_alone() {
    let several = json!({ "353e4e48-6301": 10, "8e07a0c9-ab0a": 5 });
    let one = json!({ "353e4e48-6301": 10 });
    for locations in [several, one] {
        let world = World::start().await;
        let special = json!({ "locations": locations });
        world.list_special("MLI", special).await;
        world.want("MLI", 5).await;
        world.tick().await;
        let listing = world.listing("MLI").await;
        assert_eq!(listing.state, ListingState::MultiLocation);
        assert_eq!(listing.look.unwrap().found, Finding::SeveralLocations);
        assert!(listing.product.is_some(), "it is still the product's");
        world.is_sent("MLI", &[]).await;
        assert!(world.to_send().await.is_empty());
    }
}

#[tokio::test]
async fn what_amazon_does_not_show_is_not_sent_and_tried_ever_later() {
    let rows = [
        (404, Finding::NotThere, None),
        (403, Finding::Refused, Some("getListingsItem with 403")),
        (400, Finding::Refused, Some("getListingsItem with 400")),
    ];
    for (status, found, words) in rows {
        let world = World::start().await;
        world.list(&["GONE", "A"], 50).await;
        let fault = json!({ "kind": "status", "status": status, "count": 100 });
        world.answer_looks("GONE", fault).await;
        world.want("GONE", 5).await;
        world.want("A", 5).await;
        for _ in 0..4 {
            world.tick().await;
        }
        world.is_sent("GONE", &[]).await;
        world.is_sent("A", &[5]).await;
        let look = world.look("GONE").await;
        assert_eq!(look.found, found, "{status}");
        let said = look.words.unwrap_or_default();
        assert!(said.contains(words.unwrap_or_default()), "{said}");
        assert_eq!(world.to_send().await, ["GONE"]);
        let round = world.round().await;
        assert_eq!(round.failed, None, "{status}: it is about this SKU");
        assert_eq!(world.listing("GONE").await.send_count, 0);
        world.end_faults().await;
        world.want("GONE", 4).await;
        world.tick().await;
        world.is_sent("GONE", &[4]).await;
    }
}

#[tokio::test]
async fn a_look_whose_answer_is_lost_is_repeated_and_nothing_is_sent_before() {
    for kind in ["lost", "reset", "cut_off"] {
        let world = World::start().await;
        world.list(&["A"], 50).await;
        world.answer_looks("A", json!({ "kind": kind })).await;
        world.want("A", 5).await;
        world.tick().await;
        world.is_sent("A", &[]).await;
        assert_eq!(world.to_send().await, ["A"], "{kind}");
        world.tick().await;
        world.is_sent("A", &[5]).await;
        assert_eq!(world.count("patchListingsItem").await, 1);
    }
}

#[tokio::test]
async fn a_look_that_amazon_has_no_room_for_puts_off_its_listing_and_no_other() {
    let world = World::start().await;
    world.list(&["NEW", "OLD"], 50).await;
    world.want("OLD", 20).await;
    world.tick().await;
    let throttled = json!({ "kind": "status", "status": 429, "count": 99 });
    world.answer_looks("NEW", throttled).await;
    world.want("NEW", 0).await;
    world.want("OLD", 19).await;
    assert!(world.urgent().await);
    let again = world.sent("ticks");
    assert_eq!(again[0].0["kind"], "urgent", "it waits for no round");
    world.is_sent("NEW", &[]).await;
    world.forget_limits().await;
    world.tick().await;
    world.is_sent("NEW", &[]).await;
    world.is_sent("OLD", &[20, 19]).await;
    assert_eq!(world.to_send().await, ["NEW"]);
    world.end_faults().await;
    world.forget_limits().await;
    world.tick().await;
    world.is_sent("NEW", &[0]).await;
    assert_eq!(world.round().await.zeros, 1, "counted once");
}

#[tokio::test]
async fn a_look_that_met_amazons_limit_by_chance_is_repeated_in_the_same_round() {
    let world = World::start().await;
    let skus: Vec<String> = (0..12).map(|n| format!("S{n:02}")).collect();
    let skus: Vec<&str> = skus.iter().map(String::as_str).collect();
    world.list(&skus, 50).await;
    for sku in ["S01", "S07"] {
        let throttled = json!({ "kind": "status", "status": 429 });
        world.answer_looks(sku, throttled).await;
    }
    for sku in &skus {
        world.want(sku, 20).await;
    }
    world.tick().await;
    assert!(world.to_send().await.is_empty());
}

#[tokio::test]
async fn one_refused_look_in_each_set_is_not_the_apps_fault() {
    let world = World::start().await;
    let skus: Vec<String> = (0..15).map(|n| format!("S{n:02}")).collect();
    let skus: Vec<&str> = skus.iter().map(String::as_str).collect();
    world.list(&skus, 50).await;
    let refused = ["S00", "S05", "S10"];
    for sku in refused {
        let fault = json!({ "kind": "status", "status": 403, "count": 99 });
        world.answer_looks(sku, fault).await;
    }
    for sku in &skus {
        world.want(sku, 20).await;
    }
    world.tick().await;
    assert_eq!(world.to_send().await, refused);
    assert_eq!(world.round().await.failed, None);
}

#[tokio::test]
async fn a_decrease_of_a_listing_once_found_clear_goes_although_amazon_shows_nothing_now() {
    for status in [429, 500, 403, 404] {
        let world = World::start().await;
        world.list(&["LESS", "MORE"], 50).await;
        world.want("LESS", 20).await;
        world.want("MORE", 20).await;
        world.tick().await;
        for sku in ["LESS", "MORE"] {
            world.age_look(sku, 25).await;
            let fault = json!({ "kind": "status", "status": status, "count": 9 });
            world.answer_looks(sku, fault).await;
        }
        world.want("LESS", 10).await;
        world.want_of_level("MORE", 30, Some(ago(60))).await;
        world.tick().await;
        world.is_sent("LESS", &[20, 10]).await;
        world.is_sent("MORE", &[20]).await;
        assert_eq!(world.to_send().await, ["MORE"], "{status}");
    }
}

#[tokio::test]
async fn a_decrease_stops_once_a_look_shows_that_amazon_fulfils_it_by_now() {
    let world = World::start().await;
    world.list(&["A"], 50).await;
    world.want("A", 20).await;
    world.tick().await;
    world.change("A", json!({ "fulfilment": "AMAZON" })).await;
    world.age_look("A", 25).await;
    world.want("A", 0).await;
    assert!(world.urgent().await);
    let listing = world.listing("A").await;
    assert_eq!(listing.state, ListingState::FulfilledByAmazon);
    assert_eq!(listing.sent, None, "what Amazon shows is not ours any more");
    world.is_sent("A", &[20]).await;
    assert_eq!(world.violations().await, json!([]));
}

#[tokio::test]
async fn within_a_day_the_report_is_the_guard() {
    let world = World::start().await;
    world.list(&["A"], 50).await;
    world.want("A", 20).await;
    world.tick().await;
    world.want("A", 10).await;
    let read = world.listing("A").await;
    let by_report = Listing {
        state: ListingState::FulfilledByAmazon,
        look: None,
        ..read.clone()
    };
    let placed = world
        .store
        .place_listing(&by_report, Some(&read), false)
        .await;
    assert_eq!(placed.unwrap(), Written::Done);
    world.tick().await;
    world.is_sent("A", &[20]).await;
    assert!(world.to_send().await.is_empty());
    assert_eq!(world.listing("A").await.look, None, "forgotten with it");
}
