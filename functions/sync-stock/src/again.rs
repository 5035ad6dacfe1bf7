//! What to do with an entry whose listing could not be claimed as it says: decided from the listing as it is. Pure.

use jiff::Timestamp;
use stallkeeper::domain::feed::SentBy;
use stallkeeper::domain::listing::{Listing, ListingState, Offer, Sent};

/// What is to be claimed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Try<V> {
    pub(crate) value: V,
    /// Of what is wanted.
    pub(crate) label: u64,
    /// How often something was sent before.
    pub(crate) sends: u64,
}

/// A listing or an offer as it is.
#[derive(Debug)]
pub(crate) struct Seen<V> {
    sendable: bool,
    wanted: Option<(V, u64, Option<Timestamp>)>,
    pub(crate) sent: Option<Sent<V>>,
    sends: u64,
}

impl From<Listing> for Seen<u32> {
    fn from(listing: Listing) -> Self {
        let quantity = listing.wanted_quantity();
        let wanted = listing.wanted.as_ref();
        Self {
            sendable: listing.state == ListingState::Matched,
            wanted: wanted.and_then(|it| Some((quantity?, it.label, it.level_at))),
            sent: listing.sent,
            sends: listing.sends,
        }
    }
}

impl From<Offer> for Seen<rust_decimal::Decimal> {
    fn from(offer: Offer) -> Self {
        let wanted = offer.wanted.as_ref();
        Self {
            sendable: true,
            wanted: wanted.and_then(|it| Some((it.amount?, it.label, None))),
            sent: offer.sent,
            sends: offer.sends,
        }
    }
}

/// What follows from a listing that could not be claimed.
#[derive(Debug, PartialEq)]
pub(crate) enum Again<V> {
    /// This is to be claimed instead.
    Claim(Try<V>),
    /// The feed at hand has it already, with this.
    Ours(Try<V>),
    /// Something was sent since the entry was made. Where that was for this very entry, it may never have arrived, and
    /// whoever wrote what is wanted now took it for arrived: this is to be claimed instead. Else the entry says nothing.
    Unfinished(Try<V>),
    /// The entry says nothing any more.
    Drop,
    /// It waits.
    Leave,
}

/// `label`, `sends`: of the entry. `by`: who claims. `known`: whether all orders up to a measurement are known.
pub(crate) fn again<V: Copy>(
    (label, sends): (u64, u64),
    by: &SentBy,
    seen: Option<Seen<V>>,
    known: impl Fn(Option<Timestamp>) -> bool,
) -> Again<V> {
    let Some(seen) = seen.filter(|seen| seen.sendable) else {
        return Again::Drop;
    };
    if let (SentBy::Feed(_), Some(sent)) = (by, &seen.sent)
        && sent.by == *by
    {
        // Whatever is wanted since has an entry of its own, and counts on this one being in the feed.
        return Again::Ours(Try {
            value: sent.value,
            label: sent.label,
            sends: seen.sends.saturating_sub(1),
        });
    }
    let Some((value, wanted, level_at)) = seen.wanted else {
        return Again::Drop;
    };
    let now = Try {
        value,
        label: wanted,
        sends: seen.sends,
    };
    if wanted > label {
        // Whoever wrote what is wanted now puts an entry for it, or found that there is nothing to send.
        return match seen.sends == sends {
            true => Again::Drop,
            false => Again::Unfinished(now),
        };
    }
    // The label is less where the listing was tied to another product: this entry keeps out the one for it.
    if wanted < label && !known(level_at) {
        return Again::Leave;
    }
    Again::Claim(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(wanted: u64, sends: u64, by: Option<SentBy>) -> Option<Seen<u32>> {
        Some(Seen {
            sendable: true,
            wanted: Some((9, wanted, Some(Timestamp::UNIX_EPOCH))),
            sent: by.map(|by| Sent {
                value: 7,
                label: 4,
                at: Timestamp::UNIX_EPOCH,
                by,
            }),
            sends,
        })
    }

    fn feed(id: &str) -> SentBy {
        SentBy::Feed(id.parse().unwrap())
    }

    #[test]
    fn what_another_run_left_undone_is_done_again() {
        let again = again(
            (4, 3),
            &SentBy::Patch,
            seen(4, 3, Some(SentBy::Patch)),
            |_| true,
        );
        let expected = Try {
            value: 9,
            label: 4,
            sends: 3,
        };
        assert_eq!(again, Again::Claim(expected));
    }

    #[test]
    fn a_feed_that_is_resumed_keeps_what_it_claimed_even_where_something_else_is_wanted_since() {
        let ours = again((4, 3), &feed("F"), seen(5, 3, Some(feed("F"))), |_| true);
        let expected = Try {
            value: 7,
            label: 4,
            sends: 2,
        };
        assert_eq!(ours, Again::Ours(expected));
        let other = again((4, 3), &feed("G"), seen(5, 3, Some(feed("F"))), |_| true);
        assert_eq!(other, Again::Drop);
    }

    #[test]
    fn what_was_sent_for_the_entry_itself_and_may_not_have_arrived_is_not_dropped() {
        let newer = |sends| again((4, sends), &SentBy::Patch, seen(5, 3, None), |_| false);
        assert_eq!(newer(3), Again::Drop, "nothing was sent since");
        let now = Try {
            value: 9,
            label: 5,
            sends: 3,
        };
        assert_eq!(newer(2), Again::Unfinished(now));
    }

    #[test]
    fn a_listing_that_is_gone_or_not_matched_any_more_is_sent_nothing() {
        assert_eq!(
            again::<u32>((4, 3), &SentBy::Patch, None, |_| true),
            Again::Drop
        );
        let unmatched = seen(4, 0, None).map(|seen| Seen {
            sendable: false,
            ..seen
        });
        assert_eq!(
            again((4, 3), &SentBy::Patch, unmatched, |_| true),
            Again::Drop
        );
    }

    #[test]
    fn a_listing_tied_to_another_product_is_sent_what_that_one_has_once_its_orders_are_known() {
        let tied = |known| again((40, 3), &SentBy::Patch, seen(4, 3, None), move |_| known);
        assert_eq!(tied(false), Again::Leave);
        assert!(matches!(tied(true), Again::Claim(Try { label: 4, .. })));
    }
}
