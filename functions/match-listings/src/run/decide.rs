//! The state of a listing, by what Amazon's reports show of it and what our catalogue has. Pure.
//!
//! A listing is tied to a product only while it is matched, closed by somebody else or sold from several locations, or if
//! a person tied it: so a listing
//! that becomes matched had nothing wanted before, and it is computed then.

use jiff::Timestamp;
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::{AmazonSku, Sku};
use stallkeeper::domain::listing::{
    Closed, Differing, Listing, ListingState, Look, Observed, report_shows_from,
};
use stallkeeper::domain::marketplace::Marketplace;
use std::collections::{BTreeMap, BTreeSet};

/// What Amazon's reports show of an Amazon SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// Where it is listed, sorted.
    pub(super) marketplaces: Vec<Marketplace>,
    /// Amazon keeps its stock, on one of the marketplaces at least.
    pub(super) by_amazon: bool,
    /// People can buy it on one of the marketplaces at least, as far as its status says; or our ends of its offers alone
    /// keep them from it.
    pub(super) open: bool,
    /// The live quantity of each marketplace whose report shows one.
    pub(super) shown: Vec<Shown>,
    /// Of marketplaces where it was sent the end of its offer: whether that offer is sold, as far as reports say.
    pub(super) offered: Vec<Offered>,
    /// Where it is inactive although it has stock, and no end of ours explains that; as far as reports say.
    pub(super) inactive_on: BTreeSet<Marketplace>,
    /// When Amazon made the report.
    pub(super) at: Timestamp,
}

/// An offer that was sent its end, as the report of its marketplace shows it, at most a few hours old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offered {
    pub(super) marketplace: Marketplace,
    /// It is inactive although it has stock.
    pub(super) closed: bool,
    pub(super) at: Timestamp,
}

/// The quantity that one marketplace's report shows, at most a few hours old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) marketplace: Marketplace,
    pub(super) quantity: u32,
    pub(super) at: Timestamp,
}

impl Seen {
    /// The quantity that matters: of several, the highest that is not the wanted one.
    pub(super) fn telling(&self, wanted: Option<u32>) -> Option<Shown> {
        let others = self.shown.iter().filter(|it| Some(it.quantity) != wanted);
        let highest = others.max_by_key(|it| it.quantity);
        highest.or(self.shown.first()).copied()
    }

    /// Whether it shows zero everywhere.
    pub(super) fn is_zero(&self) -> bool {
        !self.shown.is_empty() && self.shown.iter().all(|it| it.quantity == 0)
    }

    /// Whether people can buy it now.
    fn is_sold(&self) -> bool {
        self.open && self.shown.iter().any(|it| it.quantity > 0)
    }
}

/// What our catalogue has for an Amazon SKU.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ours {
    /// Whether there is the product that it belongs to: the one spelt alike, or an alias's.
    pub(super) product: bool,
    /// A product of ours that is spelt almost alike, if none is spelt alike.
    pub(super) other_spelling: Option<Sku>,
    /// That product was deleted so that its listings go to zero.
    pub(super) zeroed: bool,
    /// Quantities are sent, and reports are read to see whether somebody else changes them.
    pub(super) sends: bool,
}

/// The product that a listing belongs to, whether there is one or not.
pub(super) fn product_of(amazon_sku: &AmazonSku, known: Option<&Listing>) -> Sku {
    known
        .filter(|listing| listing.alias)
        .and_then(|listing| listing.product.clone())
        .unwrap_or_else(|| amazon_sku.as_product())
}

/// A listing that Amazon has, as it is to be kept.
pub(super) fn on_amazon(
    connection: &Connection,
    amazon_sku: &AmazonSku,
    known: Option<&Listing>,
    seen: &Seen,
    ours: &Ours,
) -> Listing {
    let mut listing = known
        .cloned()
        .unwrap_or_else(|| Listing::new(connection, amazon_sku.clone(), ListingState::UnknownHere));
    let came = known.is_none_or(|known| known.state != ListingState::Matched);
    let other = ours.other_spelling.clone().filter(|_| !listing.alias);
    let product = ours.product || ours.zeroed && !came && ours.sends && !seen.is_zero();
    if seen.by_amazon {
        // A look of before is worth nothing once the merchant fulfils it again.
        listing.look = None;
    }
    let guarded = listing.look.as_ref().and_then(Look::guarded_state);
    listing.state = match (seen.by_amazon, product, &other) {
        (true, ..) => ListingState::FulfilledByAmazon,
        (false, ..) if guarded == Some(ListingState::FulfilledByAmazon) => {
            ListingState::FulfilledByAmazon
        }
        (false, true, _) if guarded.is_some() => ListingState::MultiLocation,
        (false, true, _) if is_closed(known, seen, ours.sends) => ListingState::ClosedElsewhere,
        (false, true, _) => ListingState::Matched,
        (false, false, Some(_)) => ListingState::CaseMismatch,
        (false, false, None) => ListingState::UnknownHere,
    };
    let ours = matches!(
        listing.state,
        ListingState::Matched | ListingState::ClosedElsewhere | ListingState::MultiLocation
    );
    if !listing.alias {
        listing.product = ours.then(|| amazon_sku.as_product());
        listing.units = 1;
    }
    listing.other_spelling = other.filter(|_| listing.state == ListingState::CaseMismatch);
    listing.marketplaces.clone_from(&seen.marketplaces);
    listing.differing = differing(known, seen).filter(|_| !seen.by_amazon);
    listing.inactive_on = inactive_on(known, seen);
    if ours && let Some(shown) = seen.telling(listing.quantity_to_compare()) {
        let same = listing.observed.as_ref().map(|observed| observed.value) == Some(shown.quantity);
        if came || !same {
            listing.observed = Some(observation(shown.quantity, shown.at));
        }
    }
    if seen.is_sold() {
        listing.reopened_at = None;
    }
    match listing.state {
        ListingState::ClosedElsewhere => close(&mut listing, seen),
        _ => listing.closed = None,
    }
    listing
}

