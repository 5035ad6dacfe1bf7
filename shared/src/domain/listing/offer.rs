//! The price of a listing on one marketplace.

use super::{Observed, Refused, Sent, Standing};
use crate::domain::feed::SentBy;
use crate::domain::ids::{AmazonSku, ConnectionId, ConnectionKey, ListingKey, OfferKey, TenantId};
use crate::domain::marketplace::Marketplace;
use crate::domain::price::{PriceLimits, SentLimits, moves_by_more};
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The price that an offer is to have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedPrice {
    /// In the marketplace's currency, as buyers see it there: with tax, except in the US and Canada. `None`: none is known, and
    /// none is sent.
    pub amount: Option<Decimal>,
    pub why: String,
    /// The price rule that decided, by its name or else its condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// As far as rules say; Amazon is sent them with the price.
    #[serde(default, skip_serializing_if = "PriceLimits::are_open")]
    pub limits: PriceLimits,
    /// A price that Amazon shows is left, if it would move by no more than this share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reprice_past_percent: Option<Decimal>,
    pub generation: u64,
    pub at: Timestamp,
}

impl WantedPrice {
    /// Whether it says the same as another, whenever either was computed: that the same rate is of a later day makes no other
    /// price.
    pub fn is_same(&self, other: &Self) -> bool {
        let timeless = |it: &Self| Self {
            why: undated(&it.why),
            generation: 0,
            at: Timestamp::UNIX_EPOCH,
            ..it.clone()
        };
        timeless(self) == timeless(other)
    }

    /// Whether Amazon may go on showing a price with these limits, since neither would move by more than a little.
    fn leaves(&self, shown: Decimal, wanted: Decimal, limits: SentLimits) -> bool {
        let Some(percent) = self.reprice_past_percent else {
            return false;
        };
        let moves = moves_by_more(shown, wanted, percent)
            || limits.move_by_more(limits.next(self.limits), percent);
        self.limits.allow(shown) && !moves
    }
}

/// A listing's price on one marketplace, as we keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub tenant: TenantId,
    pub connection: ConnectionId,
    pub amazon_sku: AmazonSku,
    pub marketplace: Marketplace,
    pub wanted: Option<WantedPrice>,
    pub sent: Option<Sent<Decimal>>,
    /// What was ever sent of its limits. Kept beside `sent`, which is forgotten once Amazon shows another price.
    #[serde(default, skip_serializing_if = "SentLimits::are_untouched")]
    pub sent_limits: SentLimits,
    pub refused: Option<Refused<Decimal>>,
    pub observed: Option<Observed<Decimal>>,
    /// A price that moved too far is held for a person, who released it up to this generation.
    #[serde(default)]
    pub released_to: u64,
    #[serde(default)]
    pub send_count: u64,
}

impl Offer {
    pub fn key(&self) -> OfferKey {
        OfferKey {
            listing: ListingKey {
                connection: ConnectionKey::new(&self.tenant, &self.connection),
                amazon_sku: self.amazon_sku.clone(),
            },
            marketplace: self.marketplace,
        }
    }

    /// How what was sent last was sent.
    pub fn sent_by(&self) -> Option<&SentBy> {
        self.sent.as_ref().map(|sent| &sent.by)
    }

    /// The limits that go with a price: none that contradict it.
    pub fn limits_with(&self, amount: Decimal) -> SentLimits {
        let wanted = self.wanted.as_ref().map(|wanted| wanted.limits);
        let limits = self.sent_limits.next(wanted.unwrap_or_default());
        limits.beside(amount)
    }

    /// Whether Amazon may lack the limits of the wanted price, or have those of an earlier one.
    fn limits_differ(&self, amount: Decimal, standing: Standing) -> bool {
        let next = self.limits_with(amount);
        let known = self.sent.is_some() && standing != Standing::Lost;
        next != self.sent_limits || !known && !next.are_untouched()
    }

    /// Whether the wanted price may go out in the place of one that may never have arrived. That one had passed the brake;
    /// what is wanted since must pass it first, whichever of the two Amazon shows.
    pub fn passes_brake(&self, price_percent: u8) -> bool {
        let wanted = self.wanted.as_ref().and_then(|wanted| wanted.amount);
        let sent = self.sent.as_ref().map(|sent| sent.value);
        let is_held = |standing| {
            let next = next_price(self, standing, price_percent);
            matches!(next, NextPrice::Held { .. })
        };
        wanted.is_some() && sent == wanted
            || !is_held(Standing::Lost) && !is_held(Standing::Patched)
    }

    /// Whether Amazon refused this price for good.
    pub fn is_refused(&self, amount: Decimal) -> bool {
        let refused = self.refused.as_ref();
        refused.is_some_and(|refused| refused.value == amount && refused.is_final())
    }

