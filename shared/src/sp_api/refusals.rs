//! What Amazon refuses of a search of orders, and when it is asked for again. Pure.
//!
//! A refusal says a status, not its cause: role, seller, marketplace or moment. So a part is blamed only once a second,
//! different question, without that part, was answered. A part that is blamed is left out so that the rest goes on, asked
//! for again with the next sweep and then ever later, and what was read without it is read again once Amazon gives it.

mod marketplaces;

use marketplaces::Probe;
pub use marketplaces::{ProbeEnd, RefusedMarketplaces};

use super::{Dataset, Refusal};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Between two sweeps.
const A_SWEEP: SignedDuration = SignedDuration::from_mins(5);
/// The longest pause between two tries.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(6);

/// Datasets that one role or one marketplace decides on, so that they are refused together; those that orders need most come first.
const GROUPS: [&[Dataset]; 5] = [
    &[Dataset::Fulfillment],
    &[Dataset::Buyer, Dataset::Recipient],
    &[Dataset::Cancellation],
    &[Dataset::Proceeds],
    &[Dataset::Packages],
];

/// What Amazon answered to a question that it refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedWith {
    /// The HTTP status.
    pub status: u16,
    /// Amazon's error code, e.g. `Unauthorized`.
    #[serde(default)]
    pub code: Option<String>,
}

impl From<&Refusal> for RefusedWith {
    fn from(refusal: &Refusal) -> Self {
        Self {
            status: refusal.status,
            code: refusal.code.clone(),
        }
    }
}

/// A dataset that Amazon refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedDataset {
    pub dataset: Dataset,
    pub with: RefusedWith,
    pub refused_since: Timestamp,
    /// How often it was refused in a row.
    pub tries: u32,
    pub ask_again_at: Timestamp,
    /// The beginning of the first window that was read without it.
    pub missing_since: Timestamp,
}

/// What Amazon refuses of a seller's searches. Its moments are Amazon's clock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusals {
    #[serde(default)]
    datasets: Vec<RefusedDataset>,
    #[serde(default)]
    marketplaces: Option<RefusedMarketplaces>,
    /// Asking marketplace by marketplace, if that is under way.
    #[serde(default)]
    probe: Option<Probe>,
    /// Searches that were refused whatever they asked for.
    #[serde(default)]
    whole: Option<RefusedWhole>,
}

/// Every search is refused, so that no part is to blame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RefusedWhole {
    tries: u32,
    /// When the second questions are asked again; until then one question a sweep is enough.
    ask_again_at: Timestamp,
}

/// A first page was answered: what was asked for at first, what it was answered to in the end, and what the refusals in
/// between said.
#[derive(Debug, Clone, Copy)]
pub struct Lesson<'a> {
    pub asked: &'a [Dataset],
    pub answered: &'a [Dataset],
    pub with: Option<&'a RefusedWith>,
    /// The beginning of the window.
    pub after: Timestamp,
    /// Amazon's clock.
    pub now: Timestamp,
}

impl Refusals {
    /// The datasets to ask for: all but those that were refused and are not yet to be asked for again.
    pub fn datasets(&self, now: Timestamp) -> Vec<Dataset> {
        self.without(|refused| refused.ask_again_at > now)
    }

    /// The datasets that Amazon is known to give: for whoever must not try the others.
    pub fn given_datasets(&self) -> Vec<Dataset> {
        self.without(|_| true)
    }

    fn without(&self, left_out: impl Fn(&RefusedDataset) -> bool) -> Vec<Dataset> {
        Dataset::ORDERS
            .into_iter()
            .filter(|dataset| !self.find(*dataset).is_some_and(&left_out))
            .collect()
    }

    /// What is refused, with what Amazon said.
    pub fn refused_datasets(&self) -> &[RefusedDataset] {
        &self.datasets
    }

    fn find(&self, dataset: Dataset) -> Option<&RefusedDataset> {
        self.datasets.iter().find(|it| it.dataset == dataset)
    }

    /// The next, different question after one for `asked` was refused with this status. First without what was refused
    /// before and is only tried again; then without buyer data after a 403 (a role may be missing), without FULFILLMENT
    /// after a 400 (some marketplaces refuse it); then without any. `None`: no dataset is to blame.
    pub fn second_question(&self, asked: &[Dataset], status: u16) -> Option<Vec<Dataset>> {
        if asked.is_empty() || !matches!(status, 400 | 403) {
            return None;
        }
        let suspects: &[Dataset] = match status {
            403 => &[Dataset::Buyer, Dataset::Recipient],
            _ => &[Dataset::Fulfillment],
        };
        let without = |left_out: &dyn Fn(Dataset) -> bool| -> Option<Vec<Dataset>> {
            let fewer: Vec<_> = asked.iter().copied().filter(|it| !left_out(*it)).collect();
            (fewer.len() < asked.len()).then_some(fewer)
        };
        without(&|dataset| self.find(dataset).is_some())
            .or_else(|| without(&|dataset| suspects.contains(&dataset)))
            .or(Some(Vec::new()))
    }