/// Whether somebody else closed a listing of ours at Amazon, by its status or a zero, as far as can be said without what
/// was sold: a zero after what we sent is judged by that, see [`super::pending::has_drifted`].
fn is_closed(known: Option<&Listing>, seen: &Seen, sends: bool) -> bool {
    let inactive = !seen.open;
    let Some(known) = known else {
        return inactive || seen.is_zero();
    };
    if known.state == ListingState::ClosedElsewhere {
        return !seen.is_sold();
    }
    // What people make of a listing while it is held is no news.
    if known.reopened_at.is_some() || known.hold.is_some() {
        return false;
    }
    match &known.sent {
        // Ours: nobody can buy what shows zero.
        Some(_) if seen.is_zero() => false,
        Some(sent) => inactive && sent.at < report_shows_from(seen.at),
        None if known.state == ListingState::Matched && sends => inactive && !seen.is_zero(),
        None => inactive || seen.is_zero(),
    }
}

/// Notes that somebody else closed a listing, by what its report shows.
pub(super) fn close(listing: &mut Listing, seen: &Seen) {
    listing.state = ListingState::ClosedElsewhere;
    listing.reopened_at = None;
    let quantity = seen.telling(None).map(|shown| shown.quantity);
    listing.closed.get_or_insert(Closed {
        at: seen.at,
        quantity,
        inactive: !seen.open,
    });
}

/// Where somebody else ended its offer; of marketplaces whose report is missing, as it is known.
fn inactive_on(known: Option<&Listing>, seen: &Seen) -> BTreeSet<Marketplace> {
    let is_shown = |on: &Marketplace| seen.shown.iter().any(|it| it.marketplace == *on);
    let kept = known.iter().flat_map(|it| &it.inactive_on);
    let kept = kept.filter(|on| !is_shown(on) && seen.marketplaces.contains(on));
    kept.chain(&seen.inactive_on).copied().collect()
}

/// The quantities by marketplace, if they are not the same; of marketplaces whose report is missing, those that are known.
fn differing(known: Option<&Listing>, seen: &Seen) -> Option<Differing> {
    let before = known.and_then(|known| known.differing.as_ref());
    let kept = before.iter().flat_map(|it| &it.quantities);
    let kept = kept.filter(|(marketplace, _)| seen.marketplaces.contains(marketplace));
    let mut quantities: BTreeMap<Marketplace, u32> = kept.map(|(it, of)| (*it, *of)).collect();
    quantities.extend(seen.shown.iter().map(|it| (it.marketplace, it.quantity)));
    let mut all = quantities.values();
    let first = all.next()?;
    let differ = all.any(|it| it != first);
    let since = before.map_or(seen.at, |before| before.since);
    differ.then_some(Differing { since, quantities })
}

/// What a report shows of a quantity.
pub(super) fn observation(quantity: u32, at: Timestamp) -> Observed<u32> {
    Observed {
        value: quantity,
        at,
    }
}

/// A listing that Amazon has no more, as it is to be kept; `None` if our catalogue has not got it either and nobody holds it.
/// `product`: whether a product is spelt alike.
pub(super) fn off_amazon(known: &Listing, product: bool) -> Option<Listing> {
    if !known.alias && !product && known.hold.is_none() {
        return None;
    }
    let mut listing = known.clone();
    listing.state = ListingState::NotOnAmazon;
    listing.marketplaces.clear();
    listing.other_spelling = None;
    listing.differing = None;
    listing.closed = None;
    listing.reopened_at = None;
    listing.inactive_on.clear();
    listing.look = None;
    if !listing.alias {
        listing.product = None;
        listing.units = 1;
    }
    Some(listing)
}

/// A product that Amazon does not list, as a listing.
pub(super) fn never_on_amazon(connection: &Connection, amazon_sku: AmazonSku) -> Listing {
    Listing::new(connection, amazon_sku, ListingState::NotOnAmazon)
}

#[cfg(test)]
mod tests;
