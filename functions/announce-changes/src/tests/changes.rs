use super::*;
use crate::connection_changes;

type Row = (&'static str, fn(&mut OrderImage), &'static [&'static str]);

/// What a change of an order that waits for a mapping announces.
const OF_A_WAITING_ORDER: [Row; 9] = [
    ("nothing", |_| {}, &[]),
    ("only the revision", |new| new.row.revision = 2, &[]),
    (
        "other candidates",
        |new| new.row.term = Some("EXP UK DOM".into()),
        &[],
    ),
    (
        "Amazon reported more",
        |new| new.version = "2026-09-21T15".into(),
        &["order.changed"],
    ),
    (
        "another reason",
        |new| new.row.reason = Some("courier_off".into()),
        &["order.pending_review"],
    ),
    (
        "picked",
        |new| freed(new, "DPD/next-day"),
        &["order.courier_assigned"],
    ),
    (
        "cancelled by Amazon",
        |new| {
            new.version = "2026-09-21T15".into();
            new.row.status = OrderStatus::Cancelled;
            new.row.reason = None;
        },
        &["order.changed", "order.cancelled"],
    ),
    (
        "changed and freed",
        |new| {
            new.version = "2026-09-21T15".into();
            freed(new, "DPD/next-day");
        },
        &["order.changed", "order.courier_assigned"],
    ),
    (
        "back to the till",
        |new| {
            new.row.status = OrderStatus::AwaitingPayment;
            new.row.reason = None;
        },
        &[],
    ),
];

fn freed(image: &mut OrderImage, service: &str) {
    image.row.status = OrderStatus::Ready;
    image.row.reason = None;
    image.row.service = Some(service.into());
}

#[test]
fn a_change_announces_what_became_of_the_order() {
    for (what, change, expected) in OF_A_WAITING_ORDER {
        let (old, mut new) = (image(), image());
        change(&mut new);
        assert_eq!(kinds(&changes(Some(&old), &new, None)), expected, "{what}");
    }
}

#[test]
fn a_new_order_announces_that_and_where_it_stands() {
    let rows: [(OrderStatus, Option<&str>, &[&str]); 6] = [
        (OrderStatus::Parked, None, &["order.imported"]),
        (OrderStatus::AwaitingPayment, None, &["order.imported"]),
        (
            OrderStatus::PendingReview,
            None,
            &["order.imported", "order.pending_review"],
        ),
        (
            OrderStatus::Ready,
            Some("DPD/next-day"),
            &["order.imported", "order.courier_assigned"],
        ),
        (
            OrderStatus::Cancelled,
            None,
            &["order.imported", "order.cancelled"],
        ),
        (OrderStatus::Dispatched, None, &["order.imported"]),
    ];
    for (status, service, expected) in rows {
        let mut new = image();
        new.row.status = status;
        new.row.service = service.map(str::to_owned);
        assert_eq!(kinds(&changes(None, &new, None)), expected, "{status:?}");
    }
}

#[test]
fn later_changes_of_a_ready_order() {
    let mut ready = image();
    freed(&mut ready, "DPD/next-day");
    let rows: [Row; 5] = [
        (
            "taken over",
            |new| new.row.status = OrderStatus::Acknowledged,
            &[],
        ),
        (
            "shipped",
            |new| new.row.status = OrderStatus::Dispatched,
            &[],
        ),
        (
            "another service",
            |new| freed(new, "GLS/parcel"),
            &["order.courier_assigned"],
        ),
        (
            "waits again",
            |new| {
                new.row.status = OrderStatus::PendingReview;
                new.row.reason = Some("buyer_cancel".into());
                new.row.service = None;
            },
            &["order.pending_review"],
        ),
        (
            "cancelled, service kept",
            |new| new.row.status = OrderStatus::Cancelled,
            &["order.cancelled"],
        ),
    ];
    for (what, change, expected) in rows {
        let mut new = ready.clone();
        change(&mut new);
        assert_eq!(
            kinds(&changes(Some(&ready), &new, None)),
            expected,
            "{what}"
        );
    }
}

#[test]
fn an_event_tells_ids_codes_and_moments_and_nothing_else() {
    let events = changes(None, &image(), Some(at(1)));
    let detail = serde_json::to_value(&events[1].detail).unwrap();
    let expected = serde_json::json!({
        "v": 1,
        "id": events[1].id(),
        "tenant": "demo",
        "connection": "01K5QZ6D3M8N0V4T7R2W9X1Y5Z",
        "order_id": "026-1520163-6049104",
        "revision": 1,
        "marketplace": "UK",
        "status": "pending_review",
        "reason": "no_mapping",
        "term": "STD UK DOM",
        "service": null,
        "amazon_status": "UNSHIPPED",
        "ship_by": "2026-09-22T14:13:20Z",
        "created_at": "2026-09-21T14:03:20Z",
        "updated_at": "2026-09-21T14:13:20Z",
        "lines": [],
    });
    assert_eq!(detail, expected);
    assert_eq!(events[1].id().len(), 32);
}

#[test]
fn ids_hang_on_what_happened_to_what_and_when_alone() {
    let ids = |change: fn(&mut OrderImage)| {
        let mut new = image();
        change(&mut new);
        changes(None, &new, None)
            .iter()
            .map(|event| event.id().to_owned())
            .collect::<Vec<_>>()
    };
    let first = ids(|_| {});
    assert_ne!(first[0], first[1], "two things happened");
    assert_eq!(
        first,
        ids(|new| new.row.term = None),
        "the same revision is the same event"
    );
    assert_ne!(first, ids(|new| new.row.revision = 2));
    assert_ne!(
        first,
        ids(|new| new.row.order_id = "026-1".parse().unwrap())
    );
    assert_ne!(first, ids(|new| new.row.connection = "C2".parse().unwrap()));
    // The consumers' memory of ids outlives a release: this one must never change.
    assert_eq!(first[0], "0c197cecc0ee560d28685185110951cd");
}

#[test]
fn a_connection_that_lost_its_authorisation_is_announced_once() {
    use ConnectionStatus::{Active, NeedsReauthorisation, Paused};
    let announced = |old: Option<ConnectionStatus>, new| {
        let old = old.map(connection);
        let events = connection_changes(old.as_ref(), &connection(new), None);
        kinds(&events)
    };
    assert_eq!(
        announced(Some(Active), NeedsReauthorisation),
        ["connection.needs_reauthorisation"]
    );
    assert_eq!(
        announced(Some(Paused), NeedsReauthorisation),
        ["connection.needs_reauthorisation"]
    );
    assert!(announced(Some(NeedsReauthorisation), NeedsReauthorisation).is_empty());
    assert!(announced(Some(NeedsReauthorisation), Active).is_empty());
    assert!(announced(None, Active).is_empty());
    let events = connection_changes(None, &connection(NeedsReauthorisation), None);
    let detail = serde_json::to_value(&events[0].detail).unwrap();
    let expected = serde_json::json!({
        "v": 1,
        "id": events[0].id(),
        "tenant": "demo",
        "connection": "01K5QZ6D3M8N0V4T7R2W9X1Y5Z",
        "revision": 3,
        "marketplace": "UK",
        "status": "needs_reauthorisation",
        "authorised_at": "2026-09-20T14:20:00Z",
    });
    assert_eq!(detail, expected);
}

#[test]
fn the_readme_names_every_event() {
    use strum::VariantNames as _;
    let readme = include_str!("../../../../README.md");
    for kind in crate::event::Happened::VARIANTS {
        assert!(readme.contains(&format!("`{kind}`")), "{kind}");
    }
}
