//! What a hand-over makes of an order.

use super::allowed::allowed_lines;
use super::{
    Dispatch, DispatchLine, DispatchRefusal, DispatchState, DispatchWords, HandOver,
    HandOverRequest, PackageNumber, ParcelCarrier, ParcelId,
};
use crate::domain::courier::LabelSource;
use crate::domain::order::{
    ClaimedBy, HistoryEntry, HistoryKind, LineClaim, StoredOrder, buyer_expires, is_closed,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// When a dispatch is confirmed to Amazon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmAt {
    /// As soon as it is known, though the carrier may not have it yet.
    Label,
    /// When the carrier has it.
    #[default]
    Handover,
}

impl ConfirmAt {
    pub(crate) fn is_handover(&self) -> bool {
        *self == Self::Handover
    }
}

/// What becomes of a hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DispatchDecision {
    /// It is known, to the letter, or was asked before what the dispatch holds: nothing is to be stored.
    Same(Box<Dispatch>),
    /// To be stored, all or nothing: the dispatch, the order with its claim, and what it adds to the order's history.
    Write {
        dispatch: Box<Dispatch>,
        order: Box<StoredOrder>,
        entry: HistoryEntry,
    },
    Refused(DispatchRefusal),
}

/// Decides on a hand-over. `others`: the order's dispatches so far, this parcel's included.
///
/// Idempotent: the same hand-over again is [`DispatchDecision::Same`]; a changed one edits the dispatch under its number, and
/// one that comes after a newer one changes nothing. A refused parcel that is handed over again, changed or not, goes again
/// under its number.
pub fn decide(
    stored: &StoredOrder,
    others: &[Dispatch],
    request: &HandOverRequest,
    confirm_at: ConfirmAt,
    now: Timestamp,
) -> DispatchDecision {
    let parcel = &request.parcel;
    let before = others.iter().find(|other| other.parcel == *parcel);
    if let Some(before) = before.filter(|before| before.is_unchanged_by(request)) {
        return DispatchDecision::Same(Box::new(before.clone()));
    }
    let freed = without_claim(stored, parcel);
    let lines = match allowed_lines(&freed, before, &request.content, now) {
        Ok(lines) => lines,
        Err(refusal) => return DispatchDecision::Refused(refusal),
    };
    let number = before.map_or_else(
        || free_number(stored, others, parcel),
        |before| before.number,
    );
    let dispatch = dispatch(stored, before, request, lines, number, confirm_at, now);
    let order = claimed(freed, stored, &dispatch, now);
    let entry = entry(stored, &order, request, before, now);
    DispatchDecision::Write {
        dispatch: Box::new(dispatch),
        order: Box::new(order),
        entry,
    }
}

fn entry(
    before: &StoredOrder,
    order: &StoredOrder,
    request: &HandOverRequest,
    dispatch: Option<&Dispatch>,
    now: Timestamp,
) -> HistoryEntry {
    let what = match dispatch {
        None => "handed over",
        Some(dispatch) if dispatch.hand_over == request.content => "handed over again",
        Some(_) => "edited",
    };
    let parcel = &request.parcel;
    let (from, to) = (before.status.as_str(), order.status.as_str());
    HistoryEntry {
        at: now,
        kind: HistoryKind::Dispatched,
        note: format!("parcel `{parcel}` was {what}: {from} → {to}"),
    }
}

fn free_number(stored: &StoredOrder, others: &[Dispatch], parcel: &ParcelId) -> PackageNumber {
    let at_amazon = |number: PackageNumber| {
        let number = number.to_string();
        let mut packages = stored.order.packages.iter();
        packages.any(|package| package.reference == number)
    };
    PackageNumber::of(parcel, |number| {
        others.iter().any(|other| other.number == number) || at_amazon(number)
    })
}

fn dispatch(
    stored: &StoredOrder,
    before: Option<&Dispatch>,
    request: &HandOverRequest,
    lines: Vec<DispatchLine>,
    number: PackageNumber,
    confirm_at: ConfirmAt,
    now: Timestamp,
) -> Dispatch {
    let hand_over = &request.content;
    let label_source = match stored.requirements.label_source() {
        LabelSource::Amazon => LabelSource::Amazon,
        LabelSource::Courier => hand_over.label_source,
    };
    Dispatch {
        tenant: stored.tenant.clone(),
        connection: stored.connection.clone(),
        order_id: stored.order.id.clone(),
        parcel: request.parcel.clone(),
        hand_over: hand_over.clone(),
        lines,
        label_source,
        number,
        state: DispatchState::ToConfirm,
        words: None,
        due_at: match confirm_at {
            ConfirmAt::Label => now,
            ConfirmAt::Handover => hand_over.handed_over_at.max(now),
        },
        ship_by: stored.order.ship_by,
        calling_until: before.and_then(|before| before.calling_until),
        called: before.is_some_and(|before| before.called),
        lost: 0,
        confirmed_at: before.and_then(|before| before.confirmed_at),
        not_counted: None,
        warnings: warnings(hand_over),
        created_at: before.map_or(now, |before| before.created_at),
        changed_at: now,
        asked_at: request.asked_at,
        revision: before.map_or(1, |before| before.revision + 1),
    }
}

