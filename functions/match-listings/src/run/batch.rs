//! Some hundred lines of a report at a time: their listings are read together, decided each for itself, and written only
//! if something is new; then the products that this touches are queued to be computed again.

use super::Run;
use super::decide::{Ours, close, observation, on_amazon, product_of};
use super::pending::Pending;
use super::read::Reading;
use super::sightings::Mark;
use super::sold::pending;
use crate::queue_recompute;
use jiff::Timestamp;
use stallkeeper::domain::ids::{AmazonSku, Sku};
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::sp_api::listings_report::ListingRow;
use stallkeeper::store::{ListingCounts, Written};
use std::collections::{BTreeMap, HashMap};

/// Listings written side by side.
const AT_ONCE: usize = 32;
/// Spellings looked for side by side.
const LOOKS_AT_ONCE: usize = 16;
/// Products to be computed again, each for the greater reason.
pub(super) type Touched = BTreeMap<Sku, Pending>;

impl Run<'_> {
    /// Places the listings of some lines of a report, and notes their prices.
    pub(super) async fn place_rows(
        &self,
        reading: &mut Reading,
        place: usize,
        mut rows: Vec<ListingRow>,
    ) -> Result<()> {
        reading.respell(&mut rows);
        let skus = reading.due(&rows);
        let key = &self.connection.key();
        let mut known = self.app.store.batch_get_listings(key, &skus).await?;
        let mut ours = self.ours(reading, &skus, &known).await?;
        let at = reading.sources[place].made_at;
        let shared = &*reading;
        let placed = fan_out(skus, AT_ONCE, |sku| {
            let known = known.remove(&sku);
            let ours = ours.remove(&sku).unwrap_or_default();
            self.place(shared, sku, at, known, ours)
        })
        .await?;
        let mut touched = Touched::new();
        for (listing, pending) in &placed {
            reading.count(listing);
            if let (Some(product), Some(pending)) = (&listing.product, pending) {
                touch(&mut touched, product, *pending);
            }
        }
        self.note_prices(reading, place, &rows, &placed, &mut touched)
            .await?;
        self.queue_touched(touched).await
    }

    async fn queue_touched(&self, touched: Touched) -> Result<()> {
        let key = &self.connection.key();
        let (raise, stand): (Vec<_>, Vec<_>) = touched
            .into_iter()
            .partition(|(_, pending)| *pending == Pending::Recompute);
        for (raises, skus) in [(true, raise), (false, stand)] {
            let skus = skus.into_iter().map(|(sku, _)| sku);
            queue_recompute(self.app, key, raises, skus).await?;
        }
        Ok(())
    }

    /// Places one listing; returns it as it is then, and what is pending for it.
    async fn place(
        &self,
        reading: &Reading,
        sku: AmazonSku,
        at: Timestamp,
        mut known: Option<Listing>,
        mut ours: Ours,
    ) -> Result<(Listing, Option<Pending>)> {
        let key = &self.connection.key();
        if let Some(listing) = known {
            known = Some(self.look_again(listing, Timestamp::now()).await?);
        }
        for () in Written::attempts() {
            let seen = reading.seen(&sku, known.as_ref(), at);
            if let Some(listing) = known {
                known = Some(self.note_ends(reading, listing, &seen).await?);
            }
            let mut target = on_amazon(self.connection, &sku, known.as_ref(), &seen, &ours);
            let wanted = target.quantity_to_compare();
            let quantity = seen.telling(wanted).map(|shown| shown.quantity);
            let sold = self
                .sold(reading, &target, known.as_ref(), quantity)
                .await?;
            let judged = sold.as_ref().zip(known.as_ref());
            let drift = judged.and_then(|(sold, known)| sold.drifted(known, &seen));
            let drifted = drift.is_some();
            if let Some(shown) = drift {
                target.observed = Some(observation(shown.quantity, shown.at));
                if seen.is_zero() && target.hold.is_none() {
                    close(&mut target, &seen);
                }
            }
            if known.as_ref() == Some(&target) && !drifted {
                let ends = self.pending_end(reading, &target).await?;
                let pending = pending(reading, &target, sold.as_ref()).max(ends);
                return Ok((target, pending));
            }
            if self.write(known.as_ref(), &target, drifted).await? == Written::Done {
                let written = as_written(known.as_ref(), target, drifted);
                self.note_offer(known.as_ref(), &written).await?;
                let ends = self.pending_end(reading, &written).await?;
                let pending = pending(reading, &written, sold.as_ref()).max(ends);
                // While it was not matched, no price of it was computed.
                let is_back = written.state == ListingState::Matched
                    && known.is_some_and(|known| known.state != ListingState::Matched);
                let back = (is_back && reading.in_force.is_some()).then_some(Pending::Send);
                return Ok((written, pending.max(back)));
            }
            known = self.app.store.listing(&key.listing(&sku)).await?;
            let skus = [sku.clone()];
            let alone = known.iter().map(|it| (sku.clone(), it.clone())).collect();
            let mut found = self.ours(reading, &skus, &alone).await?;
            ours = found.remove(&sku).unwrap_or_default();
        }
        Err(Written::given_up("place a listing"))
    }

    /// Writes a listing between the ties: its product points to it before it says so, and no longer after it does not.
    pub(super) async fn write(
        &self,
        known: Option<&Listing>,
        target: &Listing,
        forget_sent: bool,
    ) -> Result<Written> {
        let key = &self.connection.key();
        let sku = &target.amazon_sku;
        let before = known.and_then(|known| Some((known.product.as_ref()?, known.units)));
        let after = target.product.as_ref().map(|it| (it, target.units));
        let store = &self.app.store;
        if let Some((product, units)) = after.filter(|_| before != after) {
            store.tie(product, &key.listing(sku), units).await?;
        }
        let written = store.place_listing(target, known, forget_sent).await?;
        let old = before.filter(|(old, _)| after.is_none_or(|(new, _)| new != *old));
        if let (Written::Done, Some((old, _))) = (written, old) {
            store.untie(old, &key.listing(sku)).await?;
        }
        Ok(written)
    }

    /// What the catalogue has for these SKUs. Whether a product is there was read from the index at the beginning;
    /// if its absence would change a decision, the product itself is read.
    async fn ours(
        &self,
        reading: &Reading,
        skus: &[AmazonSku],
        known: &HashMap<AmazonSku, Listing>,
    ) -> Result<HashMap<AmazonSku, Ours>> {
        let tenant = &self.connection.tenant;
        let mut ours = HashMap::new();
        let mut lacking: Vec<(&AmazonSku, Sku)> = Vec::new();
        for sku in skus {
            let product = product_of(sku, known.get(sku));
            let there = reading.sightings.has(product.as_str(), Mark::Product);
            let found = Ours {
                product: there,
                other_spelling: None,
                zeroed: false,
                sends: reading.sends(),
            };
            ours.insert(sku.clone(), found);
            if !there && !reading.sightings.has(sku.as_str(), Mark::ByAmazon) {
                lacking.push((sku, product));
            }
        }
        let doubtful: Vec<Sku> = lacking
            .iter()
            .filter(|(sku, _)| known.get(*sku).is_none_or(|it| it.product.is_some()))
            .map(|(_, product)| product.clone())
            .collect();
        let found = self.app.store.product_hashes(tenant, &doubtful).await?;
        let is_tied = |sku: &AmazonSku| known.get(sku).is_some_and(|it| it.product.is_some());
        let gone = lacking.iter();
        let gone = gone.filter(|(sku, product)| is_tied(sku) && !found.contains_key(product));
        let gone: Vec<Sku> = gone.map(|(_, product)| product.clone()).collect();
        let zeroed = self.app.store.zeroed_products(tenant, &gone).await?;
        let spelt = fan_out(lacking, LOOKS_AT_ONCE, |(sku, product)| {
            let there = found.contains_key(&product);
            let alias = known.get(sku).is_some_and(|it| it.alias);
            let zeroed = zeroed.contains(&product);
            self.otherwise_spelt(reading, sku, (there, zeroed), alias)
        })
        .await?;
        ours.extend(spelt);
        Ok(ours)
    }

    async fn otherwise_spelt(
        &self,
        reading: &Reading,
        sku: &AmazonSku,
        (product, zeroed): (bool, bool),
        alias: bool,
    ) -> Result<(AmazonSku, Ours)> {
        let mut ours = Ours {
            product,
            other_spelling: None,
            zeroed,
            sends: reading.sends(),
        };
        if let Some(candidate) = reading
            .candidates(sku)
            .first()
            .filter(|_| !product && !alias)
        {
            ours.other_spelling = Some(candidate.as_product());
        } else if !product && !alias {
            let tenant = &self.connection.tenant;
            let spellings = self.app.store.spellings(tenant, &sku.as_product()).await?;
            let other = |it: &Sku| it.as_str() != sku.as_str();
            ours.other_spelling = spellings.into_iter().find(other);
        }
        Ok((sku.clone(), ours))
    }
}

