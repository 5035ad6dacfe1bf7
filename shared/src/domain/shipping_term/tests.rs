//! Terms read, written, derived and fallen back from: one table a rule.

use super::*;

pub(super) fn term(text: &str) -> ShippingTerm {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn todays_terms_and_the_old_ones_read_as_the_canonical_form() {
    let rows = [
        ("STD UK DOM", "STD UK DOM"),
        ("STD UK DOM_2-PRIME", "STD UK DOM_2-PRIME"),
        ("UK NEXT", "UK NEXT"),
        ("Std UK Dom_1", "STD UK DOM_1"),
        ("UK Next", "UK NEXT"),
        ("uk second-prime", "UK SECOND-PRIME"),
        ("Exp DE Int_2-prime", "EXP DE INT_2-PRIME"),
        ("  std \t uk   dom _ 1 - prime ", "STD UK DOM_1-PRIME"),
        ("Std US D2D Dom", "STD US DOM"),
        ("STD GB DOM_007", "STD UK DOM_7"),
        ("Standard FR Dom", "STD FR DOM"),
        ("UK NextDay", "UK NEXT"),
        ("SAME_DAY DE DOM", "SAME DE DOM"),
        ("Drone_2 DE DOM_0", "DRONE_2 DE DOM_0"),
        ("UK UK DOM", "UK UK DOM"),
    ];
    for (text, canonical) in rows {
        assert_eq!(term(text).to_string(), canonical, "{text}");
    }
}

#[test]
fn what_is_no_term_is_refused_with_the_rule_it_breaks() {
    use InvalidTerm::{Country, Form, PremiumForm, Speed, Zone};
    let long = "X".repeat(200);
    let rows = [
        ("", Form),
        ("UK", Form),
        ("STD UK", Form),
        ("STD UK HERE", Form),
        ("STD UK DOM EXTRA", Form),
        ("UK NEXT_1", Form),
        ("-PRIME", Form),
        (&long, Form),
        (
            "STD XX DOM",
            Country(crate::domain::marketplace::UnknownMarketplace),
        ),
        ("NEXT UK DOM", PremiumForm),
        ("FÖN UK DOM", Speed),
        ("A__B UK DOM", Speed),
        ("STD UK DOM_", Zone),
        ("STD UK DOM_X", Zone),
        ("STD UK DOM_+1", Zone),
        ("STD UK DOM_65536", Zone),
        ("STD UK DOM_1_2", Zone),
    ];
    for (text, error) in rows {
        assert_eq!(text.parse::<ShippingTerm>(), Err(error), "{text}");
        assert!(
            serde_json::from_value::<ShippingTerm>(text.into()).is_err(),
            "{text}"
        );
    }
}

#[test]
fn an_order_gets_the_term_its_level_address_and_programs_say() {
    let map = [zone(1, "GB", &[]), zone(2, "GB", &["IV", "BT"])];
    // marketplace, zones and program; service level; country and postcode; the term
    let rows = [
        ("UK", "STANDARD", "GB SW1A 1AA", "STD UK DOM"),
        ("UK 2 PRIME", "STANDARD", "GB BT1 5GS", "STD UK DOM_2-PRIME"),
        ("UK 1", "STANDARD", "GB BT1 5GS", "STD UK DOM"),
        ("UK 2", "EXPEDITED", "JE JE2 3AB", "EXP UK DOM"),
        ("UK 2", "EXPEDITED", "IE", "EXP UK INT"),
        ("UK 2 PRIME", "NEXT_DAY", "", "UK NEXT-PRIME"),
        ("UK", "SECOND_DAY", "GB", "UK SECOND"),
        ("UK", "FREE_ECONOMY", "gb", "ECON UK DOM"),
        ("FR 0 PRIME", "PRIORITY", "MC 98000", "PRIO FR DOM-PRIME"),
        ("FR", "SAME_DAY", "FR 98714", "SAME FR INT"),
        ("FR", "SCHEDULED", "RE", "SCHED FR DOM"),
        ("FR", "hover board", "FR", "HOVER_BOARD FR DOM"),
        ("FR", "", "FR", "UNKNOWN FR DOM"),
        ("UK", "STANDARD", "", "address_missing"),
        ("UK", "STANDARD", "GBR SW1A 1AA", "address_missing"),
        ("UK 2", "STANDARD", "GB", "address_missing"),
    ];
    for (setting, level, address, expected) in rows {
        let mut setting = setting.split(' ');
        let marketplace = setting.next().unwrap().parse().unwrap();
        let zones = setting.next().map_or(0, |number| number.parse().unwrap());
        let programs: Vec<String> = setting.map(str::to_owned).collect();
        let (country, postcode) = address.split_once(' ').unwrap_or((address, ""));
        let derived = derive(&Facts {
            marketplace,
            service_level: Some(level).filter(|level| !level.is_empty()),
            country: Some(country).filter(|country| !country.is_empty()),
            postcode: Some(postcode),
            programs: &programs,
            zones: &map[..zones],
        });
        let got = derived
            .term
            .map_or_else(|reason| reason.to_string(), |term| term.to_string());
        assert_eq!(
            got, expected,
            "{level} to {address}: {:?}",
            derived.explanation
        );
    }
}

#[test]
fn prime_as_a_service_level_makes_no_order_prime() {
    let facts = Facts {
        marketplace: Marketplace::De,
        service_level: Some("PRIORITY"),
        country: Some("DE"),
        postcode: None,
        programs: &["PREMIUM".to_owned()],
        zones: &[],
    };
    assert_eq!(derive(&facts).term, Ok(term("PRIO DE DOM")));
}

pub(super) fn zone(number: u16, country: &str, postcodes: &[&str]) -> Zone {
    let postcodes = postcodes.iter().map(ToString::to_string).collect();
    Zone {
        number,
        areas: vec![Area {
            country: country.to_owned(),
            postcodes,
        }],
    }
}
