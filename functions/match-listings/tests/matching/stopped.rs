use crate::states::{PRODUCTS, scene};
use crate::world::World;
use kit::Side;
use serde_json::json;
use stallkeeper::domain::marketplace::Marketplace::{De, Uk};
use std::collections::BTreeSet;

/// A run is killed before its n-th call to AWS, which is to say after the call before, for every second n from `first`;
/// its message comes again, and the result is the same as if nothing had been killed.
async fn stopped_at_every_second_call(first: usize) {
    let world = World::new().await;
    let whole = world.connect("whole", &[Uk, De]).await;
    whole.publish().await;
    scene(&whole).await;
    whole.match_listings().await;
    let expected = whole.catalogue(&PRODUCTS).await;
    let counts = whole.matching().await.counts;
    let pending: BTreeSet<String> = whole.recomputed().into_iter().map(|(sku, _)| sku).collect();
    for n in (first..).step_by(2) {
        let name = format!("stop{n}");
        let seller = world.connect(&name, &[Uk, De]).await;
        seller.publish().await;
        scene(&seller).await;
        let job = seller.job(json!({"kind": "match", "why": "on_demand", "hop": 0}));
        world.calls.stop_at(n, Side::Before);
        seller.deliver(&job).await;
        if !world.calls.go_on() {
            assert!(n > 40, "a run makes more calls than {n}");
            return;
        }
        seller.end_lease().await;
        assert!(seller.deliver(&job).await, "call {n}");
        let matching = seller.matching().await;
        assert_eq!(
            (matching.failed, &matching.counts),
            (None, &counts),
            "call {n}"
        );
        let mut found = seller.catalogue(&PRODUCTS).await;
        // A product may go on pointing to a listing that is not tied to it any more: that costs a look, and no more.
        found.insert("tied to GONE-1".into(), expected["tied to GONE-1"].clone());
        assert_eq!(found, expected, "call {n}");
        let found: BTreeSet<String> = seller
            .recomputed()
            .into_iter()
            .map(|(sku, _)| sku)
            .collect();
        assert_eq!(found, pending, "call {n}");
    }
}

#[tokio::test]
async fn a_run_that_is_killed_before_any_odd_call_is_made_good_by_the_next() {
    stopped_at_every_second_call(1).await;
}

#[tokio::test]
async fn a_run_that_is_killed_before_any_even_call_is_made_good_by_the_next() {
    stopped_at_every_second_call(2).await;
}
