//! What a failed search means for the run: Amazon's clock, its page token, a dataset or a marketplace that it refuses.

use super::marketplaces::is_refused;
use super::{Asked, Lane, Run, RunOutcome};
use crate::clock::{self, ClockNews};
use crate::sweep::Window;
use jiff::Timestamp;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::sp_api::{self, Dataset, Operation, Refusals, RefusedWith};
use tracing::warn;

/// What a run may still try. Each helps once or not at all; without a limit a refusal would never be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chances {
    /// To start the window again if Amazon does not take its page token.
    restart: bool,
    /// To ask for another window if Amazon's clock is not what we took it for.
    new_clock: bool,
    /// To ask the same once more if the refusal has an odd date.
    same_again: bool,
    /// To ask marketplace by marketplace.
    by_marketplace: bool,
}

impl Default for Chances {
    fn default() -> Self {
        Self {
            restart: true,
            new_clock: true,
            same_again: true,
            by_marketplace: true,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The window's end was taken by the wrong clock.
    NewClock,
    /// The answer has an odd date: what else it says is worth no more.
    SameAgain,
    /// The page token is dead.
    Restart,
    /// The next question: with these datasets only.
    Ask(Vec<Dataset>),
    ByMarketplace,
    Fail,
}

/// What was asked when Amazon refused.
struct Question<'a> {
    status: u16,
    has_token: bool,
    clock: ClockNews,
    asked: &'a [Dataset],
    /// Whether all marketplaces are asked for at once though some are known to be refused.
    tries_all_marketplaces: bool,
    refusals: &'a Refusals,
    /// Amazon's clock.
    now: Timestamp,
}

impl Chances {
    /// What a refusal may be put down to, and so what is asked next.
    fn judge(&mut self, question: &Question<'_>) -> Verdict {
        let &Question { status, asked, .. } = question;
        if status == 400 && question.clock == ClockNews::Moved && take(&mut self.new_clock) {
            return Verdict::NewClock;
        }
        if status == 400 && question.clock == ClockNews::Doubted && take(&mut self.same_again) {
            return Verdict::SameAgain;
        }
        if status == 400 && question.has_token {
            return match take(&mut self.restart) {
                true => Verdict::Restart,
                false => Verdict::Fail,
            };
        }
        if !question.refusals.asks_second_questions(question.now) {
            return Verdict::Fail;
        }
        if question.tries_all_marketplaces && take(&mut self.by_marketplace) {
            return Verdict::ByMarketplace;
        }
        match question.refusals.second_question(asked, status) {
            Some(fewer) => Verdict::Ask(fewer),
            None if matches!(status, 400 | 403) && take(&mut self.by_marketplace) => {
                Verdict::ByMarketplace
            }
            None => Verdict::Fail,
        }
    }
}

fn take(chance: &mut bool) -> bool {
    std::mem::take(chance)
}

impl Run<'_> {
    /// The run ends, or the window, changed to that end, is asked for again.
    pub(super) async fn after_failure(
        &mut self,
        error: Error,
        window: &mut Window,
        lane: Lane,
    ) -> Result<Asked> {
        // Login with Amazon has limits, clocks and refusals of its own, which say nothing of what was searched for.
        let Some(refusal) = sp_api::refusal(&error)
            .filter(|refusal| refusal.operation == Operation::SearchOrders.name())
        else {
            return Err(error);
        };
        let clock = clock::learn(&mut self.cursor, refusal.server_time, Timestamp::now());
        // A refused access token may have any status, and is retryable.
        if error.class() != Class::Permanent {
            return Err(error);
        }
        let (status, with) = (refusal.status, RefusedWith::from(refusal));
        let now = self.amazons_now();
        let known = self.cursor.refusals.refused_marketplaces().is_some();
        let verdict = self.chances.judge(&Question {
            status,
            has_token: window.token.is_some(),
            clock,
            asked: &window.datasets,
            tries_all_marketplaces: lane == Lane::Live && known && window.marketplaces.is_empty(),
            refusals: &self.cursor.refusals,
            now,
        });
        self.refused_with = Some(with);
        let connection = &self.connection.id;
        match verdict {
            Verdict::NewClock if lane == Lane::Live => {
                warn!(connection.id = %connection, clock_offset_ms = self.cursor.clock_offset_ms, "Amazon's clock is not what it was; the window is chosen again");
                return Ok(self.next_window(window));
            }
            Verdict::SameAgain => {
                warn!(connection.id = %connection, status, "Amazon refuses a search with an odd date; it is asked the same once more");
                return Ok(Asked::Again);
            }
            Verdict::Restart => {
                warn!(connection.id = %connection, "Amazon does not take its page token any more; the window starts again");
            }
            Verdict::Ask(fewer) => {
                let (asked, now_asked) = (&window.datasets, &fewer);
                warn!(connection.id = %connection, status, ?asked, ?now_asked, "Amazon refuses a search; it is asked another question");
                window.datasets = fewer;
            }
            Verdict::ByMarketplace
                if lane == Lane::Live
                    && is_refused(&error)
                    && self.begin_probe(!window.marketplaces.is_empty()) =>
            {
                return Ok(match self.ask_by_marketplace(window).await? {
                    Some(outcome) => Asked::Ended(outcome),
                    None => Asked::Again,
                });
            }
            Verdict::NewClock | Verdict::ByMarketplace | Verdict::Fail => {
                if lane == Lane::Live && window.token.is_none() {
                    self.cursor.refusals.refused_whole(now);
                }
                return Err(error);
            }
        }
        if lane == Lane::Live {
            self.cursor.sweep = None;
        }
        window.restart();
        Ok(Asked::Again)
    }

