//! What became of a parcel.

use super::*;
use crate::dispatch_changes::{dispatch_changes, shows_other_packages};
use serde_json::json;
use stallkeeper::domain::courier::{AmazonShips, LabelSource};
use stallkeeper::domain::dispatch::{
    ConfirmAt, Dispatch, DispatchDecision, DispatchWords, HandOver, HandOverRequest, ParcelCarrier,
    ParcelUnits, decide,
};
use stallkeeper::domain::order::{OrderItem, Package, StoredOrder};
use stallkeeper::store::stream::Images;

pub(super) fn handed_over(change: impl FnOnce(&mut StoredOrder)) -> (Dispatch, StoredOrder) {
    let mut order = demo_order();
    order.status = OrderStatus::Acknowledged;
    let line = json!({
        "id": "1", "sku": "A", "asin": null, "title": null, "quantity": 2, "quantity_fulfilled": 0, "unit_price": null,
        "proceeds": null, "constraints": [], "cancel_requested": false, "programs": [],
    });
    order.order.items = vec![serde_json::from_value::<OrderItem>(line).unwrap()];
    change(&mut order);
    let content = HandOver {
        carrier: ParcelCarrier::Carrier("DPD".into()),
        tracking_number: "15501234567890".parse().unwrap(),
        other_tracking_numbers: Vec::new(),
        handed_over_at: at(0),
        units: ParcelUnits::AllOpen,
        warehouse: None,
        label_source: LabelSource::Courier,
        despite_cancel: false,
    };
    let request = HandOverRequest {
        parcel: "P-1".parse().unwrap(),
        content,
        asked_at: Some(at(1)),
    };
    match decide(&order, &[], &request, ConfirmAt::Handover, at(1)) {
        DispatchDecision::Write {
            dispatch, order, ..
        } => (*dispatch, *order),
        other => panic!("{other:?}"),
    }
}

fn announced(old: &Dispatch, new: &Dispatch) -> Option<crate::Event> {
    let images = Images {
        old: Some(Box::new(old.clone())),
        new: Box::new(new.clone()),
    };
    dispatch_changes(&images, Some(at(2)))
}

#[test]
fn each_state_is_announced_once_with_amazons_words() {
    let (handed, order) = handed_over(|_| {});
    let called = handed.calling(at(2));
    assert_eq!(announced(&handed, &called), None);
    let confirmed = called.confirmed(Some("not in Amazon's list".into()), at(3));
    let (kind, detail) = shown(&announced(&called, &confirmed).unwrap());
    assert_eq!(kind, "dispatch.confirmed");
    assert_eq!(detail["parcel"], "P-1");
    assert_eq!(
        detail["lines"],
        json!([{"order_item_id": "1", "quantity": 2}])
    );
    assert_eq!(detail["not_counted_by_amazon"], "not in Amazon's list");
    assert_eq!(announced(&confirmed, &confirmed.clone()), None);
    let words = || DispatchWords {
        at: at(3),
        code: "InvalidInput".into(),
        message: "no".into(),
    };
    let lost = called.lost(words(), at(3));
    assert_eq!(
        shown(&announced(&called, &lost).unwrap()).0,
        "dispatch.unknown"
    );
    assert_eq!(
        announced(&lost, &lost.calling(at(9)).lost(words(), at(9))),
        None
    );
    let refused = called.refused(&order, words(), at(3)).dispatch;
    let (kind, detail) = shown(&announced(&called, &refused).unwrap());
    assert_eq!(
        (kind, &detail["message"]),
        ("dispatch.refused", &json!("no"))
    );
    let edited = Dispatch {
        state: stallkeeper::domain::dispatch::DispatchState::ToConfirm,
        ..confirmed
    };
    let again = edited.confirmed(None, at(4));
    assert_eq!(
        shown(&announced(&edited, &again).unwrap()).0,
        "dispatch.edited"
    );
}

#[test]
fn other_packages_wake_only_those_whose_label_is_amazons() {
    for (by, wakes) in [(None, false), (Some(AmazonShips::ShipPlus), true)] {
        let (_, order) = handed_over(|order| order.requirements.amazon_ships = by);
        let mut shown = order.clone();
        shown.order.packages = vec![Package {
            tracking_number: Some("X".into()),
            ..Package::default()
        }];
        let images = |old: &StoredOrder, new: &StoredOrder| Images {
            old: Some(Box::new(old.clone())),
            new: Box::new(new.clone()),
        };
        assert_eq!(shows_other_packages(&images(&order, &shown)), wakes);
        assert!(!shows_other_packages(&images(&shown, &shown)));
    }
}
