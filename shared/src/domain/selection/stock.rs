//! What a selection makes of a listing's quantity and offers, and which stock policy a product has.

use super::{Decision, Selection, Verdict, WhenOut, Why};
use crate::domain::ids::Sku;
use crate::domain::marketplace::Marketplace;
use crate::domain::product::{Category, Condition, ProductFacts};
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

impl PolicyRule {
    /// The policy that it makes of that of all. What is sent at once is the same for all.
    pub fn policy(&self, all: Policy) -> Policy {
        Policy {
            buffer: self.buffer,
            percentage: self.percentage,
            maximum: self.maximum,
            ..all
        }
    }
}

/// What the selling rules say of a product's stock. By default nothing: it is sold everywhere, by the policy of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductRules {
    /// `None`: there is no selection.
    pub selected: Option<Selected>,
    /// The narrowest rule that matches, and of two that are as narrow the first; `None`: the policy of all.
    pub policy: Option<PolicyRule>,
}

impl ProductRules {
    /// The policy of the product.
    pub fn policy(&self, all: Policy) -> Policy {
        self.policy.as_ref().map_or(all, |rule| rule.policy(all))
    }

    /// The marketplaces on which its offers are to be ended.
    pub fn ended(&self) -> BTreeSet<Marketplace> {
        self.selected
            .as_ref()
            .map(Selected::ended)
            .unwrap_or_default()
    }

    /// Whether it is sold, so that its prices are sent.
    pub fn is_sold(&self) -> bool {
        self.selected.as_ref().is_none_or(Selected::is_in)
    }

    /// The category about which a person must decide first.
    pub fn asked_category(&self) -> Option<&Category> {
        let selected = self.selected.as_ref()?;
        match &selected.decision {
            Decision {
                verdict: Verdict::Asks,
                why: Why::NewCategory(category),
            } => Some(category),
            _ => None,
        }
    }

    /// Whether a person must decide first.
    pub fn asks(&self) -> bool {
        let selected = self.selected.as_ref();
        selected.is_some_and(|it| it.decision.verdict == Verdict::Asks)
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

    /// What its listings are to have if it is out, and why: zero, or whatever they have.
    pub fn when_not_sold(&self) -> Option<(Option<u32>, String)> {
        if self.decision.verdict != Verdict::Out {
            return None;
        }
        let why = self.decision.words();
        Some(match self.when_out {
            WhenOut::Zero => (
                Some(0),
                format!("not sold by this connection ({why}), so zero"),
            ),
            WhenOut::Leave => (
                None,
                format!("not sold by this connection ({why}), and left as it is"),
            ),
        })
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
