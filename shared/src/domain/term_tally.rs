//! How often each shipping term comes: counted as orders are stored, so that looking costs nothing but the look.
//!
//! An order counts for the term it gets, in the week it was bought in: by the run that stores it so, which is one alone, however
//! often its message comes. It is a count for people: a run that is stopped between storing and counting loses its batch's
//! share, and a write whose answer is lost may count one twice.

use super::ids::ConnectionKey;
use super::order::{FulfilledBy, StoredOrder};
use super::shipping_term::ShippingTerm;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap};

/// Weeks that count: half a year.
const WEEKS: i64 = 26;
const WEEK: SignedDuration = SignedDuration::from_hours(24 * 7);

/// A week, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Week(pub i64);

impl Week {
    pub fn of(moment: Timestamp) -> Self {
        Self(moment.as_second().div_euclid(WEEK.as_secs()))
    }

    /// The first week that still counts.
    pub fn first(now: Timestamp) -> Self {
        Self(Self::of(now).0 - WEEKS + 1)
    }

    /// When the last moment of this week does not count any more.
    pub fn forgotten_at(self) -> Timestamp {
        let seconds = (self.0 + WEEKS).saturating_mul(WEEK.as_secs());
        Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
    }
}

/// What is counted together: one write.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tallied {
    pub connection: ConnectionKey,
    pub week: Week,
}

/// How many orders, and when the latest of them was bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub orders: u32,
    pub last_seen: Timestamp,
}

/// The terms of one week.
pub type Counts = BTreeMap<ShippingTerm, Count>;

/// Orders that were stored and are to be counted.
#[derive(Debug, Default)]
pub struct TermTally(HashMap<Tallied, Counts>);

impl TermTally {
    /// Notes an order that was stored just now in place of `before`.
    pub fn note(&mut self, before: Option<&StoredOrder>, now: &StoredOrder) {
        let by_amazon = now.order.fulfilled_by == Some(FulfilledBy::Amazon);
        let earlier = before.and_then(|before| before.decision.term.as_ref());
        let term = now.decision.term.as_ref().filter(|_| !by_amazon);
        let Some(term) = term.filter(|term| earlier != Some(term)) else {
            return;
        };
        let last_seen = now.order.created_at;
        let tallied = Tallied {
            connection: now.connection_key(),
            week: Week::of(last_seen),
        };
        let count = Count {
            orders: 1,
            last_seen,
        };
        self.add(tallied, Counts::from([(term.clone(), count)]));
    }

    /// Adds what was counted elsewhere, or could not be written.
    pub fn add(&mut self, tallied: Tallied, counts: Counts) {
        let sums = self.0.entry(tallied).or_default();
        for (term, count) in counts {
            let sum = sums.entry(term).or_insert(Count { orders: 0, ..count });
            sum.orders = sum.orders.saturating_add(count.orders);
            sum.last_seen = sum.last_seen.max(count.last_seen);
        }
    }

    /// Takes all that was noted; nothing is left.
    pub fn take(&mut self) -> Vec<(Tallied, Counts)> {
        self.0.drain().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_counts_for_half_a_year() {
        let now = Timestamp::from_second(1_795_000_000).unwrap();
        let week = Week::of(now);
        assert_eq!(Week::first(now), Week(week.0 - 25));
        assert!(week.forgotten_at() > now + SignedDuration::from_hours(24 * 175));
        assert!(Week::first(week.forgotten_at()) > week);
    }

    #[test]
    fn what_is_counted_together_is_one_sum_for_each_term() {
        let mut tally = TermTally::default();
        let tallied = Tallied {
            connection: ConnectionKey {
                tenant: "north".parse().unwrap(),
                id: "C1".parse().unwrap(),
            },
            week: Week(1),
        };
        let term = |name: &str| name.parse::<ShippingTerm>().unwrap();
        let count = |orders, second| Count {
            orders,
            last_seen: Timestamp::from_second(second).unwrap(),
        };
        for (name, orders, second) in [("UK NEXT", 1, 9), ("UK NEXT", 2, 5), ("STD UK DOM", 1, 1)] {
            let counts = Counts::from([(term(name), count(orders, second))]);
            tally.add(tallied.clone(), counts);
        }
        let sums = [
            (term("UK NEXT"), count(3, 9)),
            (term("STD UK DOM"), count(1, 1)),
        ];
        assert_eq!(tally.take(), [(tallied, Counts::from(sums))]);
        assert!(tally.take().is_empty());
    }
}