    /// Whether Amazon refused this price for good with the limits that would go with it: with others it may be taken.
    pub fn is_refused_as_wanted(&self, amount: Decimal) -> bool {
        self.is_refused(amount) && self.limits_with(amount) == self.sent_limits
    }
}

/// The words without the days in them.
fn undated(words: &str) -> String {
    let others = words
        .split(' ')
        .filter(|word| word.parse::<Date>().is_err());
    others.collect::<Vec<_>>().join(" ")
}

/// What is to be done about an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextPrice {
    Nothing(&'static str),
    Send(Decimal),
    /// It would move too far, or nobody knows from where: a person must release it.
    Held {
        /// `None`: no price of it was ever seen or sent.
        from: Option<Decimal>,
        to: Decimal,
    },
}

/// Decides what is to be sent of an offer. `price_percent`: the brake.
pub fn next_price(offer: &Offer, standing: Standing, price_percent: u8) -> NextPrice {
    let Some((wanted, generation)) = offer
        .wanted
        .as_ref()
        .and_then(|wanted| Some((wanted.amount?, wanted.generation)))
    else {
        return NextPrice::Nothing("no price is known");
    };
    if offer.is_refused_as_wanted(wanted) {
        return NextPrice::Nothing("Amazon refused this price");
    }
    let sent = offer
        .sent
        .as_ref()
        .filter(|_| standing != Standing::Lost)
        .map(|sent| sent.value);
    let shown = sent.or(offer.observed.as_ref().map(|observed| observed.value));
    // What was sent last and may have been lost, Amazon may show after all.
    let is_known = standing != Standing::Lost || offer.sent.is_none();
    let leaves = |shown| {
        offer
            .wanted
            .as_ref()
            .is_some_and(|it| it.leaves(shown, wanted, offer.sent_limits))
    };
    let is_shown = |shown| shown == wanted && !offer.limits_differ(wanted, standing);
    match shown {
        Some(shown) if is_shown(shown) => NextPrice::Nothing(match standing {
            Standing::InFlight => "it is sent, and Amazon has not confirmed it yet",
            _ => "Amazon shows it",
        }),
        Some(shown) if is_known && leaves(shown) => {
            NextPrice::Nothing("it would move by no more than the rules' reprice_past_percent")
        }
        _ if offer.released_to >= generation => NextPrice::Send(wanted),
        Some(from) if !moves_by_more(from, wanted, price_percent.into()) => NextPrice::Send(wanted),
        from => NextPrice::Held { from, to: wanted },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(observed: i64, wanted: i64) -> Offer {
        let at = Timestamp::UNIX_EPOCH;
        Offer {
            tenant: "t".parse().unwrap(),
            connection: "c".parse().unwrap(),
            amazon_sku: "A".parse().unwrap(),
            marketplace: Marketplace::Uk,
            wanted: Some(WantedPrice {
                amount: Some(Decimal::from(wanted)),
                generation: 4,
                ..WantedPrice::default()
            }),
            sent: None,
            sent_limits: SentLimits::default(),
            refused: None,
            observed: Some(Observed {
                value: Decimal::from(observed),
                at,
            }),
            released_to: 0,
            send_count: 0,
        }
    }

    #[test]
    fn a_first_price_waits_for_a_person() {
        let first = Offer {
            observed: None,
            ..offer(10, 15)
        };
        let held = NextPrice::Held {
            from: None,
            to: Decimal::from(15),
        };
        assert_eq!(next_price(&first, Standing::Patched, 50), held);
        let released = Offer {
            released_to: 4,
            ..first
        };
        let sent = next_price(&released, Standing::Patched, 50);
        assert_eq!(sent, NextPrice::Send(Decimal::from(15)));
    }

    #[test]
    fn a_price_that_moves_too_far_waits_for_a_person() {
        let next = |offer: &Offer| next_price(offer, Standing::Patched, 50);
        assert_eq!(next(&offer(10, 15)), NextPrice::Send(Decimal::from(15)));
        assert!(matches!(next(&offer(10, 16)), NextPrice::Held { .. }));
        assert!(matches!(next(&offer(10, 4)), NextPrice::Held { .. }));
        let released = Offer {
            released_to: 4,
            ..offer(10, 16)
        };
        assert_eq!(next(&released), NextPrice::Send(Decimal::from(16)));
        assert!(matches!(next(&offer(10, 10)), NextPrice::Nothing(_)));
    }

    #[test]
    fn a_price_that_hardly_moves_is_left_as_long_as_it_is_between_floor_and_ceiling() {
        let next = |shown: i64, least: i64, standing| {
            let mut offer = offer(shown, 1_010);
            let wanted = offer.wanted.as_mut().unwrap();
            wanted.reprice_past_percent = Some(Decimal::ONE);
            wanted.limits.least = Some(Decimal::from(least));
            wanted.limits.most = Some(Decimal::from(1_020));
            offer.sent_limits = offer.sent_limits.next(wanted.limits);
            next_price(&offer, standing, 50)
        };
        let sent = NextPrice::Send(Decimal::from(1_010));
        assert!(matches!(
            next(1_000, 900, Standing::Patched),
            NextPrice::Nothing(_)
        ));
        assert_eq!(next(999, 900, Standing::Patched), sent);
        assert_eq!(next(1_000, 1_005, Standing::Patched), sent);
        assert_eq!(next(1_021, 900, Standing::Patched), sent);
        // Nothing was sent that could have been lost.
        assert!(matches!(
            next(1_000, 900, Standing::Lost),
            NextPrice::Nothing(_)
        ));
    }

    #[test]
    fn limits_alone_are_sent_if_they_differ_and_taken_away_once_they_are_not_wanted() {
        let sent = || Sent {
            value: Decimal::from(10),
            generation: 3,
            at: Timestamp::UNIX_EPOCH,
            by: SentBy::Patch,
        };
        let next = |sent_limits, least, standing| {
            let mut offer = Offer {
                sent: Some(sent()),
                sent_limits,
                ..offer(10, 10)
            };
            let wanted = offer.wanted.as_mut().unwrap();
            wanted.limits.least = least;
            next_price(&offer, standing, 50)
        };
        let (five, six) = (Some(Decimal::from(5)), Some(Decimal::from(6)));
        let none = SentLimits::default();
        let with_five = none.next(PriceLimits {
            least: five,
            most: None,
        });
        let send = NextPrice::Send(Decimal::from(10));
        assert!(matches!(
            next(none, None, Standing::Patched),
            NextPrice::Nothing(_)
        ));
        assert!(matches!(
            next(with_five, five, Standing::Patched),
            NextPrice::Nothing(_)
        ));
        assert_eq!(next(none, five, Standing::Patched), send);
        assert_eq!(next(with_five, six, Standing::Patched), send);
        assert_eq!(next(with_five, None, Standing::Patched), send);
        assert_eq!(next(with_five, five, Standing::Lost), send);
        let gone = with_five.next(PriceLimits::default());
        assert!(matches!(
            next(gone, None, Standing::Patched),
            NextPrice::Nothing(_)
        ));
    }

    #[test]
    fn what_replaces_a_price_that_may_not_have_arrived_passes_the_brake_by_itself() {
        let passes = |observed, sent: i64, wanted| {
            let sent = Some(Sent {
                value: Decimal::from(sent),
                generation: 3,
                at: Timestamp::UNIX_EPOCH,
                by: SentBy::Patch,
            });
            let offer = Offer {
                sent,
                ..offer(observed, wanted)
            };
            offer.passes_brake(50)
        };
        assert!(passes(10, 12, 13) && passes(10, 12, 10));
        assert!(passes(10, 40, 40), "a person released it");
        assert!(!passes(10, 12, 16), "from what Amazon may still show");
        assert!(!passes(30, 13, 40), "from what may have arrived");
    }

    #[test]
    fn a_price_that_was_refused_for_good_is_tried_again_with_other_limits() {
        let next = |least: Option<i64>| {
            let mut offer = offer(10, 12);
            offer.wanted.as_mut().unwrap().limits.least = least.map(Decimal::from);
            offer.refused = Some(Refused {
                value: Decimal::from(12),
                code: "19037".into(),
                message: "It is above the maximum.".into(),
                at: Timestamp::UNIX_EPOCH,
                by: SentBy::Patch,
            });
            assert!(offer.is_refused(Decimal::from(12)));
            next_price(&offer, Standing::Patched, 50)
        };
        assert!(matches!(next(None), NextPrice::Nothing(_)));
        assert_eq!(next(Some(5)), NextPrice::Send(Decimal::from(12)));
    }

    #[test]
    fn when_a_price_was_computed_makes_no_other_price_of_it() {
        let one = offer(10, 15).wanted.unwrap();
        let later = WantedPrice {
            generation: 9,
            at: Timestamp::now(),
            ..one.clone()
        };
        assert!(one.is_same(&later));
        let of_day = |day: &str, cost: &str| WantedPrice {
            why: format!("cost {cost} EUR by the rate of {day} = 8.60 GBP"),
            ..one.clone()
        };
        let friday = of_day("2026-11-27", "10");
        assert!(friday.is_same(&of_day("2026-11-30", "10")));
        assert!(!friday.is_same(&of_day("2026-11-27", "10.01")));
        let mut other = one.clone();
        other.limits.least = Some(Decimal::ONE);
        assert!(!one.is_same(&other));
    }
}
