//! Looks of a whole round: feeds, brakes, refusals.

use super::*;

#[tokio::test]
async fn a_marketplace_that_is_refused_keeps_no_listing_from_being_looked_at() {
    let world = World::start().await;
    world.list(&["A"], 50).await;
    // Of all at once, and of each by itself.
    let fault = json!({ "operation": LOOK, "kind": "status", "status": 403 });
    world.fault(fault).await;
    world.want("A", 5).await;
    world.tick().await;
    world.is_sent("A", &[5]).await;
    assert_eq!(world.count(LOOK).await, 2);
}

#[tokio::test]
async fn looks_that_are_all_refused_are_the_apps_fault_and_are_shown() {
    let world = World::start().await;
    let skus: Vec<String> = (0..20).map(|n| format!("A{n:02}")).collect();
    let skus: Vec<&str> = skus.iter().map(String::as_str).collect();
    world.list(&skus, 50).await;
    let fault = json!({ "operation": LOOK, "kind": "status", "status": 403, "count": 1000 });
    world.fault(fault).await;
    for sku in &skus {
        world.want(sku, 5).await;
    }
    world.tick().await;
    let failed = world.round().await.failed.unwrap();
    assert!(failed.contains("getListingsItem with 403"), "{failed}");
    assert!(world.count(LOOK).await <= 20, "two sets are enough");
    assert_eq!(world.count("patchListingsItem").await, 0);
    assert_eq!(world.to_send().await.len(), 20);
    world.end_faults().await;
    world.forget_limits().await;
    world.tick().await;
    assert_eq!(world.round().await.failed, None);
    assert!(world.to_send().await.is_empty());
}

#[tokio::test]
async fn a_feed_carries_only_what_was_looked_at() {
    let world = World::start().await;
    let app = world.app_with(0);
    world.list(&["A", "B", "LATE"], 50).await;
    let fault = json!({ "kind": "status", "status": 500 });
    world.answer_looks("LATE", fault).await;
    for sku in ["A", "B", "LATE"] {
        world.want(sku, 6).await;
    }
    world.tick_at(&app).await;
    assert_eq!(world.states().await, [FeedState::Submitted]);
    assert_eq!(world.feeds().await[0].lines, 2);
    assert_eq!(world.to_send().await, ["LATE"]);
    world.tick_at(&app).await;
    world.is_sent("LATE", &[6]).await;
    assert_eq!(world.count(LOOK).await, 4);
}

#[tokio::test]
async fn too_many_zeros_are_held_before_any_listing_is_looked_at() {
    let world = World::start().await;
    let skus: Vec<String> = (0..25).map(|n| format!("Z{n:02}")).collect();
    let skus: Vec<&str> = skus.iter().map(String::as_str).collect();
    world.list(&skus, 50).await;
    world.count_matched(50).await;
    for sku in &skus {
        world.want(sku, 0).await;
    }
    world.tick().await;
    assert!(world.round().await.held.is_some());
    assert_eq!(world.count(LOOK).await, 0);
}

#[tokio::test]
async fn what_amazon_says_of_a_listing_is_kept_with_its_age_until_it_is_read_again() {
    let world = World::start().await;
    world.list(&["A"], 50).await;
    let remark =
        json!({ "A": { "code": "18027", "message": "image is missing", "severity": "WARNING" } });
    world.on_seller("PUT", "refusals", remark).await;
    world
        .answer_looks("A", json!({ "kind": "status", "status": 500, "after": 1 }))
        .await;
    world.want("A", 20).await;
    world.tick().await;
    let issues = world.listing("A").await.issues.unwrap();
    assert_eq!(issues.issues[0].code, "18027");
    world.age_look("A", 25).await;
    world.on_seller("PUT", "refusals", json!({})).await;
    world
        .fault(json!({ "operation": "patchListingsItem", "kind": "status", "status": 500 }))
        .await;
    world.want("A", 10).await;
    world.tick().await;
    assert_eq!(
        world.listing("A").await.issues.unwrap(),
        issues,
        "nothing was read"
    );
    world.tick().await;
    assert_eq!(world.listing("A").await.issues, None, "read without any");
}
