//! Each function is killed at calls to the outside, before it and after it, on the whole way from a level or an
//! order to what Amazon shows: what was done remains, what was not comes again, and Amazon ends up with what is wanted.

use super::environments::{Environments, Function, Maker};
use super::scene::{LISTED, PARTS, settings};
use super::stall::{Stall, event, play};
use crate::tripwire::{Side, Tripwire};
use crate::world::outside::Outside;
use serde_json::json;

/// Each function's own tests stop it at every call; across the whole way every fourth does.
const STRIDE: usize = 4;
/// More calls than any of these runs makes.
const MOST_CALLS: usize = 120;

/// Environments whose every way out has a wire across it.
fn wired(stall: &Stall, outside: &Outside, patch_most: usize) -> Environments {
    let maker = Maker {
        outside: outside.clone(),
        patch_most,
        ..stall.maker.clone()
    };
    maker.environments()
}

/// Plays `prepare` and then kills `function` at the n-th call of the batch that it is given, for each n, one after the
/// other in one stall. After each, all comes to rest with what `prepare` says is left. The side of the call alternates:
/// most calls come one after the other, so that before a call is just after the one before.
async fn at_every_call(
    function: Function,
    patch_most: usize,
    prepare: impl AsyncFn(&Stall, u32) -> [u32; 3],
) {
    play(async |stall| {
        stall.open([10, 20, 30], settings(1)).await;
        stall.quiet().await;
        for n in (1..=MOST_CALLS).step_by(STRIDE) {
            let side = Side::BOTH[n / STRIDE % 2];
            let left = prepare(stall, u32::try_from(n).unwrap()).await;
            let at = format!("{function:?} stopped {side:?} call {n}");
            let ended = stop(stall, function, patch_most, n, side).await;
            stall.let_leases_expire().await;
            stall.quiet().await;
            stall.shows_what_is_wanted(left, &at).await;
            if ended {
                return;
            }
        }
        panic!("{function:?} made more than {MOST_CALLS} calls");
    })
    .await;
}

/// Whether the function came to its end, so that there is no n-th call.
async fn stop(stall: &Stall, function: Function, patch_most: usize, n: usize, side: Side) -> bool {
    let tripwire = Tripwire::across(&stall.maker.outside).await;
    let apps = wired(stall, &tripwire.outside, patch_most);
    let batch = stall.receive(function, 1).unwrap();
    tripwire.arm(n, side);
    let ended = tripwire
        .kill(apps.call(function, batch.event.clone()))
        .await;
    match ended {
        None => {
            stall.come_again(batch);
            false
        }
        Some(response) => {
            let response = response.unwrap();
            let calls = tripwire.calls();
            let failures = &response.batch_item_failures;
            assert!(
                failures.is_empty(),
                "{function:?} failed by itself: {calls:?}"
            );
            assert!(calls.len() >= 4, "{function:?}: {calls:?}");
            stall.settle(batch, &response);
            true
        }
    }
}

/// Levels that differ from the ones before, on their way.
async fn new_levels(stall: &Stall, n: u32) -> [u32; 3] {
    let left = [4 + n % 5, 9 + n % 7, 20 + n % 3];
    stall.pass(60).await;
    for (part, quantity) in PARTS.iter().zip(left) {
        stall.level(part, quantity, stall.now());
    }
    left
}

/// A level that differs from the one before, computed, with all orders up to it known: two listings are to be sent.
async fn known_level(stall: &Stall, n: u32) -> [u32; 3] {
    let left = [10, 20, 1 + n % 5];
    stall.pass(60).await;
    stall.level(PARTS[2], left[2], stall.now());
    stall.work().await;
    stall.pass(240).await;
    stall.sweep().await;
    stall.send_of_connection(Function::SyncStock, json!({ "kind": "tick" }));
    left
}

#[tokio::test]
async fn compute_listings_stopped_at_any_call_leaves_no_recompute_undone() {
    at_every_call(Function::ComputeListings, 300, async |stall, n| {
        let left = [10, 9 + n % 7, 30];
        stall.pass(60).await;
        // Compared already, as the API sends it: else it would be compared and queued again, and no more.
        let row = json!({ "sku": PARTS[1], "warehouse": "MAIN", "quantity": left[1], "measured_at": stall.now() });
        let message = json!({ "kind": "levels", "checked": true, "levels": [row] });
        stall.send(Function::ComputeListings, message);
        left
    })
    .await;
}

