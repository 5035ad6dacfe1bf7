//! An order and a stock level cross on their way, in every interleaving.

use super::scene::{PARTS, settings};
use super::stall::{Stall, play};
use futures::{StreamExt as _, stream};
use jiff::Timestamp;

/// Stalls at a time.
const SIDE_BY_SIDE: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A buyer orders a set, of which two units of one part and one of another are taken.
    Order,
    /// Amazon is asked for orders, and what it returns is reserved.
    Sweep,
    /// The platform takes the order over.
    Acknowledge,
    /// The platform counts what is left of both parts.
    Measure,
    /// What was counted comes in.
    Deliver,
    /// Time for a round.
    Tick,
}

use Step::{Acknowledge, Deliver, Measure, Order, Sweep, Tick};

/// What must come before what.
const FIRST: [(Step, Step); 4] = [
    (Order, Sweep),
    (Sweep, Acknowledge),
    (Measure, Deliver),
    (Order, Acknowledge),
];

/// Every order of the steps that can be.
fn interleavings() -> Vec<Vec<Step>> {
    let mut all = vec![Vec::new()];
    for step in [Order, Sweep, Acknowledge, Measure, Deliver, Tick] {
        let longer = |before: Vec<Step>| {
            (0..=before.len()).map(move |place| {
                let mut with = before.clone();
                with.insert(place, step);
                with
            })
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    let place = |steps: &[Step], step| steps.iter().position(|it| *it == step);
    all.retain(|steps| {
        let mut rules = FIRST.iter();
        rules.all(|(first, then)| place(steps, *first) < place(steps, *then))
    });
    all
}

/// What the platform knows and the warehouse holds.
struct Warehouse {
    bolts: u32,
    washers: u32,
    /// The set that is sold is taken off what is counted.
    taken: bool,
    counted: Option<(u32, u32, Timestamp)>,
}

#[tokio::test]
async fn an_order_and_a_level_that_cross_in_any_way_end_with_what_is_left() {
    let all = interleavings();
    assert_eq!(all.len(), 60);
    stream::iter(all.chunks(20))
        .for_each_concurrent(SIDE_BY_SIDE, |some| async move {
            play(async |stall| walk_all(stall, some).await).await;
        })
        .await;
}

async fn walk_all(stall: &Stall, interleavings: &[Vec<Step>]) {
    stall.open([10, 20, 30], settings(1)).await;
    stall.quiet().await;
    stall.shows_what_is_wanted([10, 20, 30], "at first").await;
    let mut warehouse = Warehouse {
        bolts: 10,
        washers: 20,
        taken: false,
        counted: None,
    };
    for (number, steps) in (1..).zip(interleavings) {
        walk(stall, &mut warehouse, number, steps).await;
    }
}

/// One interleaving; then all is quiet, the set is dispatched and as much comes in again.
async fn walk(stall: &Stall, warehouse: &mut Warehouse, number: u32, steps: &[Step]) {
    for step in steps {
        stall.pass(240).await;
        take(stall, warehouse, number, *step).await;
    }
    stall.quiet().await;
    let at = format!("{steps:?}");
    let left = [warehouse.bolts - 2, warehouse.washers - 1, 30];
    stall.shows_what_is_wanted(left, &at).await;
    // Dispatched: what is taken off the count is gone from the shelf too, and then new units come in.
    warehouse.taken = false;
    warehouse.counted = None;
    stall.level(PARTS[0], 10, stall.now());
    stall.level(PARTS[1], 20, stall.now());
    stall.work().await;
    stall.quiet().await;
    let there = [warehouse.bolts, warehouse.washers, 30];
    stall.shows_what_is_wanted(there, &at).await;
}

async fn take(stall: &Stall, warehouse: &mut Warehouse, number: u32, step: Step) {
    match step {
        Order => stall.buy(number, "SET-1", 1).await,
        Sweep => {
            stall.sweep().await;
            stall.announce().await;
            stall.work().await;
        }
        Acknowledge => {
            assert!(stall.acknowledge(number).await, "the order is not ready");
            warehouse.taken = true;
            stall.announce().await;
            stall.work().await;
        }
        Measure => {
            let (bolts, washers) = if warehouse.taken { (2, 1) } else { (0, 0) };
            let left = (warehouse.bolts - bolts, warehouse.washers - washers);
            warehouse.counted = Some((left.0, left.1, stall.now()));
        }
        Deliver => {
            let (bolts, washers, at) = warehouse.counted.unwrap();
            stall.level(PARTS[0], bolts, at);
            stall.level(PARTS[1], washers, at);
            stall.work().await;
        }
        Tick => stall.tick().await,
    }
}
