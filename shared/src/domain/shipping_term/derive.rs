//! Building a term from what an order says. Every decision leaves a line that a person can read and that holds no
//! postcode and no other buyer data.

use super::zone::{Found, Zone, find};
use super::{Delivery, Level, Reach, ShippingTerm};
use crate::domain::courier::{Reason, Requirements};
use crate::domain::marketplace::{Marketplace, Place};

/// What decides an order's shipping term: no `Debug`, since it holds a postcode.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    pub marketplace: Marketplace,
    /// Amazon's `fulfillmentServiceLevel`.
    pub service_level: Option<&'a str>,
    /// The delivery address's ISO country code.
    pub country: Option<&'a str>,
    pub postcode: Option<&'a str>,
    /// The order's `programs`.
    pub programs: &'a [String],
    /// The marketplace's delivery map.
    pub zones: &'a [Zone],
}

/// A term and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    /// The term, or why there can be none; today always [`Reason::AddressMissing`].
    pub term: Result<ShippingTerm, Reason>,
    /// One line a decision, without buyer data.
    pub explanation: Vec<String>,
}

/// Derives the shipping term of an order. The same facts always give the same term.
///
/// A premium promise needs no address. A regular one needs the country, and the postcode too if the marketplace's
/// map divides that country by postcode.
pub fn derive(facts: &Facts<'_>) -> Derived {
    let mut explanation = Vec::new();
    let level = level(facts, &mut explanation);
    let delivery = match level {
        Level::Premium(premium) => Ok(Delivery::Premium(premium)),
        Level::Regular(speed) => regular_place(facts, &mut explanation)
            .map(|(reach, zone)| Delivery::Regular { speed, reach, zone }),
    };
    let prime = Requirements::is_prime(facts.programs);
    explanation.push(
        if prime {
            "PRIME is among the order's programs"
        } else {
            "no PRIME in its programs"
        }
        .to_owned(),
    );
    Derived {
        term: delivery.map(|delivery| ShippingTerm {
            marketplace: facts.marketplace,
            delivery,
            prime,
        }),
        explanation,
    }
}

fn level(facts: &Facts<'_>, explanation: &mut Vec<String>) -> Level {
    let level = Level::of(facts.service_level.unwrap_or_default());
    explanation.push(match (&level, facts.service_level) {
        (Level::Premium(premium), _) => {
            format!(
                "the service level is {}, which needs no zone",
                premium.as_str()
            )
        }
        (Level::Regular(speed), Some(_)) if speed.is_known() => {
            format!("the service level is {}", speed.as_str())
        }
        (Level::Regular(speed), Some(_)) => {
            format!(
                "the service level is new to us and goes by its own name, {}",
                speed.as_str()
            )
        }
        (Level::Regular(speed), None) => {
            format!("the order names no service level: {}", speed.as_str())
        }
    });
    level
}

fn regular_place(
    facts: &Facts<'_>,
    explanation: &mut Vec<String>,
) -> Result<(Reach, Option<u16>), Reason> {
    let Some(place) = facts
        .country
        .and_then(|country| Place::new(country, facts.postcode))
    else {
        explanation.push("the address has no country that could be read".to_owned());
        return Err(Reason::AddressMissing);
    };
    let (marketplace, territory) = (facts.marketplace, place.territory());
    let reach = if facts.marketplace.holds(&place) {
        Reach::Domestic
    } else {
        Reach::International
    };
    explanation.push(match reach {
        Reach::Domestic => format!("an address in {territory} is domestic to {marketplace}"),
        Reach::International => format!("an address in {territory} is abroad for {marketplace}"),
    });
    let (zone, words) = match find(facts.zones, &place) {
        Found::NoMap => (None, format!("{marketplace} has no zones to tell apart")),
        Found::Zone(number) => (
            Some(number),
            format!("zone {number} of {marketplace} holds the address"),
        ),
        Found::Nowhere => (None, format!("no zone of {marketplace} holds the address")),
        Found::NeedsPostcode => {
            explanation.push(format!(
                "the zones of {marketplace} need a postcode, and the address has none"
            ));
            return Err(Reason::AddressMissing);
        }
    };
    explanation.push(words);
    Ok((reach, zone))
}
