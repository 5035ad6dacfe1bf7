//! Whether what a report lacks is gone. Absence is a fact only if the report was whole: one with lines that cannot be
//! read, one that is its header alone and one that lost many listings prove nothing, and what was known stays.
//!
//! It writes nothing but what it concluded into the matching.

use super::read::{Reading, Source};
use super::{Run, RunOutcome};
use jiff::Timestamp;
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::Result;
use stallkeeper::store::HeldReport;
use std::collections::BTreeMap;
use tracing::warn;

/// A report that lost more than this share of the listings known there is held for a person.
const LOST_PERCENT: u64 = 30;
/// Fewer lost listings than this never hold a report.
const LOST_AT_LEAST: u64 = 3;
/// Keys of an index in one page.
const PAGE: i32 = 2000;

/// Listings that are known of a marketplace, and those of them that its report lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Losses {
    known: u64,
    lost: u64,
}

impl Losses {
    fn are_many(self) -> bool {
        self.lost >= LOST_AT_LEAST && self.lost * 100 > self.known * LOST_PERCENT
    }
}

impl Run<'_> {
    /// Decides of each report whether what it lacks is gone; if all of them are empty and nothing is, the matching failed.
    pub(super) async fn weigh(&mut self, reading: &mut Reading) -> Result<Option<RunOutcome>> {
        let Some(losses) = self.losses(reading).await? else {
            return Ok(Some(RunOutcome::Continue(0)));
        };
        let (key, now) = (&self.connection.key(), Timestamp::now());
        let released = self.app.store.report_release(key).await?;
        let released = released.is_some_and(|release| now < release.until);
        let mut empty = Vec::new();
        for source in &mut reading.sources {
            let marketplace = source.marketplace;
            if source.guard {
                reading.proves_merchant &= source.doubt.is_none();
                continue;
            }
            let losses = losses.get(&marketplace).copied().unwrap_or_default();
            let reports = self.matching.reports_of_mut(marketplace);
            reports.listings = reports.listings.max(losses.known);
            let is_empty = source.listings == 0 && losses.known > 0;
            let held = source.doubt.is_none() && (is_empty || losses.are_many());
            if held && !released {
                let since = reports.held.as_ref().map_or(now, |held| held.at);
                reports.held = Some(HeldReport {
                    at: since,
                    known: losses.known,
                    lost: losses.lost,
                });
                source.doubt = Some(held_words(is_empty, losses));
                let id = &self.connection.id;
                // The alarm `MatchingFailures` counts these words.
                warn!(
                    connection.id = %id, %marketplace, listings.known = losses.known, listings.lost = losses.lost,
                    "the listings of connection `{id}` on {marketplace} could not be matched: a person must say whether those that its report lacks are gone"
                );
            } else {
                reports.held = None;
            }
            if is_empty && source.doubt.is_some() {
                empty.push(format!(
                    "Amazon's report of {marketplace} is empty, {} listings were in it",
                    losses.known
                ));
            }
            if source.doubt.is_some() {
                reading.uncertain.push(marketplace);
                reading.may_lack = true;
                reading.proves_merchant = false;
            }
        }
        let read = reading.sources.iter().filter(|source| !source.guard);
        let all_empty = empty.len() == read.count() && !empty.is_empty();
        Ok(all_empty.then(|| {
            self.note_sources(reading);
            RunOutcome::Failed(empty.join("; "))
        }))
    }

    /// Writes down what the reports that were read came to.
    pub(super) fn note_sources(&mut self, reading: &Reading) {
        for source in &reading.sources {
            let reports = self.matching.reports_of_mut(source.marketplace);
            reports.read_at = Some(source.made_at);
            match &source.doubt {
                Some(why) => {
                    reports.doubt(format!("{why}: what it lacks is not taken as gone"));
                    reports.listings = reports.listings.max(source.listings);
                }
                None => {
                    reports.listings = source.listings;
                    reports.failed = None;
                    reports.failures = 0;
                    reports.next_at = None;
                }
            }
        }
    }

    /// By marketplace. All listings are read only if it is not known how many there are; else only those that no report
    /// has. `None`: time ran out.
    async fn losses(&self, reading: &mut Reading) -> Result<Option<BTreeMap<Marketplace, Losses>>> {
        let known_of = |marketplace| {
            let reports = self.matching.reports_of(marketplace)?;
            reports.read_at.map(|_| reports.listings)
        };
        let new = |source: &Source| !source.guard && known_of(source.marketplace).is_none();
        let counts_all = reading.sources.iter().any(new);
        let mut counted: BTreeMap<Marketplace, Losses> = BTreeMap::new();
        let mut after: Option<String> = None;
        loop {
            let (store, key) = (&self.app.store, &self.connection.key());
            let page = store
                .listing_page(key, None, after.as_deref(), PAGE)
                .await?;
            for (_, sku) in &page.listings {
                reading.note_spelling(sku.as_str());
            }
            let worth = |(state, sku): (ListingState, AmazonSku)| {
                let lost = !reading.sightings.is_seen(sku.as_str());
                let there = state != ListingState::NotOnAmazon;
                (there && (lost || counts_all)).then_some(sku)
            };
            let skus: Vec<AmazonSku> = page.listings.into_iter().filter_map(worth).collect();
            let listings = store.batch_get_listings(key, &skus).await?;
            for listing in listings.values() {
                count(&mut counted, reading, listing);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
            if crate::is_late(self.deadline) {
                return Ok(None);
            }
        }
        for source in &reading.sources {
            let losses = counted.entry(source.marketplace).or_default();
            if let Some(known) = known_of(source.marketplace) {
                losses.known = known.max(losses.lost);
                losses.lost = losses.lost.max(known.saturating_sub(source.listings));
            }
        }
        Ok(Some(counted))
    }
}

fn count(counted: &mut BTreeMap<Marketplace, Losses>, reading: &Reading, listing: &Listing) {
    let sku = listing.amazon_sku.as_str();
    let garbled = reading.garbled.is_unproved(&listing.amazon_sku);
    for (place, source) in reading.sources.iter().enumerate() {
        if listing.marketplaces.contains(&source.marketplace) {
            let losses = counted.entry(source.marketplace).or_default();
            losses.known += 1;
            losses.lost += u64::from(!garbled && !reading.sightings.is_in(sku, place));
        }
    }
}

fn held_words(is_empty: bool, losses: Losses) -> String {
    let Losses { known, lost } = losses;
    if is_empty {
        return format!("it is empty, and {known} listings were in it; a person must say so");
    }
    format!("it lost {lost} of {known} listings; a person must say that they are gone")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_thirty_percent_and_more_than_a_few_are_many() {
        let rows = [
            (10, 3, false),
            (10, 4, true),
            (1000, 300, false),
            (1000, 301, true),
            (2, 2, false),
            (3, 3, true),
            (0, 0, false),
        ];
        for (known, lost, many) in rows {
            assert_eq!(Losses { known, lost }.are_many(), many, "{lost} of {known}");
        }
    }
}
