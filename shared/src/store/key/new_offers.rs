//! Keys of offers that are to be made, and of those that go on by themselves.

use super::{Key, connection_pk, encoded, sku_of, sortable};
use crate::domain::ids::{Asin, ConnectionKey, Sku};
use crate::domain::marketplace::Marketplace;
use crate::domain::new_offer::{NewOffer, OfferQueue};

pub(crate) const NEW_OFFER: &str = "NEW_OFFER#";
/// Until when an offer waits.
pub(crate) const DUE: &str = "DUE#";
/// Since when an offer waits for its turn.
pub(crate) const TURN: &str = "TURN#";

impl Key {
    pub(crate) fn new_offer(connection: &ConnectionKey, sku: &Sku) -> Self {
        let sk = format!("{NEW_OFFER}{}", encoded(sku.as_str()));
        Self::new(new_offers_pk(connection), sk)
    }

    /// Says which SKU offers an item of Amazon's catalogue on a marketplace.
    pub(crate) fn offered_item(
        connection: &ConnectionKey,
        marketplace: Marketplace,
        asin: &Asin,
    ) -> Self {
        let sk = format!("OFFER_ASIN#{}#{}", marketplace.country(), asin.as_str());
        Self::new(new_offers_pk(connection), sk)
    }

    /// Says that an offer goes on by itself, and when.
    pub(crate) fn offer_mark(offer: &NewOffer) -> Option<Self> {
        let (of, moment) = match offer.queue()? {
            OfferQueue::Due(due) => (DUE, due),
            OfferQueue::Turn(since) => (TURN, since),
        };
        let sku = encoded(offer.sku.as_str());
        let sk = format!("{of}{}#{sku}", sortable(moment));
        Some(Self::new(offer_queue_pk(&offer.connection_key()), sk))
    }

    pub(crate) fn offer_settings(connection: &ConnectionKey) -> Self {
        Self::new(connection_pk(connection), "OFFER_SETTINGS")
    }
}

pub(crate) fn new_offers_pk(connection: &ConnectionKey) -> String {
    format!("NEW_OFFERS#{}", of(connection))
}

pub(crate) fn offer_queue_pk(connection: &ConnectionKey) -> String {
    format!("NEW_OFFERS_QUEUE#{}", of(connection))
}

fn of(connection: &ConnectionKey) -> String {
    format!(
        "{}#{}",
        encoded(connection.tenant.as_str()),
        encoded(connection.id.as_str())
    )
}

/// The moment and the SKU that the sort key of a mark names.
pub(crate) fn marked_of(sk: &str) -> Option<(&str, Sku)> {
    let (_, rest) = sk.split_once('#')?;
    let (moment, sku) = rest.split_once('#')?;
    Some((moment, sku_of(sku)?))
}
