//! Why an order waits for a person, and what a marketplace does when no mapping is found.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why no rule could give an order a courier service.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantArray,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Reason {
    /// No mapping holds for the order's shipping term.
    NoMapping,
    /// The mapped service's courier is switched off for the marketplace.
    CourierOff,
    /// The mapped service does not reach the address's zone.
    ZoneNotServed,
    /// The address, the recipient's name, its first line, or another part of it that decides is not there.
    AddressMissing,
    /// The service does not deliver to a locker, a PO box or by military post.
    AddressType,
    /// The service does not say that it carries to the territory: the Channel Islands, Northern Ireland, the Canaries, …
    UnreachedTerritory,
    /// The order demands what the service cannot do: Prime, a signature, proof of age or identity, a pallet, cash.
    Constraint,
    /// A line's SKU is no listing that Amazon reported of the connection, and no product. It is looked for again.
    UnknownSku,
    /// The buyer asked to cancel.
    BuyerCancel,
    /// Amazon carries it, or the buyer fetches it: Delivery by Amazon, store pick-up.
    AmazonShips,
    /// Amazon gave the order without its lines. It is asked for again.
    LinesMissing,
    /// Something that decides what is to be shipped, where or by when cannot be read; the explanation names the places. It
    /// is asked for again.
    Unreadable,
    /// A person holds it.
    Held,
}

impl Reason {
    /// All reasons there are.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The spelling used in JSON, keys and filters, e.g. `no_mapping`.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether a new mapping or a changed courier could free the order; the other reasons lie in the order itself.
    pub const fn is_mended_by_settings(self) -> bool {
        !matches!(
            self,
            Self::AddressMissing
                | Self::UnknownSku
                | Self::BuyerCancel
                | Self::AmazonShips
                | Self::LinesMissing
                | Self::Unreadable
                | Self::Held
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownReason;

impl std::error::Error for UnknownReason {}

impl fmt::Display for UnknownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        write!(f, "there is no such reason; there are {}", all.join(", "))
    }
}

impl std::str::FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        let mut all = Self::ALL.iter().copied();
        all.find(|reason| reason.as_str() == text)
            .ok_or(UnknownReason)
    }
}

/// What a marketplace does with an order that no mapping covers.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// It waits for a person.
    #[default]
    Review,
    /// The cheapest service that suits; refused until there are rate cards that show which that is.
    Cheapest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_spelt_the_same_in_json_and_in_text() {
        for reason in Reason::ALL.iter().copied() {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
            assert_eq!(reason.as_str().parse(), Ok(reason));
        }
        assert!(
            "lost"
                .parse::<Reason>()
                .unwrap_err()
                .to_string()
                .contains("no_mapping")
        );
    }

    #[test]
    fn a_marketplace_leaves_unmapped_orders_to_a_person() {
        assert_eq!(Strategy::default(), Strategy::Review);
        assert_eq!(
            serde_json::to_value(Strategy::Cheapest).unwrap(),
            "cheapest"
        );
    }
}
