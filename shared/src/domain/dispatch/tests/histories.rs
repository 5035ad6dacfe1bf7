//! Any order of hand-overs, edits, answers and Amazon's own news: no unit is shipped twice.

use super::*;
use proptest::prelude::*;

/// Something that happens to an order of two lines.
#[derive(Debug, Clone)]
enum Step {
    HandOver {
        parcel: usize,
        line: usize,
        units: u32,
    },
    AllOpen {
        parcel: usize,
    },
    /// Amazon's answer to a parcel.
    Confirmed {
        parcel: usize,
    },
    Refused {
        parcel: usize,
    },
    Lost {
        parcel: usize,
    },
    /// Seller Central ships units of a line.
    Elsewhere {
        line: usize,
        units: u32,
    },
    /// The order is read again.
    Read,
}

fn step() -> impl Strategy<Value = Step> {
    let (parcel, line) = (0usize..4, 0usize..2);
    prop_oneof![
        (parcel.clone(), line.clone(), 1u32..4).prop_map(|(parcel, line, units)| Step::HandOver {
            parcel,
            line,
            units
        }),
        parcel.clone().prop_map(|parcel| Step::AllOpen { parcel }),
        parcel.clone().prop_map(|parcel| Step::Confirmed { parcel }),
        parcel.clone().prop_map(|parcel| Step::Refused { parcel }),
        parcel.prop_map(|parcel| Step::Lost { parcel }),
        (line, 1u32..3).prop_map(|(line, units)| Step::Elsewhere { line, units }),
        Just(Step::Read),
    ]
}

/// Amazon's side: packages by number, as it keeps them.
#[derive(Default)]
struct Amazon {
    packages: Vec<Package>,
}

impl Amazon {
    fn shipped(&self, line: &str) -> u32 {
        self.packages
            .iter()
            .filter_map(|it| it.units_of(line))
            .sum()
    }

    /// Takes a call as Amazon does: the same number edits, and no unit is shipped twice.
    fn confirm(&mut self, dispatch: &Dispatch, ordered: &[OrderItem]) -> bool {
        let reference = dispatch.number.to_string();
        if self.packages.iter().any(|it| it.reference == reference) {
            return true;
        }
        let room = |line: &OrderItem| line.quantity - self.shipped(&line.id);
        if ordered
            .iter()
            .any(|line| dispatch.units_of(&line.id) > room(line))
        {
            return false;
        }
        let lines = dispatch.lines.iter().map(|it| PackageLine {
            line: it.line.clone(),
            units: it.units,
        });
        self.packages.push(Package {
            reference,
            lines: lines.collect(),
            ..Package::default()
        });
        true
    }

    fn show(&self, stored: &mut StoredOrder) {
        stored.order.packages = self.packages.clone();
        for line in &mut stored.order.items {
            line.quantity_fulfilled = self.shipped(&line.id);
            line.quantity_unfulfilled = Some(line.quantity - line.quantity_fulfilled);
        }
        stored.status = stored.status_taken_over();
    }
}

proptest! {
    #[test]
    fn each_unit_is_shipped_once_or_open(steps in proptest::collection::vec(step(), 1..40)) {
        let mut stored = order(vec![item("1", "A", 3), item("2", "A", 2)]);
        let mut dispatches: Vec<Dispatch> = Vec::new();
        let mut amazon = Amazon::default();
        for step in steps {
            run(step, &mut stored, &mut dispatches, &mut amazon);
            for line in &stored.order.items {
                let shipped = amazon.shipped(&line.id);
                prop_assert!(shipped <= line.quantity);
                let ours: u32 = dispatches
                    .iter()
                    .filter(|it| it.state != DispatchState::Refused || it.confirmed_at.is_some())
                    .map(|it| it.units_of(&line.id))
                    .sum();
                let told = stored.order.packages.iter().filter_map(|it| it.units_of(&line.id)).sum::<u32>();
                prop_assert!(ours + stored.unclaimed(line) <= line.quantity, "{ours}");
                prop_assert!(stored.unclaimed(line) + told <= line.quantity);
            }
        }
    }
}

fn run(step: Step, stored: &mut StoredOrder, dispatches: &mut Vec<Dispatch>, amazon: &mut Amazon) {
    let ids = ["P1", "P2", "P3", "P4"];
    let with = |parcel: usize, dispatches: &[Dispatch]| {
        dispatches
            .iter()
            .position(|it| it.parcel.as_str() == ids[parcel])
    };
    let told = |parcel, units, stored: &mut StoredOrder, dispatches: &mut Vec<Dispatch>| {
        let parcel: &str = ids[parcel];
        let DispatchDecision::Write {
            dispatch, order, ..
        } = decide(stored, dispatches, parcel, hand_over(units))
        else {
            return;
        };
        *stored = *order;
        dispatches.retain(|it| it.parcel != dispatch.parcel);
        dispatches.push(*dispatch);
    };
    match step {
        Step::HandOver {
            parcel,
            line,
            units: count,
        } => {
            let line = LineRef::Id(["1", "2"][line].to_owned());
            told(parcel, units(line, count), stored, dispatches);
        }
        Step::AllOpen { parcel } => told(parcel, ParcelUnits::AllOpen, stored, dispatches),
        Step::Confirmed { parcel } | Step::Lost { parcel } => {
            let Some(at_) = with(parcel, dispatches).filter(|it| dispatches[*it].is_pending())
            else {
                return;
            };
            let called = dispatches[at_].calling(at(101));
            let taken = amazon.confirm(&called, &stored.order.items);
            dispatches[at_] = match (&step, taken) {
                (Step::Lost { .. }, _) => called.lost(words(), at(102)),
                (_, true) => called.confirmed(None, at(102)),
                (_, false) => {
                    let settled = called.refused(stored, words(), at(102));
                    *stored = settled.order;
                    settled.dispatch
                }
            };
        }
        Step::Refused { parcel } => {
            let known = |it: &Dispatch| {
                amazon
                    .packages
                    .iter()
                    .any(|p| p.reference == it.number.to_string())
            };
            let Some(at_) = with(parcel, dispatches)
                .filter(|it| dispatches[*it].is_pending() && !known(&dispatches[*it]))
            else {
                return;
            };
            let settled = dispatches[at_]
                .calling(at(101))
                .refused(stored, words(), at(102));
            *stored = settled.order;
            dispatches[at_] = settled.dispatch;
        }
        Step::Elsewhere { line, units } => {
            let line = &stored.order.items[line];
            if amazon.shipped(&line.id) + units <= line.quantity {
                let lines = vec![PackageLine {
                    line: line.id.clone(),
                    units,
                }];
                let reference = format!("{}", amazon.packages.len() + 1);
                amazon.packages.push(Package {
                    reference,
                    lines,
                    ..Package::default()
                });
            }
        }
        Step::Read => amazon.show(stored),
    }
}
