mod arrival;
mod refused;
mod unclear;

use super::*;
use serde_json::{Value, json};
use stallkeeper::domain::courier::{Courier, Mapping, Reason, Scope};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::order::AmazonStatus;
use stallkeeper::sp_api::{RawOrder, read_order};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn ids() -> ConnectionKey {
    ConnectionKey {
        tenant: "north".parse().unwrap(),
        id: "c1".parse().unwrap(),
    }
}

/// An order of the UK marketplace as Amazon sends it, with `change` laid over it.
fn raw(status: &str, updated: i64, change: Value) -> Value {
    let mut order = json!({
        "orderId": "026-1520163-6049104",
        "createdTime": at(0).to_string(),
        "lastUpdatedTime": at(updated).to_string(),
        "programs": [],
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "A1F83G8C2ARO7P", "marketplaceName": "Amazon.co.uk"},
        "recipient": {"deliveryAddress": {"name": "Testina Buyerova", "addressLine1": "9 Nowhere Road", "postalCode": "ZZ1 1ZZ", "countryCode": "GB", "addressType": "RESIDENTIAL"}},
        "fulfillment": {"fulfillmentStatus": status, "fulfilledBy": "MERCHANT", "fulfillmentServiceLevel": "STANDARD"},
        "orderItems": [{"orderItemId": "1", "quantityOrdered": 1, "product": {"sellerSku": "MUG#1"}}],
    });
    merge(&mut order, change);
    order
}

fn merge(base: &mut Value, change: Value) {
    match (base, change) {
        (Value::Object(base), Value::Object(change)) => {
            for (name, value) in change {
                merge(base.entry(name).or_insert(Value::Null), value);
            }
        }
        (base, change) => *base = change,
    }
}

fn read(json: Value, fetched: i64) -> Reading {
    let raw: RawOrder = serde_json::from_value(json).unwrap();
    let order = read_order(&raw).unwrap();
    let version = Version {
        updated_at: order.order.updated_at,
        datasets: 6,
        fetched_at: at(fetched),
    };
    Reading {
        order: order.order,
        buyer: order.buyer,
        version,
        datasets: Dataset::ORDERS.to_vec(),
        content_hash: raw.content_hash(),
    }
}

/// The UK switched on, courier DPD with one service, and a mapping of standard domestic orders to it.
fn rules() -> Rules {
    let mut uk = MarketplaceSettings::new(Marketplace::by_id("A1F83G8C2ARO7P").unwrap());
    uk.active = true;
    let courier: Courier = serde_json::from_value(
        json!({"code": "DPD", "name": "DPD", "services": [{"code": "next-day"}]}),
    )
    .unwrap();
    let mapping = Mapping {
        term: "STD UK DOM".parse().unwrap(),
        service: "DPD/next-day".parse().unwrap(),
        carries_prime: false,
        scope: Scope::Tenant,
    };
    Rules::new(Settings {
        marketplaces: vec![uk],
        couriers: vec![courier],
        mappings: vec![mapping],
    })
}

fn take(json: Value, stored: Option<&StoredOrder>, rules: &Rules) -> Option<StoredOrder> {
    let connection = ids();
    match take_in(&connection, &read(json, 100), stored, rules, at(100)) {
        Intake::Write { order, .. } => Some(*order),
        Intake::Known | Intake::NotWanted => None,
    }
}

#[test]
fn each_of_amazons_statuses_has_its_place() {
    let rows = [
        ("PENDING_AVAILABILITY", OrderStatus::AwaitingPayment, None),
        ("PENDING", OrderStatus::AwaitingPayment, None),
        ("UNSHIPPED", OrderStatus::Ready, None),
        ("PARTIALLY_SHIPPED", OrderStatus::Ready, None),
        ("SHIPPED", OrderStatus::Dispatched, None),
        ("CANCELLED", OrderStatus::Cancelled, None),
        ("UNFULFILLABLE", OrderStatus::Cancelled, None),
        (
            "TELEPORTED",
            OrderStatus::PendingReview,
            Some(Reason::Constraint),
        ),
    ];
    for (amazon, ours, reason) in rows {
        let order = take(raw(amazon, 1, json!({})), None, &rules()).unwrap();
        assert_eq!(
            (order.status, order.decision.reason),
            (ours, reason),
            "{amazon}"
        );
        assert_eq!(
            order.decision.service.is_some(),
            ours == OrderStatus::Ready,
            "{amazon}"
        );
    }
}

#[test]
fn a_decision_is_explained_without_buyer_data() {
    let order = take(raw("UNSHIPPED", 1, json!({})), None, &rules()).unwrap();
    let text = serde_json::to_string(&order).unwrap();
    assert!(
        order
            .decision
            .explanation
            .iter()
            .any(|line| line.contains("DPD/next-day")),
        "{:?}",
        order.decision.explanation
    );
    for buyer in ["Testina", "Nowhere", "ZZ1"] {
        assert!(!text.contains(buyer), "{text}");
    }
}

