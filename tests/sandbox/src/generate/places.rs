//! Owns where invented buyers live: real countries and postal areas, so that shipping terms can be
//! derived, and nothing finer that is real.

use super::dice::Dice;

/// `postcode` is a pattern: `#` becomes a digit, `@` a letter.
#[derive(Debug)]
pub(super) struct Place {
    /// ISO 3166, as Amazon's addresses have it: GB, and JE, GG, IM on their own.
    pub(super) country: &'static str,
    pub(super) city: &'static str,
    pub(super) region: &'static str,
    pub(super) postcode: &'static str,
}

const fn place(
    country: &'static str,
    city: &'static str,
    region: &'static str,
    postcode: &'static str,
) -> Place {
    Place {
        country,
        city,
        region,
        postcode,
    }
}

pub(super) static JERSEY: Place = place("JE", "St Helier", "Jersey", "JE2 #@@");
pub(super) static GUERNSEY: Place = place("GG", "St Peter Port", "Guernsey", "GY1 #@@");
static MAN: Place = place("IM", "Douglas", "Isle of Man", "IM1 #@@");
pub(super) static NORTHERN_IRELAND: Place = place("GB", "Belfast", "Northern Ireland", "BT1 #@@");
static HIGHLANDS: Place = place("GB", "Inverness", "Highland", "IV2 #@@");
pub(super) static FRANCE: Place = place("FR", "Lyon", "Rhône", "690##");
static CORSICA: Place = place("FR", "Ajaccio", "Corse", "200##");
static REUNION: Place = place("RE", "Saint-Denis", "La Réunion", "974##");
static MONACO: Place = place("MC", "Monaco", "Monaco", "980##");
pub(super) static UNITED_STATES: Place = place("US", "Boise", "ID", "837##");
pub(super) static AUSTRIA: Place = place("AT", "Graz", "Steiermark", "80##");
static SWITZERLAND: Place = place("CH", "Basel", "Basel-Stadt", "40##");
pub(super) static GERMANY: Place = place("DE", "Leipzig", "Sachsen", "041##");
static HELIGOLAND: Place = place("DE", "Helgoland", "Schleswig-Holstein", "27498");
static CANARIES: Place = place("ES", "Las Palmas de Gran Canaria", "Las Palmas", "350##");
static SAN_MARINO: Place = place("SM", "San Marino", "San Marino", "4789#");
static IRELAND: Place = place("IE", "Cork", "Cork", "T12 @##@");

/// Places that are not simply at home, for the everyday mix.
pub(super) static AWAY: &[&Place] = &[
    &JERSEY,
    &GUERNSEY,
    &MAN,
    &NORTHERN_IRELAND,
    &HIGHLANDS,
    &FRANCE,
    &CORSICA,
    &REUNION,
    &MONACO,
    &UNITED_STATES,
    &AUSTRIA,
    &SWITZERLAND,
    &GERMANY,
    &HELIGOLAND,
    &CANARIES,
    &SAN_MARINO,
    &IRELAND,
];

static HOMES: &[Place] = &[
    place("GB", "Leeds", "West Yorkshire", "LS1 #@@"),
    place("GB", "London", "Greater London", "SE15 #@@"),
    place("GB", "Cardiff", "Cardiff", "CF10 #@@"),
    place("GB", "Glasgow", "Glasgow", "G12 #@@"),
    place("DE", "Berlin", "Berlin", "109##"),
    place("DE", "Hamburg", "Hamburg", "203##"),
    place("DE", "München", "Bayern", "803##"),
    place("FR", "Nantes", "Loire-Atlantique", "440##"),
    place("ES", "Sevilla", "Sevilla", "410##"),
    place("IT", "Bologna", "BO", "401##"),
    place("NL", "Utrecht", "Utrecht", "35## @@"),
    place("BE", "Gent", "Oost-Vlaanderen", "90##"),
    place("IE", "Galway", "Galway", "H91 @##@"),
    place("SE", "Uppsala", "Uppsala", "75# ##"),
    place("PL", "Gdańsk", "Pomorskie", "80-###"),
    place("US", "Tulsa", "OK", "741##"),
    place("CA", "Halifax", "NS", "B3H #@#"),
    place("JP", "Sendai", "Miyagi", "980-####"),
    place("AU", "Hobart", "TAS", "70##"),
];

/// Somewhere in this country.
pub(super) fn home(country: &'static str, dice: &mut Dice) -> Place {
    let homes: Vec<&Place> = HOMES
        .iter()
        .filter(|place| place.country == country)
        .collect();
    if homes.is_empty() {
        return place(country, "Sandbox City", "Sandbox", "#####");
    }
    let home = *dice.one_of(&homes);
    place(home.country, home.city, home.region, home.postcode)
}

/// A postcode of this place.
pub(super) fn postcode(place: &Place, dice: &mut Dice) -> String {
    // The letters that the second half of a British postcode may have.
    let letters = b"ABDEFGHJLNPQRSTUWXYZ";
    let one = |symbol: char| match symbol {
        '#' => char::from(b'0' + dice.below(10) as u8),
        '@' => char::from(*dice.one_of(letters)),
        other => other,
    };
    place.postcode.chars().map(one).collect()
}
