//! What a failed search means for the run: Amazon's clock, its page token or a dataset it refuses.

use super::{Run, RunOutcome};
use crate::sweep::{Window, without_refused};
use jiff::Timestamp;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::sp_api::{self, Dataset, Operation};
use tracing::warn;

/// What a run may still try. Each helps once or not at all; without a limit a refusal would never be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chances {
    /// To start the window again if Amazon does not take its page token.
    restart: bool,
    /// To ask for another window if Amazon's clock is not what we took it for.
    new_clock: bool,
}

impl Default for Chances {
    fn default() -> Self {
        Self {
            restart: true,
            new_clock: true,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The window's end was taken by the wrong clock.
    NewClock,
    /// The page token is dead.
    Restart,
    /// These datasets are refused.
    Without(Vec<Dataset>),
    Fail,
}

impl Chances {
    /// What a refusal with this status is put down to.
    fn judge(
        &mut self,
        status: u16,
        has_token: bool,
        clock_moved: bool,
        asked: &[Dataset],
    ) -> Verdict {
        if status == 400 && clock_moved && std::mem::take(&mut self.new_clock) {
            return Verdict::NewClock;
        }
        if status == 400 && has_token {
            return match std::mem::take(&mut self.restart) {
                true => Verdict::Restart,
                false => Verdict::Fail,
            };
        }
        without_refused(asked, status).map_or(Verdict::Fail, Verdict::Without)
    }
}

impl Run<'_> {
    /// The run ends (`Some`), or the window, changed to that end, is asked for again from its first page (`None`).
    pub(super) fn after_failure(
        &mut self,
        error: Error,
        window: &mut Window,
    ) -> Result<Option<RunOutcome>> {
        // Login with Amazon has limits, clocks and refusals of its own, which say nothing of what was searched for.
        let Some(refusal) = sp_api::refusal(&error)
            .filter(|refusal| refusal.operation == Operation::SearchOrders.name())
        else {
            return Err(error);
        };
        let (status, theirs) = (refusal.status, refusal.server_time);
        let clock_moved = theirs.is_some_and(|theirs| self.set_clock(theirs));
        // A refused access token may have any status, and is retryable.
        if error.class() != Class::Permanent {
            return Err(error);
        }
        let verdict = self.chances.judge(
            status,
            window.token.is_some(),
            clock_moved,
            &window.datasets,
        );
        let connection = &self.connection.id;
        match verdict {
            Verdict::Fail => return Err(error),
            Verdict::NewClock => {
                warn!(connection.id = %connection, clock_offset_ms = self.cursor.clock_offset_ms, "Amazon's clock is not what it was; the window is chosen again");
                return Ok(self.next_window(window));
            }
            Verdict::Restart => {
                warn!(connection.id = %connection, "Amazon does not take its page token any more; the window starts again");
            }
            Verdict::Without(refused) => {
                warn!(connection.id = %connection, status, ?refused, "Amazon refuses datasets for this seller");
                window.datasets.retain(|dataset| !refused.contains(dataset));
                self.refused.extend(refused);
            }
        }
        self.cursor.sweep = None;
        window.restart();
        Ok(None)
    }

    /// A new window by the clock as it is known now, asked for as the one before.
    fn next_window(&mut self, window: &mut Window) -> Option<RunOutcome> {
        self.cursor.sweep = None;
        let fba_wanted = !window.fulfilled_by_merchant_only;
        match Window::next(&self.cursor, fba_wanted, Timestamp::now()) {
            Some(next) => {
                let datasets = std::mem::take(&mut window.datasets);
                *window = Window { datasets, ..next };
                None
            }
            None => Some(RunOutcome::Swept),
        }
    }

    /// Learns Amazon's clock; returns whether it differs from what was known by more than its rounding.
    fn set_clock(&mut self, theirs: Timestamp) -> bool {
        let offset = offset_ms(theirs, Timestamp::now());
        let moved = offset.abs_diff(self.cursor.clock_offset_ms) >= 2_000;
        self.cursor.clock_offset_ms = offset;
        moved
    }
}

/// How far Amazon's clock is ahead of ours. Its `Date` header has whole seconds, so less than two is no difference.
pub(super) fn offset_ms(theirs: Timestamp, ours: Timestamp) -> i64 {
    let offset = theirs.as_millisecond() - ours.as_millisecond();
    if offset.abs() < 2_000 { 0 } else { offset }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chances(restart: bool, new_clock: bool) -> Chances {
        Chances { restart, new_clock }
    }

    #[test]
    fn a_clock_that_only_lacks_its_fractions_is_not_off() {
        let ours = Timestamp::from_millisecond(1_790_000_000_900).unwrap();
        let rounded = Timestamp::from_second(1_790_000_000).unwrap();
        assert_eq!(offset_ms(rounded, ours), 0);
        let ahead = Timestamp::from_second(1_790_000_060).unwrap();
        assert_eq!(offset_ms(ahead, ours), 59_100);
    }

    #[test]
    fn a_page_token_is_given_up_once_a_run_and_no_dataset_is_blamed_for_it() {
        let all = &Dataset::ORDERS;
        let mut left = Chances::default();
        assert_eq!(left.judge(400, true, false, all), Verdict::Restart);
        assert_eq!(left.judge(400, true, false, all), Verdict::Fail);
        assert_eq!(
            left.judge(400, false, false, all),
            Verdict::Without(vec![Dataset::Fulfillment])
        );
    }

    #[test]
    fn a_window_refused_by_another_clock_is_asked_for_by_that_clock_once() {
        let all = &Dataset::ORDERS;
        let mut left = Chances::default();
        assert_eq!(left.judge(400, false, true, all), Verdict::NewClock);
        assert_eq!(left, chances(true, false));
        assert_eq!(
            left.judge(400, false, true, all),
            Verdict::Without(vec![Dataset::Fulfillment])
        );
        assert_eq!(
            Chances::default().judge(403, false, true, all),
            Verdict::Without(vec![Dataset::Buyer, Dataset::Recipient]),
            "a missing role is no matter of time"
        );
        assert_eq!(left.judge(404, false, true, all), Verdict::Fail);
    }
}
