//! What Amazon shows now, as far as it can be known without asking: the value last sent, less what sold since.
//!
//! Amazon lowers its own number when it sells, and never reports when exactly a value is applied. So the live
//! quantity is a range: orders that may have come before or after the value was applied widen it, and so do units that
//! were cancelled, which Amazon may or may not give back. Nothing needs to be sent exactly if the range is one
//! number and that is the wanted one. In doubt the wanted number is sent again, which is absolute and does no harm.

use super::{Listing, ListingState};
use crate::domain::feed::{Feed, FeedState, SentBy};
use crate::domain::ids::FeedId;
use crate::domain::stock::{Policy, Reservation, Sale};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// How long a patch that Amazon accepted may take to be live. Page: *Listings Items API: FAQ*; an upper bound.
const PATCH_APPLIES_WITHIN: SignedDuration = SignedDuration::from_mins(5);
/// How old the numbers of Amazon's listings report may be.
const REPORT_IS_BEHIND: SignedDuration = SignedDuration::from_hours(3);
/// Clocks and the whole seconds of Amazon's moments.
const BLUR: SignedDuration = SignedDuration::from_secs(2);

/// What became of what was sent last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Patched.
    Patched,
    /// In a feed that Amazon has not finished, or that is not submitted yet.
    InFlight,
    /// In a feed that was applied by this moment.
    Applied { by: Timestamp },
    /// In a feed that came to nothing or to no end, as far as anybody knows.
    Lost,
}

impl Standing {
    /// `sent_by`: how it was sent; what was never sent counts as if it had arrived. `feed`: the feed that carried it, if
    /// one did, as it is now.
    pub fn of(sent_by: Option<&SentBy>, feed: Option<&Feed>) -> Self {
        if sent_by.and_then(SentBy::feed).is_none() {
            return Self::Patched;
        }
        match feed.map(|feed| (feed.state, feed.applied_at)) {
            Some((state, _)) if state.is_in_flight() => Self::InFlight,
            Some((FeedState::Settled, Some(by))) => Self::Applied { by },
            _ => Self::Lost,
        }
    }

    /// Whether it was applied before `moment`, as far as a feed reports that; of a patch only its sending is known.
    pub fn is_applied_before(self, moment: Timestamp) -> bool {
        match self {
            Self::Applied { by } => by < moment,
            Self::Patched => true,
            Self::InFlight | Self::Lost => false,
        }
    }
}

/// The earliest moment that a report which Amazon made at `at` may show: whatever was sent or sold before is in it.
pub fn report_shows_from(at: Timestamp) -> Timestamp {
    minus(at, REPORT_IS_BEHIND)
}

/// The quantity that Amazon shows, from at least to at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Live {
    pub lowest: u32,
    pub highest: u32,
}

impl Live {
    pub fn is_exactly(self, quantity: u32) -> bool {
        self.lowest == quantity && self.highest == quantity
    }
}

/// A value and when it came to be: at or after `from`, and certainly by `until`.
struct Baseline {
    quantity: u32,
    from: Timestamp,
    until: Option<Timestamp>,
}

impl Listing {
    fn baseline(&self, standing: Standing) -> Option<Baseline> {
        let from = self.sales_count_from()?;
        let Some(sent) = &self.sent else {
            let seen = self.observed.as_ref()?;
            return Some(Baseline {
                quantity: seen.value,
                from,
                until: Some(seen.at),
            });
        };
        let refused = self.refused.as_ref();
        if refused.is_some_and(|refused| refused.by == sent.by && refused.at >= sent.at) {
            return None;
        }
        let until = match standing {
            Standing::Patched => Some(plus(sent.at, PATCH_APPLIES_WITHIN)),
            Standing::Applied { by } => Some(plus(by, BLUR)),
            Standing::InFlight => None,
            Standing::Lost => return None,
        };
        Some(Baseline {
            quantity: sent.value,
            from,
            until,
        })
    }

    /// The moment from which on sales count against what Amazon shows: what was sent last, or else what its report
    /// showed, already reflects older ones. `None`: nothing is known.
    pub fn sales_count_from(&self) -> Option<Timestamp> {
        match (&self.sent, &self.observed) {
            (Some(sent), _) => Some(minus(sent.at, BLUR)),
            (None, Some(observed)) => Some(report_shows_from(observed.at)),
            (None, None) => None,
        }
    }

