//! Readings of an order in any order end equal.

use super::*;
use proptest::prelude::*;

fn readings() -> impl Strategy<Value = Vec<(usize, i64, bool, i64)>> {
    // Which status, when Amazon changed it, whether the buyer wants to cancel, when we fetched it.
    prop::collection::vec((0usize..7, 0i64..6, any::<bool>(), 0i64..50), 1..8)
}

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

fn end_of(readings: &[Reading]) -> StoredOrder {
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

proptest! {
    /// Whatever the order of arrival, and however often each reading comes, the newest one's content is kept, with the
    /// status that follows from it; a service only if it is to be shipped. Only a status that we do not know leaves
    /// alone what an earlier reading had closed.
    #[test]
    fn readings_in_any_order_end_equal(sequence in readings(), shuffle in any::<prop::sample::Index>(), repeats in 1usize..3) {
        let mut unique = sequence;
        // Amazon sends one content for one moment of change; it may be fetched any number of times.
        unique.sort_by_key(|(_, updated, _, _)| *updated);
        unique.dedup_by_key(|(_, updated, _, _)| *updated);
        let forward: Vec<Reading> = unique.iter().map(|row| reading_of(*row)).collect();
        let mut shuffled: Vec<_> = (0..repeats as i64)
            .flat_map(|again| unique.iter().map(move |(status, updated, cancel, fetched)| (*status, *updated, *cancel, fetched + again)))
            .collect();
        let by = shuffle.index(shuffled.len());
        shuffled.rotate_left(by);
        shuffled.reverse();
        let other: Vec<Reading> = shuffled.into_iter().map(reading_of).collect();

        let (one, two) = (end_of(&forward), end_of(&other));
        prop_assert_eq!(&one.order, &two.order);
        prop_assert_eq!(one.content_hash, two.content_hash);
        if matches!(one.order.amazon_status, Some(AmazonStatus::Other(_))) {
            let left = |status| matches!(status, OrderStatus::PendingReview | OrderStatus::Dispatched | OrderStatus::Cancelled);
            prop_assert!(left(one.status) && left(two.status));
            return Ok(());
        }
        prop_assert_eq!(one.status, two.status);
        if one.status == OrderStatus::Ready {
            prop_assert_eq!(&one.decision.service, &two.decision.service);
        }
        prop_assert_eq!(one.decision.reason, two.decision.reason);
    }
}
