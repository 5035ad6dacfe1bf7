//! Few differences go by patches.

use crate::world::{World, ago};
use jiff::Timestamp;
use serde_json::json;
use stallkeeper::domain::connection::ConnectionStatus;
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::store::Written;

#[tokio::test]
async fn few_differences_are_patched_and_a_quiet_tick_calls_nobody() {
    let world = World::start().await;
    let skus = [
        "A-1",
        "a#1",
        "b/2",
        "c 3",
        "d%4",
        "e&5",
        "f\"6",
        "g-\u{e9}\u{4e2d}",
    ];
    world.list(&skus, 50).await;
    for (number, sku) in (3..).zip(skus) {
        world.want(sku, number).await;
    }
    world.tick().await;
    let live = world.live().await;
    for (number, sku) in (3..).zip(skus) {
        assert_eq!(live[sku], number, "{sku}");
    }
    assert!(world.to_send().await.is_empty());
    assert_eq!(world.round().await.last.patched, 8);

    let (calls, before) = (world.calls().await, world.leased_round().await);
    world.tick().await;
    assert_eq!(world.calls().await, calls, "nothing to send");
    let after = world.leased_round().await;
    assert_eq!(after.last, before.last);
    assert_eq!(
        after.revision,
        before.revision + 2,
        "the lease, and giving it back"
    );
    assert_eq!(world.violations().await, json!([]));
}

#[tokio::test]
async fn what_amazon_refuses_is_noted_with_its_words_and_not_sent_again() {
    let world = World::start().await;
    world.list(&["GOOD", "BAD"], 50).await;
    let refusal = json!({ "BAD": { "code": "90220", "message": "brand is required" } });
    world.on_seller("PUT", "refusals", refusal).await;
    world.want("GOOD", 5).await;
    world.want("BAD", 5).await;
    world.tick().await;
    let refused = world.listing("BAD").await.refused.unwrap();
    assert_eq!((refused.code.as_str(), refused.value), ("90220", 5));
    assert!(refused.message.contains("brand"), "{}", refused.message);
    assert!(world.to_send().await.is_empty());
    let last = world.round().await.last;
    assert_eq!((last.patched, last.refused), (1, 1));
    world.want("BAD", 5).await;
    assert!(
        world.to_send().await.is_empty(),
        "the same is refused again"
    );
}

#[tokio::test]
async fn what_amazon_remarks_on_a_patch_it_took_is_kept_until_it_remarks_nothing() {
    let world = World::start().await;
    world.list(&["A"], 50).await;
    let remark =
        json!({ "A": { "code": "99300", "message": "image is missing", "severity": "WARNING" } });
    world.on_seller("PUT", "refusals", remark).await;
    world.want("A", 5).await;
    world.tick().await;
    let listing = world.listing("A").await;
    assert_eq!(listing.refused, None);
    let issues = listing.issues.unwrap().issues;
    assert_eq!(issues[0].code, "99300");
    assert_eq!(issues[0].severity, "WARNING");
    world.on_seller("PUT", "refusals", json!({})).await;
    world.want("A", 4).await;
    world.tick().await;
    assert_eq!(world.listing("A").await.issues, None);
}

#[tokio::test]
async fn a_limit_that_lasts_leaves_the_rest_to_the_next_tick() {
    let world = World::start().await;
    world.list(&["A", "B"], 50).await;
    world.want("A", 5).await;
    world.want("B", 5).await;
    let limited = |count| json!({ "operation": "patchListingsItem", "kind": "status", "status": 429, "count": count });
    world.fault(limited(2)).await;
    world.tick().await;
    assert!(
        world.to_send().await.is_empty(),
        "a second of patience is enough"
    );
    world.want("A", 4).await;
    world.fault(limited(4)).await;
    world.tick().await;
    assert_eq!(world.to_send().await, ["A"]);
    world.tick().await;
    assert!(world.to_send().await.is_empty());
    assert_eq!(world.live().await["A"], 4);
}

#[tokio::test]
async fn a_patch_whose_answer_is_lost_is_sent_again() {
    let world = World::start().await;
    world.list(&["A"], 50).await;
    world.want("A", 5).await;
    world
        .fault(json!({ "operation": "patchListingsItem", "kind": "lost" }))
        .await;
    world.tick().await;
    assert_eq!(world.to_send().await, ["A"]);
    world.tick().await;
    assert!(world.to_send().await.is_empty());
    assert_eq!(world.live().await["A"], 5);
    assert_eq!(world.listing("A").await.send_count, 2);
}

#[tokio::test]
async fn a_patch_that_never_arrived_is_sent_although_the_same_was_wanted_anew_meanwhile() {
    let world = World::start().await;
    world.list(&["A"], 50).await;
    world.want("A", 5).await;
    let fault = json!({ "operation": "patchListingsItem", "kind": "status", "status": 500 });
    world.fault(fault).await;
    world.tick().await;
    assert_eq!(world.live().await["A"], 50);
    // Takes the patch for arrived, and puts nothing down to be sent.
    world.want("A", 5).await;
    world.tick().await;
    assert_eq!(world.live().await["A"], 5);
    assert!(world.to_send().await.is_empty());
}