#[tokio::test]
async fn sync_stock_stopped_at_any_call_of_a_round_by_patch_sends_what_is_wanted() {
    at_every_call(Function::SyncStock, 300, known_level).await;
}

#[tokio::test]
async fn sync_stock_stopped_at_any_call_of_a_round_by_feed_sends_what_is_wanted() {
    at_every_call(Function::SyncStock, 0, known_level).await;
}

#[tokio::test]
async fn sync_stock_stopped_at_any_call_of_an_urgent_decrease_sends_it() {
    at_every_call(Function::SyncStock, 300, async |stall, n| {
        // Up, by a round, and then down to nothing.
        let up = 5 + n % 5;
        stall.pass(60).await;
        stall.level(PARTS[2], up, stall.now());
        stall.work().await;
        stall.pass(240).await;
        stall.sweep().await;
        stall.tick().await;
        stall.pass(400).await;
        stall.level(PARTS[2], 0, stall.now());
        stall.work().await;
        [10, 20, 0]
    })
    .await;
}

#[tokio::test]
async fn settle_feeds_stopped_at_any_call_settles_every_line() {
    at_every_call(Function::SettleFeeds, 300, async |stall, n| {
        let left = known_level(stall, n).await;
        let by_feed = wired(stall, &stall.maker.outside, 0);
        while stall.deliver_one(&by_feed, Function::SyncStock, 1).await {}
        stall.pass(60).await;
        left
    })
    .await;
}

#[tokio::test]
async fn reserve_stock_stopped_at_any_call_reserves_every_unit() {
    play(async |stall| {
        stall.open([400, 900, 900], settings(1)).await;
        stall.quiet().await;
        let mut sold = 0;
        for n in (1..=MOST_CALLS).step_by(STRIDE) {
            sold += 1;
            // A set, two of the bolts and a washer; a pack of three bolts.
            let number = u32::try_from(2 * n).unwrap();
            stall.buy(number, LISTED[3].sku, 1).await;
            stall.buy(number + 1, LISTED[5].sku, 1).await;
            stall.pass(240).await;
            stall.sweep().await;
            let side = Side::BOTH[n / STRIDE % 2];
            let ended = stop_reserving(stall, n, side).await;
            // The batch comes again in either case: at least once.
            stall.announce().await;
            stall.quiet().await;
            let at = format!("stopped {side:?} call {n}");
            let left = [400 - 5 * sold, 900 - sold, 900];
            stall.shows_what_is_wanted(left, &at).await;
            if ended {
                assert!(n > 6, "it made {n} calls only");
                return;
            }
        }
    })
    .await;
}

async fn stop_reserving(stall: &Stall, n: usize, side: Side) -> bool {
    let tripwire = Tripwire::across(&stall.maker.outside).await;
    let apps = wired(stall, &tripwire.outside, 300);
    tripwire.arm(n, side);
    let batch = stall.changed_orders().await;
    let reserved = reserve_stock::handle(&apps.reserve_stock, event(&batch));
    tripwire.kill(reserved).await.is_some()
}

#[tokio::test]
async fn messages_that_come_twice_and_in_another_order_change_nothing() {
    play(async |stall| {
        stall.open([10, 20, 30], settings(1)).await;
        stall.quiet().await;
        for n in 0..6 {
            let before = new_levels(stall, n).await;
            let left = new_levels(stall, n + 1).await;
            assert_ne!(before, left);
            {
                let mut queue = stall.aws.queue("stock-changes");
                let messages = queue.messages();
                let twice = messages.clone();
                messages.extend(twice);
                messages.make_contiguous().reverse();
                messages.rotate_left(usize::try_from(n).unwrap());
            }
            stall.work().await;
            // A round's message twice, and what it leaves to look at twice.
            stall.tick().await;
            stall.tick().await;
            {
                let mut queue = stall.aws.queue("feed-checks");
                let twice = queue.messages().clone();
                queue.messages().extend(twice);
            }
            stall.check_feeds().await;
            stall.quiet().await;
            stall
                .shows_what_is_wanted(left, &format!("the {n}th time"))
                .await;
        }
    })
    .await;
}
