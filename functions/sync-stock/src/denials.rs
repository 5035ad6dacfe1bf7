//! Whose fault it is that Amazon refuses calls: one SKU's, one marketplace's, or everybody's. Pure.
//!
//! The status of an answer does not say it: 403 may mean the SKU, the marketplace, the seller or the app. So SKUs are
//! blamed one by one, until all of two different sets of them are refused in the same way and none is answered.

use crate::plan::marketplaces_of;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::store::ToSend;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// So many are tried together: what Amazon takes in a second, and all that its smallest bucket holds.
pub(crate) const SET: usize = 5;
/// After so many refusals, and no other answer, a marketplace is asked only for what is listed nowhere else.
const CLOSED_AFTER: u32 = 3;

/// What one run has learned.
#[derive(Debug, Default)]
pub(crate) struct Denials {
    /// The marketplaces where Amazon gave a verdict on a patch, whatever it was.
    answered: BTreeSet<Marketplace>,
    denied: BTreeMap<Marketplace, u32>,
    /// The ways in which calls were refused: status and code.
    ways: BTreeSet<(u16, Option<String>)>,
    /// Sets of SKUs that were refused without exception.
    sets: u32,
}

impl Denials {
    /// Amazon gave a verdict: app and seller may patch there.
    pub(crate) fn note_verdict(&mut self, marketplace: Marketplace) {
        self.answered.insert(marketplace);
    }

    /// Amazon refused a call with this status and code.
    pub(crate) fn note_denial(
        &mut self,
        marketplace: Marketplace,
        (status, code): (u16, Option<&str>),
    ) {
        *self.denied.entry(marketplace).or_default() += 1;
        self.ways.insert((status, code.map(str::to_owned)));
    }

    /// A set of SKUs was tried, of which so many were refused.
    pub(crate) fn note_set(&mut self, denied: usize) {
        if denied > 0 && self.answered.is_empty() {
            self.sets += 1;
        }
    }

    /// The most pressing ones, which come first; if all of the first set were refused, the least pressing ones, which have
    /// least in common with them.
    pub(crate) fn next_set<T>(&self, left: &mut VecDeque<T>) -> Vec<T> {
        if self.is_in_question() {
            return left.split_off(left.len().saturating_sub(SET)).into();
        }
        left.drain(..left.len().min(SET)).collect()
    }

    /// Whether one set was refused, and the next one must differ from it as much as it can.
    fn is_in_question(&self) -> bool {
        self.answered.is_empty() && self.sets == 1
    }

    /// Whether nobody is answered: it is the app, its role or the seller.
    pub(crate) fn is_general(&self) -> bool {
        self.answered.is_empty() && self.sets > 1 && self.ways.len() == 1
    }

    /// The marketplace to patch an entry through: another one each time it was refused, and none that refuses all if
    /// there is another.
    pub(crate) fn marketplace(&self, entry: &ToSend, home: Marketplace) -> Marketplace {
        let all = marketplaces_of(entry, home);
        let from = usize::try_from(entry.tries).unwrap_or_default();
        let turn = |place: usize| all[(from + place) % all.len()];
        let mut places = (0..all.len()).map(turn);
        places
            .find(|marketplace| !self.is_closed(*marketplace))
            .unwrap_or_else(|| turn(0))
    }

    fn is_closed(&self, marketplace: Marketplace) -> bool {
        let denied = self.denied.get(&marketplace).copied().unwrap_or_default();
        denied >= CLOSED_AFTER && !self.answered.contains(&marketplace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::entry;

    const UK: Marketplace = Marketplace::Uk;
    const DE: Marketplace = Marketplace::De;

    fn deny(denials: &mut Denials, marketplace: Marketplace, status: u16, count: usize) {
        for _ in 0..count {
            denials.note_denial(marketplace, (status, Some("Unauthorized")));
        }
        denials.note_set(count);
    }

    #[test]
    fn only_two_sets_that_are_refused_in_the_same_way_blame_the_app() {
        let mut denials = Denials::default();
        deny(&mut denials, UK, 403, 5);
        assert!(denials.is_in_question() && !denials.is_general());
        deny(&mut denials, UK, 403, 5);
        assert!(denials.is_general());

        let mut two_ways = Denials::default();
        deny(&mut two_ways, UK, 403, 5);
        deny(&mut two_ways, UK, 404, 5);
        assert!(!two_ways.is_general());

        let mut answered = Denials::default();
        deny(&mut answered, UK, 403, 5);
        answered.note_verdict(UK);
        deny(&mut answered, UK, 403, 5);
        deny(&mut answered, UK, 403, 5);
        assert!(!answered.is_general());
    }

    #[test]
    fn a_marketplace_that_refuses_all_is_avoided_where_there_is_another() {
        let both = ToSend {
            marketplaces: vec![DE, UK],
            ..entry("A", 1)
        };
        let mut denials = Denials::default();
        assert_eq!(denials.marketplace(&both, UK), UK);
        deny(&mut denials, UK, 403, 5);
        assert_eq!(denials.marketplace(&both, UK), DE);
        assert_eq!(
            denials.marketplace(&entry("B", 1), UK),
            UK,
            "listed nowhere else"
        );
        denials.note_verdict(UK);
        assert_eq!(denials.marketplace(&both, UK), UK);
        let refused = ToSend { tries: 1, ..both };
        assert_eq!(
            denials.marketplace(&refused, UK),
            DE,
            "the next one each time"
        );
    }
}
