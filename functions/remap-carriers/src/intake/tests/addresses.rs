//! Where an order goes: without a name or a door, to a box, to a territory.

use super::*;
use stallkeeper::domain::courier::{ADDRESS_ROLE, Territory};

fn to(address: Value) -> Value {
    json!({"recipient": {"deliveryAddress": address}})
}

fn taken_at(
    change: Value,
    second: i64,
    before: Option<&StoredOrder>,
    rules: &Rules,
) -> StoredOrder {
    let reading = read(raw("UNSHIPPED", second, change), 100 + second);
    match take_in(&ids(), &reading, before, rules, at(100 + second)) {
        Intake::Write { order, .. } => *order,
        other => panic!("{other:?}"),
    }
}

fn taken(change: Value) -> StoredOrder {
    taken_at(change, 1, None, &rules())
}

fn said(order: &StoredOrder, words: &str) -> bool {
    let mut lines = order.decision.explanation.iter();
    lines.any(|line| line.contains(words))
}

/// The rules with what the courier's service can do besides.
fn rules_with(service: Value) -> Rules {
    let mut settings = rules().settings;
    let mut json = json!({"code": "next-day"});
    merge(&mut json, service);
    settings.couriers = vec![
        serde_json::from_value(json!({"code": "DPD", "name": "DPD", "services": [json]})).unwrap(),
    ];
    with(settings)
}

#[test]
fn an_order_without_a_name_or_a_first_line_waits_and_names_the_role() {
    let rows = [
        (json!({"name": null}), "no recipient's name"),
        (json!({"name": "  "}), "no recipient's name"),
        (json!({"addressLine1": null}), "no first line"),
        (json!({"addressLine1": ""}), "no first line"),
        (
            json!({"addressLine1": null, "addressLine2": "Flat 2"}),
            "no first line",
        ),
        (
            json!({"name": null, "addressLine1": null}),
            "neither the recipient's name nor the first line",
        ),
        (json!({"countryCode": null}), "no address"),
    ];
    for (change, words) in rows {
        let order = taken(to(change.clone()));
        assert_eq!(
            (order.status, order.decision.reason),
            (OrderStatus::PendingReview, Some(Reason::AddressMissing)),
            "{change}"
        );
        assert!(said(&order, words), "{:?}", order.decision.explanation);
        assert!(said(&order, ADDRESS_ROLE), "{change}");
        let text = serde_json::to_string(&order).unwrap();
        for buyer in ["Testina", "Nowhere", "ZZ1", "Flat"] {
            assert!(!text.contains(buyer), "{text}");
        }
    }
    let no_role = taken(json!({"recipient": null}));
    assert_eq!(no_role.decision.reason, Some(Reason::AddressMissing));
    assert!(said(&no_role, ADDRESS_ROLE));
}

#[test]
fn a_lone_part_that_is_missing_is_asked_for_again_and_frees_the_order_once_it_is_there() {
    let nameless = read(raw("UNSHIPPED", 1, to(json!({"name": null}))), 101);
    assert!(nameless.lacks_parts() && !nameless.holds_buyer());
    let withheld = to(json!({"name": null, "addressLine1": null}));
    let withheld = read(raw("UNSHIPPED", 1, withheld), 101);
    assert!(!withheld.lacks_parts() && !withheld.holds_buyer());

    let waiting = taken(to(json!({"name": null})));
    let whole = taken_at(json!({}), 2, Some(&waiting), &rules());
    assert_eq!(
        (whole.status, whole.decision.reason),
        (OrderStatus::Ready, None)
    );
}

#[test]
fn what_amazon_withholds_later_takes_nothing_back() {
    let ready = taken(to(json!({"addressLine2": "PO Box"})));
    assert_eq!(ready.decision.reason, Some(Reason::AddressType));
    let withheld = json!({"name": null, "addressLine1": null, "addressLine2": null});
    let after = taken_at(to(withheld.clone()), 2, Some(&ready), &rules());
    assert_eq!(
        (after.decision.reason, after.requirements),
        (Some(Reason::AddressType), ready.requirements)
    );
    let buyer = |change| read(raw("UNSHIPPED", 1, to(change)), 101).buyer;
    let kept = buyer(withheld.clone()).completed_by(&buyer(json!({})));
    assert_eq!(kept, buyer(json!({})));
    // Another place is another address.
    let mut elsewhere = withheld;
    elsewhere["postalCode"] = json!("ZZ2 2ZZ");
    let moved = buyer(elsewhere).completed_by(&buyer(json!({})));
    assert_eq!(moved.postcode(), Some("ZZ2 2ZZ"));
    assert!(!moved.address(&order()).lacks().is_empty());
}

