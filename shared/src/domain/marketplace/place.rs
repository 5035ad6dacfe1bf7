//! Where an address is, read from its country and its postcode as people write them.

use super::territory::{area, parent, territory};

/// Where an address is, as far as shipping asks: no `Debug`, since it holds a postcode.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Place {
    territory: String,
    /// The country with whose code the territory's postcodes are often written: `GB` for `JE`, itself for most.
    parent: String,
    postcode: String,
}

impl Place {
    /// Reads an address's country and postcode; `None` when the country is no two-letter code.
    pub(crate) fn new(country: &str, postcode: Option<&str>) -> Option<Self> {
        let country = country.trim().to_ascii_uppercase();
        if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let written = if country == "UK" {
            "GB".to_owned()
        } else {
            country
        };
        let postcode = compact(postcode.unwrap_or_default());
        let territory = territory(&written, &postcode).map_or(written, str::to_owned);
        let parent = parent(&territory).unwrap_or(&territory).to_owned();
        Some(Self {
            territory,
            parent,
            postcode,
        })
    }

    /// The territory the address really is in: a Jersey postcode written with GB is in `JE`.
    pub(crate) fn territory(&self) -> &str {
        &self.territory
    }

    /// Whether the address names a postcode at all.
    pub(crate) fn has_postcode(&self) -> bool {
        !self.postcode.is_empty()
    }

    /// Whether the address is in a country itself, however it is written: Jersey is in `JE` and never in `GB`.
    pub(crate) fn is_in(&self, country: &str) -> bool {
        iso(country).eq_ignore_ascii_case(&self.territory)
    }

    /// Whether the address's postcode belongs to a country's: Jersey's to `JE` and to `GB`.
    pub(crate) fn has_postcode_of(&self, country: &str) -> bool {
        self.is_in(country) || iso(country).eq_ignore_ascii_case(&self.parent)
    }

    /// Whether the postcode begins with `prefix`, by the rules of its country.
    ///
    /// British ones go by area, district and sector: `B` is Birmingham and not Belfast's `BT`, `IV1` is not `IV10`,
    /// and `IV1 1` is a part of `IV1`.
    pub(crate) fn begins_with(&self, prefix: &str) -> bool {
        let (district, sector) = prefix.trim().split_once(' ').unwrap_or((prefix, ""));
        let (district, sector) = (compact(district), compact(sector));
        let british = self.parent == "GB";
        if district.is_empty() || !british {
            return !district.is_empty() && self.postcode.starts_with(&(district + &sector));
        }
        if !sector.is_empty() {
            let (outward, inward) = halves(&self.postcode);
            return outward == district && inward.starts_with(&sector);
        }
        if district.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return area(&self.postcode) == district;
        }
        let rest = halves(&self.postcode).0.strip_prefix(district.as_str());
        rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_uppercase()))
    }
}

fn iso(country: &str) -> &str {
    let country = country.trim();
    if country.eq_ignore_ascii_case("UK") {
        "GB"
    } else {
        country
    }
}

/// Upper case without spaces and hyphens, so that `je2-3ab` and `JE2 3AB` are one. Postcodes that begin with their
/// country (`F-97410`) are written so by hand only, and lose it.
fn compact(postcode: &str) -> String {
    let upper = postcode.trim().to_ascii_uppercase();
    let bare = match upper.split_once('-') {
        Some((
            "F" | "FR" | "D" | "DE" | "I" | "IT" | "E" | "ES" | "MC" | "AX" | "FI" | "FIN" | "PT"
            | "CH" | "GR" | "AU" | "US",
            rest,
        )) => rest,
        _ => upper.as_str(),
    };
    bare.chars()
        .filter(|char| char.is_ascii_alphanumeric())
        .collect()
}

/// A British postcode's outward and inward half: the inward one is the last three characters, if they are given.
fn halves(postcode: &str) -> (&str, &str) {
    if postcode.len() < 5 {
        (postcode, "")
    } else {
        postcode.split_at(postcode.len() - 3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_british_prefix_is_an_area_or_a_district_and_elsewhere_a_beginning() {
        let rows = [
            ("GB", "B1 1AA", "B", true),
            ("GB", "BT1 5GS", "B", false),
            ("GB", "BT1 5GS", "BT", true),
            ("GB", "IV1 1AA", "IV1", true),
            ("GB", "IV10 8AA", "IV1", false),
            ("GB", "IV10 8AA", "IV10", true),
            ("GB", "W1A 1AA", "W1", true),
            ("GB", "AB10 1AA", "AB10 1", true),
            ("GB", "IV1 1AA", "IV11", false),
            ("GB", "AB10", "AB10", true),
            ("GB", "JE2 3AB", "je", true),
            ("DE", "27498", "274", true),
            ("DE", "27498", "275", false),
            ("CA", "K1A 0B1", "K", true),
            ("GB", "", "B", false),
            ("GB", "B1 1AA", "", false),
        ];
        for (country, postcode, prefix, fits) in rows {
            let place = Place::new(country, Some(postcode)).unwrap();
            assert_eq!(
                place.begins_with(prefix),
                fits,
                "{country} {postcode}: {prefix}"
            );
        }
    }
}
