//! A person's choice of a courier service: pure, and held to the same rules as a mapping's.

use jiff::Timestamp;
use stallkeeper::domain::courier::{
    CourierServiceId, Couriers, Refusal, Switches, fitness, fitness_by_hand,
};
use stallkeeper::domain::order::{HistoryEntry, HistoryKind, OrderStatus, StoredOrder};

/// What becomes of a person's choice.
#[derive(Debug, PartialEq, Eq)]
pub enum Pick {
    /// To be stored, with what it adds to the history.
    Taken(Box<StoredOrder>, HistoryEntry),
    /// Exactly this choice was made before and is still valid.
    Already,
    /// The order does not wait for a choice.
    NotPending,
    /// Amazon carries it, by this program.
    AmazonShips(String),
    /// Nobody can know what is to be packed.
    NoLines,
    /// The service cannot carry it.
    Unfit {
        /// Completes "DPD/next-day …".
        words: String,
        /// The services that could.
        fit: Vec<CourierServiceId>,
    },
}

/// Decides on a choice, by the couriers and switches of this moment. `is_again`: the order may be `ready` already, since the
/// person looked at it as it is now and wants another service.
///
/// A person may overrule what stops the rules only for lack of knowledge: a buyer who asked to cancel (the seller
/// decides whether it is too late), a missing address and what cannot be read (Seller Central may show it), and a territory
/// of which nobody has said whether the service carries there. Nobody can
/// overrule that Amazon carries the order or has not said what is in it, nor what a service cannot do.
pub fn pick(
    stored: &StoredOrder,
    service: &CourierServiceId,
    couriers: &Couriers,
    switches: &Switches,
    is_again: bool,
    now: Timestamp,
) -> Pick {
    let is_open = stored.status == OrderStatus::PendingReview
        || (is_again && stored.is_ready() && !still_holds(stored, service));
    if !is_open {
        return if still_holds(stored, service) {
            Pick::Already
        } else {
            Pick::NotPending
        };
    }
    if let Some(program) = stored.requirements.amazon_ships {
        return Pick::AmazonShips(program.to_string());
    }
    if stored.requirements.hides_lines() {
        return Pick::NoLines;
    }
    let (term, order) = (stored.decision.term.as_ref(), &stored.requirements);
    match fitness_by_hand(service, term, order, couriers, switches) {
        Ok(although) => taken(stored, service, although.as_deref(), now),
        Err(Refusal { words, .. }) => Pick::Unfit {
            words,
            fit: couriers
                .services()
                .map(|(id, _)| id)
                .filter(|id| fitness(id, term, order, couriers, switches).is_ok())
                .cloned()
                .collect(),
        },
    }
}

/// Whether a person chose this service before, and the choice is still valid.
fn still_holds(stored: &StoredOrder, service: &CourierServiceId) -> bool {
    let holds = matches!(
        stored.status,
        OrderStatus::Ready
            | OrderStatus::Acknowledged
            | OrderStatus::PartlyDispatched
            | OrderStatus::Dispatched
    );
    holds && stored.decision.by_person && stored.decision.service.as_ref() == Some(service)
}

/// `although`: what they overrule; completes "DPD/next-day …".
fn taken(
    stored: &StoredOrder,
    service: &CourierServiceId,
    although: Option<&str>,
    now: Timestamp,
) -> Pick {
    let mut order = stored.clone();
    let waited = match (order.decision.reason.take(), &order.decision.service) {
        (Some(reason), _) => format!("it had waited for a person: {reason}"),
        (None, Some(before)) => format!("before, it was {before}"),
        (None, None) => "it had waited for a person".to_owned(),
    };
    let although = although.map_or(String::new(), |words| format!(", although it {words}"));
    let note = format!("a person picked {service}{although}; {waited}");
    order.status = order.claimed_status(order.order.ready_status());
    order.held = None;
    order.revision += 1;
    order.decision.service = Some(service.clone());
    order.decision.by_person = true;
    order.decision.candidates.clear();
    order.decision.explanation.push(note.clone());
    let entry = HistoryEntry {
        at: now,
        kind: HistoryKind::CourierPicked,
        note,
    };
    Pick::Taken(Box::new(order), entry)
}
