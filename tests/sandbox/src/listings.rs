//! Owns a seller's listings as Amazon keeps them: **one** merchant-fulfilled quantity per seller and
//! SKU, whatever the marketplace, lowered by every order; a price per marketplace. It never reads a request.
//!
//! What is submitted counts by the time of submission, not of processing: of two values for the same
//! thing the one submitted last stays, however late the other is processed (page "Listings APIs FAQ").

mod api;
mod edits;
mod offer_parts;
mod patching;
mod sale_period;
mod sold;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(crate) use api::{amazons_channel, get, search};
pub(crate) use edits::{Edit, Issue, OrderedRefusal, Severity, read as read_edits};
pub(crate) use offer_parts::OfferParts;
pub(crate) use patching::{patch, refused, remark};
pub(crate) use sale_period::SalePeriod;
pub(crate) use sold::{cancelled, placed, returned};

use crate::marketplaces::Marketplace;

/// Who ships it.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Fulfilment {
    #[default]
    Merchant,
    /// Its quantity is none of the seller's to say.
    Amazon,
}

/// What a listing is apart from its quantity.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Standing {
    #[default]
    Active,
    Inactive,
    Incomplete,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Price {
    /// As Amazon writes it, for example `12.99`.
    pub(crate) amount: String,
    pub(crate) currency: String,
}

/// The offer in one marketplace.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) marketplace: &'static Marketplace,
    /// None: the marketplace is closed for it.
    pub(crate) price: Option<Price>,
    /// The submission it comes from.
    priced_by: u64,
}

/// What few listings have.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Special {
    /// The merchant's locations with a quantity each, by the id of their supply source.
    pub(crate) locations: BTreeMap<String, u64>,
    /// Marketplaces, by id, where Amazon fulfils it beside the merchant.
    pub(crate) amazon_in: BTreeSet<String>,
    /// What offers have beside their price, by the id of the marketplace.
    pub(crate) offer_parts: BTreeMap<String, OfferParts>,
    /// Marketplaces, by id, where a rule of Amazon's sets its price: a short way to say so for `offer_parts`.
    #[serde(skip_serializing)]
    automated_in: BTreeSet<String>,
    /// Ends of sale periods, by the id of the marketplace.
    pub(crate) ends: BTreeMap<String, SalePeriod>,
}

impl Special {
    /// With what was said before of offers, if nothing is said of them here.
    pub(crate) fn or_of(mut self, before: Option<Self>) -> Self {
        for marketplace in std::mem::take(&mut self.automated_in) {
            self.offer_parts.entry(marketplace).or_default().automate();
        }
        let Some(before) = before else { return self };
        if self.ends.is_empty() {
            self.ends = before.ends;
        }
        if self.offer_parts.is_empty() {
            self.offer_parts = before.offer_parts;
        }
        self
    }

    /// None, if it says nothing.
    pub(crate) fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

/// One change of the live quantity.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Step {
    pub(crate) at: Timestamp,
    /// The live quantity after it.
    pub(crate) quantity: u64,
    /// `patch`, `feed ID`, `order ID` or `seller`.
    pub(crate) by: Arc<str>,
}

/// Something that was submitted: its place among all submissions, and what becomes of it when.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    /// Larger is later.
    pub(crate) sequence: u64,
    pub(crate) by: Arc<str>,
    /// When it takes effect.
    pub(crate) at: Timestamp,
}

#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub(crate) asin: Arc<str>,
    pub(crate) product_type: Arc<str>,
    pub(crate) title: Arc<str>,
    pub(crate) offers: Vec<Offer>,
    pub(crate) fulfilment: Fulfilment,
    pub(crate) standing: Standing,
    /// In a box, since there are a million listings without.
    pub(crate) special: Option<Box<Special>>,
    /// What buyers can order now.
    pub(crate) quantity: u64,
    /// What was last submitted, which sales leave as it is.
    pub(crate) submitted: u64,
    quantity_by: u64,
    /// When it took effect.
    quantity_since: Timestamp,
    /// Lead time, restock date: what else is beside the submitted quantity.
    pub(crate) beside_quantity: Map<String, Value>,
    /// Attributes that the sandbox keeps and makes nothing of.
    pub(crate) attributes: Map<String, Value>,
    /// Units ordered that were no longer there.
    pub(crate) oversold: u64,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) history: Vec<Step>,
}

impl Listing {
    pub(crate) fn new(asin: Arc<str>, title: Arc<str>, now: Timestamp) -> Self {
        Self {
            asin,
            product_type: "PRODUCT".into(),
            title,
            offers: Vec::new(),
            fulfilment: Fulfilment::default(),
            standing: Standing::default(),
            special: None,
            quantity: 0,
            submitted: 0,
            quantity_by: 0,
            quantity_since: now,
            beside_quantity: Map::new(),
            attributes: Map::new(),
            oversold: 0,
            created: now,
            updated: now,
            history: Vec::new(),
        }
    }

    pub(crate) fn offer(&self, marketplace: &str) -> Option<&Offer> {
        self.offers
            .iter()
            .find(|offer| offer.marketplace.id == marketplace)
    }

