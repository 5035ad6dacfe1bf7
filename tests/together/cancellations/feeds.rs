//! From a cancellation to Amazon's verdict.

use crate::world::{SELLER, World};
use serde_json::{Value, json};
use stallkeeper::domain::cancellation::{CancelReason, CancellationState};
use stallkeeper::domain::feed::{FeedKind, FeedState};

#[tokio::test]
async fn a_minutes_cancellations_are_one_feed_and_each_line_has_its_verdict() {
    let world = World::start().await;
    let (good, shipped) = (
        world.order("026-0000000-0000001").await,
        world.order("026-0000000-0000002").await,
    );
    for order in [&good, &shipped] {
        let id = world.ask(order, &["1"], CancelReason::Other).await;
        assert!(world.requested(order, &id).await);
    }
    let gathered = world.sent("cancellations");
    assert_eq!(gathered.len(), 2);
    assert_eq!(
        (gathered[0].0["kind"].as_str(), gathered[0].1),
        (Some("send"), 60)
    );
    assert!(
        world.sent("changes").is_empty(),
        "nothing is said of the stock"
    );
    // Somebody ships it in Seller Central meanwhile.
    let packages = format!("sellers/{SELLER}/orders/026-0000000-0000002/packages");
    let label = json!({"carrierCode": "DPD", "trackingNumber": "1"});
    world.admin("POST", &packages, label).await;

    assert!(world.send().await && world.send().await);
    assert_eq!(world.count("createFeed").await, 1);
    assert_eq!(
        world.cancellation(&good).await.state,
        CancellationState::Sent
    );
    assert!(world.settle().await);
    let accepted = world.cancellation(&good).await;
    assert_eq!(accepted.state, CancellationState::Accepted);
    assert_eq!(
        world.stored(&good).await.claims.len(),
        1,
        "until Amazon's order shows it"
    );
    let refused = world.cancellation(&shipped).await;
    assert_eq!(refused.state, CancellationState::Refused);
    let words = refused.lines[0].refused.as_ref().unwrap();
    assert_eq!(words.code, "18102");
    assert!(world.stored(&shipped).await.claims.is_empty());
    assert_eq!(
        world.cancelled_at_amazon(&good).await,
        [json!("MERCHANT"), Value::Null]
    );
    let feed = &world.feeds().await[0];
    assert_eq!(
        (feed.kind, feed.state),
        (FeedKind::Cancellation, FeedState::Settled)
    );
    assert_eq!((feed.accepted, feed.refused), (1, 1));
    assert_eq!(
        world.admin("GET", "violations", Value::Null).await,
        json!([])
    );
}

#[tokio::test]
async fn none_left_sets_the_sku_to_zero_before_the_feed_goes() {
    let world = World::start().await;
    let order = world.order("026-0000000-0000001").await;
    let id = world
        .ask(&order, &["1", "2"], CancelReason::NoInventory)
        .await;
    assert!(world.requested(&order, &id).await && world.requested(&order, &id).await);
    let changes = world.sent("changes");
    let recompute = json!({"v": 1, "kind": "recompute", "tenant": "north", "raise": false, "skus": ["SKU-1", "SKU-2"]});
    assert_eq!(changes.len(), 2);
    assert!(
        changes.iter().all(|(body, _)| *body == recompute),
        "{changes:?}"
    );
    let (tenant, sku) = (world.key().tenant, "SKU-1".parse().unwrap());
    let inputs = world.store.sku_inputs(&tenant, &sku).await.unwrap();
    let asked_at = world.cancellation(&order).await.created_at.as_millisecond();
    assert_eq!(
        inputs.levels.sold_out_at.unwrap().as_millisecond(),
        asked_at
    );
    assert_eq!(inputs.levels.generation, 1, "once");
    assert_eq!(world.count("createFeed").await, 0);
}

#[tokio::test]
async fn what_amazon_gives_no_verdict_on_goes_again_and_what_it_never_ends_is_shown() {
    for fault in ["fatal", "cancelled", "report_missing", "report_cut"] {
        let world = World::start().await;
        let order = world.order("026-0000000-0000001").await;
        world.ask(&order, &["1"], CancelReason::Other).await;
        let faults = format!("sellers/{SELLER}/feed-faults");
        world
            .admin("PUT", &faults, json!([{"kind": fault, "applied": 0}]))
            .await;
        assert!(world.send().await);
        for _ in 0..6 {
            assert!(world.settle().await);
        }
        let again = world.cancellation(&order).await;
        assert_eq!(
            (again.state, again.tries),
            (CancellationState::ToSend, 1),
            "{fault}"
        );
        assert_eq!(world.feeds().await[0].state, FeedState::Returned, "{fault}");
        let woken = world.sent("cancellations");
        assert_eq!(woken.last().unwrap().0["kind"], "send", "{fault}");
        assert_eq!(world.stored(&order).await.claims.len(), 1, "{fault}");
    }
    let world = World::start().await;
    world
        .admin("PUT", "settings", json!({"feed_hold": true}))
        .await;
    let order = world.order("026-0000000-0000001").await;
    world.ask(&order, &["1"], CancelReason::Other).await;
    assert!(world.send().await && world.settle().await);
    assert_eq!(world.sent("checks")[0].0["hop"], 1, "it is looked at again");
    assert_eq!(
        world.cancellation(&order).await.state,
        CancellationState::Sent
    );
}

#[tokio::test]
async fn the_calls_that_stock_may_need_at_once_are_left_to_it() {
    let world = World::start().await;
    let order = world.order("026-0000000-0000001").await;
    world.ask(&order, &["1"], CancelReason::Other).await;
    let session = world.session();
    for _ in 0..13 {
        session
            .permit(stallkeeper::sp_api::Operation::CreateFeed)
            .await
            .unwrap();
    }
    assert!(world.send().await, "it waits as a copy");
    assert_eq!(world.count("createFeedDocument").await, 0);
    assert_eq!(
        world.cancellation(&order).await.state,
        CancellationState::ToSend
    );
    let copy = world.sent("cancellations");
    assert_eq!((copy.len(), copy[0].0["kind"].as_str()), (1, Some("send")));
    session
        .permit(stallkeeper::sp_api::Operation::CreateFeed)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_cancellation_that_cannot_be_read_holds_up_no_other() {
    let world = World::start().await;
    let (damaged, good) = (
        world.order("026-0000000-0000001").await,
        world.order("026-0000000-0000002").await,
    );
    for order in [&damaged, &good] {
        world.ask(order, &["1"], CancelReason::Other).await;
    }
    let of_damaged = "026-0000000-0000001";
    world
        .database
        .make_unreadable("OrdersTable", of_damaged, "CANCELLATION#")
        .await;
    assert!(world.send().await && world.settle().await);
    assert_eq!(
        world.cancellation(&good).await.state,
        CancellationState::Accepted
    );
}