#[test]
fn an_order_no_mapping_fits_waits_and_a_new_mapping_frees_it() {
    let express = raw(
        "UNSHIPPED",
        1,
        json!({"fulfillment": {"fulfillmentServiceLevel": "EXPEDITED"}}),
    );
    let waiting = take(express, None, &rules()).unwrap();
    assert_eq!(
        (waiting.status, waiting.decision.reason),
        (OrderStatus::PendingReview, Some(Reason::NoMapping))
    );
    assert_eq!(
        waiting.decision.candidates,
        ["DPD/next-day".parse().unwrap()]
    );
    assert_eq!(
        look_again(&waiting, &rules(), at(101)),
        None,
        "nothing changed, nothing is written"
    );

    let mut settings = rules().settings;
    settings.mappings[0].term = "EXP UK DOM".parse().unwrap();
    let (freed, entry) = look_again(&waiting, &Rules::new(settings), at(102)).unwrap();
    assert_eq!(
        (freed.status, freed.revision, entry.kind),
        (OrderStatus::Ready, waiting.revision + 1, HistoryKind::Rerun)
    );
}

#[test]
fn an_order_of_a_store_that_is_off_is_parked_and_flows_on_once_it_is_on() {
    let off = Rules::new(Settings::default());
    let order = raw("UNSHIPPED", 1, json!({}));
    let parked = take(order.clone(), None, &off).unwrap();
    assert_eq!(
        (parked.status, parked.decision.term.is_some()),
        (OrderStatus::Parked, false)
    );
    assert_eq!(
        take(order.clone(), Some(&parked), &off),
        None,
        "the same again is no change"
    );
    let flowing = take(order, Some(&parked), &rules()).unwrap();
    assert_eq!((flowing.status, flowing.revision), (OrderStatus::Ready, 2));
}

#[test]
fn switching_a_store_off_does_not_park_what_is_under_way() {
    let ready = take(raw("UNSHIPPED", 1, json!({})), None, &rules()).unwrap();
    let shipped = take(
        raw("SHIPPED", 2, json!({})),
        Some(&ready),
        &Rules::new(Settings::default()),
    )
    .unwrap();
    assert_eq!(shipped.status, OrderStatus::Dispatched);
}

#[test]
fn a_buyers_wish_to_cancel_stops_an_order_that_is_not_taken_over() {
    let wish = json!({"orderItems": [{"orderItemId": "1", "quantityOrdered": 1, "product": {"sellerSku": "MUG#1"}, "cancellation": {"cancellationRequest": {"requester": "BUYER"}}}]});
    let ready = take(raw("UNSHIPPED", 1, json!({})), None, &rules()).unwrap();
    let stopped = take(raw("UNSHIPPED", 2, wish.clone()), Some(&ready), &rules()).unwrap();
    assert_eq!(
        (stopped.status, stopped.decision.reason),
        (OrderStatus::PendingReview, Some(Reason::BuyerCancel))
    );

    let acknowledged = StoredOrder {
        status: OrderStatus::Acknowledged,
        acknowledged_at: Some(at(1)),
        ..ready
    };
    let changed = take(raw("UNSHIPPED", 2, wish), Some(&acknowledged), &rules()).unwrap();
    assert_eq!(
        changed.status,
        OrderStatus::Acknowledged,
        "the platform sees the wish and decides"
    );
    assert!(changed.order.items[0].cancel_requested);
}

#[test]
fn a_persons_pick_outlives_later_changes() {
    let mut picked = take(
        raw(
            "UNSHIPPED",
            1,
            json!({"fulfillment": {"fulfillmentServiceLevel": "EXPEDITED"}}),
        ),
        None,
        &rules(),
    )
    .unwrap();
    picked.status = OrderStatus::Ready;
    picked.decision = Decision {
        service: Some("DPD/next-day".parse().unwrap()),
        by_person: true,
        reason: None,
        ..picked.decision
    };
    let changed = take(
        raw(
            "PARTIALLY_SHIPPED",
            2,
            json!({"fulfillment": {"fulfillmentServiceLevel": "EXPEDITED"}}),
        ),
        Some(&picked),
        &Rules::new(rules().settings),
    )
    .unwrap();
    assert_eq!(
        (changed.status, changed.decision.by_person),
        (OrderStatus::Ready, true)
    );
}

#[test]
fn amazons_own_orders_are_kept_only_where_wanted() {
    let fba = raw(
        "UNSHIPPED",
        1,
        json!({"fulfillment": {"fulfilledBy": "AMAZON"}}),
    );
    assert_eq!(take(fba.clone(), None, &rules()), None);
    let mut settings = rules().settings;
    settings.marketplaces[0].fba_orders = true;
    let kept = take(fba, None, &Rules::new(settings)).unwrap();
    assert_eq!(
        (kept.status, kept.decision.service),
        (OrderStatus::Acknowledged, None)
    );
}

#[test]
fn buyer_data_goes_when_the_order_no_longer_needs_it() {
    let order = |change| read(raw("UNSHIPPED", 1, change), 1).order;
    let day = 24 * 3600;
    let delivered = json!({"fulfillment": {"deliverByWindow": {"latestDateTime": at(day).to_string()}, "shipByWindow": {"latestDateTime": at(0).to_string()}}});
    let shipped = json!({"fulfillment": {"shipByWindow": {"latestDateTime": at(day).to_string()}}});
    assert_eq!(
        buyer_expires(&order(delivered.clone()), OrderStatus::Ready),
        at(15 * day)
    );
    assert_eq!(
        buyer_expires(&order(delivered), OrderStatus::Cancelled),
        at(1 + day)
    );
    assert_eq!(
        buyer_expires(&order(shipped), OrderStatus::Ready),
        at(22 * day)
    );
    assert_eq!(
        buyer_expires(&order(json!({})), OrderStatus::Ready),
        at(1 + 21 * day)
    );
}
