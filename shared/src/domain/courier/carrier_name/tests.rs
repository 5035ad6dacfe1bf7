//! Which carrier Amazon is told of, and whether it counts.

use super::*;
use std::collections::BTreeSet;

fn called(carrier: &str, method: Option<&str>) -> CarrierName {
    CarrierName::called(carrier, method).unwrap()
}

#[test]
fn a_carrier_goes_by_amazons_spelling_or_as_other() {
    let rows = [
        ("Royal Mail", "Royal Mail", None),
        ("  royal mail ", "Royal Mail", None),
        ("dpd", "DPD", None),
        ("COLIS PRIVE", "COLIS PRIVE", None),
        ("colis prive", "Colis Prive", None),
        ("Evri", "Other", Some("Evri")),
        ("Otro", "Other", Some("Otro")),
    ];
    for (carrier, code, name) in rows {
        let got = called(carrier, None);
        assert_eq!((got.code(), got.name()), (code, name), "{carrier}");
    }
    let evri = CarrierName::listed("Evri", Some("Next Day")).unwrap();
    assert_eq!((evri.code(), evri.name()), ("Evri", None));
    assert!(CarrierName::listed(OTHER, None).is_err());
    for text in ["", "  ", "a\nb", &"x".repeat(101)] {
        assert!(CarrierName::called(text, None).is_err(), "{text:?}");
        assert!(CarrierName::called("DPD", Some(text)).is_err(), "{text:?}");
    }
}

#[test]
fn a_service_without_a_name_goes_by_its_courier() {
    let courier = |code: &str, name: &str| Courier {
        code: code.parse().unwrap(),
        name: name.to_owned(),
        services: Vec::new(),
    };
    let rows = [
        ("DPD", "DPD", "DPD", None),
        ("rm", "Royal mail", "Royal Mail", None),
        ("dpd", "Our day courier", "DPD", None),
        ("van", "Our own van", "Other", Some("Our own van")),
        ("van", " ", "Other", Some("van")),
    ];
    for (code, name, expected, other) in rows {
        let got = CarrierName::assumed(&courier(code, name));
        assert_eq!((got.code(), got.name()), (expected, other), "{code} {name}");
    }
}

#[test]
fn what_amazon_counts_depends_on_the_marketplace() {
    use CountedByAmazon::{No, Unverified, Yes};
    let listed = CarrierName::listed("Evri", None).unwrap();
    let rows = [
        (called("Royal Mail", None), Marketplace::Uk, Yes),
        (called("Whistl", None), Marketplace::Uk, Unverified),
        (called("Evri", Some("24")), Marketplace::Uk, No),
        (listed, Marketplace::Uk, Unverified),
        (called("Royal Mail", None), Marketplace::It, Unverified),
        (called("DHL", None), Marketplace::De, No),
        (
            called("DHL", Some("DHL Paket")),
            Marketplace::De,
            Unverified,
        ),
        (called("Seur", None), Marketplace::Es, No),
        (called("Colissimo", None), Marketplace::Fr, No),
    ];
    for (carrier, marketplace, counted) in rows {
        let got = carrier.counted_by_amazon(marketplace);
        assert_eq!(got, counted, "{carrier:?} {marketplace}");
        assert!(!carrier.remark(marketplace).is_empty());
    }
}

#[test]
fn what_is_stored_is_read_again_and_what_cannot_be_is_not() {
    for name in [called("DPD", None), called("Evri", Some("24"))] {
        let json = serde_json::to_value(&name).unwrap();
        assert_eq!(serde_json::from_value::<CarrierName>(json).unwrap(), name);
    }
    for json in [
        serde_json::json!({"code": "Other"}),
        serde_json::json!({"code": "DPD", "name": "DPD"}),
        serde_json::json!({"code": " "}),
    ] {
        assert!(serde_json::from_value::<CarrierName>(json).is_err());
    }
}

#[test]
fn the_table_names_each_carrier_once_and_knows_those_it_says_are_counted() {
    let all: BTreeSet<&str> = LISTED.iter().copied().collect();
    assert_eq!(all.len(), LISTED.len());
    assert!(COUNTED_IN_UK.iter().all(|code| all.contains(code)));
    assert!(!all.contains(OTHER));
}
