mod properties;
mod unreadable;

use super::*;
use crate::domain::order::{
    AmazonStatus, AssociatedOrder, BuyerReason, CancelledBy, FulfilledBy, Money,
};
use serde_json::json;

/// What every private text of the fixture holds, in any letter case, and no public one.
const MARK: &str = "quillfeather";

fn fixture() -> Value {
    serde_json::from_str(include_str!("../fixtures/order.json")).unwrap()
}

fn read(json: Value) -> Result<ReadOrder> {
    read_order(&RawOrder::try_from(json).unwrap())
}

fn money(amount: &str) -> Option<Money> {
    Some(Money {
        amount: amount.parse().unwrap(),
        currency: "GBP".into(),
    })
}

fn holds_mark(text: &str) -> bool {
    text.to_lowercase().contains(MARK)
}

#[test]
fn what_is_known_and_public_becomes_the_order() {
    let ReadOrder { order, unknown, .. } = read(fixture()).unwrap();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert_eq!(order.id.as_str(), "026-1520163-6049104");
    assert_eq!(order.marketplace_id.as_deref(), Some("A1F83G8C2ARO7P"));
    assert_eq!(order.created_at, "2026-11-20T09:30:00Z".parse().unwrap());
    assert_eq!(order.updated_at, "2026-11-20T10:45:00Z".parse().unwrap());
    assert_eq!(order.amazon_status, Some(AmazonStatus::Unshipped));
    assert_eq!(order.fulfilled_by, Some(FulfilledBy::Merchant));
    assert_eq!(order.service_level.as_deref(), Some("NEXT_DAY"));
    assert_eq!(order.ship_by, Some("2026-11-20T23:59:59Z".parse().unwrap()));
    assert_eq!(
        order.deliver_by,
        Some("2026-11-21T22:59:59Z".parse().unwrap())
    );
    assert_eq!(
        order.label_from,
        Some("2026-11-20T12:00:00Z".parse().unwrap())
    );
    assert_eq!(order.programs, ["PRIME", "PREMIUM"]);
    let original = AssociatedOrder {
        order_id: Some("026-0000000-0000001".into()),
        kind: Some("REPLACEMENT_ORIGINAL_ID".into()),
    };
    assert_eq!(order.associated, [original]);
    assert_eq!(
        (order.country.as_deref(), order.address_type.as_deref()),
        (Some("GB"), Some("RESIDENTIAL"))
    );
    assert_eq!(order.total, money("61.48"));
}

#[test]
fn an_item_tells_its_sku_exactly_its_amounts_and_what_is_asked_of_the_carrier() {
    let items = read(fixture()).unwrap().order.items;
    assert_eq!(items.len(), 2);
    assert_eq!(
        (items[0].sku.as_deref(), items[0].quantity),
        (Some("KETTLE/1 #blue"), 1)
    );
    assert_eq!(
        (items[0].quantity_fulfilled, items[0].cancel_requested),
        (0, false)
    );
    let mug = &items[1];
    assert_eq!(
        (mug.quantity_unfulfilled, mug.open_quantity()),
        (Some(1), 1)
    );
    assert_eq!(
        (mug.id.as_str(), mug.asin.as_deref()),
        ("60482910337712", Some("B0BANDIT02"))
    );
    assert_eq!(
        (mug.quantity, mug.quantity_fulfilled, mug.cancel_requested),
        (2, 1, true)
    );
    assert_eq!(
        (mug.unit_price.clone(), mug.proceeds.clone()),
        (money("18.75"), money("37.50"))
    );
    assert_eq!(
        (&mug.constraints, &mug.programs),
        (
            &vec!["signatureConfirmation".into()],
            &vec!["TRANSPARENCY".into()]
        )
    );
}

#[test]
fn a_package_tells_what_the_carrier_was_given() {
    let packages = read(fixture()).unwrap().order.packages;
    let [package] = &packages[..] else {
        panic!("{packages:?}")
    };
    assert_eq!(
        (package.reference.as_str(), package.carrier.as_deref()),
        ("1", Some("UPS"))
    );
    assert_eq!(
        package.tracking_number.as_deref(),
        Some("1Z86V8030385598957")
    );
    assert_eq!(
        (
            package.status.as_deref(),
            package.detailed_status.as_deref()
        ),
        (Some("IN_TRANSIT"), Some("OUT_FOR_DELIVERY"))
    );
    assert_eq!(package.units_of("60482910337712"), Some(1));
    assert!(package.shipped_at.is_some());
}

