//! What may be sent in this round, and what waits. Pure.

use jiff::Timestamp;
use stallkeeper::domain::ids::FeedId;
use stallkeeper::domain::listing::ListingPart;
use stallkeeper::store::ToSend;
use std::collections::HashSet;

/// What entries wait for.
#[derive(Debug, Default)]
pub(crate) struct SendGate {
    /// All orders that Amazon changed before this moment (our clock) are known; absent: none are.
    pub(crate) orders_known_until: Option<Timestamp>,
    /// Feeds that are not done.
    pub(crate) open: HashSet<FeedId>,
    pub(crate) now: Timestamp,
}

impl SendGate {
    /// An increase waits until the orders up to its level are known: they may have sold what it counts. A decrease
    /// never waits, except for a feed whose outcome may make it needless, and after it was sent in vain.
    pub(crate) fn allows(&self, entry: &ToSend) -> bool {
        let after = entry.after.as_ref();
        let is_put_off = entry.next_at.is_some_and(|at| at > self.now);
        if is_put_off || after.is_some_and(|feed| self.open.contains(feed)) {
            return false;
        }
        entry.part() != ListingPart::Quantity
            || entry.decrease
            || self.knows_orders_until(entry.level_at)
    }

    /// Whether all orders up to a measurement are known.
    pub(crate) fn knows_orders_until(&self, level_at: Option<Timestamp>) -> bool {
        match (level_at, self.orders_known_until) {
            (None, _) => true,
            (Some(level), Some(known)) => level <= known,
            (Some(_), None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::entry;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_increase_waits_for_a_sweep_newer_than_its_level_and_a_decrease_does_not() {
        let gate = |known: Option<i64>| SendGate {
            orders_known_until: known.map(at),
            ..SendGate::default()
        };
        let increase = ToSend {
            level_at: Some(at(100)),
            ..entry("A", 9)
        };
        assert!(!gate(None).allows(&increase), "no order was ever read");
        assert!(!gate(Some(99)).allows(&increase));
        assert!(gate(Some(100)).allows(&increase));
        let decrease = ToSend {
            decrease: true,
            ..increase
        };
        assert!(gate(None).allows(&decrease));
    }

    #[test]
    fn what_was_sent_in_vain_waits_for_its_moment_even_a_decrease() {
        let refused = ToSend {
            decrease: true,
            next_at: Some(at(100)),
            ..entry("A", 0)
        };
        let gate = |second| SendGate {
            now: at(second),
            ..SendGate::default()
        };
        assert!(!gate(99).allows(&refused));
        assert!(gate(100).allows(&refused));
    }

    #[test]
    fn what_a_feed_may_make_needless_waits_until_it_is_done() {
        let feed: FeedId = "F".parse().unwrap();
        let waiting = ToSend {
            after: Some(feed.clone()),
            decrease: true,
            ..entry("A", 3)
        };
        let mut gate = SendGate::default();
        assert!(gate.allows(&waiting));
        gate.open.insert(feed);
        assert!(!gate.allows(&waiting));
    }
}