    /// Opens a marketplace for it, or gives it another price there.
    pub(crate) fn put_offer(&mut self, marketplace: &'static Marketplace, price: Option<Price>) {
        match self
            .offers
            .iter_mut()
            .find(|offer| offer.marketplace.id == marketplace.id)
        {
            Some(offer) => offer.price = price,
            None => {
                // There are a million listings, most of them in a marketplace or two.
                self.offers.reserve_exact(1);
                self.offers.push(Offer {
                    marketplace,
                    price,
                    priced_by: 0,
                });
            }
        }
    }

    /// The live quantity as it was then.
    pub(crate) fn quantity_at(&self, then: Timestamp) -> u64 {
        let last = self.history.iter().rev().find(|step| step.at <= then);
        last.or(self.history.first())
            .map_or(self.quantity, |step| step.quantity)
    }

    /// Buyers can order it in this marketplace.
    pub(crate) fn is_buyable(&self, offer: &Offer, now: Timestamp) -> bool {
        let stocked = self.quantity > 0 || self.fulfilment == Fulfilment::Amazon;
        let offered = offer.price.is_some() && !self.is_ended(offer.marketplace.id, now);
        stocked && offered && self.standing == Standing::Active
    }

    pub(crate) fn set_quantity(&mut self, quantity: u64, submission: &Submission) {
        self.submitted = quantity;
        self.quantity_by = submission.sequence;
        self.quantity_since = submission.at;
        self.change(quantity, submission.at, Arc::clone(&submission.by));
    }

    fn change(&mut self, quantity: u64, at: Timestamp, by: Arc<str>) {
        self.quantity = quantity;
        self.updated = at;
        if self.history.is_empty() {
            self.history.reserve_exact(1);
        }
        self.history.push(Step { at, quantity, by });
    }

    /// Takes an edit over, unless something submitted later is already there.
    pub(crate) fn apply(&mut self, edit: &Edit, submission: &Submission) {
        match edit {
            Edit::Availability {
                quantity,
                beside,
                replaces,
            } => {
                if submission.sequence < self.quantity_by {
                    return;
                }
                if *replaces {
                    self.beside_quantity.clear();
                }
                self.beside_quantity.extend(
                    beside
                        .iter()
                        .map(|(name, value)| (name.clone(), value.clone())),
                );
                match quantity {
                    Some(quantity) => self.set_quantity(*quantity, submission),
                    None if *replaces => self.set_quantity(0, submission),
                    None => {}
                }
            }
            Edit::Price { marketplace, price } => {
                let offer = self
                    .offers
                    .iter_mut()
                    .find(|offer| offer.marketplace.id == *marketplace);
                if let Some(offer) = offer.filter(|offer| submission.sequence >= offer.priced_by) {
                    offer.price.clone_from(price);
                    offer.priced_by = submission.sequence;
                    self.updated = submission.at;
                }
            }
            Edit::End {
                marketplace,
                end_at,
            } => self.set_end(marketplace, end_at.as_ref(), submission),
            Edit::OfferParts {
                marketplace,
                parts,
                replaces,
            } => self.set_offer_parts(marketplace, parts, *replaces, submission),
            Edit::Attribute { name, value } => {
                match value {
                    Some(value) => self.attributes.insert(name.clone(), value.clone()),
                    None => self.attributes.remove(name),
                };
            }
        }
    }
}

/// Submissions whose patch takes effect later.
#[derive(Debug)]
pub(crate) struct LatePatch {
    pub(crate) sku: String,
    pub(crate) edits: Vec<Edit>,
    pub(crate) submission: Submission,
}

#[derive(Debug, Default)]
pub(crate) struct Listings {
    by_sku: BTreeMap<Arc<str>, Listing>,
    pub(crate) refusals: BTreeMap<String, OrderedRefusal>,
    pub(crate) late: Vec<LatePatch>,
}

impl Listings {
    pub(crate) fn get(&self, sku: &str) -> Option<&Listing> {
        self.by_sku.get(sku)
    }

    pub(crate) fn get_mut(&mut self, sku: &str) -> Option<&mut Listing> {
        self.by_sku.get_mut(sku)
    }

    pub(crate) fn put(&mut self, sku: &str, listing: Listing) {
        self.by_sku.insert(sku.into(), listing);
    }

    pub(crate) fn remove(&mut self, sku: &str) -> bool {
        self.by_sku.remove(sku).is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Listing)> {
        self.by_sku.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_sku.len()
    }

    /// Units ordered that were no longer there, of all SKUs.
    pub(crate) fn oversold(&self) -> u64 {
        self.by_sku.values().map(|listing| listing.oversold).sum()
    }

    pub(crate) fn apply(&mut self, sku: &str, edits: &[Edit], submission: &Submission) {
        if let Some(listing) = self.by_sku.get_mut(sku) {
            for edit in edits {
                listing.apply(edit, submission);
            }
        }
    }

    /// Takes over what was patched and is due by now, in the order of its time.
    pub(crate) fn apply_late(&mut self, until: Timestamp) {
        let (mut due, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|late| late.submission.at <= until);
        self.late = waiting;
        due.sort_by_key(|late| (late.submission.at, late.submission.sequence));
        for late in due {
            self.apply(&late.sku, &late.edits, &late.submission);
        }
    }
}

#[cfg(test)]
mod tests;