    /// A new window by the clock as it is known now, asked for as the one before.
    fn next_window(&mut self, window: &mut Window) -> Asked {
        self.cursor.sweep = None;
        let fba_wanted = !window.fulfilled_by_merchant_only;
        match Window::next(&self.cursor, fba_wanted, Timestamp::now()) {
            Some(next) => {
                *window = next.asked_as(window.clone());
                Asked::Again
            }
            None => Asked::Ended(RunOutcome::Swept),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stallkeeper::sp_api::Lesson;

    const ALL: &[Dataset] = &Dataset::ORDERS;

    fn question(
        status: u16,
        has_token: bool,
        clock: ClockNews,
        refusals: &Refusals,
    ) -> Question<'_> {
        Question {
            status,
            has_token,
            clock,
            asked: ALL,
            tries_all_marketplaces: false,
            refusals,
            now: Timestamp::UNIX_EPOCH,
        }
    }

    fn without(dropped: &[Dataset]) -> Verdict {
        let left = ALL.iter().copied().filter(|it| !dropped.contains(it));
        Verdict::Ask(left.collect())
    }

    #[test]
    fn a_page_token_is_given_up_once_a_run_and_no_dataset_is_blamed_for_it() {
        let none = &Refusals::default();
        let mut left = Chances::default();
        let with_token = question(400, true, ClockNews::Same, none);
        assert_eq!(left.judge(&with_token), Verdict::Restart);
        assert_eq!(left.judge(&with_token), Verdict::Fail);
        let first_page = question(400, false, ClockNews::Same, none);
        assert_eq!(left.judge(&first_page), without(&[Dataset::Fulfillment]));
    }

    #[test]
    fn an_odd_date_is_asked_once_more_and_a_clock_that_two_answers_agree_on_moves_the_window_once()
    {
        let none = &Refusals::default();
        let mut left = Chances::default();
        let judge = |left: &mut Chances, clock| left.judge(&question(400, false, clock, none));
        assert_eq!(judge(&mut left, ClockNews::Doubted), Verdict::SameAgain);
        assert_eq!(judge(&mut left, ClockNews::Moved), Verdict::NewClock);
        for odd in [ClockNews::Doubted, ClockNews::Moved] {
            assert_eq!(judge(&mut left, odd), without(&[Dataset::Fulfillment]));
        }
        let no_role = question(403, false, ClockNews::Moved, none);
        let buyer = without(&[Dataset::Buyer, Dataset::Recipient]);
        assert_eq!(
            Chances::default().judge(&no_role),
            buyer,
            "a missing role is no matter of time"
        );
    }

    #[test]
    fn once_no_dataset_is_to_blame_marketplaces_are_asked_one_by_one_and_once() {
        let none = &Refusals::default();
        let mut left = Chances::default();
        let bare = Question {
            asked: &[],
            ..question(403, false, ClockNews::Same, none)
        };
        assert_eq!(left.judge(&bare), Verdict::ByMarketplace);
        assert_eq!(left.judge(&bare), Verdict::Fail);
        let gone = question(404, false, ClockNews::Same, none);
        assert_eq!(left.judge(&gone), Verdict::Fail);
        let all_again = Question {
            tries_all_marketplaces: true,
            ..question(403, false, ClockNews::Same, none)
        };
        assert_eq!(Chances::default().judge(&all_again), Verdict::ByMarketplace);
    }

    #[test]
    fn a_seller_that_is_refused_altogether_is_asked_one_question_a_sweep() {
        let mut refusals = Refusals::default();
        let now = Timestamp::UNIX_EPOCH;
        refusals.refused_whole(now);
        refusals.refused_whole(now);
        let asked = question(403, false, ClockNews::Same, &refusals);
        assert_eq!(Chances::default().judge(&asked), Verdict::Fail);
        let mut answered = refusals.clone();
        answered.learn(&Lesson {
            asked: ALL,
            answered: ALL,
            with: None,
            after: now,
            now,
        });
        assert_eq!(answered, Refusals::default());
    }
}
