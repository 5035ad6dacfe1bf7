//! An order's status here, from its status at Amazon and from the rules.

use super::{Rules, Term};
use stallkeeper::domain::connection::MarketplaceSettings;
use stallkeeper::domain::courier::{Choice, Reason, Requirements, Switches, choose, fitness};
use stallkeeper::domain::order::{
    AmazonStatus, Decision, FulfilledBy, Order, OrderStatus, StoredOrder,
};

const WATCHED: &str = "no take-over moment is set: orders are only watched";
const BOUGHT_BEFORE: &str =
    "bought before the take-over moment: it belongs to whoever handled orders then";

/// Status and courier service of an order whose marketplace is on, or was when it came.
pub(super) fn decide(
    order: &Order,
    requirements: &Requirements,
    term: Term,
    stored: Option<&StoredOrder>,
    active: Option<&MarketplaceSettings>,
    rules: &Rules,
) -> (OrderStatus, Decision) {
    let (status, decision) = decide_as_ours(order, requirements, term, stored, active, rules);
    let waits = matches!(
        status,
        OrderStatus::AwaitingPayment
            | OrderStatus::PendingReview
            | OrderStatus::Ready
            | OrderStatus::PartlyDispatched
    );
    if waits && rules.leaves_elsewhere(order, stored) {
        let words = match rules.orders_from {
            None => WATCHED,
            Some(_) => BOUGHT_BEFORE,
        };
        return (OrderStatus::Elsewhere, explained(decision, words));
    }
    (status, decision)
}

/// The same if it is ours to ship.
fn decide_as_ours(
    order: &Order,
    requirements: &Requirements,
    term: Term,
    stored: Option<&StoredOrder>,
    active: Option<&MarketplaceSettings>,
    rules: &Rules,
) -> (OrderStatus, Decision) {
    let mut before = stored
        .map(|stored| stored.decision.clone())
        .unwrap_or_default();
    before
        .explanation
        .retain(|line| line != WATCHED && line != BOUGHT_BEFORE);
    let kept = Decision {
        term: term.term,
        term_settled: term.is_settled,
        derivation: term.derivation,
        reason: None,
        candidates: Vec::new(),
        ..before
    };
    let by_amazon = order.fulfilled_by == Some(FulfilledBy::Amazon);
    match &order.amazon_status {
        Some(AmazonStatus::PendingAvailability | AmazonStatus::Pending) => {
            (OrderStatus::AwaitingPayment, kept)
        }
        Some(AmazonStatus::Shipped) => (OrderStatus::Dispatched, kept),
        Some(AmazonStatus::Cancelled | AmazonStatus::Unfulfillable) => {
            (OrderStatus::Cancelled, kept)
        }
        Some(AmazonStatus::Unshipped | AmazonStatus::PartiallyShipped) if by_amazon => (
            OrderStatus::Acknowledged,
            explained(kept, "Amazon fulfils it"),
        ),
        Some(AmazonStatus::Unshipped | AmazonStatus::PartiallyShipped) => {
            let (status, decision) = open(kept, requirements, stored, active, rules);
            match (status, order.ready_status()) {
                (OrderStatus::Ready, ready) => (ready, decision),
                // Whoever took it over ships the rest.
                (OrderStatus::Acknowledged, OrderStatus::PartlyDispatched) => {
                    (OrderStatus::PartlyDispatched, decision)
                }
                (status, _) => (status, decision),
            }
        }
        Some(AmazonStatus::Other(status)) => {
            let words = format!("Amazon's status `{status}` is not one that this release knows");
            unclear(kept, stored, Reason::Constraint, &words)
        }
        None => {
            let places = requirements.unreadable.iter().map(String::as_str);
            let places = places.collect::<Vec<_>>().join(", ");
            let words = match places.as_str() {
                "" => "Amazon did not report the order's status".to_owned(),
                places => format!("the order's status is unknown; it cannot be read at {places}"),
            };
            unclear(kept, stored, Reason::Unreadable, &words)
        }
    }
}

