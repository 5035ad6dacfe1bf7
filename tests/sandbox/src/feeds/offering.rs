//! Owns what a message of a `JSON_LISTINGS_FEED` means that makes an offer: operation type `UPDATE` with the requirements
//! `LISTING_OFFER_ONLY` (page "Submit a feed").

use serde_json::{Value, json};

use super::processing::Task;
use crate::{
    catalog::{Item, REQUIRED},
    listings::{self, Edit, Issue, Listing},
    marketplaces,
    world::Seller,
};

/// An offer that breaks no rule.
pub(super) struct NewOffer {
    listing: Listing,
    edits: Vec<Edit>,
}

/// Whether a message makes or replaces a listing.
pub(super) fn is_update(message: &Value) -> bool {
    message["operationType"] == "UPDATE"
}

/// What the message makes, or the first thing wrong with it.
pub(super) fn read(task: &Task<'_>, seller: &Seller, message: &Value) -> Result<NewOffer, Issue> {
    let violated = |message: &str| {
        Err(Issue {
            violates: true,
            ..Issue::new("4002008", message.to_owned(), None)
        })
    };
    let sku = message["sku"].as_str().unwrap_or_default();
    if sku.is_empty() || sku.chars().count() > 40 {
        return violated("A SKU has from 1 to 40 characters.");
    }
    if message["requirements"] != "LISTING_OFFER_ONLY" || message["productType"] != "PRODUCT" {
        return violated("The sandbox makes sales terms of the product type PRODUCT alone.");
    }
    let Value::Object(attributes) = &message["attributes"] else {
        return violated("An UPDATE has attributes.");
    };
    if seller.listings.get(sku).is_some() {
        // A page on it says that all that is left out is removed: nobody means that with an offer.
        return violated("The UPDATE replaces a listing that exists.");
    }
    if let Some(issue) = listings::remark(seller, sku).filter(Issue::is_error) {
        return Err(issue);
    }
    if let Some(lacking) = REQUIRED
        .iter()
        .find(|name| !attributes.contains_key(**name))
    {
        let message = format!("'{lacking}' is required but not supplied.");
        return Err(Issue::new("90220", message, Some(lacking)));
    }
    let item = item(task, seller, &message["attributes"])?;
    let patches: Vec<Value> = attributes
        .iter()
        .map(|(name, value)| json!({ "op": "replace", "path": format!("/attributes/{name}"), "value": value }))
        .collect();
    let edits = listings::read_edits(&patches, None, task.marketplace)?;
    let mut listing = Listing::new(
        item.asin.as_str().into(),
        item.title.as_str().into(),
        task.submission.at,
    );
    listing.product_type = item.product_type.as_str().into();
    if let Some(marketplace) = marketplaces::of(task.marketplace) {
        listing.put_offer(marketplace, None);
    }
    Ok(NewOffer { listing, edits })
}

/// The item that is offered, if the seller may offer it.
fn item<'a>(task: &Task<'a>, seller: &Seller, attributes: &Value) -> Result<&'a Item, Issue> {
    let asin = attributes["merchant_suggested_asin"][0]["value"]
        .as_str()
        .unwrap_or_default();
    let Some(item) = task.catalogue.get(asin, task.marketplace) else {
        let message = format!("The ASIN '{asin}' does not exist in the marketplace.");
        return Err(Issue::new("8560", message, Some("merchant_suggested_asin")));
    };
    if seller.restrictions.contains_key(asin) {
        let message = "You are not authorized to list this item.".to_owned();
        return Err(Issue::new("5886", message, None));
    }
    let template = attributes["merchant_shipping_group"][0]["value"].as_str();
    if template.is_some_and(|key| !seller.terms.templates.contains_key(key)) {
        let message = "The shipping template does not exist.".to_owned();
        return Err(Issue::new(
            "90244",
            message,
            Some("merchant_shipping_group"),
        ));
    }
    Ok(item)
}

/// Puts the listing in.
pub(super) fn make(task: &Task<'_>, seller: &mut Seller, sku: &str, offer: NewOffer) {
    seller.listings.put(sku, offer.listing);
    seller.listings.apply(sku, &offer.edits, &task.submission);
}
