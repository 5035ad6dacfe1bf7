//! Much at once: parts of a bundle that change together, a SKU that never rests, writers that race.

use super::environments::Function::ComputeListings;
use super::scene::{PARTS, settings};
use super::stall::{Stall, play};
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::json;

/// Hands all that is queued to several environments at once, a message at a time each.
async fn work_side_by_side(stall: &Stall, environments: usize) {
    let warm: Vec<_> = (0..environments)
        .map(|_| stall.maker.environments())
        .collect();
    let at_each = warm
        .iter()
        .map(|apps| async move { while stall.deliver_one(apps, ComputeListings, 1).await {} });
    join_all(at_each).await;
}

#[tokio::test]
async fn of_two_parts_that_change_at_once_the_bundle_is_told_both() {
    play(async |stall| {
        stall.open([10, 20, 30], settings(0)).await;
        // Up and down, so that the scarcer part is now the one and now the other.
        for round in 1..=12 {
            let left = [4 + round * 7 % 11, 2 + round * 5 % 13, 30];
            stall.pass(60).await;
            for part in 0..2 {
                stall.level(PARTS[part], left[part], stall.now());
            }
            work_side_by_side(stall, 2).await;
            let listings = stall.listings().await;
            let sets = listings["SET-1"].wanted_quantity();
            assert_eq!(sets, Some((left[0] / 2).min(left[1])), "of {left:?}");
        }
        stall.quiet().await;
        let last = [4 + 12 * 7 % 11, 2 + 12 * 5 % 13, 30];
        stall.shows_what_is_wanted(last, "after all").await;
    })
    .await;
}

#[tokio::test]
async fn a_sku_that_changes_a_thousand_times_a_minute_ends_right_and_costs_a_few_calls() {
    play(async |stall| {
        stall.open([10, 20, 30], settings(0)).await;
        stall.quiet().await;
        let before = stall.amazon.count("patchListingsItem").await;
        let minute = stall.now() - SignedDuration::from_secs(60);
        let measured = |n: i64| minute + SignedDuration::from_millis(60 * n);
        for n in 1..=1_000 {
            // Late ones among them: each tenth comes after the nine that were measured later.
            let n = if n % 10 == 0 { n } else { n - n % 10 + 10 - n % 10 };
            let row = json!({ "sku": PARTS[2], "warehouse": "MAIN", "quantity": 100 + n, "measured_at": measured(n) });
            let message = json!({ "kind": "levels", "levels": [row] });
            stall.send(ComputeListings, message);
            if n % 250 == 0 {
                work_side_by_side(stall, 3).await;
                stall.tick().await;
            }
        }
        work_side_by_side(stall, 3).await;
        stall.quiet().await;
        stall.shows_what_is_wanted([10, 20, 1_100], "after it").await;
        let patches = stall.amazon.count("patchListingsItem").await - before;
        // Its own listing alone: sets lack bolts. A round sends what is wanted then, not what was wanted in between.
        assert!((1..=6).contains(&patches), "{patches} patches");
    })
    .await;
}

#[tokio::test]
async fn of_a_hundred_writers_at_once_none_is_lost() {
    play(async |stall| {
        stall.open([10, 20, 30], settings(0)).await;
        let now = stall.now();
        let writers = (0..100).map(|writer| async move {
            // Each has a warehouse of its own for bolts, and all count the same washers, the last one last.
            let at = now + SignedDuration::from_millis(writer);
            let rows = json!([
                { "sku": PARTS[0], "warehouse": format!("W{writer}"), "quantity": writer, "measured_at": at },
                { "sku": PARTS[1], "warehouse": "MAIN", "quantity": 300 + writer, "measured_at": at },
            ]);
            let message = json!({ "kind": "levels", "levels": rows });
            stall.send(ComputeListings, message);
            let taken = stall.deliver_one(&stall.apps, ComputeListings, 1);
            assert!(taken.await);
        });
        join_all(writers).await;
        stall.work().await;
        stall.pass(60).await;
        stall.quiet().await;
        let bolts = 10 + (0..100).sum::<u32>();
        stall.shows_what_is_wanted([bolts, 399, 30], "after them").await;
    })
    .await;
}
