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
/// Amazon's tokens are valid for 24 hours.
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
    /// The parameters of each page: Amazon's token is valid for the same parameters only.
    pub datasets: Vec<Dataset>,
    /// The earliest end of the window that Amazon reported with its pages.
    pub reported_end: Option<Timestamp>,
    /// Hashes of the orders that the next window will hold again.
    pub seen: HashSet<u64>,
}

impl Window {
    /// The window to sweep now: the rest of the one that was started, or a new one. `None` if no time has passed.
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
                datasets: place
                    .datasets
                    .clone()
                    .unwrap_or_else(|| datasets(cursor, now)),
                reported_end: place.told_end,
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
            datasets: datasets(cursor, now),
            reported_end: None,
            seen: HashSet::new(),
        })
    }

    /// Back to the first page.
    pub fn restart(&mut self) {
        self.token = None;
        self.reported_end = None;
        self.seen.clear();
    }

    /// Notes up to when a page's orders reach, as Amazon reports it.
    pub fn note_end(&mut self, reported: Option<Timestamp>) {
        self.reported_end = self.reported_end.into_iter().chain(reported).min();
    }

    /// Up to when all is read once the last page is: Amazon may have understood less than was asked for.
    pub fn end(&self) -> Timestamp {
        self.reported_end
            .map_or(self.before, |reported| reported.min(self.before))
    }

    /// The orders of a page that are to be queued: those that the memory of the last window does not hold exactly.
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

    /// The place to continue from, with Amazon's token for the next page.
    pub fn place(&self, token: String, now: Timestamp) -> SweepPlace {
        SweepPlace {
            after: self.after,
            before: self.before,
            token,
            token_at: now,
            fulfilled_by_merchant_only: self.fulfilled_by_merchant_only,
            datasets: Some(self.datasets.clone()),
            told_end: self.reported_end,
            seen: self.seen.iter().copied().collect(),
        }
    }
}

fn whole_seconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}

/// The datasets to ask for, less those that Amazon recently refused this seller.
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
/// FULFILLMENT after a 400 (some marketplaces refuse it). `None`: the refusal has another cause.
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
mod tests;
