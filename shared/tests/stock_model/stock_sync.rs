//! Stallkeeper's rules over the state that its tables would hold, without the tables.

use crate::amazon::{Amazon, Order};
use crate::warehouse::{Level, SITES};
use jiff::Timestamp;
use stallkeeper::domain::feed::SentBy;
use stallkeeper::domain::listing::{
    HoldMode, Listing, ListingHold, ListingState, Next, Observed, Sent, Standing, next,
};
use stallkeeper::domain::product::Product;
use stallkeeper::domain::selection::ProductRules;
use stallkeeper::domain::stock::{
    Dispatch, Levels, Policy, Reservation, Sale, SkuStock, StockLevel, count,
};
use stallkeeper::domain::stock_settings::{LevelsKind, StockSettings};
use std::collections::BTreeMap;

#[derive(Debug)]
struct InFlight {
    submission: usize,
    standing: Standing,
}

#[derive(Debug)]
pub(crate) struct StockSync {
    settings: StockSettings,
    product: Product,
    levels: Levels,
    reservations: Vec<Reservation>,
    listing: Listing,
    generation: u64,
    /// All orders up to this moment are known.
    cursor: i64,
    feeds: BTreeMap<String, InFlight>,
    entry: Option<Next>,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

impl StockSync {
    pub(crate) fn new(shown: u32, observed: i64, levels: LevelsKind, low_stock_mark: u32) -> Self {
        let policy = Policy {
            low_stock_mark,
            ..Policy::default()
        };
        Self {
            settings: StockSettings {
                on: true,
                levels,
                policy,
                ..StockSettings::default()
            },
            product: serde_json::from_value(serde_json::json!({"sku": "A"})).unwrap(),
            levels: Levels::new(),
            reservations: Vec::new(),
            listing: Listing {
                tenant: "t".parse().unwrap(),
                connection: "c".parse().unwrap(),
                amazon_sku: "A".parse().unwrap(),
                state: ListingState::Matched,
                product: Some("A".parse().unwrap()),
                units: 1,
                alias: false,
                other_spelling: None,
                differing: None,
                closed: None,
                reopened_at: None,
                inactive_on: std::collections::BTreeSet::new(),
                hold: None,
                released_at: None,
                ends: std::collections::BTreeMap::new(),
                look: None,
                marketplaces: Vec::new(),
                product_type: None,
                wanted: None,
                sent: None,
                refused: None,
                observed: Some(Observed {
                    value: shown,
                    at: at(observed),
                }),
                issues: None,
                send_count: 0,
                revision: 1,
            },
            generation: 0,
            cursor: 0,
            feeds: BTreeMap::new(),
            entry: None,
        }
    }

    pub(crate) fn wanted(&self) -> Option<u32> {
        self.listing.wanted_quantity()
    }

    pub(crate) fn hold(&self) -> Option<HoldMode> {
        self.listing.hold.as_ref().map(|hold| hold.mode)
    }

    /// A person holds the listing, or releases it.
    pub(crate) fn set_hold(&mut self, mode: Option<HoldMode>, now: i64) {
        self.listing = match mode {
            Some(mode) => self.listing.held(ListingHold {
                mode,
                reason: "a test".to_owned(),
                until: None,
                author: None,
                since: at(now),
            }),
            None if self.listing.hold.is_some() => self.listing.released(at(now)),
            None => return,
        };
        self.recompute(now);
    }

    pub(crate) fn knows_less_than(&self, amazon: &Amazon) -> bool {
        amazon.orders.iter().any(|order| {
            self.reservations
                .iter()
                .find(|one| one.line == order.id.to_string())
                .is_none_or(|one| (one.units == 0) != order.is_cancelled())
        })
    }