pub(super) fn touch(touched: &mut Touched, product: &Sku, pending: Pending) {
    let greatest = touched.entry(product.clone()).or_insert(pending);
    *greatest = (*greatest).max(pending);
}

/// The listing as it is once it is written: what is wanted and sent is forgotten if the store forgets it.
fn as_written(known: Option<&Listing>, mut target: Listing, forget_sent: bool) -> Listing {
    let same = known.is_some_and(|it| it.product == target.product && it.units == target.units);
    if !same {
        target.wanted = None;
    }
    if forget_sent {
        target.sent = None;
        target.refused = None;
    }
    target
}

impl Reading {
    /// The SKUs of these lines whose listings are still to be placed.
    fn due(&mut self, rows: &[ListingRow]) -> Vec<AmazonSku> {
        let mut due = Vec::new();
        for row in rows {
            let Ok(sku) = row.sku.parse() else { continue };
            if self.is_clear(&row.sku) && !self.sightings.had(&row.sku, Mark::Placed) {
                due.push(sku);
            }
        }
        due
    }

    fn count(&mut self, listing: &Listing) {
        count(&mut self.counts, listing.state);
        self.counts.differing += u64::from(listing.differing.is_some());
        for candidate in self.candidates(&listing.amazon_sku).to_vec() {
            self.belongs(&candidate.as_product());
        }
        let belongs = match listing.state {
            ListingState::CaseMismatch => listing.other_spelling.as_ref(),
            _ => listing.product.as_ref(),
        };
        if let Some(product) = belongs {
            self.belongs(product);
        }
        if listing.state == ListingState::Matched {
            self.sightings
                .mark(listing.amazon_sku.as_str(), Mark::Matched);
        }
    }
}

impl Reading {
    /// Notes that a product has a listing, if of another spelling.
    fn belongs(&mut self, product: &Sku) {
        let text = product.as_str();
        let known = self.sightings.had(text, Mark::Belongs);
        if !known && self.sightings.has(text, Mark::Absent) {
            self.superseded.extend(text.parse::<AmazonSku>());
        }
    }
}

pub(super) fn count(counts: &mut ListingCounts, state: ListingState) {
    *match state {
        ListingState::Matched => &mut counts.matched,
        ListingState::CaseMismatch => &mut counts.case_mismatch,
        ListingState::FulfilledByAmazon => &mut counts.fulfilled_by_amazon,
        ListingState::NotOnAmazon => &mut counts.not_on_amazon,
        ListingState::UnknownHere => &mut counts.unknown_here,
        ListingState::ClosedElsewhere => &mut counts.closed_elsewhere,
        ListingState::MultiLocation => &mut counts.multi_location,
    } += 1;
}
