//! Who carries what, and who waits: one table a rule.

use super::*;
use crate::domain::shipping_term::{ShippingTerm, Step};

pub(super) fn term(text: &str) -> ShippingTerm {
    text.parse().unwrap()
}

fn id(text: &str) -> CourierServiceId {
    text.parse().unwrap()
}

pub(super) fn mapping(scope: Scope, text: &str, service: &str) -> Mapping {
    Mapping {
        term: term(text),
        service: id(service),
        carries_prime: text.ends_with('!'),
        scope,
    }
}

/// `A/plain` can do nothing special, `A/prime` carries Prime, `B/any` can do it all, `C/near` reaches UK's zone 1 only.
pub(super) fn couriers() -> Couriers {
    let service = |code: &str| CourierService::new(code.parse().unwrap(), code);
    let all = [Constraint::Signature, Constraint::AgeVerification].into();
    let any = CourierService {
        prime: true,
        pickup_points: true,
        po_boxes: true,
        constraints: all,
        ..service("any")
    };
    let near = ServedZone {
        marketplace: Marketplace::Uk,
        number: 1,
    };
    let near = CourierService {
        zones: Some([near].into()),
        ..service("near")
    };
    let prime = CourierService {
        prime: true,
        ..service("prime")
    };
    let courier = |code: &str, services| Courier {
        code: code.parse().unwrap(),
        name: code.to_owned(),
        services,
    };
    Couriers::new([
        courier("A", vec![service("plain"), prime]),
        courier("B", vec![any]),
        courier("C", vec![near]),
    ])
}

pub(super) fn off(codes: &[&str]) -> Switches {
    codes
        .iter()
        .map(|code| code.parse::<CourierCode>().unwrap())
        .collect()
}

fn choose_for(
    text: &str,
    order: &Requirements,
    mappings: &[Mapping],
    off_codes: &[&str],
) -> Choice {
    let mappings = mappings.iter().cloned().collect();
    choose(
        Some(&term(text)),
        order,
        &mappings,
        &couriers(),
        &off(off_codes),
    )
}

/// The service and step, or the reason.
fn short(choice: &Choice) -> Result<(String, Step), Reason> {
    match choice {
        Choice::Courier { service, rule, .. } => Ok((service.to_string(), rule.step)),
        Choice::Review { reason, .. } => Err(*reason),
    }
}

fn carrying(mapping: Mapping) -> Mapping {
    Mapping {
        carries_prime: true,
        ..mapping
    }
}

