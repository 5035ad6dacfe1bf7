//! A tick is the clock of its tenant's ship-by moments.

use crate::world::World;
use jiff::{SignedDuration, Timestamp};
use kit::{Calls, Clients, Side};
use serde_json::json;
use stallkeeper::domain::courier::LabelSource;
use stallkeeper::domain::dispatch::{HandOver, HandOverRequest, ParcelCarrier, ParcelUnits};
use stallkeeper::domain::order::{
    AmazonStatus, OrderItem, OrderStatus, Risk, RiskMark, StoredOrder,
};
use stallkeeper::hand_over::{HandedOver, store_hand_over};
use stallkeeper::store::{RiskClock, Store, Written};
use std::collections::BTreeMap;

fn in_hours(hours: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(hours)
}

/// An order of the world's seller, to be shipped in so many hours.
fn order(world: &World, id: &str, status: OrderStatus, hours: i64) -> StoredOrder {
    let mut order = kit::sample::demo_order();
    order.tenant = world.connection.tenant.clone();
    order.connection = world.connection.id.clone();
    order.order.id = id.parse().unwrap();
    order.status = status;
    order.order.amazon_status = Some(AmazonStatus::Unshipped);
    order.order.ship_by = Some(in_hours(hours));
    let line = json!({
        "id": "1", "sku": "A", "asin": null, "title": null, "quantity": 1, "quantity_fulfilled": 0, "unit_price": null,
        "proceeds": null, "constraints": [], "cancel_requested": false, "programs": [],
    });
    order.order.items = vec![serde_json::from_value::<OrderItem>(line).unwrap()];
    order
}

async fn put(world: &World, order: &StoredOrder) {
    let written = world.store.insert_order(order).await.unwrap();
    assert_eq!(written, Written::Done);
}

/// The orders that are marked, and as what.
async fn marked(world: &World) -> BTreeMap<String, String> {
    let scan = world.tables.client.scan();
    let scan = scan.table_name(world.tables.name("OrdersTable"));
    let items = scan.send().await.unwrap().items.unwrap_or_default();
    let mark =
        |item: &std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue>| {
            let risk = item.get("at_risk")?.as_m().ok()?["risk"]
                .as_s()
                .ok()?
                .clone();
            Some((item["order_id"].as_s().ok()?.clone(), risk))
        };
    items.iter().filter_map(mark).collect()
}

fn expected(rows: &[(&str, &str)]) -> BTreeMap<String, String> {
    let rows = rows.iter();
    rows.map(|(id, risk)| ((*id).to_owned(), (*risk).to_owned()))
        .collect()
}

async fn clock(world: &World) -> RiskClock {
    let clock = world.store.risk_clock(&world.connection.tenant).await;
    clock.unwrap()
}

#[tokio::test]
async fn orders_that_are_still_to_be_shipped_are_marked_as_time_comes_and_no_others() {
    use OrderStatus::{
        Acknowledged, AwaitingPayment, Cancelled, Dispatched, PartlyDispatched, PendingReview,
        Ready,
    };
    let mut world = World::start().await;
    for (id, status, hours) in [
        ("soon", Ready, 11),
        ("late", Acknowledged, -3),
        ("waiting", PendingReview, 1),
        ("partly", PartlyDispatched, 1),
        ("very late", Ready, -5 * 24 - 1),
        ("too late", Ready, -15 * 24),
        ("not yet", Ready, 23),
        ("unpaid", AwaitingPayment, 1),
        ("gone", Cancelled, 1),
        ("shipped", Dispatched, 1),
    ] {
        put(&world, &order(&world, id, status, hours)).await;
    }
    assert!(world.tick().await);
    let first = [
        ("soon", "ship_by"),
        ("late", "ship_by"),
        ("waiting", "ship_by"),
        ("partly", "ship_by"),
        ("very late", "auto_cancel"),
    ];
    assert_eq!(marked(&world).await, expected(&first));
    let before = clock(&world).await;
    assert!(world.tick().await);
    assert_eq!(clock(&world).await, before, "it is too early to look again");
    world.app.at_risk_before = SignedDuration::from_hours(24);
    assert!(world.tick().await);
    let mut all = first.to_vec();
    all.push(("not yet", "ship_by"));
    assert_eq!(marked(&world).await, expected(&all));
}

