//! Marketplaces whose presence makes Amazon refuse a search: found by asking one by one, left out, and tried ever later.

use super::{Refusals, RefusedWith, later, pause};
use crate::domain::marketplace::Marketplace;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A search without `marketplaceIds` is refused; by name, some marketplaces are answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedMarketplaces {
    /// Searched by name meanwhile.
    pub answered: Vec<Marketplace>,
    /// Left out; empty if only the search without names is refused.
    pub refused: Vec<Marketplace>,
    pub with: RefusedWith,
    pub refused_since: Timestamp,
    /// How often it was refused in a row.
    pub tries: u32,
    pub ask_again_at: Timestamp,
    /// The beginning of the first window that was read without them.
    pub missing_since: Timestamp,
}

/// Asking marketplace by marketplace; goes on in the next run if Amazon's limit ends this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Probe {
    left: Vec<Marketplace>,
    answered: Vec<Marketplace>,
    refused: Vec<Marketplace>,
    with: RefusedWith,
}

/// What asking marketplace by marketplace showed.
#[derive(Debug, PartialEq, Eq)]
pub enum ProbeEnd {
    /// None is answered, so none of them is to blame.
    AllRefused,
    /// These are searched by name. What is answered again, if any, was missing since then.
    ByName {
        search: Vec<Marketplace>,
        again: Vec<Marketplace>,
        missing_since: Option<Timestamp>,
    },
}

impl Refusals {
    /// The marketplaces to search by name; none: all of the region at once.
    pub fn marketplaces(&self, now: Timestamp) -> Vec<Marketplace> {
        let current = self.marketplaces.as_ref();
        current
            .filter(|it| it.ask_again_at > now)
            .map_or_else(Vec::new, |it| it.answered.clone())
    }

    /// As [`Self::marketplaces`], for whoever must not try the others.
    pub fn given_marketplaces(&self) -> Vec<Marketplace> {
        let current = self.marketplaces.as_ref();
        current.map_or_else(Vec::new, |it| it.answered.clone())
    }

    pub fn refused_marketplaces(&self) -> Option<&RefusedMarketplaces> {
        self.marketplaces.as_ref()
    }

    /// Begins to ask one by one: those that are refused, if some are known to be answered, else all. Returns false if
    /// there are not two to tell apart.
    pub fn begin_probe(&mut self, all: &[Marketplace], by_name: bool, with: RefusedWith) -> bool {
        let known = self.marketplaces.as_ref().filter(|_| !by_name);
        let (left, answered) = match known {
            Some(known) => (known.refused.clone(), known.answered.clone()),
            None => (all.to_vec(), Vec::new()),
        };
        if answered.is_empty() && left.len() < 2 {
            return false;
        }
        self.probe = Some(Probe {
            left,
            answered,
            refused: Vec::new(),
            with,
        });
        true
    }

    pub fn is_probing(&self) -> bool {
        self.probe.is_some()
    }

    /// The marketplace to ask for next.
    pub fn next_to_probe(&self) -> Option<Marketplace> {
        self.probe.as_ref()?.left.first().copied()
    }

    /// Notes what Amazon made of a search in one marketplace.
    pub fn note_probe(&mut self, marketplace: Marketplace, is_answered: bool) {
        let Some(probe) = &mut self.probe else {
            return;
        };
        probe.left.retain(|left| *left != marketplace);
        match is_answered {
            true => probe.answered.push(marketplace),
            false => probe.refused.push(marketplace),
        }
    }

    /// All were asked for. `after`: the beginning of the window that is read without those refused.
    pub fn end_probe(&mut self, after: Timestamp, now: Timestamp) -> ProbeEnd {
        let Some(probe) = self.probe.take().filter(|it| !it.answered.is_empty()) else {
            return ProbeEnd::AllRefused;
        };
        let known = self.marketplaces.take();
        let tries = known.as_ref().map_or(1, |it| it.tries.saturating_add(1));
        let was_refused = known.as_ref().map_or(&[][..], |it| &it.refused);
        let again: Vec<_> = was_refused
            .iter()
            .copied()
            .filter(|it| probe.answered.contains(it))
            .collect();
        let known_missing = known.as_ref().map(|it| it.missing_since);
        self.marketplaces = Some(RefusedMarketplaces {
            answered: probe.answered.clone(),
            refused: probe.refused,
            with: probe.with,
            refused_since: known.as_ref().map_or(now, |it| it.refused_since),
            tries,
            // Asking for all again costs a call for each: not with the very next sweep.
            ask_again_at: later(now, pause(tries.saturating_add(1))),
            missing_since: known_missing.map_or(after, |it| it.min(after)),
        });
        let missing_since = known_missing.filter(|_| !again.is_empty());
        ProbeEnd::ByName {
            search: probe.answered,
            again,
            missing_since,
        }
    }

    /// A search without names was answered: nothing is left out any more. Returns what was, and since when.
    pub fn all_marketplaces_answered(&mut self) -> Option<(Vec<Marketplace>, Timestamp)> {
        self.probe = None;
        self.marketplaces
            .take()
            .map(|it| (it.refused, it.missing_since))
    }

    /// Notes that a window from `after` on was read by name.
    pub fn read_by_name(&mut self, after: Timestamp) {
        if let Some(refused) = &mut self.marketplaces {
            refused.missing_since = refused.missing_since.min(after);
        }
    }
}
