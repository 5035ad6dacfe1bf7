//! What to do with an entry whose listing could not be claimed as it says: decided from the listing as it is. Pure.

use jiff::Timestamp;
use rust_decimal::Decimal;
use stallkeeper::domain::feed::SentBy;
use stallkeeper::domain::listing::{Listing, ListingState, Offer, Sent};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::price::SentLimits;

/// What is to be claimed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Claim<V> {
    pub(crate) value: V,
    /// Of what is wanted.
    pub(crate) generation: u64,
    /// How often something was sent before.
    pub(crate) send_count: u64,
}

/// A listing or an offer as it is.
#[derive(Debug)]
pub(crate) struct Current<V> {
    sendable: bool,
    wanted: Option<(V, u64, Option<Timestamp>)>,
    pub(crate) sent: Option<Sent<V>>,
    send_count: u64,
}

impl From<Listing> for Current<u32> {
    fn from(listing: Listing) -> Self {
        let quantity = listing.quantity_to_show();
        let wanted = listing.wanted.as_ref();
        Self {
            sendable: listing.state == ListingState::Matched && !listing.is_left_alone(),
            wanted: wanted.and_then(|it| Some((quantity?, it.generation, it.level_at))),
            sent: listing.sent,
            send_count: listing.send_count,
        }
    }
}

/// A price with the limits that go with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LimitedPrice {
    pub(crate) amount: Decimal,
    pub(crate) limits: SentLimits,
}

impl LimitedPrice {
    /// With the limits that are to go with it now.
    pub(crate) fn of(offer: &Offer, amount: Decimal) -> Self {
        let limits = offer.limits_with(amount);
        Self { amount, limits }
    }
}

impl Current<LimitedPrice> {
    /// `price_percent`: the brake. A price that is held is none that is wanted.
    pub(crate) fn price(offer: Offer, price_percent: u8) -> Self {
        let wanted = offer.wanted.as_ref();
        let wanted = wanted.filter(|_| offer.passes_brake(price_percent));
        let priced = |amount| LimitedPrice::of(&offer, amount);
        Self {
            sendable: true,
            wanted: wanted.and_then(|it| Some((priced(it.amount?), it.generation, None))),
            sent: offer.sent.map(|sent| {
                let amount = sent.value;
                let limits = offer.sent_limits.beside(amount);
                sent.with(LimitedPrice { amount, limits })
            }),
            send_count: offer.send_count,
        }
    }
}

impl Current<bool> {
    /// Whether a listing's offer on a marketplace is ended.
    pub(crate) fn end(listing: &Listing, marketplace: Marketplace) -> Self {
        let end = listing.end(marketplace);
        let ended = listing.end_is_wanted(marketplace);
        let wanted = listing.wanted.as_ref();
        Self {
            sendable: listing.is_sent_ends(),
            wanted: wanted.map(|it| (ended, it.generation, None)),
            sent: end.sent,
            send_count: end.send_count,
        }
    }
}

/// What follows from a listing that could not be claimed.
#[derive(Debug, PartialEq)]
pub(crate) enum RetryDecision<V> {
    /// This is to be claimed instead.
    Claim(Claim<V>),
    /// The feed at hand has it already, with this.
    Ours(Claim<V>),
    /// Something was sent since the entry was made. If it was for this very entry, it may never have arrived, though the
    /// run that wrote what is wanted now took it for arrived: this is to be claimed instead. Else the entry is void.
    Unfinished(Claim<V>),
    /// The entry is void.
    Drop,
    /// It waits.
    Leave,
}