#[tokio::test]
async fn a_dispatch_that_amazon_did_not_confirm_is_at_risk_of_amazons_cancellation() {
    let world = World::start().await;
    let hours = -5 * 24 - 1;
    let mut unconfirmed = order(&world, "unconfirmed", OrderStatus::Acknowledged, hours);
    put(&world, &unconfirmed).await;
    let content = HandOver {
        carrier: ParcelCarrier::Carrier("DPD".into()),
        tracking_number: "1".parse().unwrap(),
        other_tracking_numbers: Vec::new(),
        handed_over_at: kit::sample::at(0),
        units: ParcelUnits::AllOpen,
        warehouse: None,
        label_source: LabelSource::Courier,
        despite_cancel: false,
    };
    let (id, now) = (unconfirmed.order.id.clone(), Timestamp::now());
    let request = HandOverRequest {
        parcel: "P1".parse().unwrap(),
        content,
        asked_at: Some(now),
    };
    let handed = store_hand_over(&world.store, &world.connection, &id, &request, now);
    assert!(matches!(handed.await.unwrap(), HandedOver::Stored(..)));
    unconfirmed = world
        .store
        .order(&world.connection.key(), &id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(unconfirmed.status, OrderStatus::Dispatched);
    let by_amazon = order(&world, "by Amazon", OrderStatus::Dispatched, hours);
    put(&world, &by_amazon).await;
    let mut shipped = order(&world, "shipped", OrderStatus::Dispatched, hours);
    shipped.order.amazon_status = Some(AmazonStatus::Shipped);
    put(&world, &shipped).await;
    assert!(world.tick().await);
    assert_eq!(
        marked(&world).await,
        expected(&[("unconfirmed", "auto_cancel")])
    );
}

#[tokio::test]
async fn a_mark_is_set_once_and_only_on_what_is_still_so() {
    let world = World::start().await;
    let ready = order(&world, "o", OrderStatus::Ready, 1);
    put(&world, &ready).await;
    let listed = world
        .store
        .orders_by_id(&ready.tenant, &ready.order.id, Some(&ready.connection));
    let row = listed.await.unwrap().remove(0).row;
    let mark = |ship_by| RiskMark {
        risk: Risk::ShipBy,
        ship_by,
    };
    let ship_by = ready.order.ship_by.unwrap();
    for (ship_by, expected) in [
        (in_hours(3), Written::Conflict),
        (ship_by, Written::Done),
        (ship_by, Written::Conflict),
    ] {
        let written = world
            .store
            .mark_at_risk(&row, &mark(ship_by))
            .await
            .unwrap();
        assert_eq!(written, expected);
    }
    let gone = order(&world, "gone", OrderStatus::Cancelled, 1);
    put(&world, &gone).await;
    let mut row_of_gone = row.clone();
    row_of_gone.order_id = gone.order.id.clone();
    let of_gone = mark(gone.order.ship_by.unwrap());
    let written = world.store.mark_at_risk(&row_of_gone, &of_gone);
    assert_eq!(written.await.unwrap(), Written::Conflict);
}

#[tokio::test]
async fn stopped_at_any_call_the_next_tick_marks_what_is_left_and_a_quiet_tick_makes_one_call() {
    let mut world = World::start().await;
    for n in 0..3 {
        let id = format!("o{n}");
        put(&world, &order(&world, &id, OrderStatus::Ready, 1)).await;
    }
    let calls = Calls::default();
    let endpoint = world.tables.endpoint.clone();
    let stopped = Store::new(Clients::new(&endpoint, &calls).dynamodb(), world.names());
    let whole = std::mem::replace(&mut world.app.store, stopped);
    for n in 1.. {
        calls.take();
        calls.stop_at(
            n,
            if n % 2 == 0 {
                Side::After
            } else {
                Side::Before
            },
        );
        world.tick().await;
        let was_stopped = calls.go_on();
        let clock = clock(&world).await;
        if clock.ship_by.reached.is_some() && clock.auto_cancel.reached.is_some() {
            break;
        }
        assert!(was_stopped, "without a stop it gets to the end");
    }
    let all = [("o0", "ship_by"), ("o1", "ship_by"), ("o2", "ship_by")];
    assert_eq!(marked(&world).await, expected(&all));
    calls.take();
    assert!(world.tick().await);
    let looks = calls.take();
    let about_risks = looks.iter().filter(|call| call.body.contains("RISK_CLOCK"));
    assert_eq!(
        about_risks.count(),
        1,
        "one item is read, and nothing is written"
    );
    assert!(looks.iter().all(|call| !call.body.contains("by_status")));
    world.app.store = whole;
}

#[tokio::test]
async fn two_ticks_at_once_mark_each_order_and_one_of_them_notes_how_far_it_got() {
    let world = World::start().await;
    for n in 0..20 {
        let id = format!("o{n}");
        put(&world, &order(&world, &id, OrderStatus::Ready, 1)).await;
    }
    let (one, other) = tokio::join!(world.tick(), world.tick());
    assert!(one && other);
    assert_eq!(marked(&world).await.len(), 20);
    assert!(clock(&world).await.ship_by.reached.is_some());
}
