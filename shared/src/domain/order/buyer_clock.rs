//! How long buyer data is kept.

use super::{Order, OrderStatus};
use jiff::{SignedDuration, Timestamp};

/// After an order is made, its buyer data is kept no longer than this, whatever happens to it.
const LONGEST: i64 = 548;
/// After it is made and closed.
const LONGEST_CLOSED: i64 = 180;

/// When an order's buyer data is to be gone. While somebody may still have to ship it, only the 18 months after which the
/// order itself goes are a limit.
///
/// Closed, it is 14 days after the latest delivery, 21 days after the ship-by moment if no delivery is promised, a day after
/// a cancellation was seen. An update may bring that forward and never puts it off: `until` is what an earlier one
/// said.
pub fn buyer_expires(
    order: &Order,
    status: OrderStatus,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Timestamp {
    let cap = |days| after(order.created_at, days);
    if !is_closed(status) {
        return cap(LONGEST);
    }
    let at = match (status, order.deliver_by, order.ship_by) {
        (OrderStatus::Cancelled, _, _) => after(now, 1),
        (_, Some(delivered), _) => after(delivered, 14),
        (_, None, Some(shipped)) => after(shipped, 21),
        (_, None, None) => after(order.created_at, 21),
    };
    // A pre-order may have been made long before it is shipped.
    let at = at.min(cap(LONGEST_CLOSED).max(after(now, 1)));
    until.map_or(at, |until| until.min(at))
}

/// Whether nobody is to ship it any more.
pub fn is_closed(status: OrderStatus) -> bool {
    matches!(status, OrderStatus::Dispatched | OrderStatus::Cancelled)
}

fn after(moment: Timestamp, days: i64) -> Timestamp {
    moment
        .saturating_add(SignedDuration::from_hours(24 * days))
        .unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 3600;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    /// An order made at `at(0)`.
    fn order(ship_by: Option<i64>, deliver_by: Option<i64>) -> Order {
        serde_json::from_value(serde_json::json!({
            "id": "026-1", "marketplace_id": null, "created_at": at(0), "updated_at": at(0), "amazon_status": null,
            "fulfilled_by": null, "service_level": null, "ship_by": ship_by.map(at), "deliver_by": deliver_by.map(at),
            "label_from": null, "programs": [], "associated": [], "country": null, "address_type": null, "total": null,
            "items": [],
        }))
        .unwrap()
    }

    #[test]
    fn it_stays_while_the_order_is_open_and_goes_a_while_after_it_is_closed() {
        use OrderStatus::{
            Acknowledged, AwaitingPayment, Cancelled, Dispatched, Elsewhere, PendingReview, Ready,
        };
        for open in [
            Acknowledged,
            AwaitingPayment,
            Elsewhere,
            PendingReview,
            Ready,
        ] {
            let long_open = buyer_expires(&order(Some(0), Some(DAY)), open, None, at(300 * DAY));
            assert_eq!(long_open, at(LONGEST * DAY), "{open:?}");
        }
        let rows = [
            (Dispatched, order(Some(0), Some(DAY)), 15 * DAY),
            (Dispatched, order(Some(DAY), None), 22 * DAY),
            (Dispatched, order(None, None), 21 * DAY),
            (
                Dispatched,
                order(None, Some(400 * DAY)),
                LONGEST_CLOSED * DAY,
            ),
            (Cancelled, order(None, Some(DAY)), 3 * DAY),
        ];
        for (status, order, second) in rows {
            assert_eq!(
                buyer_expires(&order, status, None, at(2 * DAY)),
                at(second),
                "{status:?}"
            );
        }
    }

    #[test]
    fn an_update_brings_it_forward_and_never_puts_it_off() {
        let later = order(None, Some(20 * DAY));
        let status = OrderStatus::Dispatched;
        assert_eq!(
            buyer_expires(&later, status, Some(at(15 * DAY)), at(0)),
            at(15 * DAY)
        );
        let earlier = order(None, Some(0));
        assert_eq!(
            buyer_expires(&earlier, status, Some(at(15 * DAY)), at(0)),
            at(14 * DAY)
        );
    }

    #[test]
    fn a_pre_order_that_ships_after_the_longest_time_is_not_forgotten_at_once() {
        let order = order(None, Some(300 * DAY));
        let expires = buyer_expires(&order, OrderStatus::Dispatched, None, at(299 * DAY));
        assert_eq!(expires, at(300 * DAY));
    }
}
