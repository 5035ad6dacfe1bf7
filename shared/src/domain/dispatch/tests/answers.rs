//! What Amazon answers of a parcel, and shows of it in its packages.

use super::*;

#[test]
fn a_parcel_that_amazon_carries_is_stored_and_settled_by_its_packages() {
    let mut stored = order(vec![item("1", "A", 1)]);
    stored.requirements.amazon_ships = Some(AmazonShips::ShipPlus);
    let (dispatch, _) = written(decide(&stored, &[], "P1", hand_over(ParcelUnits::AllOpen)));
    assert!(!dispatch.is_confirmed_by_us() && !dispatch.is_due(at(1_000_000)));
    assert_eq!(dispatch.by_packages(&[], at(200)), None);
    let late = dispatch.by_packages(&[], at(100 + 86_400)).unwrap();
    assert_eq!(late.state, DispatchState::Unknown);
    assert_eq!(late.by_packages(&[], at(200_000)), None);
    let shown = Package {
        tracking_number: Some("1550 1234567890".into()),
        ..Package::default()
    };
    let shown = late.by_packages(&[shown], at(200_000)).unwrap();
    assert_eq!(shown.state, DispatchState::Confirmed);
}

#[test]
fn a_refusal_opens_the_units_again_and_nobody_is_offered_the_order() {
    let stored = order(vec![item("1", "A", 1)]);
    let (dispatch, order) = written(decide(&stored, &[], "P1", hand_over(ParcelUnits::AllOpen)));
    let settled = dispatch.calling(at(101)).refused(&order, words(), at(102));
    assert_eq!(settled.order.status, OrderStatus::Acknowledged);
    assert_eq!(settled.order.unclaimed(&settled.order.order.items[0]), 1);
    assert!(!settled.order.is_ready());
    assert_eq!(settled.dispatch.state, DispatchState::Refused);
}

#[test]
fn an_edit_that_is_refused_opens_no_unit_since_amazon_has_the_parcel() {
    let stored = order(vec![item("1", "A", 1)]);
    let (dispatch, order) = written(decide(&stored, &[], "P1", hand_over(ParcelUnits::AllOpen)));
    let confirmed = dispatch.calling(at(101)).confirmed(None, at(102));
    let edit = HandOver {
        handed_over_at: at(90),
        ..hand_over(ParcelUnits::AllOpen)
    };
    let (edited, order) = written(decide(&order, &[confirmed], "P1", edit));
    let settled = edited.calling(at(103)).refused(&order, words(), at(104));
    assert_eq!(settled.dispatch.state, DispatchState::Refused);
    assert_eq!(settled.order.unclaimed(&settled.order.order.items[0]), 0);
    assert_eq!(settled.order.status, OrderStatus::Dispatched);
    let all = [settled.dispatch];
    let other = decide(&settled.order, &all, "P2", hand_over(ParcelUnits::AllOpen));
    assert_eq!(refusal(other), DispatchRefusal::NothingOpen);
    let (again, _) = written(decide(
        &settled.order,
        &all,
        "P1",
        hand_over(ParcelUnits::AllOpen),
    ));
    assert_eq!(again.lines, edited.lines);
}

#[test]
fn after_a_lost_answer_the_same_number_goes_again_ever_later() {
    let stored = order(vec![item("1", "A", 1)]);
    let (dispatch, _) = written(decide(&stored, &[], "P1", hand_over(ParcelUnits::AllOpen)));
    let called = dispatch.calling(at(101));
    assert!(!called.is_due(at(150)) && called.is_due(at(191)));
    let lost = called.lost(words(), at(110));
    assert_eq!(
        (lost.state, lost.number),
        (DispatchState::Unknown, dispatch.number)
    );
    assert!(!lost.is_due(at(139)) && lost.is_due(at(140)));
    let again = lost.lost(words(), at(140));
    assert!(!again.is_due(at(199)) && again.is_due(at(200)));
}

#[test]
fn what_somebody_else_shipped_is_told_from_ours_by_amazons_packages() {
    let stored = order(vec![item("1", "A", 3)]);
    let (dispatch, mut order) = written(decide(&stored, &[], "P1", hand_over(units(sku("A"), 1))));
    order.order.items[0].quantity_fulfilled = 1;
    order.order.items[0].quantity_unfulfilled = Some(2);
    let package = |reference: String| Package {
        reference,
        lines: vec![PackageLine {
            line: "1".into(),
            units: 1,
        }],
        ..Package::default()
    };
    order.order.packages = vec![package("7".into())];
    // Seller Central shipped one, ours is not shown yet.
    assert_eq!(order.unclaimed(&order.order.items[0]), 1);
    assert_eq!(order.shipped_quantity(&order.order.items[0]), 2);
    order.order.packages = vec![package(dispatch.number.to_string())];
    assert_eq!(order.unclaimed(&order.order.items[0]), 2);
}

#[test]
fn a_package_under_another_parcels_number_proves_nothing_though_they_share_a_tracking_number() {
    let stored = order(vec![item("1", "A", 2)]);
    let (first, stored) = written(decide(&stored, &[], "P1", hand_over(units(sku("A"), 1))));
    let beside = [first.clone()];
    let (second, stored) = written(decide(
        &stored,
        &beside,
        "P2",
        hand_over(units(sku("A"), 1)),
    ));
    let package = |number: PackageNumber| Package {
        reference: number.to_string(),
        tracking_number: Some(String::from(first.hand_over.tracking_number.clone())),
        ..Package::default()
    };
    let of_first = [package(first.number)];
    assert_eq!(first.shown_as(&of_first, &stored.claims), ShownAs::Itself);
    assert_eq!(second.shown_as(&of_first, &stored.claims), ShownAs::Nothing);
    let of_both = [package(first.number), package(second.number)];
    assert_eq!(second.shown_as(&of_both, &stored.claims), ShownAs::Itself);
}