/// What is odd about a parcel, though nothing keeps it from Amazon.
fn warnings(hand_over: &HandOver) -> Vec<String> {
    let carrier = match &hand_over.carrier {
        ParcelCarrier::CourierService(service) => service.courier.as_str(),
        ParcelCarrier::Carrier(name) => name,
    };
    let numbers = [&hand_over.tracking_number].into_iter();
    let numbers = numbers.chain(&hand_over.other_tracking_numbers);
    let mut warnings: Vec<String> = numbers.filter_map(|it| it.odd_for(carrier)).collect();
    warnings.dedup();
    warnings
}

/// The order without what a parcel claims.
pub(super) fn without_claim(stored: &StoredOrder, parcel: &ParcelId) -> StoredOrder {
    let mut order = stored.clone();
    order.claims.retain(|claim| !claim.is_of_parcel(parcel));
    order
}

/// The order with the dispatch's claim. `before`: with the claim that the parcel had.
fn claimed(
    mut order: StoredOrder,
    before: &StoredOrder,
    dispatch: &Dispatch,
    now: Timestamp,
) -> StoredOrder {
    let claims: Vec<LineClaim> = dispatch
        .lines
        .iter()
        .map(|line| LineClaim {
            line: line.line.clone(),
            units: line.units,
            by: ClaimedBy::Dispatch(dispatch.parcel.clone()),
            fulfilled_before: fulfilled_before(before, &dispatch.parcel, &line.line),
            package: Some(dispatch.number),
            label_by_amazon: !dispatch.is_confirmed_by_us(),
            leaves_at: Some(dispatch.hand_over.handed_over_at),
        })
        .collect();
    order.claims.extend(claims);
    if order.acknowledged_at.is_none() {
        order.acknowledged_at = Some(now);
        order.acknowledged_revision = Some(order.revision);
    }
    if let Some(warehouse) = &dispatch.hand_over.warehouse {
        order.warehouse = Some(warehouse.clone());
    }
    order.decision.reason = None;
    order.decision.candidates.clear();
    order.status = order.status_taken_over();
    order.revision += 1;
    let expires = || buyer_expires(&order.order, order.status, order.buyer_until, now);
    order.buyer_until = is_closed(order.status).then(expires);
    order
}

/// Units of a line that were shipped before the parcel was handed over first: an edit may come when Amazon counts its own.
fn fulfilled_before(order: &StoredOrder, parcel: &ParcelId, line: &str) -> u32 {
    let mut claims = order.claims.iter();
    let claim = claims.find(|claim| claim.is_of_parcel(parcel) && claim.line == line);
    let mut items = order.order.items.iter();
    let item = items.find(|item| item.id == line);
    claim
        .map(|claim| claim.fulfilled_before)
        .or(item.map(|item| item.quantity_fulfilled))
        .unwrap_or_default()
}

impl Dispatch {
    /// Whether a hand-over of the parcel changes nothing: it says the same, or was asked before what the dispatch holds. What
    /// is refused goes again as it was only if that was asked after the refusal, whose cause a person may have mended.
    pub fn is_unchanged_by(&self, request: &HandOverRequest) -> bool {
        let refused = (self.state == DispatchState::Refused).then_some(self.words.as_ref());
        let refused_at = refused.flatten().map(|words| words.at);
        let is_again = request
            .asked_at
            .zip(refused_at)
            .is_some_and(|(asked_at, refused_at)| asked_at > refused_at);
        let is_late = request
            .asked_at
            .is_some_and(|at| at <= self.last_asked_at());
        is_late || (self.hand_over == request.content && !is_again)
    }

    /// A hand-over that was refused before Amazon, to be seen on its order; `before`: what the parcel was, which stays.
    pub fn refused_outright(
        stored: &StoredOrder,
        before: Option<Self>,
        request: &HandOverRequest,
        refusal: &DispatchRefusal,
        now: Timestamp,
    ) -> Self {
        let words = DispatchWords {
            at: now,
            code: refusal.code().as_str().to_owned(),
            message: refusal.to_string(),
        };
        if let Some(before) = before {
            return Self {
                words: Some(words),
                asked_at: request.asked_at.or(before.asked_at),
                revision: before.revision + 1,
                ..before
            };
        }
        let number = free_number(stored, &[], &request.parcel);
        let at = ConfirmAt::default();
        let new = dispatch(stored, None, request, Vec::new(), number, at, now);
        Self {
            state: DispatchState::Refused,
            words: Some(words),
            ..new
        }
    }

    /// Units of a line in it.
    pub fn units_of(&self, line: &str) -> u32 {
        let lines = self.lines.iter().filter(|it| it.line == line);
        lines.map(|it| it.units).fold(0, u32::saturating_add)
    }
}
