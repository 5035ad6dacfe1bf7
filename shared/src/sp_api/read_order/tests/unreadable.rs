//! What is missing, null, or cannot be read.

use super::*;

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
