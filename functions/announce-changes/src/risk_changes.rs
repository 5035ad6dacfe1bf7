//! An order that may come too late, between two images of it: pure, so that the same record always announces the same.

use crate::changes::lines_of;
use crate::event::{Event, Happened, OrderAtRisk};
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::order::{OrderStatus, Risk, RiskMark, StoredOrder, auto_cancel_at};
use stallkeeper::store::stream::{Images, OrderImage};

/// That an order came at risk: as time passed, which its mark shows; or by this change, which makes it an order to be shipped, or
/// one with another ship-by moment.
///
/// The event's id is of the order, the risk and the ship-by moment, whichever of the two reports it first.
pub fn risk_change(
    old: Option<&OrderImage>,
    new: &OrderImage,
    whole: &Images<StoredOrder>,
    at: Option<Timestamp>,
    at_risk_before: SignedDuration,
) -> Option<Event> {
    let marked_before = old.and_then(|old| old.at_risk.as_ref());
    let newly_marked = new
        .at_risk
        .clone()
        .filter(|mark| Some(mark) != marked_before);
    let RiskMark { risk, ship_by } =
        newly_marked.or_else(|| by_this_change(whole, at?, at_risk_before))?;
    let order = &whole.new;
    let name: &'static str = risk.into();
    let what = format!("{ship_by}#{name}");
    let which = [order.connection.as_str(), order.order.id.as_str(), &what];
    let amazon_status = order.order.amazon_status.as_ref();
    let happened = Happened::OrderAtRisk(Box::new(OrderAtRisk {
        order: *lines_of(new, order, order.order.items.iter()),
        risk,
        auto_cancel_at: auto_cancel_at(order.status, amazon_status, Some(ship_by)),
    }));
    Some(Event::new(&new.tenant, which, happened, at))
}

fn by_this_change(
    whole: &Images<StoredOrder>,
    at: Timestamp,
    at_risk_before: SignedDuration,
) -> Option<RiskMark> {
    let to_ship =
        |order: &StoredOrder| OrderStatus::TO_SHIP.contains(&order.status) && order.needs_a_desk();
    let ship_by = whole.new.order.ship_by?;
    let was = |old: &StoredOrder| to_ship(old) && old.order.ship_by == Some(ship_by);
    if !to_ship(&whole.new) || whole.old.as_deref().is_some_and(was) {
        return None;
    }
    let risk = Risk::at(at, ship_by, at_risk_before)?;
    Some(RiskMark { risk, ship_by })
}
