//! Stopped at any call of the tables and queues, before it or with its answer lost, what follows ends as if nothing had
//! happened: each line is cancelled at Amazon, and said to be so.

use crate::world::World;
use kit::Side;
use serde_json::json;
use stallkeeper::domain::cancellation::{CancelReason, CancellationState};

#[tokio::test]
async fn sending_stopped_anywhere_cancels_each_line_all_the_same() {
    for side in [Side::Before, Side::After] {
        let mut stops = 0;
        for n in 1..60 {
            let world = World::unchecked().await;
            let order = world.order("026-0000000-0000001").await;
            world.ask(&order, &["1", "2"], CancelReason::Other).await;
            world.calls.stop_at(n, side);
            let _ = world.send().await;
            let stopped = world.calls.go_on();
            ends_well(&world, &format!("{side:?} call {n} of sending")).await;
            if !stopped {
                break;
            }
            stops += 1;
        }
        assert!(stops > 12, "a run had {stops} calls only");
    }
}

#[tokio::test]
async fn settling_stopped_anywhere_ends_the_same() {
    for side in [Side::Before, Side::After] {
        for n in 1..40 {
            let world = World::unchecked().await;
            let order = world.order("026-0000000-0000001").await;
            world.ask(&order, &["1", "2"], CancelReason::Other).await;
            assert!(world.send().await);
            world.calls.stop_at(n, side);
            let acknowledged = world.settle().await;
            let stopped = world.calls.go_on();
            if !acknowledged {
                let feed = world.feeds().await.remove(0);
                world.check(&feed).await;
            }
            ends_well(&world, &format!("{side:?} call {n} of settling")).await;
            if !stopped {
                break;
            }
        }
    }
}

/// The message comes again, as often as it takes.
pub(crate) async fn ends_well(world: &World, at: &str) {
    let order = "026-0000000-0000001".parse().unwrap();
    for _ in 0..4 {
        world.let_leases_expire().await;
        if world.cancellation(&order).await.is_waiting() {
            world.make_due(&order).await;
        }
        assert!(world.send().await, "{at}");
        assert!(world.settle().await, "{at}");
    }
    let by = world.cancelled_at_amazon(&order).await;
    assert_eq!(by, [json!("MERCHANT"), json!("MERCHANT")], "{at}");
    let mut shown = world.stored(&order).await;
    for line in &mut shown.order.items {
        line.quantity_unfulfilled = Some(0);
    }
    let cancellation = world.cancellation(&order).await;
    assert!(!cancellation.is_pending(), "{at}: {:?}", cancellation.state);
    assert_eq!(
        cancellation.state_in(&shown),
        CancellationState::Cancelled,
        "{at}"
    );
    let open = world
        .store
        .open_cancellation_feeds(&world.key())
        .await
        .unwrap();
    assert!(open.is_empty(), "{at}: {open:?}");
}