/// The service and the step that led to it, or why a person must choose.
type Outcome = Result<(&'static str, Step), Reason>;

#[test]
fn the_narrowest_scope_decides_and_within_it_the_nearest_term() {
    use Scope::{Connection, Deployment, Tenant};
    let zoned = mapping(Tenant, "STD UK DOM_2", "A/prime");
    let bare = mapping(Tenant, "STD UK DOM", "A/plain");
    let narrowed = mapping(Connection, "STD UK DOM", "B/any");
    let default = mapping(Deployment, "STD UK DOM_2", "C/near");
    let rows: [(&[&Mapping], Outcome); 6] = [
        (&[], Err(Reason::NoMapping)),
        (&[&bare], Ok(("A/plain", Step::WithoutZone))),
        (&[&bare, &zoned], Ok(("A/prime", Step::Exact))),
        (
            &[&bare, &zoned, &narrowed],
            Ok(("B/any", Step::WithoutZone)),
        ),
        (&[&bare, &default], Ok(("A/plain", Step::WithoutZone))),
        (&[&default], Err(Reason::ZoneNotServed)),
    ];
    for (mappings, expected) in rows {
        let mappings: Vec<_> = mappings.iter().map(|one| (*one).clone()).collect();
        let choice = choose_for("STD UK DOM_2", &Requirements::default(), &mappings, &[]);
        assert_eq!(
            short(&choice),
            expected.map(|(service, step)| (service.to_owned(), step)),
            "{choice:?}"
        );
    }
}

#[test]
fn a_prime_order_falls_back_only_to_what_carries_prime() {
    let order = Requirements {
        prime: true,
        ..Requirements::default()
    };
    let bare = mapping(Scope::Tenant, "STD UK DOM", "A/prime");
    let not_prime = mapping(Scope::Tenant, "STD UK DOM-PRIME", "A/plain");
    let zoned = carrying(mapping(Scope::Tenant, "STD UK DOM_2", "B/any"));
    let rows: [(&[Mapping], Outcome); 5] = [
        (std::slice::from_ref(&bare), Err(Reason::NoMapping)),
        (&[carrying(bare.clone())], Ok(("A/prime", Step::Bare))),
        (
            &[carrying(bare.clone()), zoned],
            Ok(("B/any", Step::WithoutPrime)),
        ),
        (std::slice::from_ref(&not_prime), Err(Reason::Constraint)),
        (
            &[carrying(mapping(Scope::Tenant, "STD UK DOM", "A/plain"))],
            Err(Reason::Constraint),
        ),
    ];
    for (mappings, expected) in rows {
        let choice = choose_for("STD UK DOM_2-PRIME", &order, mappings, &[]);
        assert_eq!(
            short(&choice),
            expected.map(|(service, step)| (service.to_owned(), step)),
            "{choice:?}"
        );
    }
}

#[test]
fn a_zone_is_dropped_only_for_a_service_that_reaches_it() {
    let near = [
        mapping(Scope::Connection, "STD UK DOM", "C/near"),
        mapping(Scope::Tenant, "STD UK DOM", "A/plain"),
    ];
    let rows = [
        ("STD UK DOM_1", "C/near"),
        ("STD UK DOM_2", "A/plain"),
        ("STD UK DOM", "C/near"),
    ];
    for (text, service) in rows {
        let choice = choose_for(text, &Requirements::default(), &near, &[]);
        assert_eq!(short(&choice).unwrap().0, service, "{text}");
    }
    let choice = choose_for("STD UK DOM_2", &Requirements::default(), &near[..1], &[]);
    assert_eq!(short(&choice), Err(Reason::ZoneNotServed));
}

#[test]
fn the_service_found_must_suit_the_order() {
    let demanding = |constraint| Requirements {
        constraints: [constraint].into(),
        ..Requirements::default()
    };
    let to = |address| Requirements {
        address,
        ..Requirements::default()
    };
    let new = Constraint::Other("retinaScan".to_owned());
    let rows = [
        ("A/plain", Requirements::default(), None),
        (
            "A/plain",
            to(AddressKind::PickupPoint),
            Some(Reason::AddressType),
        ),
        ("B/any", to(AddressKind::PickupPoint), None),
        ("A/plain", to(AddressKind::PoBox), Some(Reason::AddressType)),
        ("B/any", to(AddressKind::PoBox), None),
        (
            "A/plain",
            demanding(Constraint::Signature),
            Some(Reason::Constraint),
        ),
        ("B/any", demanding(Constraint::Signature), None),
        (
            "B/any",
            demanding(Constraint::CashOnDelivery),
            Some(Reason::Constraint),
        ),
        ("B/any", demanding(new), Some(Reason::Constraint)),
        ("A/gone", Requirements::default(), Some(Reason::NoMapping)),
    ];
    for (service, order, reason) in rows {
        let mappings = [mapping(Scope::Tenant, "STD UK DOM", service)];
        let choice = choose_for("STD UK DOM", &order, &mappings, &[]);
        assert_eq!(short(&choice).err(), reason, "{service} {order:?}");
    }
}

#[test]
fn an_order_with_a_switched_off_courier_waits_with_what_could_carry_it() {
    let mappings = [mapping(Scope::Tenant, "STD UK DOM", "A/plain")];
    let choice = choose_for("STD UK DOM", &Requirements::default(), &mappings, &["A"]);
    let Choice::Review {
        reason,
        candidates,
        explanation,
    } = choice
    else {
        panic!("{choice:?}")
    };
    assert_eq!(
        (reason, candidates),
        (Reason::CourierOff, vec![id("B/any"), id("C/near")])
    );
    let told = explanation
        .iter()
        .filter(|line| line.starts_with("A/plain "))
        .count();
    assert_eq!(told, 1, "{explanation:#?}");
    assert!(
        explanation[0].contains("mapping `STD UK DOM` of the tenant"),
        "{explanation:#?}"
    );
}

#[test]
fn what_no_service_can_mend_comes_before_any_mapping() {
    let mappings: Mappings = [mapping(Scope::Tenant, "STD UK DOM", "A/plain")]
        .into_iter()
        .collect();
    let amazon = Requirements {
        amazon_ships: Some(AmazonShips::StorePickUp),
        ..Requirements::default()
    };
    let cancel = Requirements {
        buyer_cancel: true,
        ..Requirements::default()
    };
    let missing = Requirements {
        address: AddressKind::Missing,
        ..Requirements::default()
    };
    let standard = term("STD UK DOM");
    let rows = [
        (Some(&standard), &amazon, Reason::AmazonShips, 0),
        (Some(&standard), &cancel, Reason::BuyerCancel, 4),
        (Some(&standard), &missing, Reason::AddressMissing, 4),
        (None, &Requirements::default(), Reason::AddressMissing, 4),
        (None, &amazon, Reason::AmazonShips, 0),
    ];
    for (term, order, expected, could) in rows {
        let choice = choose(term, order, &mappings, &couriers(), &Switches::default());
        let Choice::Review {
            reason, candidates, ..
        } = choice
        else {
            panic!("{choice:?}")
        };
        assert_eq!((reason, candidates.len()), (expected, could), "{order:?}");
    }
}

#[test]
fn switching_says_whether_it_changed_anything() {
    let (mut switches, code) = (Switches::default(), "DPD".parse::<CourierCode>().unwrap());
    assert!(switches.is_on(&code) && !switches.switch(code.clone(), true));
    assert!(switches.switch(code.clone(), false) && !switches.is_on(&code));
    assert_eq!(serde_json::to_string(&switches).unwrap(), r#"["DPD"]"#);
}
