//! Random histories of one order, held against the plainest model there is: **each unit is shipped once, cancelled once, or
//! open**.
//!
//! The functions themselves play them, on the template's tables in an embedded DynamoDB, against the sandbox that plays
//! Amazon: parcels and their edits, cancellations of ours, of the buyer and of Amazon, somebody who ships in Seller Central,
//! answers that are lost, feeds that come to nothing, messages that come twice and readings that come late.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends if something is not as it should be"
)]

mod apps;
mod desk;
mod model;
#[path = "../cancellations/world.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared with the tests of cancellations, which use all of it"
)]
mod world;

use desk::Desk;
use proptest::prelude::*;

/// Something that happens to the order. `line` and `parcel` are counted from 0; what cannot happen is refused, or does nothing.
#[derive(Debug, Clone)]
enum Act {
    /// Units of a line are in a parcel; of one that is known, its content changes.
    HandOver {
        parcel: usize,
        line: usize,
        units: u32,
    },
    /// All that is open is in a parcel.
    HandOverAll {
        parcel: usize,
    },
    /// The platform cancels a line.
    Cancel {
        line: usize,
    },
    /// The platform cancels all that is open.
    CancelAll,
    /// The buyer asks to cancel a line, or takes all requests back.
    BuyerAsks {
        line: Option<usize>,
    },
    /// Amazon cancels a line by itself.
    AmazonCancels {
        line: usize,
    },
    /// Somebody ships units of a line in Seller Central.
    ShippedElsewhere {
        line: usize,
        units: u32,
    },
    /// The answer to the next call is lost; of a feed, before or after Amazon took it.
    Lose {
        operation: &'static str,
        kind: &'static str,
    },
    /// Amazon gives no verdict on the next feed.
    NoVerdict {
        kind: &'static str,
        applied: f64,
    },
    /// Time passes: what waits is due.
    Pass,
    Confirm,
    SendFeed,
    /// The checks of feeds that are queued.
    Settle,
    /// A check of the n-th feed that comes again.
    SettleAgain {
        n: usize,
    },
    /// The order is read at Amazon; the reading is on its way.
    Fetch,
    /// The n-th reading comes in, however late; `again`: and comes again later.
    Take {
        n: usize,
        again: bool,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let (parcel, line) = (0..3_usize, 0..desk::LINES.len());
    let losses = prop::sample::select(vec![
        ("confirmShipment", "lost"),
        ("createFeed", "lost"),
        ("createFeed", "reset"),
    ]);
    let faults = prop::sample::select(vec!["fatal", "cancelled", "report_missing", "report_cut"]);
    prop_oneof![
        3 => (parcel.clone(), line.clone(), 1..4_u32)
            .prop_map(|(parcel, line, units)| Act::HandOver { parcel, line, units }),
        1 => parcel.prop_map(|parcel| Act::HandOverAll { parcel }),
        3 => line.clone().prop_map(|line| Act::Cancel { line }),
        1 => Just(Act::CancelAll),
        1 => prop::option::of(line.clone()).prop_map(|line| Act::BuyerAsks { line }),
        1 => line.clone().prop_map(|line| Act::AmazonCancels { line }),
        1 => (line, 1..3_u32).prop_map(|(line, units)| Act::ShippedElsewhere { line, units }),
        2 => losses.prop_map(|(operation, kind)| Act::Lose { operation, kind }),
        1 => (faults, prop::sample::select(vec![0.0, 1.0]))
            .prop_map(|(kind, applied)| Act::NoVerdict { kind, applied }),
        3 => Just(Act::Pass),
        3 => Just(Act::Confirm),
        5 => Just(Act::SendFeed),
        4 => Just(Act::Settle),
        1 => (0..4_usize).prop_map(|n| Act::SettleAgain { n }),
        2 => Just(Act::Fetch),
        2 => (0..4_usize, any::<bool>()).prop_map(|(n, again)| Act::Take { n, again }),
    ]
}

async fn play(acts: Vec<Act>) {
    let mut desk = Desk::open().await;
    for (number, act) in acts.iter().enumerate() {
        desk.act(act).await;
        let at = format!("act {number}, {act:?}");
        desk.view().await.each_unit_is_once(&at);
    }
    desk.quiet().await;
    desk.view().await.all_is_settled();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_unit_is_shipped_once_cancelled_once_or_open(acts in prop::collection::vec(act(), 5..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(acts));
    }
}
