//! What of a hand-over is allowed: refused is what Amazon would refuse, and what is not ours to ship.

use super::lines::{Room, lines};
use super::{Dispatch, DispatchLine, DispatchRefusal, HandOver, ParcelUnits};
use crate::domain::courier::LabelSource;
use crate::domain::order::{FulfilledBy, OrderItem, OrderStatus, StoredOrder};
use jiff::{SignedDuration, Timestamp};

/// A hand-over may be announced so long before.
const FURTHEST_AHEAD: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Amazon's program of items whose units carry a code each.
const TRANSPARENCY: &str = "TRANSPARENCY";

/// The lines of a parcel, if it may be dispatched. `freed`: the order without what this parcel claimed `before`.
pub(super) fn allowed_lines(
    freed: &StoredOrder,
    before: Option<&Dispatch>,
    hand_over: &HandOver,
    now: Timestamp,
) -> Result<Vec<DispatchLine>, DispatchRefusal> {
    if let Some(refusal) = refused_outright(freed, hand_over, now) {
        return Err(refusal);
    }
    // What Amazon may know of keeps its lines.
    let known = before.filter(|before| before.is_known_to_amazon());
    match known {
        Some(known) => fixed_lines(freed, known, &hand_over.units),
        None => open_lines(freed, hand_over),
    }
}

/// Why nothing of the order can be dispatched at all.
fn refused_outright(
    stored: &StoredOrder,
    hand_over: &HandOver,
    now: Timestamp,
) -> Option<DispatchRefusal> {
    let latest = now.saturating_add(FURTHEST_AHEAD).unwrap_or(Timestamp::MAX);
    if hand_over.handed_over_at > latest {
        return Some(DispatchRefusal::TooFarAhead);
    }
    if stored.order.fulfilled_by == Some(FulfilledBy::Amazon) {
        return Some(DispatchRefusal::FulfilledByAmazon);
    }
    if stored.held.is_some() {
        return Some(DispatchRefusal::Held);
    }
    let carried = stored.requirements.amazon_ships;
    if let Some(by) = carried.filter(|by| !by.is_packed_by_seller()) {
        return Some(DispatchRefusal::CarriedByAmazon(by.to_string()));
    }
    match stored.status {
        OrderStatus::Cancelled => Some(DispatchRefusal::Cancelled),
        status @ (OrderStatus::Parked | OrderStatus::Elsewhere | OrderStatus::AwaitingPayment) => {
            Some(DispatchRefusal::NotOurs(status))
        }
        OrderStatus::PendingReview
        | OrderStatus::Ready
        | OrderStatus::Acknowledged
        | OrderStatus::PartlyDispatched
        | OrderStatus::Dispatched => None,
    }
}

fn rooms(order: &StoredOrder, units: impl Fn(&OrderItem) -> u32) -> Vec<Room<'_>> {
    let items = order.order.items.iter();
    let room = |line| Room {
        line,
        units: units(line),
    };
    items.map(room).collect()
}

/// The lines as they are, if the hand-over means the same.
fn fixed_lines(
    freed: &StoredOrder,
    known: &Dispatch,
    units: &ParcelUnits,
) -> Result<Vec<DispatchLine>, DispatchRefusal> {
    let same = |lines: &[DispatchLine]| {
        let has_same = |it: &DispatchLine| known.units_of(&it.line) == it.units;
        lines.len() == known.lines.len() && lines.iter().all(has_same)
    };
    match units {
        ParcelUnits::AllOpen => Ok(known.lines.clone()),
        ParcelUnits::Lines(_) => {
            let rooms = rooms(freed, |line| known.units_of(&line.id));
            let lines = lines(units, &rooms).ok();
            let lines = lines.filter(|lines| same(lines));
            lines.ok_or(DispatchRefusal::LinesAreFixed)
        }
    }
}

/// Lines out of what nobody has shipped, cancelled or claimed.
fn open_lines(
    freed: &StoredOrder,
    hand_over: &HandOver,
) -> Result<Vec<DispatchLine>, DispatchRefusal> {
    let lines = lines(
        &hand_over.units,
        &rooms(freed, |line| freed.unclaimed(line)),
    )?;
    let by_us = freed.requirements.label_source() == LabelSource::Courier
        && hand_over.label_source == LabelSource::Courier;
    for line in &lines {
        let mut items = freed.order.items.iter();
        let item = items.find(|item| item.id == line.line);
        let is_asked =
            |item: &OrderItem| item.cancel_requested && !freed.cancel_too_late.contains(&item.id);
        if item.is_some_and(is_asked) && !hand_over.despite_cancel {
            return Err(DispatchRefusal::BuyerAsksToCancel(line.line.clone()));
        }
        let needs_codes =
            item.is_some_and(|item| item.programs.iter().any(|it| it == TRANSPARENCY));
        let codes = u32::try_from(line.transparency_codes.len()).unwrap_or(u32::MAX);
        if by_us && needs_codes && codes < line.units {
            return Err(DispatchRefusal::NoTransparencyCodes(line.line.clone()));
        }
    }
    Ok(lines)
}
