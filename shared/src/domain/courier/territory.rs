//! Territories that a service reaches only if it says so: they belong to a country, and have customs, taxes or a carriage
//! of their own. Data only: a new one is a variant and its row, with examples in the tests.

use super::Address;
use super::address::compact;
use crate::domain::marketplace::Place;
use serde::{Deserialize, Serialize};

/// A territory that a service's price and transit for the country do not cover.
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
    strum::Display,
    strum::VariantArray,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Territory {
    // Beside Great Britain.
    Jersey,
    Guernsey,
    IsleOfMan,
    NorthernIreland,
    // Beside France.
    Guadeloupe,
    Martinique,
    FrenchGuiana,
    Reunion,
    Mayotte,
    SaintPierreAndMiquelon,
    SaintBarthelemy,
    SaintMartin,
    FrenchSouthernTerritories,
    WallisAndFutuna,
    FrenchPolynesia,
    NewCaledonia,
    // Beside Spain and Portugal.
    CanaryIslands,
    Ceuta,
    Melilla,
    Azores,
    Madeira,
    // Beside Italy, Germany, Greece, Finland, Denmark and Norway.
    Livigno,
    Campione,
    Buesingen,
    Helgoland,
    MountAthos,
    Aland,
    FaroeIslands,
    Greenland,
    SvalbardAndJanMayen,
    // Beside the United States.
    PuertoRico,
    UsVirginIslands,
    Guam,
    AmericanSamoa,
    NorthernMarianaIslands,
    UsMinorOutlyingIslands,
    Micronesia,
    MarshallIslands,
    Palau,
    // Beside Australia.
    ChristmasIsland,
    CocosIslands,
    NorfolkIsland,
    LordHoweIsland,
}

impl Territory {
    /// The territory an address is in, if it is in one; by its country, its postcode, its state or its town.
    pub fn of(address: &Address<'_>) -> Option<Self> {
        let place = Place::new(address.country?, address.postcode)?;
        let state = compact(address.state.unwrap_or_default());
        let towns = address.towns.map(|town| compact(town.unwrap_or_default()));
        let holds = |row: &&Row| {
            let named = |names: &[&str]| {
                names.contains(&state.as_str())
                    || towns.iter().any(|it| names.contains(&it.as_str()))
            };
            let in_country = |country: &&str| place.is_in(country);
            let begins = |prefix: &&str| place.begins_with(prefix);
            row.codes.iter().any(in_country)
                || (row.countries.iter().any(in_country)
                    && (row.postcodes.iter().any(begins)
                        || named(row.names)
                        || row.states.contains(&state.as_str())))
        };
        ROWS.iter().find(holds).map(|row| row.territory)
    }
}

/// How a territory is written. The first row that fits wins.
struct Row {
    territory: Territory,
    /// Country codes of its own.
    codes: &'static [&'static str],
    /// Countries with whose code it is written as well.
    countries: &'static [&'static str],
    /// There, what its postcodes begin with.
    postcodes: &'static [&'static str],
    /// There, its state's code.
    states: &'static [&'static str],
    /// There, names of its state or its town, without accents and separators.
    names: &'static [&'static str],
}

/// With a country code of its own, under which [`Place`] knows its postcodes too.
const fn own(territory: Territory, codes: &'static [&'static str]) -> Row {
    Row {
        territory,
        codes,
        countries: &[],
        postcodes: &[],
        states: &[],
        names: &[],
    }
}

/// Written with another country's code, alone or as well.
const fn part_of(
    country: &'static [&'static str],
    row: Row,
    postcodes: &'static [&'static str],
    names: &'static [&'static str],
) -> Row {
    Row {
        countries: country,
        postcodes,
        names,
        ..row
    }
}

const fn us(
    territory: Territory,
    code: &'static [&'static str],
    states: &'static [&'static str],
    postcodes: &'static [&'static str],
    names: &'static [&'static str],
) -> Row {
    Row {
        states,
        ..part_of(&["US"], own(territory, code), postcodes, names)
    }
}

use Territory as T;

