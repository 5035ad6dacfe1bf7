//! The warehouses and the platform before them: what is there, what the platform counts, and the levels on their way.

use crate::amazon::Amazon;
use stallkeeper::domain::stock_settings::LevelsKind;
use std::collections::BTreeMap;

/// The codes of the warehouses.
pub(crate) const SITES: [&str; 2] = ["LON", "MAN"];

#[derive(Debug, Clone, Copy)]
pub(crate) struct Level {
    pub(crate) site: usize,
    pub(crate) quantity: u32,
    pub(crate) measured: i64,
}

/// One warehouse.
#[derive(Debug, Default)]
struct Site {
    physical: u32,
    /// Orders that are sent from it, and units that the platform took off what is free.
    taken: BTreeMap<usize, u32>,
    measured: Option<u32>,
}

#[derive(Debug)]
pub(crate) struct Warehouse {
    sites: [Site; 2],
    kind: LevelsKind,
    dispatched: BTreeMap<usize, u32>,
    on_the_way: Vec<Level>,
    pub(crate) oversold: u32,
}

impl Warehouse {
    pub(crate) fn with(stock: [u32; 2], kind: LevelsKind) -> Self {
        Self {
            sites: stock.map(|physical| Site {
                physical,
                ..Site::default()
            }),
            kind,
            dispatched: BTreeMap::new(),
            on_the_way: Vec::new(),
            oversold: 0,
        }
    }

    pub(crate) fn physical(&self) -> u32 {
        self.sites.iter().map(|site| site.physical).sum()
    }

    pub(crate) fn dispatched(&self, order: usize) -> u32 {
        self.dispatched.get(&order).copied().unwrap_or(0)
    }

    /// What the platform would say now of a warehouse.
    fn count(&self, site: &Site) -> u32 {
        match self.kind {
            LevelsKind::OnHand => site.physical,
            LevelsKind::Available => self.free(site),
        }
    }

    /// What no order that the platform took over is to be sent of.
    fn free(&self, site: &Site) -> u32 {
        let taken: u32 = site
            .taken
            .iter()
            .map(|(order, units)| units - self.dispatched(*order).min(*units))
            .sum();
        site.physical.saturating_sub(taken)
    }

    /// The warehouse that has what an order asks for: this one, or another.
    pub(crate) fn site_for(&self, n: u8, units: u32) -> Option<usize> {
        let first = usize::from(n) % SITES.len();
        let sites = [first, SITES.len() - 1 - first];
        sites
            .into_iter()
            .find(|site| self.free(&self.sites[*site]) >= units)
    }

    pub(crate) fn take_over(&mut self, site: usize, order: usize, units: u32) {
        self.sites[site].taken.insert(order, units);
    }

    /// Whether the warehouse that took an order over has its units.
    pub(crate) fn has(&self, order: usize, units: u32) -> bool {
        let mut sites = self.sites.iter();
        sites.any(|site| site.taken.contains_key(&order) && site.physical >= units)
    }

    pub(crate) fn dispatch(&mut self, order: usize, units: u32) {
        let mut sites = self.sites.iter_mut();
        let site = sites.find(|site| site.taken.contains_key(&order)).unwrap();
        site.physical -= units;
        self.dispatched.insert(order, units);
    }

    /// The platform receives cancellations and frees what it had taken.
    pub(crate) fn learn_cancellations(&mut self, amazon: &Amazon) {
        for order in amazon.orders.iter().filter(|order| order.is_cancelled()) {
            for site in &mut self.sites {
                site.taken.remove(&order.id);
            }
        }
    }

    pub(crate) fn restock(&mut self, site: usize, units: u32) {
        self.sites[site].physical += units;
    }

    pub(crate) fn measure(&mut self, site: usize, now: i64) {
        let quantity = self.count(&self.sites[site]);
        self.sites[site].measured = Some(quantity);
        self.on_the_way.push(Level {
            site,
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
        let unheard = |site: &Site| site.measured != Some(self.count(site));
        self.sites.iter().any(unheard) || !self.on_the_way.is_empty()
    }
}
