//! A cancellation and a dispatch of the same line at the same moment: exactly one has it, in every interleaving.

use super::*;
use crate::domain::courier::LabelSource;
use crate::domain::dispatch::{
    ConfirmAt, Dispatch, DispatchDecision, HandOver, HandOverRequest, ParcelCarrier, ParcelUnits,
};

/// The table: an order with its revision, and what was written beside it.
struct Table {
    order: StoredOrder,
    cancellations: usize,
    dispatches: Vec<Dispatch>,
}

/// One of two requests at the same time: it reads, decides and writes, and reads again if somebody wrote meanwhile.
#[derive(Clone, Copy, PartialEq)]
enum Request {
    Cancel,
    Dispatch,
}

#[derive(Default)]
struct Run {
    read: Option<(StoredOrder, Vec<Dispatch>)>,
    done: bool,
}

impl Run {
    /// The next step of a request: a read, or a write on the condition that nothing was written since.
    fn step(&mut self, request: Request, units: &ParcelUnits, table: &mut Table) {
        let Some((order, dispatches)) = self.read.take() else {
            self.read = Some((table.order.clone(), table.dispatches.clone()));
            return;
        };
        let unchanged = order.revision == table.order.revision;
        self.done = match request {
            Request::Cancel => match decide(&order, &lines(&["2"]), "C") {
                CancelDecision::Write { order, .. } if unchanged => {
                    table.order = *order;
                    table.cancellations += 1;
                    true
                }
                CancelDecision::Write { .. } => false,
                _ => true,
            },
            Request::Dispatch => {
                let request = HandOverRequest {
                    parcel: "P".parse().unwrap(),
                    content: hand_over(units.clone()),
                    asked_at: Some(at(50)),
                };
                let decision = crate::domain::dispatch::decide(
                    &order,
                    &dispatches,
                    &request,
                    ConfirmAt::Handover,
                    at(50),
                );
                match decision {
                    DispatchDecision::Write {
                        order, dispatch, ..
                    } if unchanged => {
                        table.order = *order;
                        table.dispatches.push(*dispatch);
                        true
                    }
                    DispatchDecision::Write { .. } => false,
                    _ => true,
                }
            }
        };
    }
}

fn hand_over(units: ParcelUnits) -> HandOver {
    HandOver {
        carrier: ParcelCarrier::CourierService("DPD/next-day".parse().unwrap()),
        tracking_number: "15501234567890".parse().unwrap(),
        other_tracking_numbers: Vec::new(),
        handed_over_at: at(40),
        units,
        warehouse: None,
        label_source: LabelSource::Courier,
        despite_cancel: false,
    }
}

/// What becomes of both requests if they step in this order; each ends what it has begun.
fn interleave(order: u32, units: &ParcelUnits) -> Table {
    let mut table = Table {
        order: super::order(),
        cancellations: 0,
        dispatches: Vec::new(),
    };
    let (mut cancel, mut dispatch) = (Run::default(), Run::default());
    for place in 0.. {
        let cancels = match (cancel.done, dispatch.done) {
            (true, true) => break,
            (false, true) => true,
            (true, false) => false,
            // Six steps decide it: beyond them the order matters to nobody.
            (false, false) => (order >> (place % 6)) & 1 == 0,
        };
        match cancels {
            true => cancel.step(Request::Cancel, units, &mut table),
            false => dispatch.step(Request::Dispatch, units, &mut table),
        }
    }
    table
}

#[test]
fn exactly_one_of_a_cancellation_and_a_dispatch_of_the_same_line_wins_in_every_interleaving() {
    let only_it =
        || serde_json::from_value(json!({"lines": [{"of": {"id": "2"}, "units": 3}]})).unwrap();
    let mut winners = [0, 0];
    for order in 0..64 {
        let table = interleave(order, &only_it());
        let wins = (table.cancellations, table.dispatches.len());
        assert!(wins == (1, 0) || wins == (0, 1), "{order:06b}: {wins:?}");
        winners[wins.1] += 1;
        let units: u32 = table.order.claims.iter().map(|claim| claim.units).sum();
        assert_eq!(units, 3, "each unit is claimed once");
    }
    assert!(winners.iter().all(|wins| *wins > 0), "{winners:?}");
}

#[test]
fn a_parcel_of_all_that_is_open_never_holds_what_is_being_cancelled() {
    for order in 0..64 {
        let table = interleave(order, &ParcelUnits::AllOpen);
        assert_eq!(table.dispatches.len(), 1, "lines 1 and 3 are open to it");
        let shipped: u32 = table.dispatches[0]
            .lines
            .iter()
            .map(|line| line.units)
            .sum();
        let expected = if table.cancellations == 1 { 3 } else { 6 };
        assert_eq!(shipped, expected, "{order:06b}");
    }
}
