//! What a sweep asks Amazon for, and what it makes of the answers. Pure.

use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::sp_api::{Dataset, OrderMoment, RawOrder, Refusals};
use stallkeeper::store::{BackFillJob, Cursor, OverlapMemory, SweepPlace};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// How far each window reaches back into the one before: Amazon may show a change late.
pub const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// Amazon refuses windows that end less than two minutes ago; one more for its clock and ours.
pub const MARGIN: SignedDuration = SignedDuration::from_mins(3);
/// How far the live lane's first window looks back, and the one after a long pause.
pub const LIVE_REACH: SignedDuration = SignedDuration::from_hours(24);
/// A cursor that is further behind leaves the older part to the back-fill lane: today's orders do not wait for it.
const LONGEST_BEHIND: SignedDuration = SignedDuration::from_hours(30);
/// Amazon's tokens are valid for 24 hours.
const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(23);
/// Keeps a cursor far below an item's 400 KB; what is forgotten is only queued once more.
const MOST_SEEN: usize = 5_000;
/// Pages without an order, one after another, that are no search any more.
const MOST_EMPTY_PAGES: u32 = 10;
/// Half a million orders in one window.
const MOST_PAGES: u32 = 5_000;

/// A window of Amazon's clock, and how far into its pages we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    pub by: OrderMoment,
    pub after: Timestamp,
    pub before: Timestamp,
    pub token: Option<String>,
    pub fulfilled_by_merchant_only: bool,
    pub open_only: bool,
    /// None: all.
    pub marketplaces: Vec<Marketplace>,
    /// What is to be asked for.
    pub wanted: Vec<Dataset>,
    /// What is asked for with each page: Amazon's token is valid for the same parameters only.
    pub datasets: Vec<Dataset>,
    /// The earliest end of the window that Amazon reported with its pages.
    pub reported_end: Option<Timestamp>,
    /// Hashes of the orders that the next window will hold again.
    pub seen: HashSet<u64>,
    pages: u32,
    empty_pages: u32,
    marked_token: Option<u64>,
}

/// What follows a page.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    Last,
    Next(String),
    /// Amazon's tokens lead in a circle, or on and on without an order.
    Endless,
}

impl Window {
    fn new(after: Timestamp, before: Timestamp, datasets: Vec<Dataset>) -> Self {
        Self {
            by: OrderMoment::Updated,
            after,
            before,
            token: None,
            fulfilled_by_merchant_only: true,
            open_only: false,
            marketplaces: Vec::new(),
            wanted: datasets.clone(),
            datasets,
            reported_end: None,
            seen: HashSet::new(),
            pages: 0,
            empty_pages: 0,
            marked_token: None,
        }
    }

    /// The rest of a window that was started.
    fn resumed(place: &SweepPlace, otherwise: Vec<Dataset>) -> Self {
        let datasets = place.datasets.clone().unwrap_or(otherwise);
        Self {
            token: Some(place.token.clone()),
            fulfilled_by_merchant_only: place.fulfilled_by_merchant_only,
            marketplaces: place.marketplaces.clone(),
            reported_end: place.told_end,
            seen: place.seen.iter().copied().collect(),
            pages: place.pages,
            empty_pages: place.empty_pages,
            marked_token: place.marked_token,
            ..Self::new(place.after, place.before, datasets)
        }
    }

    /// The live window to sweep now: the rest of the one that was started, or a new one. `None` if no time has passed.
    pub fn next(cursor: &Cursor, fba_wanted: bool, now: Timestamp) -> Option<Self> {
        let amazons_now = cursor.amazons_clock(now);
        let datasets = cursor.refusals.datasets(amazons_now);
        if let Some(place) = alive(cursor.sweep.as_ref(), now) {
            return Some(Self::resumed(place, datasets));
        }
        let before = latest_end(amazons_now);
        let after = cursor.since.saturating_sub(OVERLAP).unwrap_or(cursor.since);
        (before > cursor.since).then(|| Self {
            fulfilled_by_merchant_only: !fba_wanted,
            marketplaces: cursor.refusals.marketplaces(amazons_now),
            ..Self::new(after, before, datasets)
        })
    }

