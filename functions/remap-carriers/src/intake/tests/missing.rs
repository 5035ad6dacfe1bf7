//! Orders without lines, and orders of which something that decides cannot be read.

use super::*;

fn reading(change: Value, updated: i64, fetched: i64) -> Reading {
    let mut order = raw("UNSHIPPED", updated, json!({}));
    for (name, value) in change.as_object().unwrap() {
        order[name] = value.clone();
    }
    read(order, fetched)
}

fn taken(reading: &Reading, stored: Option<&StoredOrder>) -> StoredOrder {
    match take_in(&ids(), reading, stored, &rules(), at(200)) {
        Intake::Write { order, .. } => *order,
        other => panic!("{other:?}"),
    }
}

fn ready() -> StoredOrder {
    taken(&reading(json!({}), 1, 100), None)
}

fn without_lines() -> [Value; 2] {
    [json!({"orderItems": null}), json!({"orderItems": []})]
}

#[test]
fn an_order_without_lines_waits_is_asked_for_again_and_is_ready_once_they_come() {
    for change in without_lines() {
        let first = reading(change.clone(), 1, 100);
        assert!(first.lacks_parts(), "{change}");
        let waiting = taken(&first, None);
        assert_eq!(
            (
                waiting.status,
                waiting.decision.reason,
                &waiting.decision.service
            ),
            (
                OrderStatus::PendingReview,
                Some(Reason::LinesMissing),
                &None
            ),
            "{change}"
        );
        let line = waiting.decision.explanation.first().unwrap();
        assert_eq!(line, "Amazon gave no lines");
        assert_eq!(
            look_again(&waiting, &rules(), at(101)),
            None,
            "no rule mends that"
        );

        let whole = reading(json!({}), 1, 101);
        assert!(!whole.lacks_parts());
        let ready = taken(&whole, Some(&waiting));
        assert_eq!(
            (ready.status, ready.order.items.len()),
            (OrderStatus::Ready, 1)
        );
    }
}

#[test]
fn lines_that_were_known_stay() {
    for change in without_lines() {
        let after = taken(&reading(change.clone(), 2, 101), Some(&ready()));
        assert_eq!(after.order.items, ready().order.items, "{change}");
        assert_eq!(after.status, OrderStatus::Ready, "{change}");
    }
    let two = json!({"orderItems": [
        {"orderItemId": "1", "quantityOrdered": 1, "product": {"sellerSku": "MUG#1"}},
        {"orderItemId": "2", "quantityOrdered": 2, "product": {"sellerSku": "CUP"}},
    ]});
    let known = taken(&reading(two, 1, 100), None);
    let garbled = json!({"orderItems": [
        {"orderItemId": "1", "quantityOrdered": 3, "product": {"sellerSku": null}},
        {"orderItemId": "2", "quantityOrdered": "some", "product": {"sellerSku": "CUP"}},
    ]});
    let after = taken(&reading(garbled, 2, 101), Some(&known));
    let lines: Vec<_> = after
        .order
        .items
        .iter()
        .map(|item| (item.sku.as_deref(), item.quantity))
        .collect();
    assert_eq!(lines, [(Some("MUG#1"), 3), (Some("CUP"), 2)]);
    assert_eq!(after.decision.reason, Some(Reason::Unreadable));
}

#[test]
fn parts_that_were_known_and_come_as_null_stay() {
    let rows = [
        json!({"recipient": null}),
        json!({"recipient": {"deliveryAddress": null}}),
        json!({"fulfillment": null}),
        json!({"fulfillment": {}}),
        json!({"programs": null}),
        json!({"salesChannel": null}),
    ];
    let prime = json!({"programs": ["AMAZON_BUSINESS"]});
    let before = taken(&reading(prime.clone(), 1, 100), None);
    for mut change in rows {
        if change.get("programs").is_none() {
            merge(&mut change, prime.clone());
        }
        let after = taken(&reading(change.clone(), 2, 101), Some(&before));
        let (was, is) = (&before.order, &after.order);
        assert_eq!(
            (&is.country, &is.amazon_status),
            (&was.country, &was.amazon_status),
            "{change}"
        );
        assert_eq!(
            (&is.programs, &is.marketplace_id),
            (&was.programs, &was.marketplace_id),
            "{change}"
        );
        assert_eq!(
            (&is.service_level, &is.fulfilled_by),
            (&was.service_level, &was.fulfilled_by),
            "{change}"
        );
        assert_eq!(
            after.requirements.address, before.requirements.address,
            "{change}"
        );
        assert_eq!(after.status, OrderStatus::Ready, "{change}");
    }
}

