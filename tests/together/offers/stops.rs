//! Stopped at any call of the tables and queues, before it or with its answer lost, or failing at any call of Amazon's, an offer is
//! made once, and said to be made.

use crate::world::{MUG, World};
use futures::future::ready;
use futures::stream::{self, StreamExt as _};
use kit::Side;
use serde_json::json;
use stallkeeper::domain::new_offer::NewOfferState;

async fn one_wanted() -> World {
    let world = World::unchecked().await;
    world.item(MUG, "4006381333931").await;
    world.wanted("MUG", "4006381333931").await;
    world
}

/// More than any run here has.
const MOST_CALLS: usize = 200;
/// Stops that are tried side by side, each in a world of its own.
const AT_ONCE: usize = 4;

/// Tries it with the first call, the second and so on, until a run is not stopped any more; how many were.
async fn stopped_anywhere<F: Future<Output = bool>>(stopped_at: impl Fn(usize) -> F) -> usize {
    let runs = stream::iter(1..MOST_CALLS).map(stopped_at);
    let stopped = runs.buffered(AT_ONCE).take_while(|it| ready(*it));
    stopped.count().await
}

#[tokio::test]
async fn making_an_offer_stopped_anywhere_makes_it_once_all_the_same() {
    for side in [Side::Before, Side::After] {
        let stops = stopped_anywhere(|n| async move {
            let world = one_wanted().await;
            world.calls.stop_at(n, side);
            let _ = world.run().await;
            let stopped = world.calls.go_on();
            ends_well(&world, &format!("{side:?} call {n} of making")).await;
            stopped
        });
        let stops = stops.await;
        assert!(
            (20..MOST_CALLS - 1).contains(&stops),
            "a run had {stops} calls"
        );
    }
}

#[tokio::test]
async fn settling_stopped_anywhere_ends_the_same() {
    for side in [Side::Before, Side::After] {
        let stops = stopped_anywhere(|n| async move {
            let world = one_wanted().await;
            assert!(world.run().await);
            let checks = world.sent("checks");
            world.calls.stop_at(n, side);
            let acknowledged = world.check(checks[0].0.clone()).await;
            let stopped = world.calls.go_on();
            if !acknowledged {
                assert!(world.check(checks[0].0.clone()).await);
            }
            ends_well(&world, &format!("{side:?} call {n} of settling")).await;
            stopped
        });
        assert!((1..MOST_CALLS - 1).contains(&stops.await));
    }
}

#[tokio::test]
async fn failing_at_any_call_of_amazons_makes_it_once_all_the_same() {
    let operations = [
        "token",
        "searchCatalogItems",
        "getDefinitionsProductType",
        "downloadDocument",
        "getListingsRestrictions",
        "searchListingsItems",
        "getListingsItem",
        "createFeedDocument",
        "uploadDocument",
        "createFeed",
    ];
    for operation in operations {
        for kind in ["lost", "reset", "cut_off", "status"] {
            let world = one_wanted().await;
            let fault = json!({"operation": operation, "kind": kind, "status": 500});
            world.admin("POST", "faults", fault).await;
            let _ = world.run().await;
            ends_well(&world, &format!("{operation} {kind}")).await;
        }
    }
}

/// The message comes again, as often as it takes.
async fn ends_well(world: &World, at: &str) {
    for _ in 0..5 {
        world.let_leases_expire().await;
        if world.offer("MUG").await.due_at.is_some() {
            world.make_due("MUG").await;
        }
        assert!(world.run().await, "{at}");
        assert!(world.settle().await, "{at}");
    }
    let offer = world.offer("MUG").await;
    assert_eq!(offer.state, NewOfferState::Accepted, "{at}: {}", offer.why);
    let made = world.at_amazon("MUG").await;
    assert_eq!(made["quantity"], 4, "{at}");
    assert_eq!(
        made["history"].as_array().unwrap().len(),
        1,
        "{at}: made once"
    );
    assert_eq!(world.violations().await, json!([]), "{at}");
    assert!(world.open_feeds().await.is_empty(), "{at}");
}
