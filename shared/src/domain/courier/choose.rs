//! The choice of a courier service for one order: pure, so that the same order, mappings and switches always end the
//! same way, and can be explained to a person.
//!
//! 1. What no service can mend comes first: Amazon ships it, the buyer wants to cancel, the address is missing.
//! 2. The narrowest scope that has a mapping decides: a connection's own word beats the tenant's, the tenant's beats a
//!    default of the deployment, whatever step of the fallbacks each is found at. Within a scope the steps are taken in
//!    order. A mapping that may not be used at its step (it dropped `-PRIME` and does not carry Prime, or dropped a zone
//!    that its service does not reach) is passed over.
//! 3. The mapping found is final: if its courier is off or its service does not suit, the order waits for a person,
//!    since a second-best service is nobody's word.

use super::Switches;
use super::{
    ADDRESS_ROLE, AddressKind, AddressPart, CourierService, CourierServiceId, Couriers, Mapping,
    Mappings, Reason, Requirements, Scope,
};
use crate::domain::shipping_term::{Fallback, ShippingTerm, Step};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Choice {
    /// A rule gave it a courier service.
    Courier {
        service: CourierServiceId,
        rule: Rule,
        /// How the rule was found, and what lost.
        explanation: Vec<String>,
    },
    /// It waits for a person.
    Review {
        reason: Reason,
        /// The switched-on services that could carry it.
        candidates: Vec<CourierServiceId>,
        /// What was tried, and why each service that is no candidate is none.
        explanation: Vec<String>,
    },
}

/// The mapping that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The mapping's term, which may be wider than the order's.
    pub term: ShippingTerm,
    pub step: Step,
    pub scope: Scope,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "mapping `{}` of the {}, which fits the order's term {}",
            self.term, self.scope, self.step
        )
    }
}

/// Why a service cannot carry an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub reason: Reason,
    /// For people; completes "DPD/next-day …".
    pub words: String,
}

fn refuse<T>(reason: Reason, words: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal {
        reason,
        words: words.into(),
    })
}

/// How many services that are no candidates an explanation names; the rest it counts.
const NAMED_REFUSALS: usize = 20;

/// Chooses the courier service of an order, or says why a person must.
///
/// `term` is `None` if none could be derived without an address. `mappings` are those of the order's connection,
/// `couriers` its tenant's, `switches` those of its marketplace.
pub fn choose(
    term: Option<&ShippingTerm>,
    order: &Requirements,
    mappings: &Mappings,
    couriers: &Couriers,
    switches: &Switches,
) -> Choice {
    let mut explanation = Vec::new();
    let outcome = decide(term, order, mappings, couriers, switches, &mut explanation);
    match outcome {
        Ok((service, rule)) => Choice::Courier {
            service,
            rule,
            explanation,
        },
        Err(reason) => {
            let candidates = candidates(term, order, couriers, switches, &mut explanation);
            Choice::Review {
                reason,
                candidates,
                explanation,
            }
        }
    }
}

/// Whether one service may carry the order: it exists, its courier is switched on, and it suits. The same test for the
/// service a mapping names and for one that a person picks.
///
/// # Errors
/// The reason and words for it; for a service that does not exist [`Reason::NoMapping`].
pub fn fitness(
    id: &CourierServiceId,
    term: Option<&ShippingTerm>,
    order: &Requirements,
    couriers: &Couriers,
    switches: &Switches,
) -> Result<(), Refusal> {
    let Some(service) = couriers.service(id) else {
        return refuse(Reason::NoMapping, "is no service of any courier here");
    };
    if !switches.is_on(&id.courier) {
        return refuse(
            Reason::CourierOff,
            "belongs to a courier that is switched off for the marketplace",
        );
    }
    suits(service, term, order)
}

