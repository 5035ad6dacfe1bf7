//! What a sweep asks Amazon for, and what it makes of the answers. Pure.

use jiff::{SignedDuration, Timestamp};
use stallkeeper::sp_api::{Dataset, RawOrder};
use stallkeeper::store::{Cursor, OverlapMemory, SweepPlace};
use std::collections::HashSet;

/// How far each window reaches back into the one before: Amazon may show a change late.
pub const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// Amazon refuses windows that end less than two minutes ago; one more for its clock and ours.
pub const MARGIN: SignedDuration = SignedDuration::from_mins(3);
/// How far the first sweep of a connection looks back.
pub const BACK_FILL: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Amazon's tokens live 24 hours.
const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(23);
/// How long a refused dataset is not asked for.
const REFUSED_FOR: SignedDuration = SignedDuration::from_hours(24);
/// Keeps a cursor far below an item's 400 KB; what is forgotten is only queued once more.
const MOST_SEEN: usize = 5_000;

/// A window of Amazon's clock, and how far into its pages we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    pub after: Timestamp,
    pub before: Timestamp,
    pub token: Option<String>,
    pub fulfilled_by_merchant_only: bool,
    /// Hashes of the orders that the next window will hold again.
    pub seen: HashSet<u64>,
}

impl Window {
    /// The window to sweep now: the rest of the one that was started, or a new one. `None` where no time has passed.
    pub fn next(cursor: &Cursor, fba_wanted: bool, now: Timestamp) -> Option<Self> {
        if let Some(place) = cursor
            .sweep
            .as_ref()
            .filter(|place| now.duration_since(place.token_at) < TOKEN_LIFETIME)
        {
            return Some(Self {
                after: place.after,
                before: place.before,
                token: Some(place.token.clone()),
                fulfilled_by_merchant_only: place.fulfilled_by_merchant_only,
                seen: place.seen.iter().copied().collect(),
            });
        }
        let amazons_now = now
            .saturating_add(SignedDuration::from_millis(cursor.clock_offset_ms))
            .unwrap_or(now);
        let before = whole_seconds(amazons_now.saturating_sub(MARGIN).unwrap_or(amazons_now));
        let after = cursor.since.saturating_sub(OVERLAP).unwrap_or(cursor.since);
        (before > cursor.since).then(|| Self {
            after,
            before,
            token: None,
            fulfilled_by_merchant_only: !fba_wanted,
            seen: HashSet::new(),
        })
    }

    /// The orders of a page that are to be queued: those that the memory of the last window does not hold just so.
    /// Notes those that the next window will hold again.
    pub fn take(&mut self, page: Vec<RawOrder>, memory: &OverlapMemory) -> Vec<RawOrder> {
        let again_from = self.before.saturating_sub(OVERLAP).unwrap_or(self.before);
        page.into_iter()
            .filter(|order| {
                let hash = order.content_hash();
                if order.updated_at() >= again_from && self.seen.len() < MOST_SEEN {
                    self.seen.insert(hash);
                }
                !memory.hashes.contains(&hash)
            })
            .collect()
    }

    /// Where to go on from, with Amazon's token for the next page.
    pub fn place(&self, token: String, now: Timestamp) -> SweepPlace {
        SweepPlace {
            after: self.after,
            before: self.before,
            token,
            token_at: now,
            fulfilled_by_merchant_only: self.fulfilled_by_merchant_only,
            seen: self.seen.iter().copied().collect(),
        }
    }
}

fn whole_seconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}

/// The datasets to ask for, less those that Amazon lately refused this seller.
pub fn datasets(cursor: &Cursor, now: Timestamp) -> Vec<Dataset> {
    let still = cursor
        .refused_at
        .is_some_and(|at| now.duration_since(at) < REFUSED_FOR);
    Dataset::ORDERS
        .into_iter()
        .filter(|dataset| !(still && cursor.refused.contains(dataset)))
        .collect()
}

/// What a search did not ask for.
pub fn missing_from(asked: &[Dataset]) -> Vec<Dataset> {
    Dataset::ORDERS
        .into_iter()
        .filter(|dataset| !asked.contains(dataset))
        .collect()
}

