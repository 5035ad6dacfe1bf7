//! A marketplace's delivery map: numbered zones made of countries and postcodes.

use crate::domain::marketplace::Place;
use serde::{Deserialize, Serialize};

/// A numbered area of a marketplace's delivery map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    pub number: u16,
    pub areas: Vec<Area>,
}

/// A country, or the parts of it whose postcodes begin alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// ISO country code. Whole, `GB` does not hold Jersey, which is `JE`; by postcodes, `GB` with `JE` does.
    pub country: String,
    /// Empty means the whole country. British ones go by area (`BT`), district (`IV1`) or sector (`IV1 1`).
    #[serde(default)]
    pub postcodes: Vec<String>,
}

impl Area {
    /// How narrowly this area holds the place: `None` not at all, 0 by its country, else by so many characters.
    fn holds(&self, place: &Place) -> Option<usize> {
        if self.postcodes.is_empty() {
            return place.is_in(&self.country).then_some(0);
        }
        if !place.has_postcode_of(&self.country) {
            return None;
        }
        let fitting = self
            .postcodes
            .iter()
            .filter(|prefix| place.begins_with(prefix));
        fitting
            .map(|prefix| {
                prefix
                    .chars()
                    .filter(|char| char.is_ascii_alphanumeric())
                    .count()
            })
            .max()
    }
}

/// Where a place is on a marketplace's map.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The map has fewer than two zones, so a number would say nothing.
    NoMap,
    /// In this zone, the narrowest that holds it; of two as narrow, the one with the smaller number.
    Zone(u16),
    /// In none.
    Nowhere,
    /// The map divides the country by postcode, and the address has none.
    NeedsPostcode,
}

pub(super) fn find(zones: &[Zone], place: &Place) -> Found {
    if zones.len() < 2 {
        return Found::NoMap;
    }
    let areas = || {
        zones
            .iter()
            .flat_map(|zone| zone.areas.iter().map(move |area| (zone.number, area)))
    };
    let divided = || {
        areas().any(|(_, area)| place.has_postcode_of(&area.country) && !area.postcodes.is_empty())
    };
    if !place.has_postcode() && divided() {
        return Found::NeedsPostcode;
    }
    let holding = areas().filter_map(|(number, area)| Some((area.holds(place)?, number)));
    let narrowest =
        holding.max_by(|(a, number_a), (b, number_b)| a.cmp(b).then(number_b.cmp(number_a)));
    narrowest.map_or(Found::Nowhere, |(_, number)| Found::Zone(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(number: u16, areas: &[(&str, &[&str])]) -> Zone {
        let area = |(country, postcodes): &(&str, &[&str])| Area {
            country: (*country).to_owned(),
            postcodes: postcodes.iter().map(ToString::to_string).collect(),
        };
        Zone {
            number,
            areas: areas.iter().map(area).collect(),
        }
    }

    #[test]
    fn the_narrowest_zone_that_holds_the_address_is_its_zone() {
        let map = [
            zone(1, &[("GB", &[])]),
            zone(2, &[("GB", &["IV", "JE"]), ("IM", &[])]),
            zone(3, &[("GB", &["IV1"])]),
            zone(4, &[("GB", &["IV1"]), ("IE", &[])]),
        ];
        let rows = [
            ("GB", Some("SW1A 1AA"), Found::Zone(1)),
            ("GB", Some("IV2 1AA"), Found::Zone(2)),
            ("GB", Some("IV1 1AA"), Found::Zone(3)),
            ("JE", Some("JE2 3AB"), Found::Zone(2)),
            ("GB", Some("JE2 3AB"), Found::Zone(2)),
            ("GB", Some("IM1 1AA"), Found::Zone(2)),
            ("IM", Some("IM1 1AA"), Found::Zone(2)),
            ("IE", None, Found::Zone(4)),
            ("GB", None, Found::NeedsPostcode),
            ("DE", None, Found::Nowhere),
        ];
        for (country, postcode, found) in rows {
            let place = Place::new(country, postcode).unwrap();
            assert_eq!(find(&map, &place), found, "{country} {postcode:?}");
            assert_eq!(find(&map[..1], &place), Found::NoMap, "one zone is no map");
        }
    }
}