#[test]
fn boxes_lockers_and_military_post_go_only_with_a_service_that_serves_them() {
    let rows = [
        (json!({"addressLine1": "P.O. Box 12"}), "po_boxes"),
        (json!({"addressLine2": "InPost Locker 3"}), "pickup_points"),
        (json!({"addressType": "PICKUP_POINT"}), "pickup_points"),
        (json!({"addressLine1": "BFPO 40"}), "military"),
        (json!({"city": "BFPO", "postalCode": "BF1 2AX"}), "military"),
    ];
    for (address, ability) in rows {
        let waiting = taken(to(address.clone()));
        assert_eq!(
            (waiting.status, waiting.decision.reason),
            (OrderStatus::PendingReview, Some(Reason::AddressType)),
            "{address}"
        );
        let able = rules_with(json!({ability: true}));
        let (freed, _) = look_again(&waiting, &able, at(102)).unwrap();
        assert_eq!(freed.status, OrderStatus::Ready, "{address}");
    }
}

#[test]
fn an_order_to_a_territory_goes_only_with_a_service_that_says_it_carries_there() {
    let rows = [
        (json!({"postalCode": "BT1 5GS"}), Territory::NorthernIreland),
        (json!({"postalCode": "JE2 3AB"}), Territory::Jersey),
        (
            json!({"postalCode": "GY1 1AA", "countryCode": "GG"}),
            Territory::Guernsey,
        ),
        (
            json!({"postalCode": null, "countryCode": "IM"}),
            Territory::IsleOfMan,
        ),
    ];
    for (address, territory) in rows {
        let waiting = taken(to(address.clone()));
        assert_eq!(
            (
                waiting.status,
                waiting.decision.reason,
                waiting.requirements.territory
            ),
            (
                OrderStatus::PendingReview,
                Some(Reason::UnreachedTerritory),
                Some(territory)
            ),
            "{address}"
        );
        assert!(said(&waiting, &format!("carries to {territory}")));
        let text = serde_json::to_string(&waiting).unwrap();
        assert!(!text.contains("5GS") && !text.contains("3AB"), "{text}");
        let able = rules_with(json!({"territories": [territory]}));
        let (freed, _) = look_again(&waiting, &able, at(102)).unwrap();
        assert_eq!(freed.status, OrderStatus::Ready, "{address}");
    }
}

#[test]
fn a_person_may_send_to_a_territory_and_another_one_opens_the_order_again() {
    let belfast = to(json!({"postalCode": "BT1 5GS"}));
    let mut picked = taken(belfast.clone());
    picked.status = OrderStatus::Ready;
    picked.decision = Decision {
        service: Some("DPD/next-day".parse().unwrap()),
        by_person: true,
        reason: None,
        ..picked.decision
    };
    let mut again = belfast;
    again["programs"] = json!(["AMAZON_BUSINESS"]);
    let changed = taken_at(again, 2, Some(&picked), &rules());
    assert_eq!(changed.status, OrderStatus::Ready);
    let moved = taken_at(
        to(json!({"postalCode": "JE2 3AB"})),
        3,
        Some(&picked),
        &rules(),
    );
    assert_eq!(
        (moved.status, moved.decision.reason),
        (OrderStatus::PendingReview, Some(Reason::UnreachedTerritory))
    );
}

#[test]
fn a_ready_order_that_an_older_release_stored_waits_once_its_territory_is_known() {
    let belfast = to(json!({"postalCode": "BT1 5GS"}));
    let mut stored = taken(json!({}));
    stored.requirements.territory = None;
    let read_again = taken_at(belfast, 2, Some(&stored), &rules());
    assert_eq!(
        (read_again.status, read_again.decision.reason),
        (OrderStatus::PendingReview, Some(Reason::UnreachedTerritory))
    );
}
