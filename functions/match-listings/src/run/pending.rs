//! What is pending for a matched listing after its report was read.
//!
//! Whether what we took Amazon to show is wrong, and whether its product must be computed again. Pure, and decided from
//! what is stored alone: if a run was killed between a write and its message, the next run sends the message.

use jiff::Timestamp;
use rust_decimal::Decimal;
use stallkeeper::domain::listing::{
    Listing, Next, NextPrice, Observed, Offer, Standing, live, next, next_price, report_shows_from,
};
use stallkeeper::domain::stock::{Policy, Sale};
use stallkeeper::domain::stock_settings::Published;

/// Why a product must be computed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pending {
    /// What is wanted is known; what is to be sent must be decided.
    Send,
    /// What is wanted is not known, or not by these settings.
    Recompute,
}

/// Whether what is wanted is not known, or not by what decides about quantities since `from`.
pub(super) fn is_unwanted(listing: &Listing, from: Timestamp) -> bool {
    listing
        .wanted
        .as_ref()
        .is_none_or(|wanted| wanted.at < from)
}

/// Whether it is worth reading what was sold of a listing: a quantity is wanted, and Amazon's report or what we sent
/// last is another.
pub(super) fn is_worth_a_look(listing: &Listing, seen: Option<u32>) -> bool {
    let Some(wanted) = listing.quantity_to_compare() else {
        return false;
    };
    let sent = listing.sent.as_ref().map(|sent| sent.value);
    seen.is_some_and(|seen| seen != wanted) || sent.is_some_and(|sent| sent != wanted)
}

/// Whether a listing fell to zero that showed or was sent more: whoever did it, it matters.
pub(super) fn fell_to_zero(known: &Listing, seen: Option<u32>) -> bool {
    let sent = known.sent.as_ref().map(|sent| sent.value);
    let before = sent.or(known.observed.as_ref().map(|observed| observed.value));
    seen == Some(0) && before.is_some_and(|before| before > 0)
}

/// Whether Amazon's report of `at` shows what neither our sending nor sales explain: somebody else changed it.
///
/// Whatever was sent or sold shortly before the report may not be in it yet, and proves nothing.
pub(super) fn has_drifted(
    listing: &Listing,
    standing: Standing,
    sales: &[Sale],
    seen: u32,
    at: Timestamp,
) -> bool {
    let certain = report_shows_from(at);
    let applied = standing.is_applied_before(certain);
    let settled = match &listing.sent {
        Some(sent) => applied && sent.at < certain,
        None => listing
            .observed
            .as_ref()
            .is_some_and(|observed| observed.at < certain),
    };
    let sold_lately = sales
        .iter()
        .any(|sale| sale.ordered_at >= certain && sale.ordered_at <= at);
    if !settled || sold_lately {
        return false;
    }
    let before: Vec<Sale> = sales
        .iter()
        .filter(|sale| sale.ordered_at < certain)
        .copied()
        .collect();
    live(listing, standing, &before).is_some_and(|live| seen < live.lowest || seen > live.highest)
}

/// Whether something is to be sent of a listing.
pub(super) fn is_to_be_sent(
    listing: &Listing,
    standing: Standing,
    sales: &[Sale],
    policy: &Policy,
) -> bool {
    matches!(next(listing, standing, sales, policy), Next::Send { .. })
}

/// What a report shows of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PriceNews {
    None,
    /// Another one than the report before.
    Changed,
    /// Not the one that we sent, long after it was applied: somebody else changed it.
    Drifted,
}

/// What Amazon's report of `at` shows of a price.
pub(super) fn price_news(
    offer: Option<&Offer>,
    price: Decimal,
    at: Timestamp,
    standing: Standing,
) -> PriceNews {
    let certain = report_shows_from(at);
    let applied = standing.is_applied_before(certain);
    let sent = offer.and_then(|offer| offer.sent.as_ref());
    let refused = offer.is_some_and(|offer| offer.refused.is_some());
    let shown = offer
        .and_then(|offer| offer.observed.as_ref())
        .map(|observed| observed.value);
    if sent.is_some_and(|sent| applied && !refused && sent.at < certain && sent.value != price) {
        PriceNews::Drifted
    } else if shown == Some(price) {
        PriceNews::None
    } else {
        PriceNews::Changed
    }
}

/// What is pending for a price on a marketplace where we decide them. `offer`: as it was before the report.
pub(super) fn pending_price(
    offer: Option<Offer>,
    price: Decimal,
    at: Timestamp,
    news: PriceNews,
    standing: Standing,
    published: &Published,
) -> Option<Pending> {
    let Some(mut offer) = offer.filter(|offer| offer.wanted.is_some()) else {
        return Some(Pending::Recompute);
    };
    if published.shadow {
        return None;
    }
    if news == PriceNews::Drifted {
        offer.sent = None;
        offer.refused = None;
    }
    offer.observed = Some(Observed { value: price, at });
    let percent = published.settings.brakes.price_percent;
    matches!(next_price(&offer, standing, percent), NextPrice::Send(_)).then_some(Pending::Send)
}

#[cfg(test)]
mod tests;
