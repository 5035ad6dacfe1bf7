//! Amazon, as plain as it gets: one number, absolute values applied late and by time of submission, orders that lower it.

use crate::warehouse::Warehouse;

/// What a patch takes at most.
const PATCH: i64 = 300;

#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: usize,
    pub(crate) at: i64,
    pub(crate) units: u32,
    pub(crate) cancelled_at: Option<i64>,
}

impl Order {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled_at.is_some()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Submission {
    pub(crate) value: u32,
    pub(crate) at: i64,
    pub(crate) is_feed: bool,
    pub(crate) applied: Option<i64>,
}

#[derive(Debug, Default)]
pub(crate) struct Amazon {
    shown: u32,
    pub(crate) orders: Vec<Order>,
    pub(crate) submissions: Vec<Submission>,
    /// The submission whose value is current: an older one never replaces it.
    stands: usize,
}

impl Amazon {
    pub(crate) fn showing(shown: u32) -> Self {
        Self {
            shown,
            ..Self::default()
        }
    }

    pub(crate) fn shows(&self) -> u32 {
        self.shown
    }

    pub(crate) fn buy(&mut self, units: u32, now: i64) -> bool {
        if self.shown < units {
            return false;
        }
        self.shown -= units;
        self.orders.push(Order {
            id: self.orders.len(),
            at: now,
            units,
            cancelled_at: None,
        });
        true
    }

    /// Cancels an order that nobody dispatched.
    pub(crate) fn cancel(&mut self, n: u8, give_back: bool, now: i64) {
        let open: Vec<usize> = self
            .orders
            .iter()
            .filter(|order| !order.is_cancelled())
            .map(|order| order.id)
            .collect();
        if open.is_empty() {
            return;
        }
        let order = &mut self.orders[open[usize::from(n) % open.len()]];
        order.cancelled_at = Some(now);
        if give_back {
            self.shown += order.units;
        }
    }

    /// Its place among all submissions.
    pub(crate) fn submit(&mut self, value: u32, now: i64, is_feed: bool) -> usize {
        self.submissions.push(Submission {
            value,
            at: now,
            is_feed,
            applied: None,
        });
        self.submissions.len() - 1
    }

    pub(crate) fn has_unapplied(&self) -> bool {
        self.submissions.iter().any(|one| one.applied.is_none())
    }

    pub(crate) fn apply(&mut self, n: u8, now: i64) {
        let open: Vec<usize> = (0..self.submissions.len())
            .filter(|index| self.submissions[*index].applied.is_none())
            .collect();
        if open.is_empty() {
            return;
        }
        self.apply_one(open[usize::from(n) % open.len()], now);
    }

    pub(crate) fn apply_one(&mut self, index: usize, now: i64) {
        self.submissions[index].applied = Some(now);
        if index + 1 > self.stands {
            self.shown = self.submissions[index].value;
            self.stands = index + 1;
        }
    }

    pub(crate) fn apply_due_patches(&mut self, now: i64) {
        for index in 0..self.submissions.len() {
            let one = &self.submissions[index];
            if one.applied.is_none() && !one.is_feed && now - one.at >= PATCH {
                let due = one.at + PATCH;
                self.apply_one(index, due);
            }
        }
    }

    /// Units that buyers wait for and that still lie in the warehouse.
    pub(crate) fn owed(&self, warehouse: &Warehouse) -> u32 {
        self.orders
            .iter()
            .filter(|order| !order.is_cancelled())
            .map(|order| order.units - warehouse.dispatched(order.id).min(order.units))
            .sum()
    }
}
