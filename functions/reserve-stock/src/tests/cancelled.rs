//! What a cancellation leaves of a reservation, and of the number that Amazon may show.

use super::*;
use stallkeeper::domain::feed::SentBy;
use stallkeeper::domain::listing::{Sent, Standing, live as shown_live};
use stallkeeper::domain::order::{CancelledBy, LineClaim};

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