/// An order that is to be shipped.
fn open(
    kept: Decision,
    requirements: &Requirements,
    stored: Option<&StoredOrder>,
    active: Option<&MarketplaceSettings>,
    rules: &Rules,
) -> (OrderStatus, Decision) {
    if stored.is_some_and(|stored| stored.acknowledged_at.is_some()) {
        let words = "the platform has taken it over; its decision is kept";
        return (OrderStatus::Acknowledged, explained(kept, words));
    }
    if stored.is_some_and(|stored| stored.held.is_some()) {
        let held = Decision {
            reason: Some(Reason::Held),
            ..kept
        };
        return (OrderStatus::PendingReview, held);
    }
    let every_courier_on = Switches::default();
    let switches = active.map_or(&every_courier_on, |store| &store.couriers);
    let fits = |service| {
        let term = kept.term.as_ref();
        fitness(service, term, requirements, &rules.couriers, switches).is_ok()
    };
    let fits = kept.service.as_ref().is_some_and(fits);
    if kept.service.is_some() && kept.by_person && is_overruled(requirements, stored, fits) {
        return (
            OrderStatus::Ready,
            explained(kept, "a person's choice is kept"),
        );
    }
    if let (Some(program), None) = (requirements.amazon_ships, requirements.blocked()) {
        let words = format!("{program}: the seller packs it and puts Amazon's label on it");
        let packed = Decision {
            service: None,
            by_person: false,
            explanation: Vec::new(),
            ..kept
        };
        return (OrderStatus::Ready, explained(packed, &words));
    }
    if fits && requirements.blocked().is_none() {
        return (
            OrderStatus::Ready,
            explained(kept, "the previous service still suits"),
        );
    }
    let choice = choose(
        kept.term.as_ref(),
        requirements,
        &rules.mappings,
        &rules.couriers,
        switches,
    );
    let mut decision = Decision {
        service: None,
        by_person: false,
        explanation: Vec::new(),
        ..kept
    };
    match choice {
        Choice::Courier {
            service,
            explanation,
            ..
        } => {
            decision.service = Some(service);
            decision.explanation.extend(explanation);
            (OrderStatus::Ready, decision)
        }
        Choice::Review {
            reason,
            candidates,
            explanation,
        } => {
            decision.reason = Some(reason);
            decision.candidates = candidates;
            decision.explanation.extend(explanation);
            (OrderStatus::PendingReview, decision)
        }
    }
}

/// Whether a person chose the service knowing what stops the rules: only another block than the one they knew of, or
/// another kind of destination that the service cannot serve, opens the order again.
fn is_overruled(requirements: &Requirements, stored: Option<&StoredOrder>, fits: bool) -> bool {
    let Some(stored) = stored else { return false };
    let known = &stored.requirements;
    let knows_block = known.blocked() == requirements.blocked()
        && known.unreadable == requirements.unreadable
        && known.address_lacks == requirements.address_lacks
        && known.unknown_skus.is_superset(&requirements.unknown_skus);
    let knows_place =
        known.address == requirements.address && known.territory == requirements.territory;
    knows_block && (knows_place || fits) && !requirements.hides_lines()
}

/// What is not clear waits for a person; what the platform has taken over, or Amazon shipped, is not opened again for
/// it: somebody might send a second parcel.
fn unclear(
    kept: Decision,
    stored: Option<&StoredOrder>,
    reason: Reason,
    words: &str,
) -> (OrderStatus, Decision) {
    let kept = explained(kept, words);
    let over = stored.filter(|stored| {
        let is_over = matches!(
            stored.status,
            OrderStatus::Acknowledged
                | OrderStatus::PartlyDispatched
                | OrderStatus::Dispatched
                | OrderStatus::Cancelled
        );
        is_over && !stored.is_ready()
    });
    match over {
        Some(stored) => (stored.status, kept),
        None => {
            let decision = Decision {
                reason: Some(reason),
                service: None,
                by_person: false,
                ..kept
            };
            (OrderStatus::PendingReview, decision)
        }
    }
}

/// Adds a line once.
fn explained(mut decision: Decision, words: &str) -> Decision {
    if !decision.explanation.iter().any(|line| line == words) {
        decision.explanation.push(words.to_owned());
    }
    decision
}
