//! What a run knows of the reports while it reads them.

use crate::run::decide::{Offered, Seen, Shown};
use crate::run::sightings::{Mark, Sightings};
use crate::run::spelling::Garbled;
use jiff::Timestamp;
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock_settings::Published;
use stallkeeper::sp_api::DocumentAddress;
use stallkeeper::sp_api::listings_report::{Counts, Fulfilment, Letters, ListingRow};
use stallkeeper::store::{ListingCounts, Standings};
use std::collections::BTreeSet;
use std::time::Instant;

/// How many listings the seller is proved by, if one after the other is gone.
const PROOFS: usize = 3;

/// A report that is there to be read.
pub(in crate::run) struct Source {
    pub(in crate::run) marketplace: Marketplace,
    pub(super) document: String,
    pub(in crate::run) made_at: Timestamp,
    pub(super) address: Option<(Instant, DocumentAddress)>,
    /// Listings in it.
    pub(in crate::run) listings: u64,
    /// Why it may not be whole, in words: then nothing is concluded from what it lacks.
    pub(in crate::run) doubt: Option<String>,
    /// Of a marketplace that is not switched on: it only shows what Amazon fulfils there.
    pub(in crate::run) guard: bool,
    /// In which letters it is written, if those that they lack come as `?`.
    pub(in crate::run) letters: Option<Letters>,
}

/// Why a report may not be whole.
pub(super) fn doubt(counts: &Counts, lacks: Option<&str>) -> Option<String> {
    if let Some(column) = lacks {
        return Some(format!("it has no column `{column}`"));
    }
    let first: Vec<String> = counts
        .bad_lines
        .iter()
        .take(5)
        .map(u64::to_string)
        .collect();
    (counts.bad_rows > 0).then(|| {
        format!(
            "{} of its lines cannot be read (line {})",
            counts.bad_rows,
            first.join(", ")
        )
    })
}

/// What a run knows while it reads.
pub(in crate::run) struct Reading {
    pub(in crate::run) sources: Vec<Source>,
    /// Marketplaces without a report, or with one that may not be whole: what is known of them is kept.
    pub(in crate::run) uncertain: Vec<Marketplace>,
    /// A listing that no report has may be on one of those all the same.
    pub(in crate::run) may_lack: bool,
    /// All reports were whole, those of marketplaces that are not switched on too: what none shows as Amazon's to fulfil is not.
    pub(in crate::run) proves_merchant: bool,
    pub(in crate::run) garbled: Garbled,
    pub(in crate::run) sightings: Sightings,
    pub(in crate::run) counts: ListingCounts,
    /// Products that belong to a listing of another spelling, and were listed as not on Amazon until now.
    pub(in crate::run) superseded: Vec<AmazonSku>,
    pub(super) unreadable: u64,
    /// The settings by which quantities are computed, if they are at all.
    pub(in crate::run) in_force: Option<Published>,
    /// The settings in force, whether or not the connection is switched on.
    pub(super) published: Option<Published>,
    /// Since when quantities are decided as they are now.
    pub(in crate::run) quantities_from: Option<Timestamp>,
    /// Marketplaces whose prices are ours to send.
    pub(in crate::run) priced: Vec<Marketplace>,
    pub(in crate::run) standings: Standings,
}

impl Reading {
    /// Where a SKU is listed; what is known of marketplaces whose report is missing or may not be whole is kept.
    pub(in crate::run) fn marketplaces(
        &self,
        sku: &str,
        known: &[Marketplace],
    ) -> Vec<Marketplace> {
        let seen = self.sightings.places(sku);
        let seen = seen.filter_map(|place| self.sources.get(place));
        let mut marketplaces: Vec<Marketplace> = seen.map(|source| source.marketplace).collect();
        let kept = self.uncertain.iter().filter(|it| known.contains(it));
        marketplaces.extend(kept);
        marketplaces.sort();
        marketplaces.dedup();
        marketplaces
    }

    /// What the reports show of a SKU; `at`: when that report was made which is read now.
    pub(in crate::run) fn seen(
        &self,
        sku: &AmazonSku,
        known: Option<&Listing>,
        at: Timestamp,
    ) -> Seen {
        let text = sku.as_str();
        let was_amazons = known.is_some_and(|it| it.state == ListingState::FulfilledByAmazon);
        let by_amazon = self.sightings.has(text, Mark::ByAmazon);
        let shown = self.sightings.quantities(text).into_iter();
        let shown = shown.filter_map(|(place, quantity)| {
            let source = self.sources.get(place)?;
            Some(Shown {
                marketplace: source.marketplace,
                quantity,
                at: source.made_at,
            })
        });
        let offered = known.map_or_else(Vec::new, |known| self.offered(text, known));
        let open = self.sightings.has(text, Mark::Open);
        Seen {
            marketplaces: self.marketplaces(text, known.map_or(&[], |known| &known.marketplaces)),
            by_amazon: by_amazon || was_amazons && !self.proves_merchant,
            open: open || known.is_some_and(|known| self.is_closed_by_ends(known)),
            shown: shown.collect(),
            offered,
            inactive_on: self.inactive_on(text, known),
            at,
        }
    }