const ROWS: [Row; 45] = [
    part_of(&["GB"], own(T::Jersey, &["JE"]), &[], &["jersey"]),
    part_of(
        &["GB"],
        own(T::Guernsey, &["GG"]),
        &[],
        &["guernsey", "alderney", "sark"],
    ),
    part_of(&["GB"], own(T::IsleOfMan, &["IM"]), &[], &["isleofman"]),
    part_of(
        &["GB"],
        own(T::NorthernIreland, &["XI"]),
        &["BT"],
        &["northernireland"],
    ),
    own(T::Guadeloupe, &["GP"]),
    own(T::Martinique, &["MQ"]),
    own(T::FrenchGuiana, &["GF"]),
    own(T::Reunion, &["RE"]),
    own(T::Mayotte, &["YT"]),
    own(T::SaintPierreAndMiquelon, &["PM"]),
    own(T::SaintBarthelemy, &["BL"]),
    own(T::SaintMartin, &["MF"]),
    own(T::FrenchSouthernTerritories, &["TF", "CP"]),
    own(T::WallisAndFutuna, &["WF"]),
    own(T::FrenchPolynesia, &["PF"]),
    own(T::NewCaledonia, &["NC"]),
    part_of(&["ES"], own(T::CanaryIslands, &["IC"]), &["35", "38"], &[]),
    part_of(&["ES", "EA"], own(T::Melilla, &[]), &["52"], &["melilla"]),
    part_of(&["ES"], own(T::Ceuta, &["EA"]), &["51"], &["ceuta"]),
    part_of(
        &["PT"],
        own(T::Azores, &[]),
        &["95", "96", "97", "98", "99"],
        &["acores", "azores"],
    ),
    part_of(
        &["PT"],
        own(T::Madeira, &[]),
        &["90", "91", "92", "93", "94"],
        &["madeira"],
    ),
    // Its postcode of before, 23030, is that of the valley too.
    part_of(&["IT"], own(T::Livigno, &[]), &["23041"], &["livigno"]),
    part_of(
        &["IT"],
        own(T::Campione, &[]),
        &["22061"],
        &["campione", "campioneditalia"],
    ),
    part_of(&["CH"], own(T::Campione, &[]), &["6911"], &[]),
    part_of(
        &["DE"],
        own(T::Buesingen, &[]),
        &["78266"],
        &[
            "busingen",
            "buesingen",
            "busingenamhochrhein",
            "buesingenamhochrhein",
        ],
    ),
    part_of(&["CH"], own(T::Buesingen, &[]), &["8238"], &[]),
    part_of(
        &["DE"],
        own(T::Helgoland, &[]),
        &["27498"],
        &["helgoland", "heligoland"],
    ),
    part_of(
        &["GR", "EL"],
        own(T::MountAthos, &[]),
        &["63086", "63087"],
        &["agionoros", "agiooros", "mountathos", "αγιονορος"],
    ),
    part_of(
        &["FI"],
        own(T::Aland, &["AX"]),
        &["22"],
        &["aland", "ahvenanmaa"],
    ),
    own(T::FaroeIslands, &["FO"]),
    part_of(
        &["DK"],
        own(T::Greenland, &["GL"]),
        &["39"],
        &["gronland", "greenland"],
    ),
    part_of(
        &["NO"],
        own(T::SvalbardAndJanMayen, &["SJ"]),
        &["917", "8099"],
        &["svalbard", "longyearbyen"],
    ),
    us(
        T::PuertoRico,
        &["PR"],
        &["pr"],
        &["006", "007", "009"],
        &["puertorico"],
    ),
    us(
        T::UsVirginIslands,
        &["VI"],
        &["vi"],
        &["008"],
        &["usvirginislands", "virginislands"],
    ),
    us(
        T::Guam,
        &["GU"],
        &["gu"],
        &["9691", "9692", "96931", "96932"],
        &["guam"],
    ),
    us(
        T::AmericanSamoa,
        &["AS"],
        &["as"],
        &["96799"],
        &["americansamoa"],
    ),
    us(
        T::NorthernMarianaIslands,
        &["MP"],
        &["mp"],
        &["96950", "96951", "96952"],
        &["northernmarianaislands", "saipan"],
    ),
    us(T::Palau, &["PW"], &["pw"], &["96939", "96940"], &["palau"]),
    us(
        T::Micronesia,
        &["FM"],
        &["fm"],
        &["96941", "96942", "96943", "96944"],
        &["micronesia", "federatedstatesofmicronesia"],
    ),
    us(
        T::MarshallIslands,
        &["MH"],
        &["mh"],
        &["96960", "96970"],
        &["marshallislands"],
    ),
    us(T::UsMinorOutlyingIslands, &["UM"], &["um"], &["96898"], &[]),
    part_of(
        &["AU"],
        own(T::ChristmasIsland, &["CX"]),
        &["6798"],
        &["christmasisland"],
    ),
    part_of(
        &["AU"],
        own(T::CocosIslands, &["CC"]),
        &["6799"],
        &[
            "cocosislands",
            "cocoskeelingislands",
            "homeisland",
            "westisland",
        ],
    ),
    part_of(
        &["AU"],
        own(T::NorfolkIsland, &["NF"]),
        &["2899"],
        &["norfolkisland"],
    ),
    part_of(
        &["AU"],
        own(T::LordHoweIsland, &[]),
        &["2898"],
        &["lordhoweisland"],
    ),
];

#[cfg(test)]
mod tests;