/// The same if a person names the service. They may know what nobody has said, that it carries to a territory: what they
/// overrule comes back, and completes "DPD/next-day …".
///
/// # Errors
/// As for [`fitness`], for all that nobody can overrule.
pub fn fitness_by_hand(
    id: &CourierServiceId,
    term: Option<&ShippingTerm>,
    order: &Requirements,
    couriers: &Couriers,
    switches: &Switches,
) -> Result<Option<String>, Refusal> {
    match fitness(id, term, order, couriers, switches) {
        Ok(()) => Ok(None),
        Err(Refusal {
            reason: Reason::UnreachedTerritory,
            words,
        }) => Ok(Some(words)),
        Err(refusal) => Err(refusal),
    }
}

/// The mapping that decides for orders of a term that demand nothing else, and the step it is found at; or why there is
/// none.
///
/// # Errors
/// [`Reason::NoMapping`] or [`Reason::ZoneNotServed`].
pub fn mapped<'a>(
    term: &ShippingTerm,
    mappings: &'a Mappings,
    couriers: &Couriers,
) -> Result<(&'a Mapping, Step), Reason> {
    let demands_nothing = Requirements::default();
    search(term, &demands_nothing, mappings, couriers, &mut Vec::new())
}

fn decide(
    term: Option<&ShippingTerm>,
    order: &Requirements,
    mappings: &Mappings,
    couriers: &Couriers,
    switches: &Switches,
    explanation: &mut Vec<String>,
) -> Result<(CourierServiceId, Rule), Reason> {
    if let Some(reason) = order.blocked() {
        explanation.push(blocked_words(reason, order));
        return Err(reason);
    }
    let Some(term) = term else {
        explanation.push("without a readable address there is no shipping term to map".to_owned());
        return Err(Reason::AddressMissing);
    };
    let (mapping, step) = search(term, order, mappings, couriers, explanation)?;
    let rule = Rule {
        term: mapping.term.clone(),
        step,
        scope: mapping.scope,
    };
    explanation.push(format!("{rule}, names {}", mapping.service));
    match fitness(&mapping.service, Some(term), order, couriers, switches) {
        Ok(()) => Ok((mapping.service.clone(), rule)),
        Err(Refusal { reason, words }) => {
            explanation.push(format!("{} {words}", mapping.service));
            Err(reason)
        }
    }
}

fn blocked_words(reason: Reason, order: &Requirements) -> String {
    match (reason, order.amazon_ships) {
        (Reason::AmazonShips, Some(program)) => {
            format!("{program}: no courier of ours carries this order")
        }
        (Reason::BuyerCancel, _) => "the buyer asked to cancel".to_owned(),
        (Reason::UnknownSku, _) => {
            let skus: Vec<&str> = order.unknown_skus.iter().map(String::as_str).collect();
            format!(
                "neither a listing that Amazon reported nor a product: {}",
                skus.join(", ")
            )
        }
        (Reason::LinesMissing, _) => "Amazon gave no lines".to_owned(),
        (Reason::Unreadable, _) => {
            let places: Vec<&str> = order.unreadable.iter().map(String::as_str).collect();
            format!(
                "what Amazon reports cannot be read at {}",
                places.join(", ")
            )
        }
        _ => address_words(order),
    }
}

/// Names what is missing and never what is there.
fn address_words(order: &Requirements) -> String {
    let lacks = |part| order.address_lacks.contains(&part);
    let missing = if order.address == AddressKind::Missing {
        "no address"
    } else if lacks(AddressPart::Name) && lacks(AddressPart::FirstLine) {
        "neither the recipient's name nor the first line of the address"
    } else if lacks(AddressPart::Name) {
        "no recipient's name"
    } else {
        "no first line of the address"
    };
    format!("Amazon gave {missing}; it gives them only to an app with the role {ADDRESS_ROLE}")
}

