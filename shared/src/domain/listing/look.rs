//! The look at a listing at Amazon before something is sent to it: what it found, how long that counts, and what may be
//! sent by it. Pure.
//!
//! Reports are hours old and come marketplace by marketplace. So the first send waits for one look over all marketplaces,
//! and so does each one after a day. A decrease need not wait again: a number that is too high sells what is not there.

use super::ListingState;
use crate::domain::marketplace::Marketplace;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How long a look counts.
const LASTS: SignedDuration = SignedDuration::from_hours(24);

/// Who sends what is sold through a listing, as Amazon names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fulfilment {
    /// `DEFAULT`.
    Merchant,
    /// The channel, e.g. `AMAZON_EU`. Never to be sent a quantity.
    Amazon(String),
    /// Nothing that we know: in a report nothing is to be concluded; in a look it is a location of the merchant's own.
    Unknown(String),
}

impl Fulfilment {
    /// Reads Amazon's name of a channel.
    pub fn of(channel: &str) -> Self {
        let channel = channel.trim();
        let is = |word: &str| channel.eq_ignore_ascii_case(word);
        let by_amazon = channel
            .get(.."AMAZON".len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case("AMAZON"));
        match channel {
            _ if is("DEFAULT") || is("MERCHANT") => Self::Merchant,
            channel if by_amazon => Self::Amazon(channel.to_owned()),
            channel => Self::Unknown(channel.to_owned()),
        }
    }
}

/// What a look found.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = LookFinding)]
pub enum Finding {
    /// The merchant fulfils it, from one place.
    Merchant,
    /// Amazon fulfils it, on one marketplace at least.
    Amazon,
    /// The merchant keeps a quantity of it for each of several locations.
    SeveralLocations,
    /// Amazon has no such listing.
    NotThere,
    /// Amazon would not show it.
    Refused,
    /// Amazon's answer does not say who fulfils it.
    #[serde(other)]
    Unclear,
}

/// The last look at a listing, over all marketplaces that the seller takes part in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ListingLook)]
pub struct Look {
    /// When Amazon answered.
    pub at: Timestamp,
    pub found: Finding,
    /// What Amazon said, if it would not show the listing.
    #[serde(default)]
    pub words: Option<String>,
    /// Where Amazon's own rules set the price; absent if Amazon never showed the prices.
    #[serde(default)]
    pub automated_prices: Option<BTreeSet<Marketplace>>,
    /// When a look last found that the merchant fulfils it from one place; absent if one found something else since.
    #[serde(default)]
    pub clear_at: Option<Timestamp>,
}

/// What a look allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookVerdict {
    /// It may be sent.
    Clear,
    /// Nothing is sent, and the listing has this state.
    Guarded(ListingState),
    /// Amazon is to be looked at first.
    LookFirst,
}

impl Look {
    /// A look that Amazon answered at `at`, after the one before.
    pub fn new(before: Option<&Self>, found: Finding, at: Timestamp) -> Self {
        let before_clear = before.and_then(|before| before.clear_at);
        Self {
            at,
            found,
            words: None,
            automated_prices: before.and_then(|before| before.automated_prices.clone()),
            clear_at: match found {
                Finding::Merchant => Some(at),
                Finding::Amazon | Finding::SeveralLocations => None,
                Finding::NotThere | Finding::Refused | Finding::Unclear => before_clear,
            },
        }
    }

    /// The state of a listing that nothing may be sent to.
    pub fn guarded_state(&self) -> Option<ListingState> {
        match self.found {
            Finding::Amazon => Some(ListingState::FulfilledByAmazon),
            Finding::SeveralLocations => Some(ListingState::MultiLocation),
            Finding::Merchant | Finding::NotThere | Finding::Refused | Finding::Unclear => None,
        }
    }

    /// Whether it is older than it counts.
    pub fn is_old(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) >= LASTS
    }

    /// What it allows now.
    pub fn verdict(look: Option<&Self>, now: Timestamp) -> LookVerdict {
        let Some(look) = look.filter(|look| !look.is_old(now)) else {
            return LookVerdict::LookFirst;
        };
        match (look.guarded_state(), look.found) {
            (Some(state), _) => LookVerdict::Guarded(state),
            (None, Finding::Merchant) => LookVerdict::Clear,
            (None, _) => LookVerdict::LookFirst,
        }
    }

    /// Whether a decrease may go although Amazon does not answer a look: an earlier one found it clear.
    pub fn clears_decreases(look: Option<&Self>) -> bool {
        look.is_some_and(|look| look.clear_at.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + hour * 3_600).unwrap()
    }

    #[test]
    fn a_look_counts_for_a_day_and_only_if_it_found_something() {
        let verdict = |found, hour| {
            let look = Look::new(None, found, at(0));
            Look::verdict(Some(&look), at(hour))
        };
        assert_eq!(Look::verdict(None, at(0)), LookVerdict::LookFirst);
        assert_eq!(verdict(Finding::Merchant, 23), LookVerdict::Clear);
        assert_eq!(verdict(Finding::Merchant, 24), LookVerdict::LookFirst);
        for (found, state) in [
            (Finding::Amazon, ListingState::FulfilledByAmazon),
            (Finding::SeveralLocations, ListingState::MultiLocation),
        ] {
            assert_eq!(verdict(found, 23), LookVerdict::Guarded(state));
            assert_eq!(verdict(found, 24), LookVerdict::LookFirst);
        }
        for found in [Finding::NotThere, Finding::Refused, Finding::Unclear] {
            assert_eq!(verdict(found, 0), LookVerdict::LookFirst, "{found:?}");
        }
    }

    #[test]
    fn a_decrease_rests_on_the_last_look_that_found_something() {
        let mut look = None;
        let mut clears = |found| {
            look = Some(Look::new(look.as_ref(), found, at(0)));
            Look::clears_decreases(look.as_ref())
        };
        assert!(!clears(Finding::NotThere), "never seen");
        assert!(clears(Finding::Merchant));
        assert!(clears(Finding::Refused) && clears(Finding::NotThere));
        assert!(!clears(Finding::Amazon));
        assert!(!clears(Finding::Unclear), "Amazon's since");
    }

    #[test]
    fn a_look_of_a_newer_release_is_unclear_and_an_older_one_is_read() {
        let json = r#"{"at":"2026-11-01T00:00:00Z","found":"by_robot"}"#;
        let look: Look = serde_json::from_str(json).unwrap();
        assert_eq!(look.found, Finding::Unclear);
        assert!(look.automated_prices.is_none() && look.clear_at.is_none());
    }

    #[test]
    fn channels_are_the_merchants_amazons_or_a_location_whatever_their_letter_case() {
        let merchant = |name| Fulfilment::of(name) == Fulfilment::Merchant;
        assert!(merchant("DEFAULT") && merchant(" default "));
        for name in ["AMAZON_NA", "AMAZON_EU", "AMAZON_JP", "Amazon"] {
            assert!(
                matches!(Fulfilment::of(name), Fulfilment::Amazon(_)),
                "{name}"
            );
        }
        let location = "353e4e48-6301-4d50-990e-43a86e8787a3";
        assert!(matches!(Fulfilment::of(location), Fulfilment::Unknown(_)));
        assert!(matches!(Fulfilment::of("Größe"), Fulfilment::Unknown(_)));
    }
}