#[test]
fn everything_else_stays_in_amazons_shape() {
    let ReadOrder { order, buyer, .. } = read(fixture()).unwrap();
    let buyer_json = buyer.expose();
    assert_eq!(buyer.postcode(), Some("Quillfeather postcode"));
    for place in [
        "/buyer/buyerEmail",
        "/recipient/deliveryAddress/addressLine3",
        "/recipient/deliveryPreference/addressInstruction",
        "/payment/paymentExecutions/0/authorizationCode",
        "/tax/taxRegistrations/0/taxRegistrationNumber",
        "/orderItems/1/product/customization/customizedUrl",
        "/orderItems/1/fulfillment/packing/giftOption/giftMessage",
        "/orderItems/1/fulfillment/shipping/internationalShipping/iossNumber",
        "/packages/0/shipFromAddress/name",
    ] {
        assert_eq!(
            buyer_json.pointer(place),
            fixture().pointer(place),
            "{place}"
        );
    }
    assert_eq!(
        buyer_json.pointer("/orderItems/0"),
        Some(&Value::Null),
        "each keeps its place"
    );
    assert_eq!(
        buyer_json.pointer("/orderItems/1/orderItemId"),
        Some(&json!("60482910337712")),
        "and says whose it is"
    );
    assert!(!holds_mark(&serde_json::to_string(&order).unwrap()));
    assert!(!holds_mark(&format!("{buyer:?}")));
}

/// Where each scalar of a JSON value is, without the places in lists.
fn scalars(json: &Value, here: &str, into: &mut BTreeSet<String>) {
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                scalars(value, &format!("{here}.{name}"), into);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| scalars(value, here, into)),
        Value::Null => {}
        _ => {
            into.insert(here.trim_start_matches('.').to_owned());
        }
    }
}

#[test]
fn exactly_these_places_are_for_all_to_see() {
    let ReadOrder { buyer, .. } = read(fixture()).unwrap();
    let (mut all, mut kept) = (BTreeSet::new(), BTreeSet::new());
    scalars(&fixture(), "", &mut all);
    scalars(buyer.expose(), "", &mut kept);
    let seen: Vec<&str> = all.difference(&kept).map(String::as_str).collect();
    let expected = include_str!("../fixtures/public_places.txt");
    assert_eq!(seen, expected.lines().collect::<Vec<_>>());
}

#[test]
fn what_amazon_added_since_is_noted_and_never_fatal() {
    let mut json = fixture();
    json["fulfillment"]["fulfillmentStatus"] = json!("ON_HOLD");
    json["fulfillment"]["fulfilledBy"] = json!("ROBOT");
    json["fulfillment"]["fulfillmentServiceLevel"] = json!("DRONE");
    json["programs"] = json!(["PRIME", "MOONBASE", null]);
    json["recipient"]["deliveryAddress"]["addressType"] = json!("not a plain word");
    json["recipient"]["deliveryAddress"]["doorCode"] = json!("Quillfeather code");
    json["orderItems"][0]["robotNote"] = json!({ "text": "Quillfeather" });
    json["new one, not a name"] = json!("Quillfeather");
    json["salesChannel"] = json!(7);
    let ReadOrder {
        order,
        buyer,
        unknown,
        ..
    } = read(json).unwrap();
    let expected = [
        "?",
        "fulfillment.fulfilledBy=ROBOT",
        "fulfillment.fulfillmentServiceLevel=DRONE",
        "fulfillment.fulfillmentStatus=ON_HOLD",
        "orderItems.robotNote",
        "programs=MOONBASE",
        "recipient.deliveryAddress.addressType",
        "recipient.deliveryAddress.doorCode",
        "salesChannel",
    ];
    assert_eq!(
        unknown.iter().map(String::as_str).collect::<Vec<_>>(),
        expected
    );
    assert_eq!(
        order.amazon_status,
        Some(AmazonStatus::Other("ON_HOLD".into()))
    );
    assert_eq!(order.fulfilled_by, Some(FulfilledBy::Other("ROBOT".into())));
    assert_eq!(order.service_level.as_deref(), Some("DRONE"));
    assert_eq!(order.programs, ["PRIME", "MOONBASE"]);
    assert_eq!((order.marketplace_id, order.address_type), (None, None));
    assert_eq!(
        buyer
            .expose()
            .pointer("/recipient/deliveryAddress/doorCode"),
        Some(&json!("Quillfeather code"))
    );
    assert_eq!(
        buyer.expose().pointer("/orderItems/0/robotNote/text"),
        Some(&json!("Quillfeather"))
    );
}

#[test]
fn a_mandatory_constraint_counts_even_if_it_is_new() {
    let mut json = fixture();
    json["orderItems"][1]["fulfillment"]["shipping"]["shippingConstraints"] = json!({
        "keepFrozen": "MANDATORY", "palletDelivery": "PREFERRED", "cashOnDelivery": "MANDATORY", "note": "Quillfeather",
    });
    let ReadOrder { order, unknown, .. } = read(json).unwrap();
    let mut constraints = order.items[1].constraints.clone();
    constraints.sort();
    assert_eq!(constraints, ["cashOnDelivery", "keepFrozen"]);
    let place = "orderItems.fulfillment.shipping.shippingConstraints";
    for noted in [".keepFrozen", ".note", ".palletDelivery=PREFERRED"] {
        assert!(unknown.contains(&format!("{place}{noted}")), "{unknown:?}");
    }
    assert!(!unknown.iter().any(|noted| holds_mark(noted)));
}