    pub(crate) fn sweep(&mut self, amazon: &Amazon, now: i64) {
        for order in &amazon.orders {
            let line = order.id.to_string();
            let units = if order.is_cancelled() { 0 } else { order.units };
            let known = self.reservations.iter_mut().find(|one| one.line == line);
            match known {
                Some(known) => {
                    known.units = units;
                    if let Some(sale) = &mut known.sale {
                        sale.units = units;
                        sale.reduced_at = order.cancelled_at.map(at);
                    }
                }
                None => self.reservations.push(reservation(line, units, order)),
            }
        }
        self.cursor = now;
        self.recompute(now);
    }

    fn pick(&mut self, n: u8, fits: impl Fn(&Reservation) -> bool) -> Option<&mut Reservation> {
        let fitting: Vec<usize> = (0..self.reservations.len())
            .filter(|index| fits(&self.reservations[*index]))
            .collect();
        let index = *fitting.get(usize::from(n) % fitting.len().max(1))?;
        self.reservations.get_mut(index)
    }

    /// `from`: the warehouse that has so many units. Returns it with the order and its units.
    pub(crate) fn acknowledge(
        &mut self,
        n: u8,
        now: i64,
        from: impl Fn(u32) -> Option<usize>,
        named: bool,
    ) -> Option<(usize, usize, u32)> {
        let open = |one: &Reservation| {
            one.units > 0 && one.acknowledged_at.is_none() && from(one.units).is_some()
        };
        let taken = self.pick(n, open)?;
        let site = from(taken.units)?;
        taken.acknowledged_at = Some(at(now));
        taken.warehouse = named.then(|| SITES[site].parse().unwrap());
        let told = (site, taken.line.parse().unwrap(), taken.units);
        self.recompute(now);
        Some(told)
    }

    /// `has`: whether the warehouse that took an order over has its units.
    pub(crate) fn dispatch(
        &mut self,
        n: u8,
        now: i64,
        has: impl Fn(usize, u32) -> bool,
    ) -> Option<(usize, u32)> {
        let ready = |one: &Reservation| {
            one.units > 0
                && has(one.line.parse().unwrap(), one.units)
                && one.acknowledged_at.is_some()
                && one.dispatched.is_empty()
        };
        let gone = self.pick(n, ready)?;
        let units = gone.units;
        gone.dispatched = vec![Dispatch { at: at(now), units }];
        let told = (gone.line.parse().unwrap(), units);
        self.recompute(now);
        Some(told)
    }

    pub(crate) fn level(&mut self, level: Level, now: i64) {
        let warehouse = SITES[level.site].parse().unwrap();
        let level = StockLevel {
            quantity: level.quantity,
            measured_at: at(level.measured),
            received_at: at(now),
        };
        if level
            .arrival(self.levels.get(&warehouse), at(now))
            .is_taken()
        {
            self.levels.insert(warehouse, level);
            self.recompute(now);
        }
    }

    fn recompute(&mut self, now: i64) {
        self.generation += 1;
        let own = SkuStock {
            sold_out_at: None,
            sku: &self.product.sku,
            product: Some(&self.product),
            deleted: None,
            levels: &self.levels,
            reservations: &self.reservations,
            levels_generation: self.generation,
            product_generation: 0,
        };
        let rules = ProductRules::default();
        let counted = count(own, |_| None, 1, &self.settings, &rules, 0, at(now));
        self.listing.wanted = Some(counted.wanted);
        let decided = self.decide();
        // An entry is a hint that stays until it was looked at.
        if matches!(decided, Next::Send { .. }) {
            self.entry = Some(decided);
        }
    }

    fn decide(&self) -> Next {
        let sales: Vec<Sale> = self
            .reservations
            .iter()
            .filter_map(|one| one.sale)
            .collect();
        next(
            &self.listing,
            self.standing(),
            &sales,
            &self.settings.policy,
        )
    }

    fn standing(&self) -> Standing {
        match self.listing.sent_in_feed() {
            None => Standing::Patched,
            Some(feed) => self.feeds[feed.as_str()].standing,
        }
    }