/// What to leave out after Amazon refused a search with this status.
///
/// Buyer data after a 403 (a role may be missing),
/// FULFILLMENT after a 400 (some stores refuse it). `None`: the refusal has another cause.
pub fn without_refused(asked: &[Dataset], status: u16) -> Option<Vec<Dataset>> {
    let suspects: &[Dataset] = match status {
        403 => &[Dataset::Buyer, Dataset::Recipient],
        400 => &[Dataset::Fulfillment],
        _ => &[],
    };
    let refused: Vec<Dataset> = suspects
        .iter()
        .copied()
        .filter(|dataset| asked.contains(dataset))
        .collect();
    (!refused.is_empty()).then_some(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn cursor(since: i64) -> Cursor {
        Cursor {
            since: at(since),
            sweep: None,
            refused: Vec::new(),
            refused_at: None,
            clock_offset_ms: 0,
            rate: None,
            epoch: 0,
            version: 1,
            owner: None,
            leased_until_ms: 0,
        }
    }

    fn order(id: u32, updated: i64) -> RawOrder {
        serde_json::from_value(
            json!({"orderId": format!("026-{id}"), "lastUpdatedTime": at(updated).to_string()}),
        )
        .unwrap()
    }

    #[test]
    fn a_window_overlaps_the_last_one_and_keeps_clear_of_now() {
        let window = Window::next(&cursor(0), false, at(300)).unwrap();
        assert_eq!((window.after, window.before), (at(-600), at(120)));
        assert!(window.fulfilled_by_merchant_only);
    }

    #[test]
    fn windows_follow_amazons_clock() {
        let cursor = Cursor {
            clock_offset_ms: -60_000,
            ..cursor(0)
        };
        assert_eq!(
            Window::next(&cursor, false, at(300)).unwrap().before,
            at(60)
        );
    }

    #[test]
    fn no_time_passed_is_no_window() {
        assert_eq!(Window::next(&cursor(0), false, at(180)), None);
    }

    #[test]
    fn a_started_sweep_is_resumed_with_the_same_window_until_its_token_dies() {
        let mut started = cursor(0);
        let window = Window::next(&started, true, at(300)).unwrap();
        started.sweep = Some(window.place("page 2".into(), at(300)));
        let resumed = Window::next(&started, false, at(9_000)).unwrap();
        assert_eq!(
            (resumed.after, resumed.before, resumed.token.as_deref()),
            (window.after, window.before, Some("page 2"))
        );
        assert!(
            !resumed.fulfilled_by_merchant_only,
            "all pages are asked for alike"
        );
        let anew = Window::next(&started, false, at(300 + 23 * 3600)).unwrap();
        assert_eq!((anew.after, anew.token), (at(-600), None));
    }

    #[test]
    fn what_amazon_refuses_is_left_out_for_a_day() {
        let refused = without_refused(&Dataset::ORDERS, 403).unwrap();
        let cursor = Cursor {
            refused: refused.clone(),
            refused_at: Some(at(0)),
            ..cursor(0)
        };
        assert!(!datasets(&cursor, at(3_600)).contains(&Dataset::Buyer));
        assert_eq!(datasets(&cursor, at(86_400)), Dataset::ORDERS);
        assert_eq!(
            without_refused(&datasets(&cursor, at(60)), 403),
            None,
            "nothing left to blame"
        );
    }

    proptest! {
        /// However the updates fall and whenever the sweeps run: each update is queued, and a second time only where
        /// it fell out of memory's reach.
        #[test]
        fn overlapping_windows_lose_nothing(updates in prop::collection::vec(0i64..7_200, 0..80), pauses in prop::collection::vec(60i64..1_500, 1..12)) {
            let orders: Vec<RawOrder> = updates.iter().enumerate().map(|(id, at)| order(id as u32, *at)).collect();
            let mut cursor = cursor(-1);
            let mut memory = OverlapMemory::default();
            let (mut now, mut queued) = (0, Vec::new());
            for pause in pauses {
                now += pause;
                let Some(mut window) = Window::next(&cursor, false, at(now)) else { continue };
                let page = orders.iter().filter(|order| (window.after..=window.before).contains(&order.updated_at())).cloned().collect();
                queued.extend(window.take(page, &memory).into_iter().map(|order| order.id().clone()));
                memory.hashes = window.seen;
                cursor.since = window.before;
            }
            let due: Vec<_> = orders.iter().filter(|order| order.updated_at() <= cursor.since).map(|order| order.id().clone()).collect();
            prop_assert!(due.iter().all(|id| queued.contains(id)));
            prop_assert_eq!(queued.len(), due.len());
        }
    }
}