/// The mapping that decides, or why there is none.
fn search<'a>(
    term: &ShippingTerm,
    order: &Requirements,
    mappings: &'a Mappings,
    couriers: &Couriers,
    explanation: &mut Vec<String>,
) -> Result<(&'a Mapping, Step), Reason> {
    let mut reason = Reason::NoMapping;
    for scope in Scope::NARROWEST_FIRST {
        for Fallback { term: wanted, step } in term.fallbacks() {
            let Some(mapping) = mappings.get(scope, &wanted) else {
                continue;
            };
            let drops_prime = (order.prime || term.prime) && !wanted.prime;
            if drops_prime && !mapping.carries_prime {
                explanation.push(format!(
                    "mapping `{wanted}` of the {scope} does not say that it carries Prime"
                ));
                continue;
            }
            if let Some(zone) = dropped_zone(term, &wanted)
                && couriers
                    .service(&mapping.service)
                    .is_some_and(|service| !service.reaches(term.marketplace, zone))
            {
                let service = &mapping.service;
                explanation.push(format!(
                    "mapping `{wanted}` of the {scope}: {service} does not reach zone {zone}"
                ));
                reason = Reason::ZoneNotServed;
                continue;
            }
            return Ok((mapping, step));
        }
    }
    explanation.push(format!("no mapping for `{term}` or a wider term holds"));
    Err(reason)
}

fn dropped_zone(term: &ShippingTerm, wanted: &ShippingTerm) -> Option<u16> {
    term.zone().filter(|_| wanted.zone().is_none())
}

fn suits(
    service: &CourierService,
    term: Option<&ShippingTerm>,
    order: &Requirements,
) -> Result<(), Refusal> {
    if (order.prime || term.is_some_and(|term| term.prime)) && !service.prime {
        return refuse(Reason::Constraint, "does not carry Prime orders");
    }
    match order.address {
        AddressKind::PickupPoint if !service.pickup_points => {
            return refuse(Reason::AddressType, "does not deliver to pick-up points");
        }
        AddressKind::PoBox if !service.po_boxes => {
            return refuse(Reason::AddressType, "does not deliver to PO boxes");
        }
        AddressKind::Military if !service.military => {
            return refuse(Reason::AddressType, "does not deliver by military post");
        }
        _ => {}
    }
    if let Some(constraint) = order.constraints.difference(&service.constraints).next() {
        return refuse(Reason::Constraint, format!("does not offer {constraint}"));
    }
    if let Some((zone, marketplace)) = term.and_then(|term| Some((term.zone()?, term.marketplace)))
        && !service.reaches(marketplace, zone)
    {
        return refuse(
            Reason::ZoneNotServed,
            format!("does not reach zone {zone} of {marketplace}"),
        );
    }
    // Last, so that a person who overrules it overrules nothing else.
    match order.territory {
        Some(territory) if !service.territories.contains(&territory) => refuse(
            Reason::UnreachedTerritory,
            format!("does not say that it carries to {territory}"),
        ),
        _ => Ok(()),
    }
}

/// The switched-on services that could carry the order; none if Amazon carries it.
fn candidates(
    term: Option<&ShippingTerm>,
    order: &Requirements,
    couriers: &Couriers,
    switches: &Switches,
    explanation: &mut Vec<String>,
) -> Vec<CourierServiceId> {
    if order.amazon_ships.is_some() {
        return Vec::new();
    }
    let mut candidates = Vec::new();
    let mut refused = 0;
    for (id, _) in couriers.services() {
        match fitness(id, term, order, couriers, switches) {
            Ok(()) => candidates.push(id.clone()),
            Err(Refusal { words, .. }) => {
                refused += 1;
                let line = format!("{id} {words}");
                if refused <= NAMED_REFUSALS && !explanation.contains(&line) {
                    explanation.push(line);
                }
            }
        }
    }
    if refused > NAMED_REFUSALS {
        explanation.push(format!(
            "and {} more services that could not carry it",
            refused - NAMED_REFUSALS
        ));
    }
    candidates
}
