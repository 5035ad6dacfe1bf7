//! What a cancellation leaves of a reservation, and of the number that Amazon may show.

use super::*;
use stallkeeper::domain::feed::SentBy;
use stallkeeper::domain::listing::{Sent, Standing, live as shown_live};
use stallkeeper::domain::order::{CancelledBy, ClaimedBy, LineClaim};

/// What Amazon may show of a listing of 10 whose number was sent at this moment, after each state of an order.
async fn shown_after_each(sent_at: jiff::Timestamp, life: &[StoredOrder]) -> Vec<(u32, u32)> {
    let cloud = Cloud::new().await;
    let key = stored().connection_key();
    let connection = kit::sample::connection(key.tenant.as_str(), key.id.as_str());
    let mut listing = Listing::new(&connection, "MUG".parse().unwrap(), ListingState::Matched);
    listing.sent = Some(Sent {
        value: 10,
        generation: 1,
        at: sent_at,
        by: SentBy::Patch,
    });
    let mut shown = Vec::new();
    for end in 1..=life.len() {
        let old = end.checked_sub(2).map(|before| &life[before]);
        let change = changes(old, &life[end - 1]);
        reserve(&cloud.app, [change].iter()).await.unwrap();
        let sales = listing.sales(&inputs(&cloud, "MUG").await.reservations);
        let live = shown_live(&listing, Standing::Patched, &sales).unwrap();
        shown.push((live.lowest, live.highest));
    }
    shown
}

#[tokio::test]
async fn a_buyers_cancellation_never_adds_its_units_twice_to_what_amazon_may_show() {
    let first = order(vec![item("1", "MUG", 3), item("2", "TEA", 1)]);
    let asked = next(&first, |order| order.order.items[0].cancel_requested = true);
    let claimed = next(&asked, |order| {
        let line = order.order.items[0].clone();
        let claim = LineClaim::by_cancellation(&line, 3, "C".parse().unwrap());
        order.claims.push(claim);
    });
    let line_off = next(&claimed, |order| {
        order.order.items[0].quantity_unfulfilled = Some(0);
        order.order.items[0].cancelled_by = Some(CancelledBy::Merchant);
    });
    let told_again = next(&line_off, |_| {});
    let all_off = next(&told_again, |order| {
        order.status = OrderStatus::Cancelled;
        order.order.amazon_status = Some(AmazonStatus::Cancelled);
    });
    let life = [first.clone(), asked, claimed, line_off, told_again, all_off];
    let day = jiff::SignedDuration::from_hours(24);
    // Sent long before the order: sold, then given back or not, and never more than was sent.
    let before = shown_after_each(first.order.created_at - day, &life).await;
    assert_eq!(before, [(7, 7), (7, 7), (7, 7), (7, 10), (7, 10), (7, 10)]);
    // Sent after the order and before the cancellation: given back once at most.
    let after = shown_after_each(first.order.created_at + day, &life).await;
    assert_eq!(after[..3], [(10, 10); 3]);
    assert!(after[3..].iter().all(|live| *live == after[3]), "{after:?}");
    assert!(after[3].1 <= 13, "{after:?}");
}

#[tokio::test]
async fn a_line_that_is_cancelled_alone_reserves_nothing_any_more() {
    let cloud = Cloud::new().await;
    let first = order(vec![item("1", "MUG", 3), item("2", "TEA", 1)]);
    let off = next(&first, |order| {
        order.order.items[0].quantity_unfulfilled = Some(0);
        order.order.items[0].cancelled_by = Some(CancelledBy::Amazon);
    });
    live(&cloud, &[first, off]).await;
    assert_eq!(only(&cloud, "MUG").await.units, 0);
    assert_eq!(only(&cloud, "TEA").await.units, 1);
}

#[tokio::test]
async fn a_line_that_is_cancelled_beside_a_dispatched_one_never_counts_as_shipped() {
    for by in [Some(CancelledBy::Merchant), None] {
        let cloud = Cloud::new().await;
        let first = order(vec![item("1", "MUG", 3), item("2", "TEA", 1)]);
        let taken = next(&first, |order| {
            order.status = OrderStatus::Acknowledged;
            order.acknowledged_at = Some(at(900));
        });
        // We cancel the first line, and a parcel takes the second: nothing of the order is left to ship.
        let dispatched = next(&taken, |order| {
            let (mugs, tea) = (&order.order.items[0], &order.order.items[1]);
            let cancels = LineClaim::by_cancellation(mugs, 3, "C".parse().unwrap());
            let ships = LineClaim {
                by: ClaimedBy::Dispatch("P1".parse().unwrap()),
                leaves_at: Some(at(1_000)),
                ..LineClaim::by_cancellation(tea, 1, "x".parse().unwrap())
            };
            order.claims = vec![cancels, ships];
            order.status = order.status_taken_over();
        });
        assert_eq!(dispatched.status, OrderStatus::Dispatched);
        let shown = next(&dispatched, |order| {
            order.order.amazon_status = Some(AmazonStatus::Shipped);
            let (mugs, tea) = order.order.items.split_at_mut(1);
            (mugs[0].quantity_unfulfilled, mugs[0].cancelled_by) = (Some(0), by);
            (tea[0].quantity_unfulfilled, tea[0].quantity_fulfilled) = (Some(0), 1);
        });
        live(&cloud, &[first, taken, dispatched.clone()]).await;
        let mugs = only(&cloud, "MUG").await;
        assert_eq!(mugs.units, 3, "reserved until Amazon cancels them");
        assert!(mugs.dispatched.is_empty(), "{mugs:?}");
        assert_eq!(only(&cloud, "TEA").await.dispatched[0].units, 1);

        let change = changes(Some(&dispatched), &shown);
        reserve(&cloud.app, [change].iter()).await.unwrap();
        let mugs = only(&cloud, "MUG").await;
        assert_eq!(mugs.units, 0, "dropped by the cancellation");
        assert!(mugs.dispatched.is_empty(), "{mugs:?}");
        assert_eq!(only(&cloud, "TEA").await.dispatched[0].units, 1);
    }
}
