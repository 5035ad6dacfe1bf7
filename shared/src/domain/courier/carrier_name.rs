//! The name of a courier service in a confirmation: the carrier as Amazon spells it, and the method.
//!
//! Amazon counts a tracking number only under a carrier of its own list for the marketplace, spelt to the letter; under
//! `Other` it cannot track a parcel ("Multi-Location Inventory Integration Guide"). For DE, ES and FR the exact pair of carrier
//! and shipping method decides (announcement on `CarrierCode`, amzn/selling-partner-api-docs#772).

mod listed;

use super::{Courier, CourierServiceId};
use crate::domain::described::printable;
use crate::domain::marketplace::Marketplace;
use listed::{COUNTED_IN_UK, LISTED};
use serde::{Deserialize, Serialize};

/// Amazon's code of a carrier that is not in its list.
pub const OTHER: &str = "Other";
/// Names and methods, in characters.
const LONGEST: usize = 100;

/// The name at Amazon of a courier service on one marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "Spelt")]
pub struct CarrierName {
    /// Amazon's `carrierCode`, to the letter: of its list, or `Other`.
    #[schema(example = "Royal Mail")]
    code: String,
    /// Amazon's `carrierName`; with `Other` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    name: Option<String>,
    /// Amazon's `shippingMethod`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "Tracked 24")]
    shipping_method: Option<String>,
}

/// As it is stored, before it is checked.
#[derive(Deserialize)]
struct Spelt {
    code: String,
    name: Option<String>,
    shipping_method: Option<String>,
}

/// Why a text is no name of a carrier or method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCarrierName {
    #[error("a carrier is 1 to {LONGEST} printable characters")]
    Carrier,
    #[error("a shipping method is 1 to {LONGEST} printable characters")]
    Method,
    /// `Other` without the carrier's name, or a carrier of the list with another name.
    #[error("`Other` needs the carrier's name, and no other carrier takes one")]
    Name,
}

/// Whether Amazon counts tracking numbers that are sent under a carrier name as valid.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CountedByAmazon {
    /// The marketplace's help pages name the carrier.
    Yes,
    /// The carrier is in Amazon's list, and nothing public says whether this marketplace counts it. Look in Seller Central.
    Unverified,
    /// `Other`; or no shipping method on a marketplace that judges by the pair.
    No,
}

impl CarrierName {
    /// A carrier as somebody calls it: in Amazon's spelling if its list has it in any letter case, else `Other` with that name.
    ///
    /// # Errors
    /// It is empty, too long or not printable.
    pub fn called(
        carrier: &str,
        shipping_method: Option<&str>,
    ) -> Result<Self, InvalidCarrierName> {
        let carrier = text(carrier).ok_or(InvalidCarrierName::Carrier)?;
        let (code, name) = match spelling(&carrier) {
            Some(code) => (code.to_owned(), None),
            None => (OTHER.to_owned(), Some(carrier)),
        };
        Self::new(code, name, shipping_method)
    }

    /// A carrier that is spelt just so in Seller Central's list, which has more than the table here.
    ///
    /// # Errors
    /// As [`Self::called`]; also for `Other`, which names nobody.
    pub fn listed(code: &str, shipping_method: Option<&str>) -> Result<Self, InvalidCarrierName> {
        let code = text(code).ok_or(InvalidCarrierName::Carrier)?;
        Self::new(code, None, shipping_method)
    }

    /// What a service goes by that nobody gave a name for Amazon: its courier's name, or else its code, if Amazon's list has
    /// one of them, else `Other` with the courier's name.
    pub fn assumed(courier: &Courier) -> Self {
        let code = courier.code.as_str();
        let called = if text(&courier.name).is_some() {
            courier.name.as_str()
        } else {
            code
        };
        let known = [called, code].into_iter().find_map(spelling);
        Self {
            name: known
                .is_none()
                .then(|| called.trim().chars().take(LONGEST).collect()),
            code: known.unwrap_or(OTHER).to_owned(),
            shipping_method: None,
        }
    }

