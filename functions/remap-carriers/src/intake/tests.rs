mod addresses;
mod arrival;
mod elsewhere;
mod hands;
mod missing;
mod partly;
mod refused;
mod unclear;
mod unknown_skus;

use super::*;
use serde_json::{Value, json};
use stallkeeper::domain::connection::MarketplaceSettings;
use stallkeeper::domain::courier::{Courier, Mapping, Reason, Scope};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::order::{AmazonStatus, BuyerData, Order, OrderPart, Version};
use stallkeeper::sp_api::{Dataset, RawOrder, read_order};
use stallkeeper::store::Settings;
use std::collections::BTreeSet;

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
        given: order.given,
        unreadable: order.unreadable,
        unknown_skus: BTreeSet::new(),
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
    with(Settings {
        marketplaces: vec![uk],
        couriers: vec![courier],
        mappings: vec![mapping],
    })
}

/// Rules of a connection that took over before any order of these tests was bought.
fn with(settings: Settings) -> Rules {
    Rules::new(settings, Some(at(-1_000)))
}

/// An order made at `at(0)`.
pub(crate) fn order() -> Order {
    read(raw("UNSHIPPED", 1, json!({})), 1).order
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
        ("PARTIALLY_SHIPPED", OrderStatus::PartlyDispatched, None),
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
            matches!(ours, OrderStatus::Ready | OrderStatus::PartlyDispatched),
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
    let (freed, entry) = look_again(&waiting, &with(settings), at(102)).unwrap();
    assert_eq!(
        (freed.status, freed.revision, entry.kind),
        (OrderStatus::Ready, waiting.revision + 1, HistoryKind::Rerun)
    );
}

#[test]
fn an_order_of_a_store_that_is_off_is_parked_and_flows_on_once_it_is_on() {
    let off = with(Settings::default());
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
        &with(Settings::default()),
    )
    .unwrap();
    assert_eq!(shipped.status, OrderStatus::Dispatched);
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
    let kept = take(fba, None, &with(settings)).unwrap();
    assert_eq!(
        (kept.status, kept.decision.service),
        (OrderStatus::Acknowledged, None)
    );
}

#[test]
fn a_term_is_settled_once_the_order_is_payable_and_level_and_postcode_are_known() {
    let level = |level: &str| json!({"fulfillment": {"fulfillmentServiceLevel": level}});
    let no_address = json!({"recipient": null});
    let pending = take(raw("PENDING", 1, level("EXPEDITED")), None, &rules()).unwrap();
    assert!(!pending.decision.term_settled, "not paid yet");
    let paid = read(raw("UNSHIPPED", 2, json!({})), 101);
    let Intake::Write { order: paid, .. } =
        take_in(&ids(), &paid, Some(&pending), &rules(), at(101))
    else {
        panic!("it is news");
    };
    let term = |order: &StoredOrder| order.decision.term.as_ref().map(ToString::to_string);
    assert_eq!(term(&paid).as_deref(), Some("STD UK DOM"));
    assert!(paid.decision.term_settled);
    let changed = read(raw("UNSHIPPED", 3, level("EXPEDITED")), 102);
    let Intake::Write { order: changed, .. } =
        take_in(&ids(), &changed, Some(&paid), &rules(), at(102))
    else {
        panic!("it is news");
    };
    assert_eq!(term(&changed).as_deref(), Some("STD UK DOM"), "settled");

    let blind = take(raw("UNSHIPPED", 1, no_address), None, &rules()).unwrap();
    assert!(!blind.decision.term_settled, "its postcode is unknown");
}

#[test]
fn what_the_seller_packs_for_amazons_label_is_ready_and_the_rest_of_amazons_is_not() {
    use stallkeeper::domain::courier::LabelSource::{Amazon, Courier};
    let rows = [
        ("FBM_SHIP_PLUS", OrderStatus::Ready, None, Amazon),
        ("AMAZON_EASY_SHIP", OrderStatus::Ready, None, Amazon),
        (
            "DELIVERY_BY_AMAZON",
            OrderStatus::PendingReview,
            Some(Reason::AmazonShips),
            Courier,
        ),
        (
            "IN_STORE_PICK_UP",
            OrderStatus::PendingReview,
            Some(Reason::AmazonShips),
            Courier,
        ),
        ("AMAZON_BUSINESS", OrderStatus::Ready, None, Courier),
    ];
    for (program, status, reason, label) in rows {
        // The label is Amazon's, so an address is not needed for it.
        let change = if label == Amazon {
            json!({"programs": [program], "recipient": null})
        } else {
            json!({"programs": [program]})
        };
        let order = take(raw("UNSHIPPED", 1, change), None, &rules()).unwrap();
        assert_eq!(
            (order.status, order.decision.reason),
            (status, reason),
            "{program}"
        );
        assert_eq!(order.requirements.label_source(), label, "{program}");
        let has_service = order.decision.service.is_some();
        assert_eq!(has_service, program == "AMAZON_BUSINESS", "{program}");
        assert_eq!(look_again(&order, &rules(), at(101)), None, "{program}");
    }
}
