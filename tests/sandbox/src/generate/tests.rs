use std::collections::BTreeSet;

use serde_json::json;

use super::*;

const UK: &str = "A1F83G8C2ARO7P";
const DE: &str = "A1PA6795UKMFR9";
const FR: &str = "A13V1IB3VIYZZH";
const ES: &str = "A1RKKUPIHCS9HS";

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn account(marketplaces: &[&str]) -> SellerAccount {
    serde_json::from_value(json!({"region": "EU", "marketplaces": marketplaces})).unwrap()
}

fn generated(count: u32) -> Vec<Value> {
    let wish: Wish = serde_json::from_value(json!({"count": count, "seed": 7})).unwrap();
    orders("S1", &account(&[UK, DE, FR, ES]), &wish, now()).unwrap()
}

fn all(orders: &[Value], pointer: &str) -> BTreeSet<String> {
    orders
        .iter()
        .filter_map(|order| Some(order.pointer(pointer)?.as_str()?.to_owned()))
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_orders_and_more_of_them_leave_the_first_alone() {
    assert_eq!(generated(60), generated(120)[..60]);
}

#[test]
fn ids_never_meet() {
    assert_eq!(all(&generated(5_000), "/orderId").len(), 5_000);
}

#[test]
fn forty_orders_hold_every_special_case() {
    let orders = generated(40);
    let levels = all(&orders, "/fulfillment/fulfillmentServiceLevel");
    for level in [
        "STANDARD",
        "EXPEDITED",
        "FREE_ECONOMY",
        "NEXT_DAY",
        "SECOND_DAY",
        "PRIORITY",
        "SAME_DAY",
        "SCHEDULED",
    ] {
        assert!(levels.contains(level), "{level}");
    }
    let statuses = all(&orders, "/fulfillment/fulfillmentStatus");
    assert_eq!(statuses.len(), 8, "seven of Amazon's and one nobody knows");
    let countries = all(&orders, "/recipient/deliveryAddress/countryCode");
    assert!(
        ["GB", "DE", "JE", "GG", "FR", "US", "AT", "ES"]
            .iter()
            .all(|country| countries.contains(*country))
    );
    let marketplaces = all(&orders, "/salesChannel/marketplaceId");
    assert_eq!(marketplaces, [UK, DE, FR, ES].map(str::to_owned).into());
    let kinds = all(&orders, "/recipient/deliveryAddress/addressType");
    assert!(kinds.contains("PICKUP_POINT") && kinds.contains("HOUSEBOAT"));
    assert_eq!(all(&orders, "/fulfillment/fulfilledBy").len(), 2);
    assert_eq!(all(&orders, "/associatedOrders/0/associationType").len(), 2);
    assert!(
        orders
            .iter()
            .any(|order| order["orderItems"][0]["cancellation"]["cancellationRequest"].is_object())
    );
}

#[test]
fn every_order_was_changed_between_three_days_and_ten_minutes_ago() {
    for order in generated(500) {
        let updated: Timestamp = order["lastUpdatedTime"].as_str().unwrap().parse().unwrap();
        let age = now().duration_since(updated);
        assert!(age >= YOUNGEST && age <= OLDEST, "{age:?}");
    }
}

#[test]
fn every_buyer_value_belongs_to_one_order_alone() {
    let orders = generated(300);
    let names: BTreeSet<String> = all(&orders, "/buyer/buyerName");
    assert_eq!(names.len(), orders.len());
}

#[test]
fn a_seller_without_a_wanted_store_gets_its_orders_elsewhere() {
    let wish: Wish = serde_json::from_value(json!({"count": 40})).unwrap();
    let orders = orders("S1", &account(&[FR]), &wish, now()).unwrap();
    assert_eq!(
        all(&orders, "/salesChannel/marketplaceId"),
        [FR.to_owned()].into()
    );
}

#[test]
fn a_store_the_seller_does_not_have_is_refused() {
    let wish: Wish = serde_json::from_value(json!({"count": 1, "marketplaces": [DE]})).unwrap();
    assert!(orders("S1", &account(&[UK]), &wish, now()).is_err());
}

#[test]
fn unpaid_orders_are_among_the_special_ones() {
    assert_eq!(
        cases::SPECIAL
            .iter()
            .filter(|case| case.status.starts_with("PENDING"))
            .count(),
        2
    );
}
