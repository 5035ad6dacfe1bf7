//! The warehouse and the platform before it: what is there, what the platform counts, and the levels on their way.

use crate::amazon::Amazon;
use stallkeeper::domain::stock_settings::LevelsKind;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Level {
    pub(crate) quantity: u32,
    pub(crate) measured: i64,
}

#[derive(Debug)]
pub(crate) struct Warehouse {
    physical: u32,
    kind: LevelsKind,
    /// Orders that the platform took over, and units that it took off what is free.
    taken: BTreeMap<usize, u32>,
    dispatched: BTreeMap<usize, u32>,
    on_the_way: Vec<Level>,
    measured: Option<u32>,
    pub(crate) oversold: u32,
}

impl Warehouse {
    pub(crate) fn with(physical: u32, kind: LevelsKind) -> Self {
        Self {
            physical,
            kind,
            taken: BTreeMap::new(),
            dispatched: BTreeMap::new(),
            on_the_way: Vec::new(),
            measured: None,
            oversold: 0,
        }
    }

    pub(crate) fn physical(&self) -> u32 {
        self.physical
    }

    pub(crate) fn dispatched(&self, order: usize) -> u32 {
        self.dispatched.get(&order).copied().unwrap_or(0)
    }

    /// What the platform would say now.
    fn count(&self) -> u32 {
        match self.kind {
            LevelsKind::OnHand => self.physical,
            LevelsKind::Available => {
                let taken: u32 = self
                    .taken
                    .iter()
                    .map(|(order, units)| units - self.dispatched(*order).min(*units))
                    .sum();
                self.physical.saturating_sub(taken)
            }
        }
    }

    pub(crate) fn take_over(&mut self, order: usize, units: u32) {
        self.taken.insert(order, units);
    }

    pub(crate) fn dispatch(&mut self, order: usize, units: u32) {
        self.physical -= units;
        self.dispatched.insert(order, units);
    }

    /// The platform receives cancellations and frees what it had taken.
    pub(crate) fn learn_cancellations(&mut self, amazon: &Amazon) {
        for order in amazon.orders.iter().filter(|order| order.is_cancelled()) {
            self.taken.remove(&order.id);
        }
    }

    pub(crate) fn restock(&mut self, units: u32) {
        self.physical += units;
    }

    pub(crate) fn measure(&mut self, now: i64) {
        let quantity = self.count();
        self.measured = Some(quantity);
        self.on_the_way.push(Level {
            quantity,
            measured: now,
        });
    }

    pub(crate) fn deliver(&mut self, n: u8, again: bool) -> Option<Level> {
        if self.on_the_way.is_empty() {
            return None;
        }
        let index = usize::from(n) % self.on_the_way.len();
        Some(if again {
            self.on_the_way[index]
        } else {
            self.on_the_way.remove(index)
        })
    }

    /// There is less than the platform said last, or it has said it and nobody heard.
    pub(crate) fn has_news(&self) -> bool {
        self.measured != Some(self.count()) || !self.on_the_way.is_empty()
    }
}
