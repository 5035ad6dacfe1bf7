mod properties;

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

#[test]
fn the_least_that_amazon_sends_is_enough() {
    let least = json!({
        "orderId": "1", "createdTime": "2026-11-20T09:30:00Z", "lastUpdatedTime": "2026-11-20T09:30:00Z",
        "salesChannel": { "channelName": "NON_AMAZON", "marketplaceId": "elsewhere" }, "orderItems": [],
        "fulfillment": null, "buyer": null,
    });
    let ReadOrder {
        order,
        buyer,
        unknown,
        ..
    } = read(least).unwrap();
    assert_eq!(
        (order.marketplace_id, order.amazon_status, order.items.len()),
        (None, None, 0)
    );
    assert!(buyer.is_empty() && unknown.is_empty());
}

#[test]
fn what_an_order_can_do_without_is_noted_where_its_form_is_unexpected() {
    let rows = [
        ("/proceeds/grandTotal/amount", json!("Quillfeather")),
        ("/proceeds/grandTotal/currencyCode", json!(826)),
        (
            "/orderItems/1/product/price/unitPrice/amount",
            json!({ "x": "Quillfeather" }),
        ),
        ("/orderItems/1/proceeds/proceedsTotal", json!(37.5)),
        (
            "/orderItems/1/fulfillment/quantityFulfilled",
            json!("Quillfeather"),
        ),
        ("/orderItems/1/product/title", json!(7)),
        ("/fulfillment/shipByWindow/latestDateTime", json!("soon")),
        ("/fulfillment/deliverByWindow", json!("Quillfeather")),
        (
            "/fulfillment/labelPrintingWindow/earliestDateTime",
            json!(1_790_000_000),
        ),
    ];
    let mut json = fixture();
    let mut expected = BTreeSet::new();
    for (place, value) in rows {
        *json.pointer_mut(place).unwrap() = value;
        expected.insert(place[1..].replace("/1/", "/").replace('/', "."));
    }
    let ReadOrder { order, unknown, .. } = read(json).unwrap();
    assert_eq!(unknown, expected);
    assert_eq!((order.ship_by, order.deliver_by), (None, None));
    assert_eq!((order.label_from, order.total), (None, None));
    let mug = &order.items[1];
    assert_eq!((&mug.unit_price, &mug.proceeds), (&None, &None));
    assert_eq!((mug.quantity_fulfilled, &mug.title), (0, &None));
}

#[test]
fn what_decides_and_cannot_be_read_is_named_by_its_place_and_never_fatal() {
    let rows = [
        ("/createdTime", json!(null), Some("createdTime"), 2),
        (
            "/createdTime",
            json!("Quillfeather"),
            Some("createdTime"),
            2,
        ),
        (
            "/orderItems",
            json!({ "orderItemId": "1" }),
            Some("orderItems"),
            0,
        ),
        ("/orderItems", json!("Quillfeather"), Some("orderItems"), 0),
        (
            "/orderItems/1",
            json!("Quillfeather"),
            Some("orderItems"),
            1,
        ),
        (
            "/orderItems/1",
            json!({}),
            Some("orderItems.orderItemId"),
            1,
        ),
        (
            "/orderItems/1/orderItemId",
            json!([]),
            Some("orderItems.orderItemId"),
            1,
        ),
        (
            "/orderItems/1/quantityOrdered",
            json!("Quillfeather"),
            Some("orderItems.quantityOrdered"),
            1,
        ),
        (
            "/orderItems/1/quantityOrdered",
            json!(-1),
            Some("orderItems.quantityOrdered"),
            1,
        ),
        (
            "/orderItems/1/quantityOrdered",
            json!(1.5),
            Some("orderItems.quantityOrdered"),
            1,
        ),
        (
            "/orderItems/1/quantityOrdered",
            json!(null),
            Some("orderItems.quantityOrdered"),
            1,
        ),
        (
            "/orderItems/1/product",
            json!("Quillfeather"),
            Some("orderItems.product"),
            2,
        ),
        (
            "/orderItems/1/product/sellerSku",
            json!(7),
            Some("orderItems.product.sellerSku"),
            2,
        ),
        (
            "/orderItems/1/fulfillment/shipping/shippingConstraints",
            json!(["Quillfeather"]),
            Some("orderItems.fulfillment.shipping.shippingConstraints"),
            2,
        ),
        (
            "/recipient/deliveryAddress",
            json!("Quillfeather"),
            Some("recipient.deliveryAddress"),
            2,
        ),
        (
            "/fulfillment",
            json!(["Quillfeather"]),
            Some("fulfillment"),
            2,
        ),
        (
            "/fulfillment/fulfillmentStatus",
            json!(7),
            Some("fulfillment.fulfillmentStatus"),
            2,
        ),
        ("/programs", json!("PRIME"), Some("programs"), 2),
        ("/salesChannel", json!(7), Some("salesChannel"), 2),
        ("/orderItems/1/product/title", json!(7), None, 2),
        ("/proceeds", json!(7), None, 2),
    ];
    for (place, value, named, lines) in rows {
        let mut json = fixture();
        *json.pointer_mut(place).unwrap() = value.clone();
        let ReadOrder {
            order, unreadable, ..
        } = read(json).unwrap();
        let is_named = named.is_none_or(|named| unreadable.contains(named));
        assert!(is_named, "{place} {value}: {unreadable:?}");
        assert_eq!(
            unreadable.is_empty(),
            named.is_none(),
            "{place} {value}: {unreadable:?}"
        );
        assert_eq!(order.items.len(), lines, "{place} {value}");
        assert!(!unreadable.iter().any(|path| holds_mark(path)));
    }
}

