//! Orders that were read while Amazon refused a dataset: once it comes, what it says is taken in.

use super::*;

/// A reading as Amazon gives it without some datasets.
fn without(dropped: &[Dataset], status: &str, updated: i64, fetched: i64) -> Reading {
    let mut json = raw(status, updated, json!({}));
    for (dataset, field) in [
        (Dataset::Fulfillment, "fulfillment"),
        (Dataset::Recipient, "recipient"),
    ] {
        if dropped.contains(&dataset) {
            json.as_object_mut().unwrap().remove(field);
        }
    }
    let whole = read(json, fetched);
    let datasets: Vec<_> = Dataset::ORDERS
        .into_iter()
        .filter(|dataset| !dropped.contains(dataset))
        .collect();
    Reading {
        version: Version {
            datasets: u8::try_from(datasets.len()).unwrap(),
            ..whole.version
        },
        datasets,
        ..whole
    }
}

fn taken(reading: &Reading, stored: Option<&StoredOrder>) -> Option<StoredOrder> {
    match take_in(&ids(), reading, stored, &rules(), at(9_000)) {
        Intake::Write { order, .. } => Some(*order),
        Intake::Known | Intake::NotWanted => None,
    }
}

#[test]
fn a_cancellation_seen_without_fulfilment_is_seen_once_fulfilment_comes() {
    let ready = taken(&without(&[], "UNSHIPPED", 1, 10), None).unwrap();
    assert_eq!(ready.status, OrderStatus::Ready);
    let blind = without(&[Dataset::Fulfillment], "CANCELLED", 2, 20);
    let still = taken(&blind, Some(&ready)).unwrap();
    assert_eq!(
        still.status,
        OrderStatus::Ready,
        "nobody said otherwise yet"
    );
    let whole = without(&[], "CANCELLED", 2, 30);
    let cancelled = taken(&whole, Some(&still)).unwrap();
    assert_eq!(cancelled.status, OrderStatus::Cancelled);
}

#[test]
fn an_order_first_read_without_its_address_is_ready_once_the_address_comes() {
    let no_role = [Dataset::Buyer, Dataset::Recipient];
    let waits = taken(&without(&no_role, "UNSHIPPED", 1, 10), None).unwrap();
    assert_eq!(
        (waits.status, waits.decision.reason),
        (OrderStatus::PendingReview, Some(Reason::AddressMissing))
    );
    let ready = taken(&without(&[], "UNSHIPPED", 1, 20), Some(&waits)).unwrap();
    assert_eq!(ready.status, OrderStatus::Ready);
    assert_eq!(
        ready.decision.term.unwrap().to_string(),
        "STD UK DOM",
        "its postcode is known now"
    );
}
