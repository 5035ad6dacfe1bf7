//! What must hold for every term and every order, not only for those in the tables.

use super::tests::zone;
use super::*;
use crate::domain::courier::Reason;
use proptest::prelude::*;

fn any_term() -> impl Strategy<Value = ShippingTerm> {
    let levels = prop_oneof![
        3 => prop::sample::select(vec!["STD", "EXP", "ECON", "PRIO", "SAME", "SCHED", "NEXT", "SECOND"])
            .prop_map(str::to_owned),
        1 => "\\PC{0,60}",
    ];
    let marketplace = prop::sample::select(Marketplace::ALL);
    (
        levels,
        marketplace,
        any::<bool>(),
        any::<Option<u16>>(),
        any::<bool>(),
    )
        .prop_map(|(level, marketplace, domestic, zone, prime)| {
            let reach = if domestic {
                Reach::Domestic
            } else {
                Reach::International
            };
            let delivery = match Level::of(&level) {
                Level::Premium(premium) => Delivery::Premium(premium),
                Level::Regular(speed) => Delivery::Regular { speed, reach, zone },
            };
            ShippingTerm {
                marketplace,
                delivery,
                prime,
            }
        })
}

fn mixed_case(text: &str, upper: u64) -> String {
    let flip = |(index, char): (usize, char)| {
        if upper >> (index % 64) & 1 == 1 {
            char.to_ascii_uppercase()
        } else {
            char.to_ascii_lowercase()
        }
    };
    text.chars().enumerate().map(flip).collect()
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same_in_any_letter_case(term in any_term(), upper: u64) {
        let text = term.to_string();
        prop_assert_eq!(text.parse::<ShippingTerm>(), Ok(term.clone()));
        prop_assert_eq!(mixed_case(&text, upper).parse::<ShippingTerm>(), Ok(term.clone()));
        let json = serde_json::to_string(&term).unwrap();
        prop_assert_eq!(serde_json::from_str::<ShippingTerm>(&json).unwrap(), term);
    }

    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_is_canonical(text in "\\PC{0,40}") {
        if let Ok(term) = text.parse::<ShippingTerm>() {
            prop_assert_eq!(term.to_string().parse::<ShippingTerm>(), Ok(term));
        }
    }

    #[test]
    fn deriving_never_panics_and_gives_a_term_that_reads_back(
        level in proptest::option::of("\\PC{0,50}"),
        country in proptest::option::of("[A-Za-z]{2}|\\PC{0,4}"),
        postcode in proptest::option::of("[A-Z0-9 -]{0,9}|\\PC{0,9}"),
        programs in prop::collection::vec("PRIME|\\PC{0,12}", 0..3),
        areas in prop::collection::vec((any::<u16>(), "[A-Z]{2}|\\PC{0,3}", prop::collection::vec("\\PC{0,5}", 0..3)), 0..4),
        marketplace in prop::sample::select(Marketplace::ALL),
    ) {
        let zones: Vec<Zone> = areas
            .into_iter()
            .map(|(number, country, postcodes)| Zone { number, areas: vec![Area { country, postcodes }] })
            .collect();
        let facts = Facts {
            marketplace,
            service_level: level.as_deref(),
            country: country.as_deref(),
            postcode: postcode.as_deref(),
            programs: &programs,
            zones: &zones,
        };
        let derived = derive(&facts);
        prop_assert_eq!(derived.clone(), derive(&facts));
        match derived.term {
            Ok(term) => prop_assert_eq!(term.to_string().parse::<ShippingTerm>(), Ok(term)),
            Err(reason) => prop_assert_eq!(reason, Reason::AddressMissing),
        }
    }

    #[test]
    fn no_explanation_holds_the_postcode(postcode in "[A-Z]{2}[0-9]{2} [0-9][A-Z]{2}") {
        let zones = [zone(1, "GB", &[]), zone(2, "GB", &["IV"])];
        let facts = Facts {
            marketplace: Marketplace::Uk,
            service_level: Some("STANDARD"),
            country: Some("GB"),
            postcode: Some(&postcode),
            programs: &[],
            zones: &zones,
        };
        let text = derive(&facts).explanation.join("\n");
        prop_assert!(postcode.split(' ').all(|half| !text.contains(half)), "{}", text);
    }

    #[test]
    fn a_fallback_is_never_narrower_and_never_adds_prime(term in any_term()) {
        let steps = term.fallbacks();
        prop_assert_eq!(&steps[0].term, &term);
        for Fallback { term: wanted, step } in &steps {
            prop_assert!(term.prime || !wanted.prime);
            prop_assert_eq!(step.needs_carries_prime(), term.prime && !wanted.prime);
            prop_assert!(wanted.zone().is_none() || wanted.zone() == term.zone());
            prop_assert!(term.to_string().starts_with(&wanted.waiting_prefix()), "{} {}", term, wanted);
        }
        let mut seen: Vec<_> = steps.iter().map(|one| &one.term).collect();
        seen.dedup();
        prop_assert_eq!(seen.len(), steps.len());
    }
}