#[test]
fn a_count_and_an_id_are_read_however_they_are_spelt() {
    for count in [json!(2), json!(2.0), json!("2"), json!(" 2 "), json!("2.0")] {
        let mut json = fixture();
        json["orderItems"][1]["quantityOrdered"] = count.clone();
        json["orderItems"][1]["orderItemId"] = json!(60482910337712u64);
        let ReadOrder {
            order, unreadable, ..
        } = read(json).unwrap();
        assert_eq!(
            (order.items[1].quantity, unreadable.len()),
            (2, 0),
            "{count}"
        );
        assert_eq!(order.items[1].id, "60482910337712");
    }
}

#[test]
fn a_part_that_is_null_or_empty_is_not_given() {
    use OrderPart::{
        Address, Cancellation, Fulfilment, Head, LineFulfilment, Lines, Packages, Proceeds,
        Programs,
    };
    let all = BTreeSet::from([
        Head,
        Programs,
        Lines,
        LineFulfilment,
        Cancellation,
        Fulfilment,
        Address,
        Proceeds,
        Packages,
    ]);
    assert_eq!(read(fixture()).unwrap().given, all);
    let rows: [(&str, Value, &[OrderPart]); 6] = [
        (
            "orderItems",
            json!(null),
            &[Lines, LineFulfilment, Cancellation],
        ),
        (
            "orderItems",
            json!([]),
            &[Lines, LineFulfilment, Cancellation],
        ),
        ("recipient", json!(null), &[Address]),
        ("recipient", json!({ "deliveryAddress": null }), &[Address]),
        ("fulfillment", json!({}), &[Fulfilment]),
        ("programs", json!(null), &[Programs]),
    ];
    for (field, value, gone) in rows {
        let mut json = fixture();
        json[field] = value;
        let given = read(json).unwrap().given;
        assert!(
            gone.iter().all(|part| !given.contains(part)),
            "{field}: {given:?}"
        );
        assert_eq!(given.len() + gone.len(), all.len(), "{field}: {given:?}");
    }
}

#[test]
fn who_cancelled_is_plain_and_why_only_if_amazon_offers_the_reason() {
    let asked = |reason: &str, by: &str| {
        let mut json = fixture();
        json["orderItems"][1]["cancellation"] = json!({
            "cancellationRequest": {"requester": "BUYER", "cancelReason": reason},
            "cancellationExecution": {"cancelledBy": by, "cancelReason": "Quillfeather execution"},
        });
        let raw: RawOrder = serde_json::from_value(json).unwrap();
        read_order(&raw).unwrap()
    };
    let known = asked("Changed mind about purchase", "AMAZON");
    let line = &known.order.items[1];
    let plain = (line.cancel_reason, line.cancelled_by);
    assert_eq!(
        plain,
        (Some(BuyerReason::ChangedMind), Some(CancelledBy::Amazon))
    );
    let own_words = asked("Quillfeather moved away", "CARRIER");
    let line = &own_words.order.items[1];
    assert!(line.cancel_requested);
    assert_eq!((line.cancel_reason, line.cancelled_by), (None, None));
    let private = serde_json::to_string(own_words.buyer.expose()).unwrap();
    assert!(private.contains("Quillfeather moved away") && private.contains("execution"));
    let noted = "orderItems.cancellation.cancellationExecution.cancelledBy=CARRIER";
    assert_eq!(
        own_words.unknown.iter().filter(|it| *it == noted).count(),
        1
    );
}
