//! Readings of an order in any order end equal.

use super::*;
use proptest::prelude::*;

/// Which status, when Amazon changed it, whether the buyer wants to cancel, when we fetched it.
fn reading_of((status, updated, cancel, fetched): (usize, i64, bool, i64)) -> Reading {
    let statuses = [
        "PENDING",
        "UNSHIPPED",
        "PARTIALLY_SHIPPED",
        "SHIPPED",
        "CANCELLED",
        "UNSHIPPED",
        "NEW_STATUS",
    ];
    let cancellation = if cancel {
        json!({"cancellationRequest": {"requester": "BUYER"}})
    } else {
        json!({})
    };
    let change = json!({"orderItems": [{"orderItemId": "1", "quantityOrdered": 1, "product": {"sellerSku": "MUG#1"}, "cancellation": cancellation}]});
    read(raw(statuses[status], updated, change), fetched)
}

fn end_of<'a>(readings: impl IntoIterator<Item = &'a Reading>) -> StoredOrder {
    let connection = ids();
    let mut stored: Option<StoredOrder> = None;
    for reading in readings {
        if let Intake::Write { order, .. } =
            take_in(&connection, reading, stored.as_ref(), &rules(), at(100))
        {
            stored = Some(*order);
        }
    }
    stored.unwrap()
}

/// What Amazon may leave out or refuse with one reading.
const LEFT_OUT: [Option<Dataset>; 5] = [
    None,
    Some(Dataset::Fulfillment),
    Some(Dataset::Recipient),
    Some(Dataset::Cancellation),
    Some(Dataset::Proceeds),
];

/// Amazon sends nothing that it was not asked for.
fn leave_out(reading: &mut Reading, dataset: Option<Dataset>) {
    reading.datasets.retain(|asked| Some(*asked) != dataset);
    let order = &mut reading.order;
    match dataset {
        Some(Dataset::Fulfillment) => {
            (order.amazon_status, order.fulfilled_by, order.service_level) = (None, None, None);
        }
        Some(Dataset::Recipient) => {
            (order.country, order.address_type) = (None, None);
            reading.buyer = BuyerData::new(json!({}));
        }
        Some(Dataset::Cancellation) => {
            for item in &mut order.items {
                item.cancel_requested = false;
            }
        }
        _ => {}
    }
}

proptest! {
    /// Whatever the order of arrival, and however often each reading comes: each part is from the latest reading that has
    /// it, however Amazon dates the change, and the status follows. Only a status that we do not know leaves alone what an
    /// earlier reading had closed.
    #[test]
    fn readings_in_any_order_end_equal(
        sequence in prop::collection::vec((0usize..7, 0i64..6, any::<bool>(), 0usize..5, any::<bool>()), 1..8),
        shuffle in any::<prop::sample::Index>(),
        repeats in 1usize..3,
    ) {
        // Each is fetched at another moment, and what Amazon shows then differs from all before.
        let readings: Vec<Reading> = sequence
            .iter()
            .enumerate()
            .map(|(place, (status, updated, cancel, left_out, lines))| {
                let place = place as i64;
                let mut reading = reading_of((*status, *updated, *cancel, place));
                if !lines {
                    reading.order.items.clear();
                    let lines = [OrderPart::Lines, OrderPart::Cancellation, OrderPart::LineFulfilment];
                    reading.given.retain(|part| !lines.contains(part));
                }
                leave_out(&mut reading, LEFT_OUT[*left_out]);
                reading.content_hash = reading.content_hash.wrapping_add(place as u64);
                reading
            })
            .collect();
        let mut shuffled: Vec<&Reading> = (0..repeats).flat_map(|_| &readings).collect();
        let by = shuffle.index(shuffled.len());
        shuffled.rotate_left(by);
        shuffled.reverse();

        let (one, two) = (end_of(&readings), end_of(shuffled.iter().copied()));
        prop_assert_eq!(&one.order, &two.order);
        prop_assert_eq!(one.content_hash, two.content_hash);
        prop_assert_eq!(one.version, two.version);
        prop_assert_eq!(&one.readings.parts, &two.readings.parts);
        prop_assert_eq!(&one.requirements, &two.requirements);
        if matches!(one.order.amazon_status, None | Some(AmazonStatus::Other(_))) {
            let left = |status| matches!(status, OrderStatus::PendingReview | OrderStatus::Dispatched | OrderStatus::Cancelled);
            prop_assert!(left(one.status) && left(two.status));
            return Ok(());
        }
        prop_assert_eq!(one.status, two.status);
        prop_assert_eq!(one.decision.reason, two.decision.reason);
    }
}

fn after(reading: &Reading, stored: &StoredOrder) -> Option<(StoredOrder, HistoryEntry)> {
    match take_in(&ids(), reading, Some(stored), &rules(), at(100)) {
        Intake::Write { order, entry } => Some((*order, entry)),
        Intake::Known | Intake::NotWanted => None,
    }
}

#[test]
fn a_cancellation_that_amazon_dates_earlier_is_seen_and_the_history_says_so() {
    for earlier in [1, 120, 3_600, 86_400] {
        let ready = take(raw("UNSHIPPED", 0, json!({})), None, &rules()).unwrap();
        let (cancelled, entry) =
            after(&read(raw("CANCELLED", -earlier, json!({})), 101), &ready).unwrap();
        assert_eq!(cancelled.status, OrderStatus::Cancelled, "{earlier}");
        assert!(
            entry
                .note
                .contains("dates this change earlier than the last"),
            "{}",
            entry.note
        );
    }
}

#[test]
fn a_reading_that_was_fetched_before_the_last_one_is_no_news() {
    let ready = take(raw("UNSHIPPED", 1, json!({})), None, &rules()).unwrap();
    let (cancelled, _) = after(&read(raw("CANCELLED", 2, json!({})), 101), &ready).unwrap();
    // A message that was delayed, whatever it says of itself.
    for updated in [1, 2, 3] {
        let delayed = read(raw("UNSHIPPED", updated, json!({"x": 1})), 99);
        assert_eq!(after(&delayed, &cancelled), None, "{updated}");
    }
}

#[test]
fn content_that_was_replaced_is_no_news_when_amazon_shows_it_again() {
    let ready = take(raw("UNSHIPPED", 1, json!({})), None, &rules()).unwrap();
    let (cancelled, _) = after(&read(raw("CANCELLED", 2, json!({})), 101), &ready).unwrap();
    let stale = read(raw("UNSHIPPED", 1, json!({})), 150);
    assert_eq!(after(&stale, &cancelled), None);
}

#[test]
fn what_an_older_reading_alone_holds_still_counts() {
    let mut newer = read(raw("UNSHIPPED", 2, json!({})), 101);
    newer
        .datasets
        .retain(|dataset| *dataset != Dataset::Fulfillment);
    newer.order.amazon_status = None;
    newer.order.service_level = None;
    let Intake::Write { order: first, .. } = take_in(&ids(), &newer, None, &rules(), at(101))
    else {
        panic!("it is new");
    };
    assert_eq!(first.decision.reason, Some(Reason::Unreadable));
    let older = read(raw("UNSHIPPED", 1, json!({})), 90);
    let (both, _) = after(&older, &first).unwrap();
    assert_eq!(both.status, OrderStatus::Ready);
    assert_eq!(both.order.updated_at, at(2), "the rest is the newer one's");
    assert_eq!(after(&newer, &both), None);
}