    pub(crate) fn has_to_send(&self, _now: i64) -> bool {
        self.entry.is_some()
    }

    pub(crate) fn tick(&mut self, amazon: &mut Amazon, now: i64, by_feed: bool) {
        self.set_aside(amazon, now);
        let Some(Next::Send {
            decrease, after, ..
        }) = self.entry.clone()
        else {
            return;
        };
        if let Some(after) = after
            && self.feeds[after.as_str()].standing == Standing::InFlight
        {
            return;
        }
        let Some(wanted) = self.listing.wanted.clone() else {
            return;
        };
        let known = wanted.level_at.is_none_or(|level| level <= at(self.cursor));
        if !decrease && !known {
            return;
        }
        self.send(amazon, now, by_feed);
    }

    pub(crate) fn urgent(&mut self, amazon: &mut Amazon, now: i64) {
        if matches!(self.entry, Some(Next::Send { urgent: true, .. })) {
            self.send(amazon, now, false);
        }
    }

    fn send(&mut self, amazon: &mut Amazon, now: i64, by_feed: bool) {
        self.entry = None;
        let Some(wanted) = self.listing.wanted.clone() else {
            return;
        };
        let Some(quantity) = self.listing.quantity_to_show() else {
            return;
        };
        let submission = amazon.submit(quantity, now, by_feed);
        let by = if by_feed {
            let name = format!("F{submission}");
            self.feeds.insert(
                name.clone(),
                InFlight {
                    submission,
                    standing: Standing::InFlight,
                },
            );
            SentBy::Feed(name.parse().unwrap())
        } else {
            SentBy::Patch
        };
        self.listing.send_count += 1;
        self.listing.refused = None;
        self.listing.released_at = None;
        self.listing.sent = Some(Sent {
            value: quantity,
            generation: wanted.generation,
            at: at(now),
            by,
        });
    }

    /// Reads the result of each feed that Amazon is done with; `fatal` gives up all others.
    pub(crate) fn settle(&mut self, amazon: &mut Amazon, now: i64, fatal: bool) {
        for feed in self.feeds.values_mut() {
            if feed.standing != Standing::InFlight {
                continue;
            }
            let submission = &amazon.submissions[feed.submission];
            match submission.applied {
                Some(applied) if !fatal => {
                    feed.standing = Standing::Applied { by: at(applied) };
                }
                None if !fatal => {}
                applied => {
                    if applied.is_none() {
                        // Given up before it was applied: it never will be.
                        amazon.submissions[feed.submission].applied = Some(now);
                    }
                    feed.standing = Standing::Lost;
                }
            }
        }
        self.send_again();
    }

    /// What Amazon has had for too long goes again, whatever becomes of it.
    fn set_aside(&mut self, amazon: &Amazon, now: i64) {
        let age = i64::from(self.settings.feed_ages.decreases_minutes) * 60;
        for feed in self.feeds.values_mut() {
            let submitted = amazon.submissions[feed.submission].at;
            if feed.standing == Standing::InFlight && now - submitted >= age {
                feed.standing = Standing::Lost;
            }
        }
        self.send_again();
    }

    /// Lines of a feed that came to nothing go back to be sent.
    fn send_again(&mut self) {
        if self.standing() == Standing::Lost {
            let decided = self.decide();
            if matches!(decided, Next::Send { .. }) {
                self.entry = Some(decided);
            }
        }
    }
}

fn reservation(line: String, units: u32, order: &Order) -> Reservation {
    Reservation {
        connection: "c".parse().unwrap(),
        order: format!("O{line}").parse().unwrap(),
        line,
        amazon_sku: "A".parse().unwrap(),
        units,
        sale: Some(Sale {
            ordered_at: at(order.at),
            units,
            most: order.units,
            reduced_at: order.cancelled_at.map(at),
        }),
        acknowledged_at: None,
        dispatched: Vec::new(),
        warehouse: None,
        is_elsewhere: false,
        revision: 1,
    }
}
