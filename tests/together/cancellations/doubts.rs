//! A feed of unknown outcome, and a second one that Amazon refuses: the lines stay claimed until Amazon's order has been read.

use crate::stops::ends_well;
use crate::world::{SELLER, World};
use kit::Side;
use serde_json::{Value, json};
use stallkeeper::domain::cancellation::{CancelReason, Cancellation, CancellationState};
use stallkeeper::domain::ids::OrderId;

/// A cancellation of both lines whose first feed was submitted with this fault, and which is to be sent again.
async fn after(world: &World, fault: &str) -> OrderId {
    let order = world.order("026-0000000-0000001").await;
    world.ask(&order, &["1", "2"], CancelReason::Other).await;
    let fault = json!({"operation": "createFeed", "kind": fault, "count": 1});
    world.admin("POST", "faults", fault).await;
    assert!(world.send().await);
    order
}

async fn claims(world: &World, order: &OrderId) -> usize {
    world.stored(order).await.claims.len()
}

async fn ship_elsewhere(world: &World, order: &OrderId) {
    let packages = format!("sellers/{SELLER}/orders/{order}/packages");
    let label = json!({"carrierCode": "DPD", "trackingNumber": "1"});
    world.admin("POST", &packages, label).await;
}

/// The second feed goes, and Amazon refuses what it carries.
async fn refused_again(world: &World, order: &OrderId) -> Cancellation {
    world.make_due(order).await;
    assert!(world.send().await && world.settle().await);
    assert_eq!(world.count("createFeed").await, 2);
    let doubted = world.cancellation(order).await;
    assert_eq!(doubted.state, CancellationState::Unknown);
    assert!(doubted.note.is_some() && doubted.settled_at.is_none());
    assert_eq!(claims(world, order).await, 2, "its lines stay claimed");
    doubted
}

#[tokio::test]
async fn a_lost_answer_is_followed_by_a_second_feed_and_amazons_order_has_the_last_word() {
    let world = World::start().await;
    let order = after(&world, "lost").await;
    let again = world.cancellation(&order).await;
    assert_eq!((again.state, again.tries), (CancellationState::ToSend, 1));
    assert!(again.note.unwrap().contains("lost"));
    let (message, delay) = world.sent("cancellations").remove(0);
    assert_eq!(message["kind"], "send");
    assert!((200..=300).contains(&delay), "{delay}");
    assert!(world.send().await);
    assert_eq!(world.count("createFeed").await, 1, "it is not due");

    refused_again(&world, &order).await;
    let (message, delay) = world.sent("cancellations").pop().unwrap();
    assert_eq!(message["kind"], "send");
    assert!((800..=900).contains(&delay), "{delay}");
    assert!(world.send().await);
    assert_eq!(world.count("getOrder").await, 0, "it is not due");

    world.make_due(&order).await;
    assert!(world.send().await && world.send().await);
    assert_eq!(world.count("getOrder").await, 1);
    let settled = world.cancellation(&order).await;
    assert_eq!(settled.state, CancellationState::Accepted);
    assert_eq!((settled.note, claims(&world, &order).await), (None, 2));
    let by = world.cancelled_at_amazon(&order).await;
    assert_eq!(by, [json!("MERCHANT"), json!("MERCHANT")]);
    let violations = world.admin("GET", "violations", Value::Null).await;
    assert_eq!(violations, json!([]));
}

#[tokio::test]
async fn what_amazons_order_does_not_show_as_cancelled_is_refused_and_its_claim_ends() {
    let world = World::start().await;
    let order = after(&world, "reset").await;
    ship_elsewhere(&world, &order).await;
    refused_again(&world, &order).await;
    world.make_due(&order).await;
    assert!(world.send().await);
    let refused = world.cancellation(&order).await;
    assert_eq!(refused.state, CancellationState::Refused);
    assert!(refused.lines.iter().all(|line| line.refused.is_some()));
    assert_eq!(claims(&world, &order).await, 0);
    assert_eq!(world.count("createFeed").await, 2, "it is not sent again");
}

#[tokio::test]
async fn an_order_that_amazon_does_not_show_now_is_read_again_and_nothing_is_opened_for_it() {
    let world = World::start().await;
    let order = after(&world, "lost").await;
    refused_again(&world, &order).await;
    world.make_due(&order).await;
    let refused = json!({"operation": "getOrder", "kind": "status", "status": 404, "count": 1});
    world.admin("POST", "faults", refused).await;
    assert!(world.send().await);
    let doubted = world.cancellation(&order).await;
    assert_eq!(doubted.state, CancellationState::Unknown);
    assert!(doubted.note.unwrap().contains("Seller Central"));
    assert_eq!(claims(&world, &order).await, 2);
    world.make_due(&order).await;
    assert!(world.send().await);
    let settled = world.cancellation(&order).await.state;
    assert_eq!(settled, CancellationState::Accepted);
}

#[tokio::test]
async fn stopped_at_any_call_a_doubted_refusal_opens_no_line_that_amazon_cancelled() {
    for side in [Side::Before, Side::After] {
        let mut stops = 0;
        for n in 1..100 {
            let world = World::unchecked().await;
            let order = after(&world, "lost").await;
            world.make_due(&order).await;
            world.calls.stop_at(n, side);
            for _ in 0..2 {
                let _ = world.send().await;
                let _ = world.settle().await;
                if world.cancellation(&order).await.state == CancellationState::Unknown {
                    world.make_due(&order).await;
                }
                assert_eq!(claims(&world, &order).await, 2, "{side:?} call {n}");
            }
            let stopped = world.calls.go_on();
            for feed in world.feeds().await {
                world.check(&feed).await;
            }
            ends_well(&world, &format!("{side:?} call {n} of a doubted refusal")).await;
            assert_eq!(claims(&world, &order).await, 2, "{side:?} call {n}");
            if !stopped {
                break;
            }
            stops += 1;
        }
        assert!(stops > 25, "a run had {stops} calls only");
    }
}
