//! What a selection makes of a listing's quantity and offers, and which stock policy a product has.

use super::{Decision, Selection, Verdict, WhenOut};
use crate::domain::ids::Sku;
use crate::domain::marketplace::Marketplace;
use crate::domain::product::{Condition, ProductFacts};
use crate::domain::stock::Policy;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What of the deliverable units is offered of some products, in place of what the settings say for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRule {
    pub products: Condition,
    /// Units held back.
    pub buffer: u32,
    /// Share of what remains, 1 to 100.
    pub percentage: u8,
    /// Never offer more than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<u32>,
}

/// The policy of a product: by the narrowest rule that matches, and of two that are as narrow the first; else that of all. What
/// is sent at once is the same for all.
pub fn policy_of(
    rules: &[PolicyRule],
    all: Policy,
    product: &ProductFacts,
) -> (Policy, Option<String>) {
    let rule = crate::domain::product::narrowest(rules, |rule| &rule.products, product);
    match rule {
        Some((_, rule)) => {
            let policy = Policy {
                buffer: rule.buffer,
                percentage: rule.percentage,
                maximum: rule.maximum,
                ..all
            };
            (policy, Some(rule.products.words()))
        }
        None => (all, None),
    }
}

/// What a selection says of a product's listings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    pub decision: Decision,
    /// If it is out.
    pub when_out: WhenOut,
    /// The marketplaces on which it is not offered, each with why.
    pub not_offered: Vec<(Marketplace, Decision)>,
}

impl Selected {
    /// What it says of a product that is kept. `appeared`: see [`Selection::decide`].
    pub fn new(
        selection: &Selection,
        sku: &Sku,
        product: &ProductFacts,
        appeared: Option<Timestamp>,
    ) -> Self {
        let named = selection.marketplaces.keys();
        let decided = named.map(|it| (*it, selection.decide_on(*it, sku, product)));
        Self {
            decision: selection.decide(sku, product, appeared),
            when_out: selection.when_out,
            not_offered: decided.filter(|(_, it)| !it.is_in()).collect(),
        }
    }

    pub fn is_in(&self) -> bool {
        self.decision.verdict == Verdict::In
    }

    /// The marketplaces on which its offers are to be ended.
    pub fn ended(&self) -> BTreeSet<Marketplace> {
        self.not_offered.iter().map(|(it, _)| *it).collect()
    }

    /// Why it is not offered on a marketplace, for a person; `None`: it is.
    pub fn why_not_offered(&self, marketplace: Marketplace) -> Option<String> {
        let mut not = self.not_offered.iter();
        let (_, decision) = not.find(|(it, _)| *it == marketplace)?;
        Some(decision.words())
    }
}
