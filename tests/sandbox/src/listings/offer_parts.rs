//! Owns what an offer has beside its price and its sale period: the least and the most that its price may be, sale prices,
//! tiers, the plan of Amazon's automated pricing (page "Manage purchasable offer"). It keeps and shows them, and makes nothing
//! of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Listing, Submission};

/// Which of Amazon's own rules sets the price.
const AUTOMATED: &str = "automated_pricing_merchandising_rule_plan";
/// Amounts alone, without a period.
const LIMITS: [&str; 2] = [
    "minimum_seller_allowed_price",
    "maximum_seller_allowed_price",
];
/// The other sub-attributes that the page names.
const OTHERS: [&str; 5] = [
    "start_at",
    "map_price",
    "discounted_price",
    "maximum_retail_price",
    "quantity_discount_plan",
];
/// Which offer is meant, and what has a place of its own.
const NO_PARTS: [&str; 5] = [
    "audience",
    "currency",
    "marketplace_id",
    "our_price",
    "end_at",
];

/// The parts of one offer, by name, as they were submitted.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(from = "Map<String, Value>", into = "Map<String, Value>")]
pub(crate) struct OfferParts(BTreeMap<String, Part>);

/// A value and the submission it comes from; `null`: it was taken away.
#[derive(Clone, Debug, PartialEq)]
struct Part {
    value: Value,
    by: u64,
}

impl From<Map<String, Value>> for OfferParts {
    fn from(parts: Map<String, Value>) -> Self {
        let part = |(name, value)| (name, Part { value, by: 0 });
        Self(parts.into_iter().map(part).collect())
    }
}

impl From<OfferParts> for Map<String, Value> {
    fn from(parts: OfferParts) -> Self {
        parts.shown()
    }
}

impl OfferParts {
    /// Those that there are.
    pub(crate) fn shown(&self) -> Map<String, Value> {
        let there = self.0.iter().filter(|(_, part)| !part.value.is_null());
        there
            .map(|(name, part)| (name.clone(), part.value.clone()))
            .collect()
    }

    /// Has one of Amazon's rules set the price.
    pub(crate) fn automate(&mut self) {
        let value =
            json!([{ "merchandising_rule": { "rule_id": "328182282407-COMPETITIVE_BUYBOX" } }]);
        self.0.insert(AUTOMATED.to_owned(), Part { value, by: 0 });
    }

    fn put(&mut self, name: &str, value: &Value, by: u64) {
        let known = self.0.get(name);
        if known.is_none_or(|known| by >= known.by) {
            let value = value.clone();
            self.0.insert(name.to_owned(), Part { value, by });
        }
    }
}

/// What a value of `purchasable_offer` says of parts; in words what is wrong with it.
pub(super) fn read(value: &Value) -> Result<Map<String, Value>, String> {
    let mut parts = Map::new();
    for (name, part) in value.as_object().into_iter().flatten() {
        if NO_PARTS.contains(&name.as_str()) {
            continue;
        }
        let is_limit = LIMITS.contains(&name.as_str());
        if !is_limit && name != AUTOMATED && !OTHERS.contains(&name.as_str()) {
            return Err(format!("'{name}' is no attribute of an offer."));
        }
        if is_limit && !part.is_null() && !is_amount(part) {
            return Err(format!("'{name}' is one amount above zero."));
        }
        parts.insert(name.clone(), part.clone());
    }
    Ok(parts)
}

/// `[{"schedule": [{"value_with_tax": 3.0}]}]`.
fn is_amount(part: &Value) -> bool {
    let one = |value: &Value| value.as_array().is_some_and(|all| all.len() == 1);
    let schedule = &part[0]["schedule"];
    let amount = schedule[0]["value_with_tax"].as_f64();
    one(part) && one(schedule) && amount.is_some_and(|amount| amount > 0.0)
}

impl Listing {
    /// What the offer in this marketplace has beside its price.
    pub(crate) fn offer_parts(&self, marketplace: &str) -> Map<String, Value> {
        let special = self.special.as_ref();
        let parts = special.and_then(|special| special.offer_parts.get(marketplace));
        parts.map(OfferParts::shown).unwrap_or_default()
    }

    /// `replaces`: what is not said is taken away.
    pub(super) fn set_offer_parts(
        &mut self,
        marketplace: &str,
        parts: &Map<String, Value>,
        replaces: bool,
        submission: &Submission,
    ) {
        let special = self.special.as_ref();
        if parts.is_empty() && special.is_none_or(|it| !it.offer_parts.contains_key(marketplace)) {
            return;
        }
        let all = &mut self.special.get_or_insert_default().offer_parts;
        let known = all.entry(marketplace.to_owned()).or_default();
        let gone: Vec<String> = known.0.keys().cloned().collect();
        for name in gone.iter().filter(|name| !parts.contains_key(*name)) {
            if replaces {
                known.put(name, &Value::Null, submission.sequence);
            }
        }
        for (name, value) in parts {
            known.put(name, value, submission.sequence);
        }
        self.updated = submission.at;
    }
}
