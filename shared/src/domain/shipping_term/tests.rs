//! Terms read, written, derived and fallen back from: one table a rule.

use super::*;
use crate::domain::courier::Reason;

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
    let none: &[Zone] = &[];
    let (uk, fr) = (Marketplace::Uk, Marketplace::Fr);
    let missing = Err(Reason::AddressMissing);
    let rows: [(
        Marketplace,
        Option<&str>,
        Option<&str>,
        Option<&str>,
        bool,
        &[Zone],
        Result<&str, Reason>,
    ); 16] = [
        (
            uk,
            Some("STANDARD"),
            Some("GB"),
            Some("SW1A 1AA"),
            false,
            none,
            Ok("STD UK DOM"),
        ),
        (
            uk,
            Some("STANDARD"),
            Some("GB"),
            Some("BT1 5GS"),
            true,
            &map,
            Ok("STD UK DOM_2-PRIME"),
        ),
        (
            uk,
            Some("STANDARD"),
            Some("GB"),
            Some("BT1 5GS"),
            false,
            &map[..1],
            Ok("STD UK DOM"),
        ),
        (
            uk,
            Some("EXPEDITED"),
            Some("JE"),
            Some("JE2 3AB"),
            false,
            &map,
            Ok("EXP UK DOM"),
        ),
        (
            uk,
            Some("EXPEDITED"),
            Some("IE"),
            None,
            false,
            &map,
            Ok("EXP UK INT"),
        ),
        (
            uk,
            Some("NEXT_DAY"),
            None,
            None,
            true,
            &map,
            Ok("UK NEXT-PRIME"),
        ),
        (
            uk,
            Some("SECOND_DAY"),
            Some("GB"),
            None,
            false,
            none,
            Ok("UK SECOND"),
        ),
        (
            uk,
            Some("FREE_ECONOMY"),
            Some("gb"),
            None,
            false,
            none,
            Ok("ECON UK DOM"),
        ),
        (
            fr,
            Some("PRIORITY"),
            Some("MC"),
            Some("98000"),
            true,
            none,
            Ok("PRIO FR DOM-PRIME"),
        ),
        (
            fr,
            Some("SAME_DAY"),
            Some("FR"),
            Some("98714"),
            false,
            none,
            Ok("SAME FR INT"),
        ),
        (
            fr,
            Some("SCHEDULED"),
            Some("RE"),
            None,
            false,
            none,
            Ok("SCHED FR DOM"),
        ),
        (
            fr,
            Some("hover board"),
            Some("FR"),
            None,
            false,
            none,
            Ok("HOVER_BOARD FR DOM"),
        ),
        (
            fr,
            None,
            Some("FR"),
            None,
            false,
            none,
            Ok("UNKNOWN FR DOM"),
        ),
        (
            uk,
            Some("STANDARD"),
            None,
            Some("SW1A 1AA"),
            false,
            none,
            missing,
        ),
        (
            uk,
            Some("STANDARD"),
            Some("Great Britain"),
            None,
            false,
            none,
            missing,
        ),
        (
            uk,
            Some("STANDARD"),
            Some("GB"),
            Some(" "),
            false,
            &map,
            missing,
        ),
    ];
    for (marketplace, service_level, country, postcode, prime, zones, expected) in rows {
        let programs = if prime {
            vec!["AMAZON_BUSINESS".to_owned(), "PRIME".to_owned()]
        } else {
            Vec::new()
        };
        let facts = Facts {
            marketplace,
            service_level,
            country,
            postcode,
            programs: &programs,
            zones,
        };
        let got = derive(&facts);
        assert_eq!(
            got.term,
            expected.map(term),
            "{service_level:?} {country:?} {postcode:?}: {got:?}"
        );
        assert!(!got.explanation.is_empty());
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
