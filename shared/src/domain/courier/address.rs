//! What kind of address a parcel goes to. Reads address lines and keeps none of them.

mod patterns;
#[cfg(test)]
mod tests;
mod words;

use crate::domain::ids::fold::plain;
use patterns::{BOXES, MILITARY, PICKUP_POINTS, Pattern};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use words::Words;

/// The role that an app needs for names and address lines. Amazon's page: *Roles in the Selling Partner API*.
pub const ADDRESS_ROLE: &str = "Direct-to-Consumer Shipping (Restricted)";

/// The kind of an address, as far as couriers care.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AddressKind {
    /// A door, private or commercial.
    #[default]
    Street,
    /// A locker, counter, parcel shop or post office.
    PickupPoint,
    /// A PO box.
    PoBox,
    /// Served by military post alone: BFPO, APO, FPO, DPO.
    Military,
    /// Amazon gave no address.
    Missing,
}

/// What every address that can be delivered to has.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AddressPart {
    /// Who gets the parcel.
    Name,
    /// The first line of the street.
    FirstLine,
}

/// An address as Amazon wrote it: no `Debug`, since it is buyer data.
#[derive(Clone, Copy, Default)]
pub struct Address<'a> {
    pub address_type: Option<&'a str>,
    pub name: Option<&'a str>,
    pub lines: [Option<&'a str>; 3],
    /// City, municipality and district.
    pub towns: [Option<&'a str>; 3],
    pub state: Option<&'a str>,
    pub postcode: Option<&'a str>,
    /// ISO 3166-1.
    pub country: Option<&'a str>,
}

impl Address<'_> {
    /// Its kind. Amazon marks its own pick-up points; other ones, PO boxes and military post are found by words
    /// in the languages of the country.
    ///
    /// A door taken for a box costs a look by a person, a box taken for a door costs a returned parcel.
    pub fn kind(&self) -> AddressKind {
        let Some(country) = self.country else {
            return AddressKind::Missing;
        };
        let country = country.trim().to_ascii_uppercase();
        let is_marked = |kind: &str| kind.trim().eq_ignore_ascii_case("PICKUP_POINT");
        if self.address_type.is_some_and(is_marked) {
            return AddressKind::PickupPoint;
        }
        let words = |texts: [Option<&str>; 3]| -> Vec<Words> {
            texts.into_iter().flatten().map(Words::of).collect()
        };
        let (lines, towns) = (words(self.lines), words(self.towns));
        let postcode = compact(self.postcode.unwrap_or_default());
        let hold = |texts: &[Words], patterns: &[Pattern]| {
            let mut here = patterns.iter().filter(|it| it.holds_in(&country));
            here.any(|it| texts.iter().any(|words| words.hold(it, &postcode)))
        };
        if hold(&lines, PICKUP_POINTS) {
            AddressKind::PickupPoint
        } else if self.is_military(&country, &postcode)
            || hold(&lines, MILITARY)
            || hold(&towns, MILITARY)
        {
            AddressKind::Military
        } else if hold(&lines, BOXES) {
            AddressKind::PoBox
        } else {
            AddressKind::Street
        }
    }

    /// What Amazon gave nothing of.
    pub fn lacks(&self) -> BTreeSet<AddressPart> {
        let is_blank = |text: Option<&str>| text.is_none_or(|text| compact(text).is_empty());
        let parts = [
            (AddressPart::Name, self.name),
            (AddressPart::FirstLine, self.lines[0]),
        ];
        let missing = parts.into_iter().filter(|(_, text)| is_blank(*text));
        missing.map(|(part, _)| part).collect()
    }

    /// By its town, state or postcode.
    fn is_military(&self, country: &str, postcode: &str) -> bool {
        let is_town = |names: &[&str]| {
            let mut towns = self.towns.into_iter().flatten().map(compact);
            towns.any(|town| names.contains(&town.as_str()))
        };
        let state = compact(self.state.unwrap_or_default());
        match country {
            "GB" | "UK" => {
                let area = postcode.strip_prefix("bf").unwrap_or_default();
                area.starts_with(|letter: char| letter.is_ascii_digit())
                    || postcode.starts_with("bfpo")
            }
            "US" => {
                is_town(&["apo", "fpo", "dpo"])
                    || ["aa", "ae", "ap"].contains(&state.as_str())
                    || state.starts_with("armedforces")
                    || patterns::US_MILITARY_POSTCODES
                        .iter()
                        .any(|prefix| postcode.starts_with(prefix))
            }
            "FR" => is_town(&["armees"]),
            _ => false,
        }
    }
}

/// The letters and digits alone.
pub(super) fn compact(text: &str) -> String {
    let plain = plain(text);
    plain.chars().filter(|it| it.is_alphanumeric()).collect()
}