    fn new(
        code: String,
        name: Option<String>,
        shipping_method: Option<&str>,
    ) -> Result<Self, InvalidCarrierName> {
        if (code == OTHER) != name.is_some() {
            return Err(InvalidCarrierName::Name);
        }
        let method = |it| text(it).ok_or(InvalidCarrierName::Method);
        Ok(Self {
            code,
            name,
            shipping_method: shipping_method.map(method).transpose()?,
        })
    }

    /// Amazon's `carrierCode`.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Amazon's `carrierName`, if the code is [`OTHER`].
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Amazon's `shippingMethod`.
    pub fn shipping_method(&self) -> Option<&str> {
        self.shipping_method.as_deref()
    }

    /// What people call the carrier.
    pub fn carrier(&self) -> &str {
        self.name().unwrap_or(&self.code)
    }

    /// Whether Amazon's list, as far as it is known here, has a carrier's code.
    pub fn is_known_code(code: &str) -> bool {
        LISTED.contains(&code)
    }

    /// Whether the marketplace counts tracking numbers sent under it.
    pub fn counted_by_amazon(&self, marketplace: Marketplace) -> CountedByAmazon {
        let by_pair = judges_by_pair(marketplace);
        if self.code == OTHER || by_pair && self.shipping_method.is_none() {
            return CountedByAmazon::No;
        }
        match marketplace {
            Marketplace::Uk if COUNTED_IN_UK.contains(&self.code.as_str()) => CountedByAmazon::Yes,
            _ => CountedByAmazon::Unverified,
        }
    }

    /// The same in words, with what to do about it.
    pub fn remark(&self, marketplace: Marketplace) -> &'static str {
        match self.counted_by_amazon(marketplace) {
            CountedByAmazon::Yes => "the marketplace's help pages name this carrier",
            CountedByAmazon::No if self.code == OTHER => {
                "not in Amazon's list as far as it is known here: parcels are confirmed, and Amazon does not count their tracking. If Seller Central offers the carrier, say so with `listed`"
            }
            CountedByAmazon::No => {
                "this marketplace judges by carrier and shipping method together: name the method as Seller Central spells it"
            }
            CountedByAmazon::Unverified if judges_by_pair(marketplace) => {
                "this marketplace judges by carrier and shipping method together; compare both with Seller Central's lists, to the letter"
            }
            CountedByAmazon::Unverified if Self::is_known_code(&self.code) => {
                "in Amazon's list; nothing public says whether this marketplace counts it. Compare with Seller Central"
            }
            CountedByAmazon::Unverified => {
                "sent as you spelt it, to the letter; it is not in the list that is known here"
            }
        }
    }
}

/// Whether a marketplace counts a tracking number by carrier and shipping method together.
pub fn judges_by_pair(marketplace: Marketplace) -> bool {
    matches!(
        marketplace,
        Marketplace::De | Marketplace::Es | Marketplace::Fr
    )
}

impl TryFrom<Spelt> for CarrierName {
    type Error = InvalidCarrierName;

    fn try_from(spelt: Spelt) -> Result<Self, InvalidCarrierName> {
        let code = text(&spelt.code).ok_or(InvalidCarrierName::Carrier)?;
        Self::new(code, spelt.name, spelt.shipping_method.as_deref())
    }
}

/// What a courier service of a tenant is called at Amazon, on one marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedService {
    pub marketplace: Marketplace,
    pub service: CourierServiceId,
    pub carrier: CarrierName,
}

/// The schema of a carrier or a method.
pub fn carrier_text() -> utoipa::openapi::ObjectBuilder {
    printable(LONGEST)
}

/// Without blanks around it.
fn text(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= LONGEST;
    (fits && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// Amazon's spelling of a carrier: the same letters, or else the first that differs in letter case alone.
fn spelling(carrier: &str) -> Option<&'static str> {
    let carrier = carrier.trim();
    let find = |same: &dyn Fn(&str) -> bool| LISTED.iter().copied().find(|code| same(code));
    find(&|code| code == carrier).or_else(|| find(&|code| code.eq_ignore_ascii_case(carrier)))
}

#[cfg(test)]
mod tests;
