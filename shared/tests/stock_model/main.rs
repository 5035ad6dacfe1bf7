//! Random histories of one listing, against a plain model of Amazon and of two warehouses: levels that are measured,
//! delayed, doubled and reordered; orders before and after each send; acknowledgements, cancellations, dispatches;
//! patches and feeds that are applied late, in part, or never; holds that begin and end.
//!
//! The rules alone are driven here, thousands of histories a second; the functions with their tables are driven by
//! `tests/e2e`. What is proven: once all is quiet, Amazon shows what is wanted; nothing is ever sent but what the rules
//! want at that moment, and no increase before the orders up to its level are known; and more is sold than there is only
//! while something is on its way. A held listing is never sent anything, or nothing but zero.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod amazon;
mod stock_sync;
mod warehouse;

use amazon::Amazon;
use proptest::prelude::*;
use stallkeeper::domain::listing::HoldMode;
use stallkeeper::domain::stock_settings::LevelsKind;
use stock_sync::StockSync;
use warehouse::{SITES, Warehouse};

#[derive(Debug, Clone)]
enum Act {
    /// Seconds pass.
    Pass(u16),
    Buy(u8),
    /// All orders so far are fetched.
    Sweep,
    /// The platform takes over the n-th order that it knows, from a warehouse that it names or not.
    Acknowledge {
        n: u8,
        site: u8,
        named: bool,
    },
    Dispatch(u8),
    /// Amazon cancels the n-th order, and gives its units back or not.
    Cancel(u8, bool),
    Restock {
        site: bool,
        units: u8,
    },
    /// The platform counts one warehouse; the level is on its way.
    Measure {
        site: bool,
    },
    /// The n-th level on its way comes in; `true`: and comes again later.
    Deliver(u8, bool),
    /// A round: what is to be sent goes out, by feed or by patch.
    Tick {
        by_feed: bool,
    },
    /// What must not wait goes out.
    Urgent,
    /// Amazon applies the n-th thing that was submitted and not yet applied.
    Apply(u8),
    /// A person holds the listing, at zero or so that it is sent nothing; or releases it.
    Hold(Option<HoldMode>),
    /// A feed's result is read. `true`: it is FATAL, whatever was applied.
    Settle(bool),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (1u16..900).prop_map(Act::Pass),
        4 => (1u8..4).prop_map(Act::Buy),
        2 => Just(Act::Sweep),
        2 => (any::<u8>(), any::<u8>(), any::<bool>())
            .prop_map(|(n, site, named)| Act::Acknowledge { n, site, named }),
        1 => any::<u8>().prop_map(Act::Dispatch),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(n, back)| Act::Cancel(n, back)),
        1 => (any::<bool>(), 1u8..20).prop_map(|(site, units)| Act::Restock { site, units }),
        3 => any::<bool>().prop_map(|site| Act::Measure { site }),
        3 => (any::<u8>(), prop::bool::weighted(0.2)).prop_map(|(n, again)| Act::Deliver(n, again)),
        3 => any::<bool>().prop_map(|by_feed| Act::Tick { by_feed }),
        2 => Just(Act::Urgent),
        2 => any::<u8>().prop_map(Act::Apply),
        2 => prop::bool::weighted(0.15).prop_map(Act::Settle),
        1 => prop_oneof![
            Just(None),
            Just(Some(HoldMode::Leave)),
            Just(Some(HoldMode::Zero))
        ]
        .prop_map(Act::Hold),
    ]
}

struct History {
    now: i64,
    amazon: Amazon,
    warehouse: Warehouse,
    stock_sync: StockSync,
}

impl History {
    fn new(stock: [u32; 2], shown: u32, levels: LevelsKind, low_stock_mark: u32) -> Self {
        // The report is long behind us, so that no order can be older than its numbers.
        let now = 1_000_000;
        Self {
            now,
            amazon: Amazon::showing(shown),
            warehouse: Warehouse::with(stock, levels),
            stock_sync: StockSync::new(shown, now - 100_000, levels, low_stock_mark),
        }
    }

    fn act(&mut self, act: &Act) {
        self.pass(3);
        let (hold, before) = (self.stock_sync.hold(), self.amazon.submissions.len());
        self.do_act(act);
        let sent = &self.amazon.submissions[before..];
        match hold {
            Some(HoldMode::Leave) => assert!(sent.is_empty(), "{:?}", self.stock_sync),
            Some(HoldMode::Zero) => {
                assert!(
                    sent.iter().all(|one| one.value == 0),
                    "{:?}",
                    self.stock_sync
                );
            }
            None => {}
        }
    }