    /// What the reports show of the offers that were sent an end. One without stock says nothing: it is inactive anyway.
    fn offered(&self, sku: &str, known: &Listing) -> Vec<Offered> {
        if known.ends.is_empty() {
            return Vec::new();
        }
        let shown = self.sightings.quantities(sku).into_iter();
        let shown = shown.filter_map(|(place, quantity)| {
            let source = self.sources.get(place).filter(|_| quantity > 0)?;
            known.ends.get(&source.marketplace)?;
            Some(Offered {
                marketplace: source.marketplace,
                closed: self.sightings.is_closed_in(sku, place),
                at: source.made_at,
            })
        });
        shown.collect()
    }

    /// Where reports show a listing inactive although it has stock, and no end of ours explains that.
    fn inactive_on(&self, sku: &str, known: Option<&Listing>) -> BTreeSet<Marketplace> {
        let places = self.sightings.places(sku);
        let closed = places.filter(|place| self.sightings.is_closed_in(sku, *place));
        let on = closed.filter_map(|place| Some(self.sources.get(place)?.marketplace));
        let ours = |on: &Marketplace| known.is_some_and(|it| it.end(*on).may_be_ended());
        on.filter(|on| !ours(on)).collect()
    }

    /// Whether all reports that have a listing show it inactive because its offers were ended here, or are still shown so.
    fn is_closed_by_ends(&self, known: &Listing) -> bool {
        let sku = known.amazon_sku.as_str();
        let ended = |place| {
            let source: Option<&Source> = self.sources.get(place);
            source.is_some_and(|it| known.end(it.marketplace).may_be_ended())
        };
        let mut places = self.sightings.places(sku).peekable();
        places.peek().is_some() && places.all(ended)
    }

    /// Whether quantities are sent, so that reports show whether somebody else changes them.
    pub(in crate::run) fn sends(&self) -> bool {
        let in_force = self.in_force.as_ref();
        in_force.is_some_and(|published| !published.shadow)
    }

    /// Whether a listing that no report has may be there all the same.
    pub(in crate::run) fn may_be_there(&self, known: &Listing) -> bool {
        if self.garbled.is_unproved(&known.amazon_sku) {
            return true;
        }
        let nowhere = known.marketplaces.is_empty() && known.state != ListingState::NotOnAmazon;
        nowhere && self.may_lack || !self.marketplaces("", &known.marketplaces).is_empty()
    }

    /// Takes a line of the report at `place` in; notes the first SKUs, by which the seller is proved.
    pub(super) fn survey_row(&mut self, place: usize, row: &ListingRow, first: &mut Vec<String>) {
        if row.sku.parse::<AmazonSku>().is_err() {
            self.unreadable += 1;
            return;
        }
        let source = &mut self.sources[place];
        if row.sku.contains(char::REPLACEMENT_CHARACTER) {
            source.doubt = Some("letters of its SKUs are lost".to_owned());
            self.unreadable += 1;
            return;
        }
        if source.guard {
            source.listings += 1;
            if matches!(row.fulfilment, Fulfilment::Amazon(_)) {
                self.sightings.mark(&row.sku, Mark::ByAmazon);
            }
            return;
        }
        if matches!(row.fulfilment, Fulfilment::Unknown(_)) {
            // It is there; whether a quantity may be sent is not known: it is left as it is.
            self.unreadable += 1;
        }
        if first.len() < PROOFS {
            first.push(row.sku.clone());
        } else if let Some(odd) = first.iter_mut().find(|it| it.contains('?')) {
            // Letters may be lost in it.
            odd.clone_from(&row.sku);
        }
        if self.sightings.see(place, row) {
            source.listings += 1;
        }
    }

    /// Whether a line says who fulfils its listing, or another line of the same SKU does.
    pub(in crate::run) fn is_clear(&self, sku: &str) -> bool {
        self.sightings.has(sku, Mark::ByAmazon) || self.sightings.has(sku, Mark::ByMerchant)
    }
}
