//! All mappings of one owner, kept and written as a whole: a change of many is all or none, and a batch of orders reads
//! them at once.
//!
//! Terms of Amazon's old API end with the number of a rate of Amazon's own (`Std UK Dom_1`), which is none of our zones. What
//! comes with such a number is kept as an **old rate** and used by nobody, until a person ties it to a term of ours; from then
//! on a table may go on naming it.

use super::{CourierServiceId, Mapping, Scope};
use crate::domain::shipping_term::ShippingTerm;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Mappings, and as many old rates, that one owner may have.
pub const MOST_MAPPINGS: usize = 2_000;

/// The mappings of one owner.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingTable {
    pub mappings: BTreeMap<ShippingTerm, Mapping>,
    #[serde(default)]
    pub old_rates: BTreeMap<ShippingTerm, OldRate>,
}

/// What is known of an old rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum OldRate {
    /// A table mapped it, and nobody has said which term of ours it is.
    Inactive(Carried),
    /// A person said which term of ours it is.
    Tied { to: ShippingTerm },
}

/// What carries a term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    pub service: CourierServiceId,
    #[serde(default)]
    pub carries_prime: bool,
}

/// A row of a table that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingRow {
    pub term: ShippingTerm,
    /// What carries it; absent if the row only ties an old rate.
    pub carried: Option<Carried>,
    /// The term of ours that its old rate is.
    pub tied_to: Option<ShippingTerm>,
}

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowVerdict {
    Added,
    /// It replaces this.
    Changed(Carried),
    Unchanged,
    /// An old rate that is used by nobody.
    Inactive,
    /// An old rate is tied, which maps nothing by itself.
    Tied,
    /// A row before it says something else of the same term.
    Contradicts,
}

/// What a table that was sent makes of the one there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    pub table: MappingTable,
    /// In the order of the rows.
    pub verdicts: Vec<RowVerdict>,
    /// Terms of ours that a row maps, by its own term or by the one that its old rate is tied to; whether or not that is new.
    pub said: BTreeSet<ShippingTerm>,
    /// What the sent table lacks, if it is to replace the one there is.
    pub removed: Vec<ShippingTerm>,
}

impl MappingTable {
    /// Whether it holds more than one owner may have.
    pub fn is_too_large(&self) -> bool {
        self.mappings.len() > MOST_MAPPINGS || self.old_rates.len() > MOST_MAPPINGS
    }

    /// Says which term of ours an old rate is; what was mapped to it so far is mapped to that term, unless the term is
    /// mapped already. Saying the same again changes nothing.
    pub fn tie_old_rate(&mut self, old: ShippingTerm, to: ShippingTerm, scope: Scope) {
        let tied = OldRate::Tied { to: to.clone() };
        if let Some(OldRate::Inactive(carried)) = self.old_rates.insert(old, tied) {
            self.mappings
                .entry(to.clone())
                .or_insert_with(|| carried.mapping(to, scope));
        }
    }

    /// What the rows of a table make of this one. With `replace` they are all that there is to be.
    pub fn merged(&self, rows: &[MappingRow], scope: Scope, replace: bool) -> Merged {
        let mut table = self.clone();
        let mut said: BTreeMap<ShippingTerm, Carried> = BTreeMap::new();
        let mut named_rates: BTreeMap<ShippingTerm, OldRate> = BTreeMap::new();
        let mut verdicts = Vec::with_capacity(rows.len());
        for row in rows {
            let term = match self.old_rate_of(row) {
                None => row.term.clone(),
                Some(rate) => {
                    let other = named_rates.insert(row.term.clone(), rate.clone());
                    table.old_rates.insert(row.term.clone(), rate.clone());
                    match rate {
                        _ if other.is_some_and(|other| other != rate) => {
                            verdicts.push(RowVerdict::Contradicts);
                            continue;
                        }
                        OldRate::Inactive(_) => {
                            verdicts.push(RowVerdict::Inactive);
                            continue;
                        }
                        OldRate::Tied { to } => to,
                    }
                }
            };
            let Some(carried) = &row.carried else {
                verdicts.push(RowVerdict::Tied);
                continue;
            };
            if said.get(&term).is_some_and(|other| other != carried) {
                verdicts.push(RowVerdict::Contradicts);
                continue;
            }
            said.insert(term.clone(), carried.clone());
            verdicts.push(match self.mappings.get(&term).map(Carried::of) {
                None => RowVerdict::Added,
                Some(before) if before == *carried => RowVerdict::Unchanged,
                Some(before) => RowVerdict::Changed(before),
            });
            table
                .mappings
                .insert(term.clone(), carried.mapping(term, scope));
        }
        let removed = if replace {
            table.keep(&said, &named_rates)
        } else {
            Vec::new()
        };
        Merged {
            table,
            verdicts,
            said: said.into_keys().collect(),
            removed,
        }
    }

    /// What a row says of an old rate; `None` if its term has no number.
    fn old_rate_of(&self, row: &MappingRow) -> Option<OldRate> {
        row.term.zone()?;
        let tied = match self.old_rates.get(&row.term) {
            Some(OldRate::Tied { to }) => Some(to),
            _ => None,
        };
        match (row.tied_to.as_ref().or(tied), &row.carried) {
            (Some(to), _) => Some(OldRate::Tied { to: to.clone() }),
            (None, Some(carried)) => Some(OldRate::Inactive(carried.clone())),
            (None, None) => None,
        }
    }

    /// Removes what is neither said nor named; what a person tied stays, since a later table may name it again.
    fn keep(
        &mut self,
        said: &BTreeMap<ShippingTerm, Carried>,
        named: &BTreeMap<ShippingTerm, OldRate>,
    ) -> Vec<ShippingTerm> {
        let mut removed = Vec::new();
        self.mappings.retain(|term, _| {
            let stays = said.contains_key(term);
            if !stays {
                removed.push(term.clone());
            }
            stays
        });
        self.old_rates.retain(|term, rate| {
            let stays = named.contains_key(term) || matches!(rate, OldRate::Tied { .. });
            if !stays {
                removed.push(term.clone());
            }
            stays
        });
        removed
    }
}

impl Carried {
    pub fn of(mapping: &Mapping) -> Self {
        Self {
            service: mapping.service.clone(),
            carries_prime: mapping.carries_prime,
        }
    }

    pub fn mapping(&self, term: ShippingTerm, scope: Scope) -> Mapping {
        Mapping {
            term,
            service: self.service.clone(),
            carries_prime: self.carries_prime,
            scope,
        }
    }
}

impl FromIterator<Mapping> for MappingTable {
    /// Of two for the same term the later one counts.
    fn from_iter<I: IntoIterator<Item = Mapping>>(mappings: I) -> Self {
        let mappings = mappings.into_iter();
        Self {
            mappings: mappings.map(|it| (it.term.clone(), it)).collect(),
            old_rates: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests;
