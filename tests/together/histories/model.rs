//! What Amazon has and what we say of it at one moment, and what must hold between the two.

use serde_json::Value;
use stallkeeper::domain::cancellation::{Cancellation, CancellationState};
use stallkeeper::domain::dispatch::{Dispatch, DispatchState};
use stallkeeper::domain::order::StoredOrder;

/// A line at Amazon.
struct AtAmazon {
    ordered: u32,
    shipped: u32,
    /// Units that are neither shipped nor cancelled.
    open: u32,
    cancelled_by: Option<String>,
}

/// Both sides at one moment.
pub(crate) struct View {
    pub(crate) amazon: Value,
    pub(crate) stored: StoredOrder,
    pub(crate) dispatches: Vec<Dispatch>,
    pub(crate) cancellations: Vec<Cancellation>,
}

impl View {
    /// At every moment: no unit is in a parcel of ours and cancelled by us, or offered to anybody beside either.
    pub(crate) fn each_unit_is_once(&self, at: &str) {
        for line in &self.stored.order.items {
            let amazon = self.at_amazon(&line.id);
            let parcels = self.in_parcels(&line.id);
            // A feed of ours is the only merchant here who cancels.
            let cancelled = match amazon.cancelled_by.as_deref() {
                Some("MERCHANT") => amazon.ordered - amazon.shipped,
                _ => 0,
            };
            let offered = self.stored.unclaimed(line);
            let (id, ordered) = (&line.id, amazon.ordered);
            assert!(
                parcels + cancelled + offered <= ordered,
                "{at}: of {ordered} units of line {id} {parcels} are in parcels, {cancelled} are cancelled by us and {offered} are offered"
            );
            assert!(amazon.shipped + amazon.open <= ordered, "{at}");
            let packed: u32 = self.packages().map(|it| units_in(it, id)).sum();
            assert_eq!(packed, amazon.shipped, "{at}: each package counts once");
        }
    }

    /// Once all is quiet: what we say is what Amazon has, and everything has come to its end.
    pub(crate) fn all_is_settled(&self) {
        self.each_unit_is_once("once quiet");
        for line in &self.stored.order.items {
            let open = self.at_amazon(&line.id).open;
            assert_eq!(line.open_quantity(), open, "line {}", line.id);
            assert_eq!(self.stored.unclaimed(line), open, "line {}", line.id);
        }
        for dispatch in &self.dispatches {
            let (parcel, number) = (&dispatch.parcel, dispatch.number.to_string());
            let mut ours = self.packages();
            let ours = ours.find(|it| it["packageReferenceId"] == number.as_str());
            match dispatch.state {
                DispatchState::Confirmed => {
                    let package = ours.unwrap_or_else(|| panic!("parcel {parcel} is not there"));
                    for line in &dispatch.lines {
                        assert_eq!(units_in(package, &line.line), line.units, "{parcel}");
                    }
                }
                DispatchState::Refused => {}
                other => panic!("parcel {parcel} is {other:?}"),
            }
        }
        for cancellation in &self.cancellations {
            let state = cancellation.state_in(&self.stored);
            let is_over = matches!(
                state,
                CancellationState::Accepted
                    | CancellationState::Cancelled
                    | CancellationState::Refused
            );
            assert!(is_over, "{cancellation:?}");
            for line in cancellation.lines_not_refused() {
                let amazon = self.at_amazon(&line.line);
                assert!(amazon.cancelled_by.is_some(), "{cancellation:?}");
            }
        }
    }

    /// Whether everything has come to its end.
    pub(crate) fn is_quiet(&self) -> bool {
        !self.dispatches.iter().any(Dispatch::is_pending)
            && !self.cancellations.iter().any(Cancellation::is_pending)
    }

    fn in_parcels(&self, line: &str) -> u32 {
        let is_live =
            |it: &&Dispatch| it.state != DispatchState::Refused || it.confirmed_at.is_some();
        let live = self.dispatches.iter().filter(is_live);
        live.map(|it| it.units_of(line)).sum()
    }

    fn at_amazon(&self, line: &str) -> AtAmazon {
        let items = self.amazon["orderItems"].as_array().unwrap();
        let item = items.iter().find(|it| it["orderItemId"] == line).unwrap();
        let by = &item["cancellation"]["cancellationExecution"]["cancelledBy"];
        AtAmazon {
            ordered: count(&item["quantityOrdered"]),
            shipped: count(&item["fulfillment"]["quantityFulfilled"]),
            open: count(&item["fulfillment"]["quantityUnfulfilled"]),
            cancelled_by: by.as_str().map(str::to_owned),
        }
    }

    fn packages(&self) -> impl Iterator<Item = &Value> {
        self.amazon["packages"].as_array().into_iter().flatten()
    }
}

fn units_in(package: &Value, line: &str) -> u32 {
    let items = package["packageItems"].as_array().into_iter().flatten();
    let of_line = items.filter(|it| it["orderItemId"] == line);
    of_line.map(|it| count(&it["quantity"])).sum()
}

fn count(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}