    /// The window of a job of the back-fill lane: the rest of the slice that was started, or the next one. It asks for
    /// nothing that is known to be refused: trying again is the live lane's.
    pub fn of_job(job: &BackFillJob, cursor: &Cursor, fba_wanted: bool, now: Timestamp) -> Self {
        let given = cursor.refusals.given_datasets();
        let of_job = |window: Self| Self {
            by: job.by,
            open_only: job.open_only,
            ..window
        };
        if let Some(place) = alive(job.place.as_ref(), now) {
            return of_job(Self::resumed(place, given));
        }
        let (after, before) = job.slice();
        let before = before.min(latest_end(cursor.amazons_clock(now)));
        let marketplaces = match job.marketplaces.is_empty() {
            true => cursor.refusals.given_marketplaces(),
            false => job.marketplaces.clone(),
        };
        of_job(Self {
            fulfilled_by_merchant_only: !fba_wanted,
            marketplaces,
            ..Self::new(after.min(before), before, given)
        })
    }

    /// Another window, asked for as this one is.
    pub fn asked_as(self, former: Self) -> Self {
        Self {
            datasets: former.datasets,
            wanted: former.wanted,
            ..self
        }
    }

    /// The first page of the same window in one marketplace, without any dataset: whether Amazon answers at all.
    pub fn in_one(&self, marketplace: Marketplace) -> Self {
        Self {
            fulfilled_by_merchant_only: self.fulfilled_by_merchant_only,
            marketplaces: vec![marketplace],
            ..Self::new(self.after, self.before, Vec::new())
        }
    }

    /// Back to the first page.
    pub fn restart(&mut self) {
        self.token = None;
        self.reported_end = None;
        self.seen.clear();
        (self.pages, self.empty_pages, self.marked_token) = (0, 0, None);
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

    /// What follows a page that held so many orders.
    pub fn turn(&mut self, next: Option<String>, held: usize) -> Turn {
        let Some(token) = next else {
            return Turn::Last;
        };
        self.pages = self.pages.saturating_add(1);
        self.empty_pages = if held == 0 { self.empty_pages + 1 } else { 0 };
        let digest = digest(&token);
        let circles = self.token.as_ref() == Some(&token) || self.marked_token == Some(digest);
        if circles || self.empty_pages >= MOST_EMPTY_PAGES || self.pages >= MOST_PAGES {
            return Turn::Endless;
        }
        // A mark that moves at each power of two meets every circle, however long.
        if self.pages.is_power_of_two() {
            self.marked_token = Some(digest);
        }
        self.token = Some(token.clone());
        Turn::Next(token)
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
            marketplaces: self.marketplaces.clone(),
            pages: self.pages,
            empty_pages: self.empty_pages,
            marked_token: self.marked_token,
        }
    }

    /// What is not asked for.
    pub fn without(&self) -> Vec<Dataset> {
        let asked = &self.datasets;
        Dataset::ORDERS
            .into_iter()
            .filter(|dataset| !asked.contains(dataset))
            .collect()
    }
}

/// The older part of what a cursor is behind by, if that is too much for the live lane: from, to.
pub fn gap(cursor: &Cursor, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let amazons_now = cursor.amazons_clock(now);
    if alive(cursor.sweep.as_ref(), now).is_some()
        || amazons_now.duration_since(cursor.since) <= LONGEST_BEHIND
    {
        return None;
    }
    let from = cursor.since.saturating_sub(OVERLAP).unwrap_or(cursor.since);
    let to = amazons_now
        .saturating_sub(LIVE_REACH)
        .unwrap_or(amazons_now);
    Some((from, whole_seconds(to)))
}

/// What is known of refusals, for a job's window.
pub fn refused(refusals: &Refusals) -> Vec<Dataset> {
    let refused = refusals.refused_datasets();
    refused.iter().map(|it| it.dataset).collect()
}

fn alive(place: Option<&SweepPlace>, now: Timestamp) -> Option<&SweepPlace> {
    place.filter(|place| now.duration_since(place.token_at) < TOKEN_LIFETIME)
}

/// The latest end of a window that Amazon takes.
pub fn latest_end(amazons_now: Timestamp) -> Timestamp {
    whole_seconds(amazons_now.saturating_sub(MARGIN).unwrap_or(amazons_now))
}

fn whole_seconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}

fn digest(token: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
