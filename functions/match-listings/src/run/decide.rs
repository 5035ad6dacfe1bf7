//! The state of a listing, by what Amazon's reports show of it and what our catalogue has. Pure.
//!
//! A listing is tied to a product only while it is matched, or if a person tied it: so a listing that becomes matched had
//! nothing wanted before, and it is computed then.

use jiff::Timestamp;
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::{AmazonSku, Sku};
use stallkeeper::domain::listing::{Listing, ListingState, Observed};
use stallkeeper::domain::marketplace::Marketplace;

/// What Amazon's reports show of an Amazon SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// Where it is listed, sorted.
    pub(super) marketplaces: Vec<Marketplace>,
    /// Amazon keeps its stock, on one of the marketplaces at least.
    pub(super) by_amazon: bool,
    /// The live quantity, at most a few hours old.
    pub(super) quantity: Option<u32>,
    /// When Amazon made the report.
    pub(super) at: Timestamp,
}

/// What our catalogue has for an Amazon SKU.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ours {
    /// Whether there is the product that it belongs to: the one spelt alike, or an alias's.
    pub(super) product: bool,
    /// A product of ours that is spelt almost alike, if none is spelt alike.
    pub(super) other_spelling: Option<Sku>,
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
    listing.state = match (seen.by_amazon, ours.product, &other) {
        (true, ..) => ListingState::FulfilledByAmazon,
        (false, true, _) => ListingState::Matched,
        (false, false, Some(_)) => ListingState::CaseMismatch,
        (false, false, None) => ListingState::UnknownHere,
    };
    let matched = listing.state == ListingState::Matched;
    if !listing.alias {
        listing.product = matched.then(|| amazon_sku.as_product());
        listing.units = 1;
    }
    listing.other_spelling = other.filter(|_| listing.state == ListingState::CaseMismatch);
    listing.marketplaces.clone_from(&seen.marketplaces);
    if matched && let Some(quantity) = seen.quantity {
        let same = listing.observed.as_ref().map(|observed| observed.value) == Some(quantity);
        if came || !same {
            listing.observed = Some(observation(quantity, seen.at));
        }
    }
    listing
}

/// What a report shows of a quantity.
pub(super) fn observation(quantity: u32, at: Timestamp) -> Observed<u32> {
    Observed {
        value: quantity,
        at,
    }
}

/// A listing that Amazon has no more, as it is to be kept; `None` if our catalogue has not got it either. `product`: whether a product
/// is spelt alike.
pub(super) fn off_amazon(known: &Listing, product: bool) -> Option<Listing> {
    if !known.alias && !product {
        return None;
    }
    let mut listing = known.clone();
    listing.state = ListingState::NotOnAmazon;
    listing.marketplaces.clear();
    listing.other_spelling = None;
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
