//! What an order demands of its courier, as far as it decides without weights and rate cards.
//! Holds no buyer data, so it may be stored with the order and used again when a mapping changes.

use super::{AddressKind, AddressPart, Reason, Territory};
use crate::domain::described::{described, open_set};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};
use strum::VariantNames as _;

/// What one order demands of its courier.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
#[schema(as = OrderRequirements)]
pub struct Requirements {
    /// Whether `PRIME` is in the order's programs.
    pub prime: bool,
    /// The program by which no courier of ours carries it.
    pub amazon_ships: Option<AmazonShips>,
    /// Whether the buyer asked to cancel any of its items.
    pub buyer_cancel: bool,
    /// What must be done at the door; the union over its items.
    pub constraints: BTreeSet<Constraint>,
    /// What kind of address it goes to.
    pub address: AddressKind,
    /// What Amazon did not give of its address; without it nobody can deliver.
    pub address_lacks: BTreeSet<AddressPart>,
    /// The territory it goes to, of those that a service reaches only if it says so.
    pub territory: Option<Territory>,
    /// Whether Amazon gave none of its lines.
    pub lines_missing: bool,
    /// SKUs of its lines that are neither a listing of the connection nor a product.
    pub unknown_skus: BTreeSet<String>,
    /// Places of what decides and cannot be read, e.g. `orderItems.quantityOrdered`.
    pub unreadable: BTreeSet<String>,
}

/// Whose label goes on the parcel.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LabelSource {
    /// The courier service's own.
    #[default]
    Courier,
    /// Amazon's: the seller packs, prints the label in Seller Central, and Amazon knows of the dispatch by itself.
    Amazon,
}

impl LabelSource {
    pub(crate) fn is_courier(&self) -> bool {
        *self == Self::Courier
    }
}

impl Requirements {
    /// Why no courier service at all could be chosen, whatever the mappings say. What is said first outweighs the rest.
    pub fn blocked(&self) -> Option<Reason> {
        if self
            .amazon_ships
            .is_some_and(|by| !by.is_packed_by_seller())
        {
            Some(Reason::AmazonShips)
        } else if self.buyer_cancel {
            Some(Reason::BuyerCancel)
        } else if self.lines_missing {
            Some(Reason::LinesMissing)
        } else if !self.unreadable.is_empty() {
            Some(Reason::Unreadable)
        } else if self.label_source() == LabelSource::Amazon {
            // Packed and labelled by what Seller Central shows.
            None
        } else if !self.unknown_skus.is_empty() {
            Some(Reason::UnknownSku)
        } else if self.address == AddressKind::Missing || !self.address_lacks.is_empty() {
            Some(Reason::AddressMissing)
        } else {
            None
        }
    }

    /// Whose label goes on the parcel.
    pub fn label_source(&self) -> LabelSource {
        match self.amazon_ships {
            Some(by) if by.is_packed_by_seller() => LabelSource::Amazon,
            _ => LabelSource::Courier,
        }
    }

    /// Whether nobody can know what is to be packed: no person's choice of a courier mends that.
    pub fn hides_lines(&self) -> bool {
        let places = [
            "order",
            "orderItems",
            "orderItems.orderItemId",
            "orderItems.quantityOrdered",
        ];
        self.lines_missing || places.iter().any(|place| self.unreadable.contains(*place))
    }

    /// Whether `PRIME` is among an order's programs: the only thing that makes an order Prime.
    pub fn is_prime(programs: &[String]) -> bool {
        programs
            .iter()
            .any(|program| program.trim().eq_ignore_ascii_case("PRIME"))
    }
}

/// The programs whose orders Amazon carries or the buyer fetches; spelt as in Amazon's `programs`
/// (Orders API v2026-01-01, `Order`).
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
    utoipa::ToSchema,
)]
pub enum AmazonShips {
    /// Amazon's own label and carrier on merchant-fulfilled orders; they refuse a shipment confirmation.
    #[serde(rename = "FBM_SHIP_PLUS")]
    ShipPlus,
    /// Amazon picks up at the seller's.
    #[serde(rename = "AMAZON_EASY_SHIP")]
    EasyShip,
    /// Brazil's counterpart of Easy Ship.
    #[serde(rename = "DELIVERY_BY_AMAZON")]
    DeliveryByAmazon,
    /// The buyer fetches it.
    #[serde(rename = "IN_STORE_PICK_UP")]
    StorePickUp,
}

impl AmazonShips {
    /// Whether the seller packs it and puts Amazon's label on it.
    pub fn is_packed_by_seller(self) -> bool {
        matches!(self, Self::ShipPlus | Self::EasyShip)
    }

