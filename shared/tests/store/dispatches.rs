//! Dispatches beside their orders, and which of them wait.

use super::*;
use jiff::SignedDuration;
use stallkeeper::domain::courier::{AmazonShips, LabelSource};
use stallkeeper::domain::dispatch::{
    ConfirmAt, Dispatch, DispatchDecision, HandOver, HandOverRequest, ParcelCarrier, ParcelUnits,
    decide,
};
use stallkeeper::domain::order::OrderItem;

/// A parcel of an order with one unit, handed over at `at(10)`, and the order with its claim.
fn handed_over(order: &StoredOrder) -> (Dispatch, StoredOrder, HistoryEntry) {
    let content = HandOver {
        carrier: ParcelCarrier::Carrier("DPD".into()),
        tracking_number: "1".parse().unwrap(),
        other_tracking_numbers: Vec::new(),
        handed_over_at: at(10),
        units: ParcelUnits::AllOpen,
        warehouse: None,
        label_source: LabelSource::Courier,
        despite_cancel: false,
    };
    let request = HandOverRequest {
        parcel: "P-1".parse().unwrap(),
        content,
        asked_at: Some(at(10)),
    };
    match decide(order, &[], &request, ConfirmAt::Handover, at(10)) {
        DispatchDecision::Write {
            dispatch,
            order,
            entry,
        } => (*dispatch, *order, entry),
        other => panic!("{other:?}"),
    }
}

async fn taken_over(store: &Store, id: &str, ship_by: i64, by: Option<AmazonShips>) -> StoredOrder {
    let mut order = order(id, OrderStatus::Acknowledged, ship_by, None);
    let line = json!({
        "id": "1", "sku": "A", "asin": null, "title": null, "quantity": 1, "quantity_fulfilled": 0, "unit_price": null,
        "proceeds": null, "constraints": [], "cancel_requested": false, "programs": [],
    });
    order.order.items = vec![serde_json::from_value::<OrderItem>(line).unwrap()];
    order.requirements.amazon_ships = by;
    assert_eq!(store.insert_order(&order).await.unwrap(), Written::Done);
    order
}

#[tokio::test]
async fn a_dispatch_and_its_orders_claim_are_written_together_or_not_at_all() {
    let (_db, store) = store().await;
    let order = taken_over(&store, "026-1", 100, None).await;
    let (dispatch, claimed, entry) = handed_over(&order);
    let write = async || {
        store
            .write_dispatch(&dispatch, &claimed, &entry)
            .await
            .unwrap()
    };
    assert_eq!(write().await, Written::Done);
    assert_eq!(write().await, Written::Conflict, "the order has changed");
    let id = &order.order.id;
    assert_eq!(
        store.dispatches(&key(), id).await.unwrap(),
        std::slice::from_ref(&dispatch)
    );
    assert_eq!(
        store.order(&key(), id).await.unwrap(),
        Some(claimed.clone())
    );
    let south = ConnectionKey {
        tenant: "south".parse().unwrap(),
        id: c1(),
    };
    assert_eq!(store.dispatches(&south, id).await.unwrap(), []);
    assert_eq!(
        store.dispatch(&south, id, &dispatch.parcel).await.unwrap(),
        None
    );
    let called = dispatch.calling(at(20));
    let replace = async |it: &Dispatch| store.replace_dispatch(it, &claimed).await.unwrap();
    assert_eq!(replace(&called).await, Written::Done);
    assert_eq!(replace(&called).await, Written::Conflict);
}

#[tokio::test]
async fn those_that_wait_are_listed_by_urgency_until_amazon_confirms_them() {
    let (_db, store) = store().await;
    for (id, ship_by) in [("026-2", 200), ("026-1", 100)] {
        let order = taken_over(&store, id, ship_by, None).await;
        let (dispatch, claimed, entry) = handed_over(&order);
        let _ = store
            .write_dispatch(&dispatch, &claimed, &entry)
            .await
            .unwrap();
    }
    let waiting = async || {
        let pending = store.pending_dispatches(&key(), at(60), 10).await.unwrap();
        let ids = pending.iter().map(|it| it.order.to_string());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(waiting().await, ["026-1", "026-2"]);
    let first = &store.pending_dispatches(&key(), at(60), 1).await.unwrap()[0];
    assert_eq!((first.due_at, first.handed_over_at), (at(10), at(10)));
    let id = &first.order;
    let dispatch = store
        .dispatch(&key(), id, &first.parcel)
        .await
        .unwrap()
        .unwrap();
    let order = store.order(&key(), id).await.unwrap().unwrap();
    let later = dispatch.put_off(None, at(500));
    let _ = store.replace_dispatch(&later, &order).await.unwrap();
    let pending = store.pending_dispatches(&key(), at(60), 1).await.unwrap();
    assert_eq!(pending.len(), 2, "one that is not due hides none that is");
    let confirmed = later.confirmed(None, at(30));
    let _ = store.replace_dispatch(&confirmed, &order).await.unwrap();
    assert_eq!(waiting().await, ["026-2"]);
}

#[tokio::test]
async fn a_label_of_amazons_is_looked_for_a_day_after_the_hand_over() {
    let (_db, store) = store().await;
    let order = taken_over(&store, "026-1", 100, Some(AmazonShips::ShipPlus)).await;
    let (dispatch, claimed, entry) = handed_over(&order);
    let _ = store
        .write_dispatch(&dispatch, &claimed, &entry)
        .await
        .unwrap();
    assert_eq!(
        store.pending_dispatches(&key(), at(60), 10).await.unwrap(),
        []
    );
    let overdue = async |hours: i64| {
        let now = at(10) + SignedDuration::from_hours(hours);
        let found = store.overdue_labels(&key(), now, 10).await.unwrap();
        let waits = store.has_pending_dispatches(&key(), now).await.unwrap();
        assert_eq!(waits, !found.is_empty());
        found.len()
    };
    assert_eq!((overdue(23).await, overdue(25).await), (0, 1));
    let now = at(10) + SignedDuration::from_hours(25);
    let unknown = dispatch.by_packages(&[], now).unwrap();
    let _ = store.replace_dispatch(&unknown, &claimed).await.unwrap();
    assert_eq!(overdue(25).await, 0, "it is announced once");
}