    fn do_act(&mut self, act: &Act) {
        match *act {
            Act::Pass(seconds) => self.pass(i64::from(seconds)),
            Act::Buy(units) => self.buy(u32::from(units)),
            Act::Sweep => self.stock_sync.sweep(&self.amazon, self.now),
            Act::Acknowledge { n, site, named } => {
                let warehouse = &self.warehouse;
                let from = |units| warehouse.site_for(site, units);
                let taken = self.stock_sync.acknowledge(n, self.now, from, named);
                if let Some((site, order, units)) = taken {
                    self.warehouse.take_over(site, order, units);
                }
            }
            Act::Dispatch(n) => {
                let warehouse = &self.warehouse;
                let has = |order, units| warehouse.has(order, units);
                if let Some((order, units)) = self.stock_sync.dispatch(n, self.now, has) {
                    self.warehouse.dispatch(order, units);
                }
            }
            Act::Cancel(n, back) => self.amazon.cancel(n, back, self.now),
            Act::Restock { site, units } => {
                self.warehouse.restock(usize::from(site), u32::from(units));
            }
            Act::Measure { site } => self.warehouse.measure(usize::from(site), self.now),
            Act::Deliver(n, again) => {
                if let Some(level) = self.warehouse.deliver(n, again) {
                    self.stock_sync.level(level, self.now);
                }
            }
            Act::Tick { by_feed } => self.stock_sync.tick(&mut self.amazon, self.now, by_feed),
            Act::Urgent => self.stock_sync.urgent(&mut self.amazon, self.now),
            Act::Apply(n) => self.amazon.apply(n, self.now),
            Act::Hold(mode) => self.stock_sync.set_hold(mode, self.now),
            Act::Settle(fatal) => self.stock_sync.settle(&mut self.amazon, self.now, fatal),
        }
    }

    /// A patch is live within five minutes: Amazon's word, which the rules rest on.
    fn pass(&mut self, seconds: i64) {
        self.now += seconds;
        self.amazon.apply_due_patches(self.now);
    }

    fn buy(&mut self, units: u32) {
        let exposed = self.is_exposed();
        if !self.amazon.buy(units, self.now) {
            return;
        }
        let owed = self.amazon.owed(&self.warehouse);
        let over = owed.saturating_sub(self.warehouse.physical());
        assert!(
            over <= self.warehouse.oversold || exposed,
            "{over} units more are sold than there are, with nothing on its way: {:?}",
            self.stock_sync
        );
        self.warehouse.oversold = self.warehouse.oversold.max(over);
    }

    /// Something is on its way, so that Amazon may show more than there is.
    fn is_exposed(&self) -> bool {
        self.stock_sync.hold().is_some()
            || self.stock_sync.knows_less_than(&self.amazon)
            || self.warehouse.has_news()
            || self.stock_sync.has_to_send(self.now)
            || self.amazon.has_unapplied()
    }

    /// Everything that is on its way arrives, and nothing new happens. `feeds_end`: whether Amazon ends its feeds; if not,
    /// what they carry is sent another way.
    fn quiet(&mut self, feeds_end: bool) {
        for _ in 0..3 {
            self.pass(600);
            self.stock_sync.sweep(&self.amazon, self.now);
            self.pass(600);
            self.warehouse.learn_cancellations(&self.amazon);
            for site in 0..SITES.len() {
                self.warehouse.measure(site, self.now);
            }
            while let Some(level) = self.warehouse.deliver(0, false) {
                self.stock_sync.level(level, self.now);
            }
            self.pass(600);
            self.stock_sync.sweep(&self.amazon, self.now);
            self.stock_sync.tick(&mut self.amazon, self.now, false);
            while feeds_end && self.amazon.has_unapplied() {
                self.amazon.apply(0, self.now);
            }
            self.pass(600);
            if feeds_end {
                self.stock_sync.settle(&mut self.amazon, self.now, false);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn once_quiet_amazon_shows_what_is_wanted(
        stock in [0u32..30, 0u32..10],
        shown in 0u32..30,
        on_hand: bool,
        low_stock_mark in 0u32..3,
        acts in prop::collection::vec(act(), 1..80),
        feeds_end: bool,
    ) {
        let levels = if on_hand { LevelsKind::OnHand } else { LevelsKind::Available };
        let mut history = History::new(stock, shown, levels, low_stock_mark);
        for act in &acts {
            history.act(act);
        }
        history.quiet(feeds_end);
        if history.stock_sync.hold() == Some(HoldMode::Zero) {
            prop_assert_eq!(history.amazon.shows(), 0, "{:?}", history.stock_sync);
        }
        history.act(&Act::Hold(None));
        history.quiet(feeds_end);
        let wanted = history.stock_sync.wanted();
        prop_assert_eq!(Some(history.amazon.shows()), wanted, "{:?}", history.stock_sync);
        // And that is what there is, less what buyers are still to get.
        let left = history.warehouse.physical().saturating_sub(history.amazon.owed(&history.warehouse));
        prop_assert_eq!(wanted, Some(left), "{:?}", history.stock_sync);
    }
}