    /// The first such program among an order's programs.
    pub fn among(programs: &[String]) -> Option<Self> {
        programs.iter().find_map(
            |program| match program.trim().to_ascii_uppercase().as_str() {
                "FBM_SHIP_PLUS" => Some(Self::ShipPlus),
                "AMAZON_EASY_SHIP" => Some(Self::EasyShip),
                "DELIVERY_BY_AMAZON" => Some(Self::DeliveryByAmazon),
                "IN_STORE_PICK_UP" => Some(Self::StorePickUp),
                _ => None,
            },
        )
    }
}

impl fmt::Display for AmazonShips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ShipPlus => "Ship+",
            Self::EasyShip => "Easy Ship",
            Self::DeliveryByAmazon => "Delivery by Amazon",
            Self::StorePickUp => "store pick-up",
        })
    }
}

/// Something that must be done at the door (`shippingConstraints` of an order's item).
/// Reads our names and Amazon's field names alike, so that nothing Amazon says can fail.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::AsRefStr,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(from = "String", into = "String")]
#[strum(serialize_all = "snake_case")]
pub enum Constraint {
    /// The recipient signs.
    #[strum(to_string = "signature", serialize = "signatureConfirmation")]
    Signature,
    /// The recipient proves to be old enough.
    #[strum(to_string = "age_verification", serialize = "recipientAgeVerification")]
    AgeVerification,
    /// The recipient proves to be the recipient.
    #[strum(
        to_string = "identity_verification",
        serialize = "recipientIdentityVerification"
    )]
    IdentityVerification,
    /// It comes on a pallet.
    #[strum(to_string = "pallet", serialize = "palletDelivery")]
    Pallet,
    /// The courier collects the payment.
    #[strum(to_string = "cash_on_delivery", serialize = "cashOnDelivery")]
    CashOnDelivery,
    /// One that Amazon has added since, by Amazon's name: no service fulfils it unless it names it too.
    #[strum(default, transparent)]
    Other(String),
}

described!(Constraint, open_set(&Constraint::VARIANTS[..5], 100));

impl From<String> for Constraint {
    fn from(name: String) -> Self {
        name.parse().unwrap_or(Self::Other(name))
    }
}

impl From<Constraint> for String {
    fn from(constraint: Constraint) -> String {
        constraint.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_alone_say_that_amazon_ships_and_that_an_order_is_prime() {
        let rows: [(&[&str], Option<AmazonShips>, bool); 6] = [
            (&[], None, false),
            (&["PRIME", "AMAZON_BUSINESS"], None, true),
            (&["PREMIUM", "AMAZON_HAUL", "SOMETHING_NEW"], None, false),
            (
                &["PRIME", "FBM_SHIP_PLUS"],
                Some(AmazonShips::ShipPlus),
                true,
            ),
            (&["AMAZON_EASY_SHIP"], Some(AmazonShips::EasyShip), false),
            (&["IN_STORE_PICK_UP"], Some(AmazonShips::StorePickUp), false),
        ];
        for (programs, amazon, prime) in rows {
            let programs: Vec<String> = programs.iter().map(ToString::to_string).collect();
            assert_eq!(AmazonShips::among(&programs), amazon, "{programs:?}");
            assert_eq!(Requirements::is_prime(&programs), prime, "{programs:?}");
        }
        assert_eq!(
            AmazonShips::among(&["DELIVERY_BY_AMAZON".into()]),
            Some(AmazonShips::DeliveryByAmazon)
        );
    }

    #[test]
    fn what_no_service_can_mend_is_said_in_a_fixed_order() {
        let mut order = Requirements {
            address: AddressKind::Missing,
            ..Requirements::default()
        };
        assert_eq!(order.blocked(), Some(Reason::AddressMissing));
        order.address = AddressKind::Street;
        assert_eq!(order.blocked(), None);
        order.address_lacks.insert(AddressPart::Name);
        assert_eq!(order.blocked(), Some(Reason::AddressMissing));
        order.buyer_cancel = true;
        assert_eq!(order.blocked(), Some(Reason::BuyerCancel));
        order.amazon_ships = Some(AmazonShips::DeliveryByAmazon);
        assert_eq!(order.blocked(), Some(Reason::AmazonShips));
        assert_eq!(Requirements::default().blocked(), None);
    }

    #[test]
    fn constraints_read_amazons_names_and_ours_and_keep_new_ones() {
        let json = r#"["signatureConfirmation","pallet","retinaScan"]"#;
        let read: BTreeSet<Constraint> = serde_json::from_str(json).unwrap();
        let expected = [
            Constraint::Signature,
            Constraint::Pallet,
            Constraint::Other("retinaScan".into()),
        ];
        assert_eq!(read, BTreeSet::from(expected));
        assert_eq!(
            serde_json::to_string(&read).unwrap(),
            r#"["signature","pallet","retinaScan"]"#
        );
    }

    #[test]
    fn stored_requirements_with_fields_left_out_read_as_demanding_nothing() {
        assert_eq!(
            serde_json::from_str::<Requirements>("{}").unwrap(),
            Requirements::default()
        );
    }
}