    /// What orders took off its number.
    pub fn sales(&self, reservations: &[Reservation]) -> Vec<Sale> {
        let its = reservations.iter().filter(|it| it.is_of(self));
        its.filter_map(|reservation| reservation.sale).collect()
    }

    /// How what was sent last was sent.
    pub fn sent_by(&self) -> Option<&SentBy> {
        self.sent.as_ref().map(|sent| &sent.by)
    }

    /// The feed whose fate decides the [`Standing`] of what was sent last.
    pub fn sent_in_feed(&self) -> Option<&FeedId> {
        self.sent_by()?.feed()
    }
}

fn minus(moment: Timestamp, span: SignedDuration) -> Timestamp {
    moment.saturating_sub(span).unwrap_or(Timestamp::MIN)
}

fn plus(moment: Timestamp, span: SignedDuration) -> Timestamp {
    moment.saturating_add(span).unwrap_or(Timestamp::MAX)
}

/// The quantity that Amazon shows; `None` if nothing is known of it.
pub fn live(listing: &Listing, standing: Standing, sales: &[Sale]) -> Option<Live> {
    let baseline = listing.baseline(standing)?;
    let (mut sold, mut given_back, mut possible) = (0u32, 0u32, 0u32);
    for sale in sales {
        let most = sale.most.max(sale.units);
        if baseline.until.is_some_and(|until| sale.ordered_at > until) {
            sold = sold.saturating_add(sale.units);
        } else if sale
            .reduced_at
            .is_some_and(|reduced| reduced >= baseline.from)
        {
            // The order was wiped by the value, its cancellation may have come after it.
            given_back = given_back.saturating_add(most - sale.units);
        }
        if sale.ordered_at >= baseline.from {
            possible = possible.saturating_add(most);
        }
    }
    Some(Live {
        lowest: baseline.quantity.saturating_sub(possible),
        highest: baseline
            .quantity
            .saturating_sub(sold)
            .saturating_add(given_back),
    })
}

/// What is to be done about a listing's quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Amazon shows what is wanted, or nothing may be sent; why.
    Nothing(&'static str),
    /// This is to be sent.
    Send {
        quantity: u32,
        /// Amazon may show more than this.
        decrease: bool,
        /// It does not wait for a round.
        urgent: bool,
        /// All is well unless an order fell between a feed's submission and its application: send it only once that
        /// feed is done.
        after: Option<FeedId>,
    },
}

/// Decides what is to be sent of a listing.
pub fn next(listing: &Listing, standing: Standing, sales: &[Sale], policy: &Policy) -> Next {
    if listing.state != ListingState::Matched {
        return Next::Nothing("it is not matched");
    }
    if listing.is_left_alone() {
        return Next::Nothing("a person holds it");
    }
    let Some(quantity) = listing.quantity_to_show() else {
        return Next::Nothing("no quantity is known");
    };
    let refused = listing.refused.as_ref();
    if refused.is_some_and(|it| it.value == quantity && it.is_final() && stands(listing, it)) {
        return Next::Nothing("Amazon refused this quantity");
    }
    if listing.asks() && listing.sent.is_none() {
        return Next::Nothing("a person must decide whether it is sold");
    }
    let Some(live) = live(listing, standing, sales) else {
        // Nothing is known of the live number: it may be higher.
        return Next::Send {
            quantity,
            decrease: true,
            urgent: policy.is_urgent(quantity),
            after: None,
        };
    };
    let is_believed = listing.released_at.is_none();
    if live.is_exactly(quantity) && is_believed {
        return Next::Nothing(match standing {
            Standing::InFlight => "it is sent, and Amazon has not confirmed it yet",
            _ => "Amazon shows it",
        });
    }
    let decrease = live.highest > quantity;
    if listing.asks() && !decrease {
        return Next::Nothing("a person must decide whether it is sold");
    }
    let urgent = decrease && policy.is_urgent(quantity);
    let may_be_right = is_believed && standing == Standing::InFlight && live.lowest == quantity;
    Next::Send {
        quantity,
        decrease,
        urgent,
        after: (may_be_right && !urgent)
            .then(|| listing.sent_in_feed().cloned())
            .flatten(),
    }
}

/// Whether a refusal is of what was sent last.
fn stands(listing: &Listing, refused: &super::Refused<u32>) -> bool {
    listing
        .sent
        .as_ref()
        .is_none_or(|sent| sent.by == refused.by && refused.at >= sent.at)
}

#[cfg(test)]
mod tests;