#[tokio::test]
async fn what_amazon_failed_to_take_by_an_error_of_its_own_is_tried_again_with_the_next_round() {
    let world = World::start().await;
    world.list(&["A"], 50).await;
    let refusal = json!({ "A": { "code": "4000000", "message": "internal error" } });
    world.on_seller("PUT", "refusals", refusal).await;
    world.want("A", 5).await;
    world.tick().await;
    let refused = world.listing("A").await.refused.unwrap();
    assert_eq!(refused.code, "4000000");
    assert_eq!(world.to_send().await, ["A"]);
    world.on_seller("PUT", "refusals", json!({})).await;
    world.tick().await;
    assert_eq!(world.live().await["A"], 5);
    assert!(world.to_send().await.is_empty());
}

#[tokio::test]
async fn one_call_that_is_refused_is_put_down_to_the_sku_and_tried_with_the_next_round() {
    let world = World::start().await;
    world.list(&["A"], 50).await;
    world.want("A", 5).await;
    let fault = json!({ "operation": "patchListingsItem", "kind": "status", "status": 403 });
    world.fault(fault).await;
    world.tick().await;
    assert_eq!(
        world.round().await.failed,
        None,
        "one answer proves nothing"
    );
    assert_eq!(world.listing("A").await.refused.unwrap().code, "403");
    world.tick().await;
    assert_eq!(world.live().await["A"], 5);
    assert_eq!(world.listing("A").await.refused, None);
    assert!(world.to_send().await.is_empty());
}

#[tokio::test]
async fn a_revoked_token_is_noted_and_what_is_to_be_sent_stays() {
    let world = World::start().await;
    world.list(&["A"], 50).await;
    world.want("A", 5).await;
    world.on_seller("POST", "revoke", json!({})).await;
    world.tick().await;
    let key = &world.ids();
    let connection = world.store.connection(key).await.unwrap().unwrap();
    assert_eq!(connection.status, ConnectionStatus::NeedsReauthorisation);
    assert_eq!(world.to_send().await, ["A"]);
}

#[tokio::test]
async fn an_increase_waits_until_the_orders_up_to_its_level_are_known() {
    let world = World::start().await;
    world.list(&["A"], 1).await;
    world.orders_read_until(ago(10)).await;
    world.want_of_level("A", 40, Some(ago(5))).await;
    world.tick().await;
    assert_eq!(world.live().await["A"], 1);
    assert_eq!(world.round().await.last.waiting, 1);
    world.orders_read_until(Timestamp::now()).await;
    world.tick().await;
    assert_eq!(world.live().await["A"], 40);
}

#[tokio::test]
async fn a_level_is_compared_with_the_orders_known_by_one_clock() {
    let world = World::start().await;
    world.list(&["A"], 1).await;
    // Amazon's clock is an hour ahead: by ours the orders are known until half an hour ago only.
    let known = ago(-30);
    world.orders_read_by_a_clock_ahead(known, 60).await;
    world.want_of_level("A", 40, Some(ago(5))).await;
    world.tick().await;
    assert_eq!(world.live().await["A"], 1);
    world.orders_read_by_a_clock_ahead(ago(-56), 60).await;
    world.tick().await;
    assert_eq!(world.live().await["A"], 40);
}

#[tokio::test]
async fn a_listing_that_amazon_fulfils_by_now_is_sent_nothing() {
    let world = World::start().await;
    world.list(&["A"], 50).await;
    world.want("A", 5).await;
    let read = world.listing("A").await;
    let found = Listing {
        state: ListingState::FulfilledByAmazon,
        ..read.clone()
    };
    let placed = world.store.place_listing(&found, Some(&read), false).await;
    assert_eq!(placed.unwrap(), Written::Done);
    world.tick().await;
    assert_eq!(world.count("patchListingsItem").await, 0);
    assert!(world.to_send().await.is_empty());
}

#[tokio::test]
async fn what_was_sent_to_a_listing_that_was_gone_meanwhile_is_not_taken_for_live() {
    let world = World::start().await;
    world.list(&["A"], 50).await;
    world.want("A", 0).await;
    world.tick().await;
    for state in [ListingState::NotOnAmazon, ListingState::Matched] {
        let read = world.listing("A").await;
        let found = Listing {
            state,
            ..read.clone()
        };
        let placed = world.store.place_listing(&found, Some(&read), false).await;
        assert_eq!(placed.unwrap(), Written::Done);
        assert_eq!(world.listing("A").await.sent, None, "{state:?}");
    }
    // The seller made it again, and Amazon shows what the seller typed.
    let typed = json!({ "sku": "A", "marketplaces": [Marketplace::Uk.id()], "quantity": 50 });
    world
        .on_seller("PUT", "listings", json!({ "listings": [typed] }))
        .await;
    world.want("A", 0).await;
    world.tick().await;
    assert_eq!(world.live().await["A"], 0);
}

#[tokio::test]
async fn two_runs_at_once_send_each_listing_once() {
    let world = World::start().await;
    let skus = ["A", "B", "C", "D", "E"];
    world.list(&skus, 50).await;
    for sku in skus {
        world.want(sku, 7).await;
    }
    let other = world.app_with(300);
    futures::join!(world.tick(), world.tick_at(&other));
    assert_eq!(world.count("patchListingsItem").await, 5);
    assert!(world.to_send().await.is_empty());
}