/// `generation`, `send_count`: of the entry. `by`: who claims. `known`: whether all orders up to a measurement are known.
pub(crate) fn retry_decision<V: Copy>(
    (generation, send_count): (u64, u64),
    by: &SentBy,
    current: Option<Current<V>>,
    known: impl Fn(Option<Timestamp>) -> bool,
) -> RetryDecision<V> {
    let Some(current) = current.filter(|current| current.sendable) else {
        return RetryDecision::Drop;
    };
    if let (SentBy::Feed(_), Some(sent)) = (by, &current.sent)
        && sent.by == *by
    {
        // Whatever is wanted since has an entry of its own, and counts on this one being in the feed.
        return RetryDecision::Ours(Claim {
            value: sent.value,
            generation: sent.generation,
            send_count: current.send_count.saturating_sub(1),
        });
    }
    let Some((value, wanted, level_at)) = current.wanted else {
        return RetryDecision::Drop;
    };
    let now = Claim {
        value,
        generation: wanted,
        send_count: current.send_count,
    };
    if wanted > generation {
        // The run that wrote what is wanted now puts an entry for it, or found that there is nothing to send.
        return match current.send_count == send_count {
            true => RetryDecision::Drop,
            false => RetryDecision::Unfinished(now),
        };
    }
    // The generation is less if the listing was tied to another product: this entry keeps out the one for it.
    if wanted < generation && !known(level_at) {
        return RetryDecision::Leave;
    }
    RetryDecision::Claim(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn current(wanted: u64, send_count: u64, by: Option<SentBy>) -> Option<Current<u32>> {
        Some(Current {
            sendable: true,
            wanted: Some((9, wanted, Some(Timestamp::UNIX_EPOCH))),
            sent: by.map(|by| Sent {
                value: 7,
                generation: 4,
                at: Timestamp::UNIX_EPOCH,
                by,
            }),
            send_count,
        })
    }

    fn feed(id: &str) -> SentBy {
        SentBy::Feed(id.parse().unwrap())
    }

    #[test]
    fn what_another_run_left_undone_is_done_again() {
        let decision = retry_decision(
            (4, 3),
            &SentBy::Patch,
            current(4, 3, Some(SentBy::Patch)),
            |_| true,
        );
        let expected = Claim {
            value: 9,
            generation: 4,
            send_count: 3,
        };
        assert_eq!(decision, RetryDecision::Claim(expected));
    }

    #[test]
    fn a_feed_that_is_resumed_keeps_what_it_claimed_even_if_something_else_is_wanted_since() {
        let ours = retry_decision((4, 3), &feed("F"), current(5, 3, Some(feed("F"))), |_| true);
        let expected = Claim {
            value: 7,
            generation: 4,
            send_count: 2,
        };
        assert_eq!(ours, RetryDecision::Ours(expected));
        let other = retry_decision((4, 3), &feed("G"), current(5, 3, Some(feed("F"))), |_| true);
        assert_eq!(other, RetryDecision::Drop);
    }

    #[test]
    fn what_was_sent_for_the_entry_itself_and_may_not_have_arrived_is_not_dropped() {
        let newer = |send_count| {
            retry_decision((4, send_count), &SentBy::Patch, current(5, 3, None), |_| {
                false
            })
        };
        assert_eq!(newer(3), RetryDecision::Drop, "nothing was sent since");
        let now = Claim {
            value: 9,
            generation: 5,
            send_count: 3,
        };
        assert_eq!(newer(2), RetryDecision::Unfinished(now));
    }

    #[test]
    fn a_listing_that_is_gone_or_not_matched_any_more_is_sent_nothing() {
        assert_eq!(
            retry_decision::<u32>((4, 3), &SentBy::Patch, None, |_| true),
            RetryDecision::Drop
        );
        let unmatched = current(4, 0, None).map(|current| Current {
            sendable: false,
            ..current
        });
        assert_eq!(
            retry_decision((4, 3), &SentBy::Patch, unmatched, |_| true),
            RetryDecision::Drop
        );
    }

    #[test]
    fn a_listing_tied_to_another_product_is_sent_what_that_one_has_once_its_orders_are_known() {
        let tied =
            |known| retry_decision((40, 3), &SentBy::Patch, current(4, 3, None), move |_| known);
        assert_eq!(tied(false), RetryDecision::Leave);
        assert!(matches!(
            tied(true),
            RetryDecision::Claim(Claim { generation: 4, .. })
        ));
    }
}
