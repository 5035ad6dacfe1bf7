//! What the reports do not have: listings that are gone from Amazon, and products that were never there. By the two
//! indexes; nothing is read whole but what changes.

use super::Run;
use super::batch::count;
use super::decide::{never_on_amazon, off_amazon};
use super::read::Reading;
use super::sightings::Mark;
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::store::Written;

/// Keys of an index in one page.
const PAGE: i32 = 2000;
/// Counted up whenever spellings fold in another way: then those of all products are remembered once more.
const SPELLING_RULES: u32 = 1;
/// Listings written side by side.
const AT_ONCE: usize = 32;
impl Run<'_> {
    /// Marks the spellings of all products; returns whether any of them is in no report. `None`: time ran out.
    pub(super) async fn mark_products(&mut self, reading: &mut Reading) -> Result<Option<bool>> {
        let tenant = &self.connection.tenant;
        let remembers = self.matching.spelling_rules < SPELLING_RULES;
        let mut missing = false;
        let mut after: Option<String> = None;
        loop {
            let page = self
                .app
                .store
                .product_page(tenant, after.as_deref(), PAGE)
                .await?;
            for sku in &page.0 {
                reading.sightings.mark(sku.as_str(), Mark::Product);
                missing |= !reading.sightings.is_seen(sku.as_str());
                reading.note_spelling(sku.as_str());
                if remembers && sku.folded() != sku.in_lower_case() {
                    self.app.store.remember_spelling(tenant, sku).await?;
                }
            }
            after = page.1;
            if after.is_none() {
                self.matching.spelling_rules = SPELLING_RULES;
                return Ok(Some(missing));
            }
            if crate::is_late(self.deadline) {
                return Ok(None);
            }
        }
    }

    /// Marks all listings that no report has as not on Amazon. `false`: time ran out.
    pub(super) async fn place_absent(&self, reading: &mut Reading) -> Result<bool> {
        let key = &self.connection.key();
        let mut after: Option<String> = None;
        loop {
            let store = &self.app.store;
            let page = store
                .listing_page(key, None, after.as_deref(), PAGE)
                .await?;
            let gone = reading.gone(page.listings);
            let mut known = store.batch_get_listings(key, &gone).await?;
            let shared = &*reading;
            let gone = gone.iter().filter_map(|sku| known.remove(sku));
            let place = |known| self.place_one_absent(shared, known);
            let placed = fan_out(gone, AT_ONCE, place).await?;
            for listing in placed.iter().flatten() {
                let sku = listing.amazon_sku.as_str();
                if !reading.sightings.had(sku, Mark::Absent) {
                    count(&mut reading.counts, listing.state);
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(true);
            }
            if crate::is_late(self.deadline) {
                return Ok(false);
            }
        }
    }

    /// As it is then; `None` if it is gone.
    async fn place_one_absent(&self, reading: &Reading, known: Listing) -> Result<Option<Listing>> {
        let key = &self.connection.key();
        let store = &self.app.store;
        let mut known = Some(known);
        for () in Written::attempts() {
            let Some(read) = known else { return Ok(None) };
            let sku = read.amazon_sku.as_str();
            let product = reading.sightings.has(sku, Mark::Product);
            let target = if reading.may_be_there(&read) {
                // On a marketplace whose report is missing or may not be whole.
                let marketplaces = reading.marketplaces(sku, &read.marketplaces);
                Some(Listing {
                    marketplaces,
                    ..read.clone()
                })
            } else {
                off_amazon(&read, product)
            };
            let written = match target {
                Some(target) if target == read => return Ok(Some(target)),
                Some(target) => match self.write(Some(&read), &target, false).await? {
                    Written::Done => return Ok(Some(target)),
                    Written::Conflict => Written::Conflict,
                },
                None => store.forget_listing(&read).await?,
            };
            if written == Written::Done {
                if let Some(product) = &read.product {
                    store.untie(product, &key.listing(&read.amazon_sku)).await?;
                }
                return Ok(None);
            }
            known = store.listing(&key.listing(&read.amazon_sku)).await?;
        }
        Err(Written::given_up("place a listing"))
    }

    /// Forgets what was listed as not on Amazon for lack of a listing, if there is one now: in another spelling, or tied by a
    /// person.
    pub(super) async fn forget_superseded(&self, reading: &mut Reading) -> Result<()> {
        let key = &self.connection.key();
        for sku in std::mem::take(&mut reading.superseded) {
            let Some(known) = self.app.store.listing(&key.listing(&sku)).await? else {
                continue;
            };
            let not_listed = known.state == ListingState::NotOnAmazon;
            let stays = known.alias || known.hold.is_some() || !not_listed;
            if !stays && self.app.store.forget_listing(&known).await? == Written::Done {
                reading.counts.not_on_amazon -= 1;
            }
        }
        Ok(())
    }

    /// Makes a listing of every product that Amazon has under no spelling, so that it shows. `false`: time ran out.
    pub(super) async fn insert_missing(&self, reading: &mut Reading) -> Result<bool> {
        let tenant = &self.connection.tenant;
        let mut after: Option<String> = None;
        loop {
            let store = &self.app.store;
            let page = store.product_page(tenant, after.as_deref(), PAGE).await?;
            let missing: Vec<AmazonSku> = page
                .0
                .iter()
                .filter(|sku| !reading.has_listing(sku.as_str()))
                .filter_map(|sku| sku.as_str().parse().ok())
                .collect();
            for sku in &missing {
                reading.sightings.mark(sku.as_str(), Mark::Absent);
                count(&mut reading.counts, ListingState::NotOnAmazon);
            }
            fan_out(missing, AT_ONCE, |sku| async move {
                let listing = never_on_amazon(self.connection, sku);
                // Conflict: somebody else made it meanwhile, and the next matching looks at it.
                store.place_listing(&listing, None, false).await
            })
            .await?;
            after = page.1;
            if after.is_none() {
                return Ok(true);
            }
            if crate::is_late(self.deadline) {
                return Ok(false);
            }
        }
    }
}

impl Reading {
    /// Those of a page that no report has, except those that are known to be gone.
    fn gone(&mut self, page: Vec<(ListingState, AmazonSku)>) -> Vec<AmazonSku> {
        let mut gone = Vec::new();
        for (state, sku) in page {
            let text = sku.as_str();
            if self.sightings.is_seen(text) {
                continue;
            }
            let settled =
                state == ListingState::NotOnAmazon && self.sightings.has(text, Mark::Product);
            if !settled {
                gone.push(sku);
            } else if !self.sightings.had(text, Mark::Absent) {
                count(&mut self.counts, state);
            }
        }
        gone
    }

    fn has_listing(&self, product: &str) -> bool {
        let sightings = &self.sightings;
        sightings.is_seen(product)
            || sightings.has(product, Mark::Absent)
            || sightings.has(product, Mark::Belongs)
    }
}
