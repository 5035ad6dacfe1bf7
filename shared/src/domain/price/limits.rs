//! Between what amounts a price may be, and what Amazon was sent of that.

use super::moves_by_more;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The floor and the ceiling of a price, as far as there are any; in what can be paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceLimits {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<Decimal>,
}

impl PriceLimits {
    /// Whether there are none.
    pub fn are_open(&self) -> bool {
        *self == Self::default()
    }

    pub fn allow(&self, amount: Decimal) -> bool {
        self.least.is_none_or(|least| amount >= least)
            && self.most.is_none_or(|most| amount <= most)
    }
}

/// What Amazon was last sent of one limit. Stored as it is spelt to Amazon: nothing, an amount, or `null`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Option<Decimal>", into = "Option<Decimal>")]
pub enum SentLimit {
    /// None was ever sent: what Amazon has there is the seller's own, and stays.
    #[default]
    Untouched,
    Set(Decimal),
    /// One of ours was taken away.
    Removed,
}

impl From<Option<Decimal>> for SentLimit {
    fn from(limit: Option<Decimal>) -> Self {
        limit.map_or(Self::Removed, Self::Set)
    }
}

impl From<SentLimit> for Option<Decimal> {
    fn from(limit: SentLimit) -> Self {
        match limit {
            SentLimit::Set(amount) => Some(amount),
            SentLimit::Untouched | SentLimit::Removed => None,
        }
    }
}

impl SentLimit {
    pub fn is_untouched(&self) -> bool {
        *self == Self::Untouched
    }

    fn next(self, wanted: Option<Decimal>) -> Self {
        match (wanted, self) {
            (Some(amount), _) => Self::Set(amount),
            (None, Self::Untouched) => Self::Untouched,
            (None, _) => Self::Removed,
        }
    }

    /// Whether the other is another limit, or one that is further away than this share.
    fn moves_by_more(self, to: Self, percent: Decimal) -> bool {
        match (self, to) {
            (Self::Set(from), Self::Set(to)) => moves_by_more(from, to, percent),
            (from, to) => from != to,
        }
    }
}

/// What Amazon was last sent of a price's limits, or is sent now. It keeps those that are not named with a price, so one of ours
/// that is wanted no longer must be taken away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentLimits {
    #[serde(default, skip_serializing_if = "SentLimit::is_untouched")]
    pub least: SentLimit,
    #[serde(default, skip_serializing_if = "SentLimit::is_untouched")]
    pub most: SentLimit,
}

impl SentLimits {
    /// Whether none was ever sent.
    pub fn are_untouched(&self) -> bool {
        *self == Self::default()
    }

    /// What is to be sent after this, so that Amazon has the wanted ones.
    #[must_use]
    pub fn next(self, wanted: PriceLimits) -> Self {
        Self {
            least: self.least.next(wanted.least),
            most: self.most.next(wanted.most),
        }
    }

    /// What of it goes with a price: nothing if that would contradict it.
    #[must_use]
    pub fn beside(self, amount: Decimal) -> Self {
        let limits = PriceLimits {
            least: self.least.into(),
            most: self.most.into(),
        };
        Some(self)
            .filter(|_| limits.allow(amount))
            .unwrap_or_default()
    }

    /// Whether one of them comes, goes, or moves by more than this share.
    pub fn move_by_more(self, to: Self, percent: Decimal) -> bool {
        self.least.moves_by_more(to.least, percent) || self.most.moves_by_more(to.most, percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn wanted(least: Option<i64>, most: Option<i64>) -> PriceLimits {
        PriceLimits {
            least: least.map(Decimal::from),
            most: most.map(Decimal::from),
        }
    }

    #[test]
    fn a_limit_of_ours_that_is_dropped_is_taken_away_and_one_of_the_sellers_stays() {
        let none = SentLimits::default();
        let floor = none.next(wanted(Some(10), None));
        assert_eq!(floor.least, SentLimit::Set(Decimal::from(10)));
        assert_eq!(floor.most, SentLimit::Untouched, "it may be the seller's");
        let dropped = floor.next(wanted(None, None));
        assert_eq!(
            (dropped.least, dropped.most),
            (SentLimit::Removed, SentLimit::Untouched)
        );
        assert_eq!(dropped.next(wanted(None, None)), dropped);
        assert_eq!(none.next(wanted(None, None)), none);
    }

    #[test]
    fn limits_are_stored_as_they_are_spelt_to_amazon() {
        for (limits, stored) in [
            (SentLimits::default(), json!({})),
            (
                SentLimits {
                    least: SentLimit::Removed,
                    most: SentLimit::Set("30.50".parse().unwrap()),
                },
                json!({"least": null, "most": "30.50"}),
            ),
        ] {
            assert_eq!(serde_json::to_value(limits).unwrap(), stored);
            let read: SentLimits = serde_json::from_value(stored.clone()).unwrap();
            assert_eq!(read, limits);
            let older: Result<PriceLimits, _> = serde_json::from_value::<PriceLimits>(stored);
            assert_eq!(
                older.unwrap().least,
                None,
                "the release before reads it too"
            );
        }
        let older: Value = json!({"least": "10"});
        let older: SentLimits = serde_json::from_value(older).unwrap();
        assert_eq!(older.least, SentLimit::Set(Decimal::from(10)));
    }

    #[test]
    fn limits_that_come_or_go_move_by_more_than_any_share() {
        let at = |least| SentLimits::default().next(wanted(Some(least), None));
        assert!(!at(1_000).move_by_more(at(1_010), Decimal::ONE));
        assert!(at(1_000).move_by_more(at(1_011), Decimal::ONE));
        assert!(SentLimits::default().move_by_more(at(1), Decimal::ONE_HUNDRED));
        let gone = at(1).next(wanted(None, None));
        assert!(at(1).move_by_more(gone, Decimal::ONE_HUNDRED));
    }
}