    /// Whether a refusal is a reason to ask second questions: not while every search was refused just before.
    pub fn asks_second_questions(&self, now: Timestamp) -> bool {
        self.whole
            .as_ref()
            .is_none_or(|whole| whole.ask_again_at <= now)
    }

    /// Every question was refused: nothing is remembered but when to ask second questions again.
    pub fn refused_whole(&mut self, now: Timestamp) {
        if !self.asks_second_questions(now) {
            return;
        }
        let tries = self.whole.as_ref().map_or(1, |whole| whole.tries + 1);
        self.whole = Some(RefusedWhole {
            tries,
            ask_again_at: later(now, pause(tries)),
        });
    }

    /// Learns from a first page that was answered. Returns since when is to be read again what Amazon gives again.
    pub fn learn(&mut self, lesson: &Lesson<'_>) -> Option<Timestamp> {
        self.whole = None;
        let again = |it: &RefusedDataset| lesson.answered.contains(&it.dataset);
        let missing = self
            .datasets
            .iter()
            .filter(|it| again(it))
            .map(|it| it.missing_since);
        let missing_since = missing.min();
        self.datasets.retain(|it| !again(it));
        let blamed = |dataset: &Dataset| {
            lesson.asked.contains(dataset) && !lesson.answered.contains(dataset)
        };
        let mut waits = SignedDuration::ZERO;
        for group in GROUPS {
            let mut is_new = false;
            for dataset in group.iter().filter(|it| blamed(it)) {
                is_new |= self.blame(*dataset, lesson, waits);
            }
            // One group a sweep, so that the guilty one does not hide that the others are given.
            if is_new {
                waits = waits.checked_add(A_SWEEP).unwrap_or(waits);
            }
        }
        self.read_without(lesson.answered, lesson.after);
        missing_since
    }

    /// Notes that a window from `after` on was read with these datasets alone.
    pub fn read_without(&mut self, answered: &[Dataset], after: Timestamp) {
        for refused in &mut self.datasets {
            if !answered.contains(&refused.dataset) {
                refused.missing_since = refused.missing_since.min(after);
            }
        }
    }

    /// Whether the dataset was not blamed before.
    fn blame(&mut self, dataset: Dataset, lesson: &Lesson<'_>, waits: SignedDuration) -> bool {
        let with = lesson.with.cloned().unwrap_or(RefusedWith {
            status: 0,
            code: None,
        });
        let known = self.datasets.iter_mut().find(|it| it.dataset == dataset);
        if let Some(known) = known {
            known.tries = known.tries.saturating_add(1);
            known.ask_again_at = later(lesson.now, pause(known.tries));
            known.with = with;
            return false;
        }
        self.datasets.push(RefusedDataset {
            dataset,
            with,
            refused_since: lesson.now,
            tries: 1,
            ask_again_at: later(lesson.now, waits),
            missing_since: lesson.after,
        });
        true
    }

    /// Everything is asked for again with the next sweep, whatever was refused: a person asks, or the seller has authorised
    /// again, maybe with more roles. Returns whether anything was refused.
    pub fn ask_for_all_again(&mut self) -> bool {
        let any = *self != Self::default();
        for refused in &mut self.datasets {
            refused.ask_again_at = Timestamp::UNIX_EPOCH;
        }
        if let Some(refused) = &mut self.marketplaces {
            refused.ask_again_at = Timestamp::UNIX_EPOCH;
        }
        self.probe = None;
        self.whole = None;
        any
    }

    /// Takes over what a release before this one remembered: datasets, and when they were refused last.
    pub fn adopt(&mut self, refused: Vec<Dataset>, at: Timestamp, missing_since: Timestamp) {
        for dataset in refused {
            if self.find(dataset).is_none() {
                self.datasets.push(RefusedDataset {
                    dataset,
                    with: RefusedWith {
                        status: 0,
                        code: None,
                    },
                    refused_since: at,
                    tries: 1,
                    ask_again_at: at,
                    missing_since,
                });
            }
        }
    }
}

/// How long after so many refusals in a row a part is left out: not at all, then ever longer.
fn pause(tries: u32) -> SignedDuration {
    if tries <= 1 {
        return SignedDuration::ZERO;
    }
    let doubled = A_SWEEP.checked_mul(1 << (tries - 1).min(10));
    doubled.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(now)
}

#[cfg(test)]
mod tests;
