//! SKUs with letters that a report cannot hold: Amazon writes `?` for them. A spelling of ours that fits letter by letter, and
//! that Amazon answers to, is that listing; one that only may be is a hint, and never taken as gone.

use super::read::Reading;
use super::request::CallResult;
use super::sightings::Mark;
use super::{Run, RunOutcome};
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::Result;
use stallkeeper::sp_api::listings_report::ListingRow;
use std::collections::{BTreeMap, BTreeSet};

/// How many spellings a run asks Amazon for; the others stay a hint until the next run.
const MOST_PROOFS: usize = 100;

/// Spellings of ours that reports may hold with `?` for some of their letters.
#[derive(Default)]
pub(super) struct Garbled {
    /// By how a report would write them; only those that one does.
    candidates: BTreeMap<String, BTreeSet<AmazonSku>>,
    /// How Amazon spells what a report writes so.
    proved: BTreeMap<String, AmazonSku>,
}

impl Garbled {
    /// Whether a report may have this SKU under a spelling that says too little.
    pub(super) fn is_unproved(&self, sku: &AmazonSku) -> bool {
        let mut unproved = self.candidates.iter();
        unproved.any(|(written, all)| all.contains(sku) && !self.proved.contains_key(written))
    }
}

impl Reading {
    /// Notes a spelling of ours, if a report has it with `?` for the letters that it lacks.
    pub(super) fn note_spelling(&mut self, sku: &str) {
        if sku.is_ascii() {
            return;
        }
        for place in 0..self.sources.len() {
            let letters = self.sources[place].letters;
            let written = letters.and_then(|letters| letters.replaced(sku));
            let Some(written) = written.filter(|it| self.sightings.is_in(it, place)) else {
                continue;
            };
            if let Ok(sku) = sku.parse() {
                self.garbled
                    .candidates
                    .entry(written)
                    .or_default()
                    .insert(sku);
            }
        }
    }

    /// The spellings of ours that a report may mean, if that is not proved.
    pub(super) fn candidates(&self, written: &AmazonSku) -> Vec<AmazonSku> {
        let candidates = self.garbled.candidates.get(written.as_str());
        candidates.into_iter().flatten().cloned().collect()
    }

    /// Rows as Amazon spells them.
    pub(super) fn respell(&self, rows: &mut [ListingRow]) {
        if self.garbled.proved.is_empty() {
            return;
        }
        for row in rows {
            if let Some(sku) = self.garbled.proved.get(&row.sku) {
                row.sku = sku.as_str().to_owned();
            }
        }
    }

    /// A marketplace whose report writes so.
    fn marketplace_of(&self, written: &str) -> Option<Marketplace> {
        let place = self.sightings.places(written).next()?;
        self.sources.get(place).map(|source| source.marketplace)
    }
}

impl Run<'_> {
    /// Finds out which spelling of ours a report means, if only one fits. What stays unproved is not taken as gone.
    pub(super) async fn prove_spellings(
        &mut self,
        reading: &mut Reading,
    ) -> Result<Option<RunOutcome>> {
        let mut asked = 0;
        for (written, candidates) in reading.garbled.candidates.clone() {
            let mut all = candidates.iter();
            let (Some(sku), None) = (all.next(), all.next()) else {
                continue;
            };
            if reading.sightings.has(&written, Mark::Product) {
                // A product of ours is spelt with these question marks.
                continue;
            }
            let known =
                self.matching.respelt.contains(sku) || reading.sightings.is_seen(sku.as_str());
            let Some(marketplace) = reading.marketplace_of(&written) else {
                continue;
            };
            if !known {
                if asked >= MOST_PROOFS {
                    continue;
                }
                asked += 1;
                match self.has_listing(marketplace, sku).await? {
                    CallResult::Limited(seconds) => {
                        return Ok(Some(RunOutcome::Continue(seconds)));
                    }
                    CallResult::Answered(false) => continue,
                    CallResult::Answered(true) => {
                        self.matching.respelt.insert(sku.clone());
                    }
                }
            }
            reading.sightings.respell(&written, sku.as_str());
            reading.garbled.proved.insert(written, sku.clone());
        }
        let meant = proved_now(reading);
        self.matching.respelt.retain(|sku| meant.contains(sku));
        Ok(None)
    }
}

fn proved_now(reading: &Reading) -> BTreeSet<AmazonSku> {
    reading.garbled.proved.values().cloned().collect()
}