#[test]
fn what_decides_and_cannot_be_read_makes_an_order_wait_with_the_places_named() {
    let rows = [
        (
            json!({"orderItems": {"orderItemId": "1"}}),
            "orderItems",
            Reason::LinesMissing,
        ),
        (
            json!({"orderItems": [7]}),
            "orderItems",
            Reason::LinesMissing,
        ),
        (
            json!({"orderItems": [{"orderItemId": "1", "quantityOrdered": 1, "fulfillment": {"shipping": {"shippingConstraints": ["x"]}}}]}),
            "orderItems.fulfillment.shipping.shippingConstraints",
            Reason::Unreadable,
        ),
        (
            json!({"createdTime": "soon"}),
            "createdTime",
            Reason::Unreadable,
        ),
        (json!({"programs": "PRIME"}), "programs", Reason::Unreadable),
        (
            json!({"salesChannel": 7}),
            "salesChannel",
            Reason::Unreadable,
        ),
        (json!({"fulfillment": 7}), "fulfillment", Reason::Unreadable),
        (
            json!({"recipient": {"deliveryAddress": "Testina"}}),
            "recipient.deliveryAddress",
            Reason::Unreadable,
        ),
    ];
    for (change, place, reason) in rows {
        let first = reading(change.clone(), 1, 100);
        assert!(first.lacks_parts(), "{change}");
        let waiting = taken(&first, None);
        assert_eq!(
            (waiting.status, waiting.decision.reason),
            (OrderStatus::PendingReview, Some(reason)),
            "{change}"
        );
        assert!(waiting.requirements.unreadable.contains(place), "{change}");
        let text = serde_json::to_string(&waiting.decision).unwrap();
        assert!(
            reason == Reason::LinesMissing || text.contains(place),
            "{text}"
        );
        assert!(!text.contains("Testina"));

        let stopped = taken(&reading(change.clone(), 2, 101), Some(&ready()));
        assert_eq!(stopped.status, OrderStatus::PendingReview, "{change}");
        let mended = taken(&reading(json!({}), 3, 102), Some(&stopped));
        assert_eq!(mended.status, OrderStatus::Ready, "{change}");
    }
}

#[test]
fn what_the_platform_took_over_is_not_opened_by_what_cannot_be_read() {
    let acknowledged = StoredOrder {
        status: OrderStatus::Acknowledged,
        acknowledged_at: Some(at(1)),
        ..ready()
    };
    let after = taken(
        &reading(json!({"orderItems": 7}), 2, 101),
        Some(&acknowledged),
    );
    assert_eq!(
        (after.status, after.order.items.len()),
        (OrderStatus::Acknowledged, 1)
    );
}

#[test]
fn a_person_may_overrule_what_cannot_be_read_but_not_that_lines_are_hidden() {
    let picked = |change: Value| {
        let mut order = taken(&reading(change, 1, 100), None);
        order.status = OrderStatus::Ready;
        order.decision.service = Some("DPD/next-day".parse().unwrap());
        order.decision.by_person = true;
        order
    };
    let garbled = json!({"createdTime": "soon"});
    let again = json!({"createdTime": "soon", "x": 1});
    let kept = taken(&reading(again, 2, 101), Some(&picked(garbled)));
    assert_eq!(kept.status, OrderStatus::Ready);
    let hidden = json!({"orderItems": [7]});
    let again = json!({"orderItems": [7], "x": 1});
    let stopped = taken(&reading(again, 2, 101), Some(&picked(hidden)));
    assert_eq!(stopped.status, OrderStatus::PendingReview);
}
