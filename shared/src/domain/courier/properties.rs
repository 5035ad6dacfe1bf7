//! What must hold for every choice, not only for those in the tables.

use super::tests::{couriers, mapping, off, term};
use super::*;
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};
use proptest::strategy::Strategy as _;

fn any_mapping() -> impl proptest::strategy::Strategy<Value = Mapping> {
    let terms = vec![
        "STD UK DOM",
        "STD UK DOM_1",
        "STD UK DOM_2",
        "STD UK DOM-PRIME",
        "STD UK DOM_2-PRIME",
        "UK NEXT",
    ];
    let services = vec!["A/plain", "A/prime", "B/any", "C/near", "D/gone"];
    let scope = prop::sample::select(Scope::NARROWEST_FIRST.to_vec());
    (
        prop::sample::select(terms),
        prop::sample::select(services),
        any::<bool>(),
        scope,
    )
        .prop_map(|(text, service, carries_prime, scope)| Mapping {
            carries_prime,
            ..mapping(scope, text, service)
        })
}

proptest! {
    #[test]
    fn the_choice_is_always_the_same_and_never_breaks_a_promise(
        mappings in prop::collection::vec(any_mapping(), 0..12),
        text in prop::sample::select(vec!["STD UK DOM", "STD UK DOM_2", "STD UK DOM_2-PRIME", "UK NEXT-PRIME", "UK NEXT"]),
        switched_off in prop::sample::subsequence(vec!["A", "B", "C"], 0..=3),
        locker: bool,
        signature: bool,
    ) {
        let term = term(text);
        let order = Requirements {
            prime: term.prime,
            address: if locker { AddressKind::PickupPoint } else { AddressKind::Street },
            constraints: signature.then_some(Constraint::Signature).into_iter().collect(),
            ..Requirements::default()
        };
        let (mappings, couriers, switches) = (Mappings::from_iter(mappings), couriers(), off(&switched_off));
        let choice = choose(Some(&term), &order, &mappings, &couriers, &switches);
        prop_assert_eq!(&choice, &choose(Some(&term), &order, &mappings, &couriers, &switches));
        let chosen = match &choice {
            Choice::Courier { service, rule, .. } => {
                let mapping = mappings.get(rule.scope, &rule.term).unwrap();
                prop_assert_eq!(&mapping.service, service);
                prop_assert!(!term.prime || rule.term.prime || mapping.carries_prime);
                vec![service.clone()]
            }
            Choice::Review { candidates, .. } => candidates.clone(),
        };
        for id in chosen {
            let service = couriers.service(&id).unwrap();
            prop_assert!(switches.is_on(&id.courier));
            prop_assert!(!order.prime || service.prime);
            prop_assert!(!locker || service.pickup_points);
            prop_assert!(!signature || service.constraints.contains(&Constraint::Signature));
            prop_assert!(term.zone().is_none_or(|zone| service.reaches(term.marketplace, zone)));
        }
    }
}
