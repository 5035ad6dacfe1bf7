//! What happens to single lines of an order.

use super::*;
use crate::line_changes;
use serde_json::{Value, json};
use stallkeeper::domain::order::{BuyerReason, CancelledBy, OrderItem, StoredOrder};
use stallkeeper::store::stream::Images;

pub(super) fn line(id: &str, quantity: u32) -> OrderItem {
    let json = json!({"id": id, "sku": format!("MUG-{id}"), "asin": null, "title": "A mug", "quantity": quantity,
        "quantity_fulfilled": 0, "unit_price": null, "proceeds": null, "constraints": [], "cancel_requested": false, "programs": []});
    serde_json::from_value(json).unwrap()
}

/// An order of two lines that the platform has taken over.
pub(super) fn taken_over() -> StoredOrder {
    let mut order = demo_order();
    order.status = OrderStatus::Acknowledged;
    order.acknowledged_at = Some(at(0));
    order.order.items = vec![line("1", 1), line("2", 3)];
    order
}

fn image_of(order: &StoredOrder) -> OrderImage {
    let mut image = image();
    image.row.status = order.status;
    image.row.revision = order.revision;
    image
}

/// Kinds and details of what a change announces.
fn announced(
    old: Option<&StoredOrder>,
    change: impl FnOnce(&mut StoredOrder),
) -> Vec<(&'static str, Value)> {
    let mut new = old.cloned().unwrap_or_else(taken_over);
    change(&mut new);
    new.revision += 1;
    let row = old.map(image_of);
    let whole = Images {
        old: old.cloned().map(Box::new),
        new: Box::new(new.clone()),
    };
    let events = line_changes(row.as_ref(), &image_of(&new), &whole, Some(at(1)));
    events.iter().map(shown).collect()
}

#[test]
fn a_wish_to_cancel_is_announced_once_with_its_lines_after_the_order_was_taken_over() {
    let order = taken_over();
    let asked = announced(Some(&order), |order| {
        order.order.items[1].cancel_requested = true;
        order.order.items[1].cancel_reason = Some(BuyerReason::FoundCheaper);
    });
    let (kind, detail) = &asked[0];
    assert_eq!((asked.len(), *kind), (1, "order.cancel_requested"));
    assert_eq!(
        detail["lines"],
        json!([{"order_item_id": "2", "sku": "MUG-2", "quantity": 3, "open_quantity": 3, "cancel_reason": "found_cheaper"}])
    );
    assert_eq!(detail["order_id"], "026-1520163-6049104");

    let mut known = order.clone();
    known.order.items[1].cancel_requested = true;
    assert!(announced(Some(&known), |_| {}).is_empty());
    let further = announced(Some(&known), |order| {
        order.order.items[0].cancel_requested = true
    });
    assert_eq!(further[0].1["lines"][0]["order_item_id"], "1");
    assert_eq!(further[0].1["lines"].as_array().unwrap().len(), 1);
    let withdrawn = announced(Some(&known), |order| {
        order.order.items[1].cancel_requested = false
    });
    assert_eq!(withdrawn[0].0, "order.cancel_withdrawn");
    assert_eq!(withdrawn[0].1["lines"][0]["order_item_id"], "2");
    let cancelled = announced(Some(&known), |order| {
        order.order.items[1].cancel_requested = false;
        order.order.items[1].cancelled_by = Some(CancelledBy::Merchant);
    });
    let kinds: Vec<&str> = cancelled.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(
        kinds,
        ["order.lines_cancelled"],
        "it was granted, not withdrawn"
    );
    assert_eq!(cancelled[0].1["lines"][0]["cancelled_by"], "merchant");
}

#[test]
fn a_wish_is_a_reason_to_wait_before_the_order_is_taken_over_and_nothing_after_it_is_cancelled() {
    let mut open = taken_over();
    open.acknowledged_at = None;
    open.status = OrderStatus::Ready;
    let wish = |order: &mut StoredOrder| order.order.items[0].cancel_requested = true;
    assert!(announced(Some(&open), wish).is_empty());
    let cancelled = announced(Some(&taken_over()), |order| {
        order.order.items[0].cancel_requested = true;
        order.status = OrderStatus::Cancelled;
    });
    assert!(cancelled.is_empty());
    let partly = announced(Some(&taken_over()), |order| {
        order.order.items[0].cancel_requested = true;
        order.status = OrderStatus::PartlyDispatched;
    });
    let kinds: Vec<_> = partly.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, ["order.partly_dispatched", "order.cancel_requested"]);
}

#[test]
fn each_part_that_is_shipped_is_announced_with_what_is_open() {
    let order = taken_over();
    let ship = |line: usize, units: u32| {
        move |order: &mut StoredOrder| {
            order.status = OrderStatus::PartlyDispatched;
            order.order.items[line].quantity_fulfilled = units;
        }
    };
    let first = announced(Some(&order), ship(1, 1));
    assert_eq!(first[0].0, "order.partly_dispatched");
    let open = |events: &[(&str, Value)]| {
        let lines = events[0].1["lines"].as_array().unwrap();
        let open = lines
            .iter()
            .map(|line| line["open_quantity"].as_u64().unwrap());
        open.collect::<Vec<_>>()
    };
    assert_eq!(open(&first), [1, 2]);
    let mut begun = order.clone();
    ship(1, 1)(&mut begun);
    assert!(announced(Some(&begun), |_| {}).is_empty());
    assert_eq!(open(&announced(Some(&begun), ship(1, 2))), [1, 1]);
    let done = announced(Some(&begun), |order| order.status = OrderStatus::Dispatched);
    assert!(done.is_empty());
}

#[test]
fn an_older_image_that_cannot_be_read_drops_no_wish() {
    let mut new = taken_over();
    new.order.items[0].cancel_requested = true;
    let whole = Images {
        old: None,
        new: Box::new(new.clone()),
    };
    let events = line_changes(
        Some(&image_of(&taken_over())),
        &image_of(&new),
        &whole,
        None,
    );
    assert_eq!(kinds(&events), ["order.cancel_requested"]);
}
