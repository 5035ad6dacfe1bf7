//! Amazon, as plain as it gets: one number, absolute values applied late and by time of submission, orders that lower it.

use crate::warehouse::Warehouse;

/// What a patch takes at most.
const PATCH: i64 = 300;

#[derive(Debug, Clone)]
pub struct Order {
    pub id: usize,
    pub at: i64,
    pub units: u32,
    pub cancelled_at: Option<i64>,
}

impl Order {
    pub fn is_cancelled(&self) -> bool {
        self.cancelled_at.is_some()
    }
}

#[derive(Debug, Clone)]
pub struct Submission {
    pub id: u64,
    pub value: u32,
    pub at: i64,
    pub is_feed: bool,
    pub applied: Option<i64>,
}

#[derive(Debug, Default)]
pub struct Amazon {
    shown: u32,
    pub orders: Vec<Order>,
    pub submissions: Vec<Submission>,
    /// The submission whose value stands: an older one never replaces it.
    stands: usize,
}

impl Amazon {
    pub fn showing(shown: u32) -> Self {
        Self {
            shown,
            ..Self::default()
        }
    }

    pub fn shows(&self) -> u32 {
        self.shown
    }

    pub fn buy(&mut self, units: u32, now: i64) -> bool {
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
    pub fn cancel(&mut self, n: u8, give_back: bool, now: i64) {
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

    pub fn submit(&mut self, value: u32, now: i64, is_feed: bool) -> u64 {
        let id = self.submissions.len() as u64;
        self.submissions.push(Submission {
            id,
            value,
            at: now,
            is_feed,
            applied: None,
        });
        id
    }

    pub fn has_unapplied(&self) -> bool {
        self.submissions.iter().any(|one| one.applied.is_none())
    }

    pub fn apply(&mut self, n: u8, now: i64) {
        let open: Vec<usize> = (0..self.submissions.len())
            .filter(|index| self.submissions[*index].applied.is_none())
            .collect();
        if open.is_empty() {
            return;
        }
        self.apply_one(open[usize::from(n) % open.len()], now);
    }

    pub fn apply_one(&mut self, index: usize, now: i64) {
        self.submissions[index].applied = Some(now);
        if index + 1 > self.stands {
            self.shown = self.submissions[index].value;
            self.stands = index + 1;
        }
    }

    pub fn apply_due_patches(&mut self, now: i64) {
        for index in 0..self.submissions.len() {
            let one = &self.submissions[index];
            if one.applied.is_none() && !one.is_feed && now - one.at >= PATCH {
                let due = one.at + PATCH;
                self.apply_one(index, due);
            }
        }
    }

    /// Units that buyers wait for and that still lie in the warehouse.
    pub fn owed(&self, warehouse: &Warehouse) -> u32 {
        self.orders
            .iter()
            .filter(|order| !order.is_cancelled())
            .map(|order| order.units - warehouse.dispatched(order.id).min(order.units))
            .sum()
    }
}
