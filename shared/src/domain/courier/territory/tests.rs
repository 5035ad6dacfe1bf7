//! Examples of each territory, and of what lies beside it.

use super::Territory::*;
use super::*;
use strum::VariantArray as _;

/// Country, postcode, state, town.
const EXAMPLES: &[(&str, &str, &str, &str, Option<Territory>)] = &[
    ("JE", "JE2 3AB", "", "", Some(Jersey)),
    ("GB", "JE2 3AB", "", "", Some(Jersey)),
    ("GB", "", "Jersey", "", Some(Jersey)),
    ("GG", "", "", "", Some(Guernsey)),
    ("UK", "gy1 1aa", "", "", Some(Guernsey)),
    ("IM", "IM1 1AA", "", "", Some(IsleOfMan)),
    ("GB", "IM1 1AA", "", "", Some(IsleOfMan)),
    ("GB", "BT1 5GS", "", "", Some(NorthernIreland)),
    ("GB", "BT15GS", "", "Belfast", Some(NorthernIreland)),
    ("GB", "", "Northern Ireland", "", Some(NorthernIreland)),
    ("XI", "BT1 5GS", "", "", Some(NorthernIreland)),
    ("GB", "B1 1AA", "", "Birmingham", None),
    ("GB", "SW1A 1AA", "", "London", None),
    ("GB", "IV1 1AA", "Highland", "Inverness", None),
    ("IE", "D02 X285", "", "Dublin", None),
    ("FR", "97110", "", "", Some(Guadeloupe)),
    ("GP", "", "", "", Some(Guadeloupe)),
    ("FR", "97200", "", "", Some(Martinique)),
    ("FR", "97300", "", "", Some(FrenchGuiana)),
    ("FR", "F-97410", "", "", Some(Reunion)),
    ("RE", "97400", "", "", Some(Reunion)),
    ("FR", "97600", "", "", Some(Mayotte)),
    ("FR", "97500", "", "", Some(SaintPierreAndMiquelon)),
    ("FR", "97133", "", "", Some(SaintBarthelemy)),
    ("FR", "97150", "", "", Some(SaintMartin)),
    ("FR", "98412", "", "", Some(FrenchSouthernTerritories)),
    ("FR", "98600", "", "", Some(WallisAndFutuna)),
    ("FR", "98714", "", "", Some(FrenchPolynesia)),
    ("NC", "98800", "", "", Some(NewCaledonia)),
    ("FR", "98000", "", "Monaco", None),
    ("MC", "98000", "", "", None),
    ("FR", "20000", "", "Ajaccio", None),
    ("FR", "75001", "", "Paris", None),
    ("ES", "35001", "", "", Some(CanaryIslands)),
    ("ES", "38001", "", "", Some(CanaryIslands)),
    ("IC", "", "", "", Some(CanaryIslands)),
    ("ES", "51001", "", "", Some(Ceuta)),
    ("ES", "52001", "", "", Some(Melilla)),
    ("EA", "52001", "", "", Some(Melilla)),
    ("EA", "51001", "", "", Some(Ceuta)),
    ("ES", "07001", "", "Palma", None),
    ("ES", "28001", "", "Madrid", None),
    ("PT", "9500-321", "", "", Some(Azores)),
    ("PT", "9000-001", "", "Funchal", Some(Madeira)),
    ("PT", "1000-001", "", "Lisboa", None),
    ("IT", "23041", "", "", Some(Livigno)),
    ("IT", "23030", "SO", "Livigno", Some(Livigno)),
    ("IT", "23030", "SO", "Valdisotto", None),
    ("IT", "22061", "", "", Some(Campione)),
    ("IT", "22060", "", "Campione d'Italia", Some(Campione)),
    ("IT", "22060", "", "Cabiate", None),
    ("CH", "6911", "", "", Some(Campione)),
    ("CH", "CH-8238", "", "", Some(Buesingen)),
    ("DE", "78266", "", "", Some(Buesingen)),
    (
        "DE",
        "D-78266",
        "",
        "Büsingen am Hochrhein",
        Some(Buesingen),
    ),
    ("DE", "27498", "", "", Some(Helgoland)),
    ("DE", "", "", "HELGOLAND", Some(Helgoland)),
    ("DE", "10115", "", "Berlin", None),
    ("GR", "630 86", "", "", Some(MountAthos)),
    ("GR", "63088", "", "Nikiti", None),
    ("FI", "22100", "", "", Some(Aland)),
    ("AX", "AX-22100", "", "", Some(Aland)),
    ("FI", "00100", "", "Helsinki", None),
    ("FO", "100", "", "", Some(FaroeIslands)),
    ("DK", "3900", "", "", Some(Greenland)),
    ("DK", "1000", "", "", None),
    ("NO", "9170", "", "", Some(SvalbardAndJanMayen)),
    ("PR", "00901", "", "", Some(PuertoRico)),
    ("US", "00901-1234", "", "", Some(PuertoRico)),
    ("US", "", "PR", "San Juan", Some(PuertoRico)),
    ("US", "", "Puerto Rico", "", Some(PuertoRico)),
    ("US", "00801", "VI", "", Some(UsVirginIslands)),
    ("US", "96910", "GU", "", Some(Guam)),
    ("GU", "", "", "", Some(Guam)),
    ("US", "96799", "AS", "", Some(AmericanSamoa)),
    ("US", "96950", "", "", Some(NorthernMarianaIslands)),
    ("US", "96939", "", "", Some(Palau)),
    ("US", "96941", "", "", Some(Micronesia)),
    ("US", "96960", "", "", Some(MarshallIslands)),
    ("UM", "", "", "", Some(UsMinorOutlyingIslands)),
    ("US", "99501", "AK", "Anchorage", None),
    ("US", "00501", "NY", "Holtsville", None),
    ("US", "98101", "WA", "Seattle", None),
    ("AU", "6798", "", "", Some(ChristmasIsland)),
    ("CC", "6799", "", "", Some(CocosIslands)),
    ("AU", "2899", "NSW", "", Some(NorfolkIsland)),
    ("AU", "2898", "NSW", "", Some(LordHoweIsland)),
    ("AU", "2000", "NSW", "Sydney", None),
    ("AU", "4184", "QLD", "Russell Island", None),
    ("JP", "900-0001", "", "Naha", None),
];

#[test]
fn an_address_is_in_the_territory_that_its_country_postcode_state_or_town_says() {
    for (country, postcode, state, town, territory) in EXAMPLES {
        let address = Address {
            country: Some(country),
            postcode: Some(postcode),
            state: Some(state),
            towns: [Some(town), None, None],
            ..Address::default()
        };
        assert_eq!(
            Territory::of(&address),
            *territory,
            "{country} {postcode} {state} {town}"
        );
    }
}

#[test]
fn every_territory_has_an_example() {
    for territory in Territory::VARIANTS {
        let mut examples = EXAMPLES.iter().map(|row| row.4);
        assert!(examples.any(|it| it == Some(*territory)), "{territory}");
    }
}

#[test]
fn a_territory_is_spelt_the_same_in_json_and_in_text() {
    for territory in Territory::VARIANTS {
        assert_eq!(
            serde_json::to_value(territory).unwrap(),
            territory.to_string()
        );
    }
}
