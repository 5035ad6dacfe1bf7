//! How large a selection may be: it is one item of a table, and read with every recompute.

use super::{Choice, Selection};
use crate::domain::product::Condition;

/// Conditions of one list.
pub const MOST_CONDITIONS: usize = 200;
/// SKUs that all lists and pins of a selection name together.
pub const MOST_SKUS: usize = 4_000;

impl Selection {
    /// SKUs that its lists and pins name.
    pub fn count_skus(&self) -> usize {
        let choices = std::iter::once(&self.products).chain(self.marketplaces.values());
        choices.map(Choice::count_skus).sum()
    }
}

impl Choice {
    fn count_skus(&self) -> usize {
        let lists = self.include.iter().chain(&self.exclude);
        let listed = lists.map(Condition::count_skus);
        self.pins.len() + listed.sum::<usize>()
    }
}

impl Condition {
    /// SKUs that it names.
    pub fn count_skus(&self) -> usize {
        match self {
            Self::Skus { skus } => skus.len(),
            _ => 0,
        }
    }
}
