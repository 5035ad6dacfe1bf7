//! The shipping term of an order, and when it is settled.

use super::Reading;
use super::merge::Merged;
use stallkeeper::domain::order::{AmazonStatus, OrderPart, StoredOrder};
use stallkeeper::domain::shipping_term::{Facts, ShippingTerm, derive};

pub(super) struct Term {
    pub(super) term: Option<ShippingTerm>,
    pub(super) derivation: Vec<String>,
    /// It never changes any more.
    pub(super) is_settled: bool,
}

impl Term {
    fn none(why: &str) -> Self {
        Self {
            term: None,
            derivation: vec![why.to_owned()],
            is_settled: false,
        }
    }
}

/// The term of a stored order, once settled, never changes: from when it is payable, with its level and postcode known.
pub(super) fn term(reading: &Reading, merged: &Merged, stored: Option<&StoredOrder>) -> Term {
    let order = &merged.order;
    let takes_address = merged.taken.contains(&OrderPart::Address);
    if let Some(before) = stored.map(|stored| &stored.decision)
        && before.term.is_some()
        && (before.term_settled || !takes_address)
    {
        return Term {
            term: before.term.clone(),
            derivation: before.derivation.clone(),
            is_settled: before.term_settled,
        };
    }
    let status_unknown = !reading.parts().contains(&OrderPart::Fulfilment);
    if order.service_level.is_none() && status_unknown {
        return Term::none("Amazon does not report the service level yet");
    }
    let Some(marketplace) = order.marketplace() else {
        return Term::none("the marketplace is not one that we know");
    };
    let postcode = reading.buyer.postcode();
    let derived = derive(&Facts {
        marketplace,
        service_level: order.service_level.as_deref(),
        country: order.country.as_deref(),
        postcode,
        programs: &order.programs,
        zones: &[],
    });
    let is_payable = !matches!(
        order.amazon_status,
        None | Some(AmazonStatus::PendingAvailability | AmazonStatus::Pending)
    );
    Term {
        is_settled: is_payable
            && order.service_level.is_some()
            && postcode.is_some()
            && takes_address,
        term: derived.term.ok(),
        derivation: derived.explanation,
    }
}
