//! Whether Amazon's notices come at all, judged by what a sweep finds. Pure.
//!
//! Each change is judged once, when it is ten minutes old: by then a notice of it should have come. One notice that is
//! missing among others is Amazon's to lose, and not every change has one. But if none at all came since the change, the
//! sweep counts as silent; several silent ones within an hour mean that the subscription is broken. A quiet shop has no
//! changes, hence no silence.

use crate::sweep::MARGIN;
use jiff::{SignedDuration, Timestamp};
use stallkeeper::store::NoticeWatch;

/// How late a notice may come.
const LATEST: SignedDuration = SignedDuration::from_mins(10);
/// What the moments of a change and of its notice may differ by.
const SLACK: SignedDuration = SignedDuration::from_mins(2);
const AN_HOUR: SignedDuration = SignedDuration::from_hours(1);
/// So many silent sweeps within an hour are a broken subscription.
const SEVERAL: usize = 3;
/// When what was arranged is checked next, and after a check that failed.
const CHECK_AGAIN: [SignedDuration; 2] = [
    SignedDuration::from_hours(24),
    SignedDuration::from_hours(1),
];

/// The changes that a window's sweep judges: those after the ones judged before, until these are ten minutes old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    after: Timestamp,
    until: Timestamp,
    /// The latest that was found: if a notice came since, one came since each.
    latest: Option<Timestamp>,
}

impl Judged {
    /// For a window that ends at `before`, which was [`MARGIN`] ago. The first one judges nothing: it only marks the place.
    pub fn of_window(watch: &NoticeWatch, before: Timestamp) -> Self {
        let until = before.saturating_sub(LATEST - MARGIN).unwrap_or(before);
        Self {
            after: watch.judged_until.unwrap_or(until),
            until,
            latest: None,
        }
    }

    /// Notes when an order of the window changed last.
    pub fn note(&mut self, changed_at: Timestamp) {
        if changed_at > self.after && changed_at <= self.until {
            self.latest = self.latest.max(Some(changed_at));
        }
    }

    /// The latest change that no notice followed, by Amazon's clock.
    pub fn without_notice(&self, heard_at: Option<Timestamp>) -> Option<Timestamp> {
        let has_notice = |changed_at: Timestamp| {
            heard_at.is_some_and(|heard| heard.duration_since(changed_at) >= -SLACK)
        };
        self.latest.filter(|latest| !has_notice(*latest))
    }

    /// Whether any change is to be judged.
    pub fn found_any(&self) -> bool {
        self.latest.is_some()
    }

    /// The window was swept: what it judged is not judged again.
    pub fn end(&self, watch: &mut NoticeWatch) {
        watch.judged_until = Some(self.until.max(self.after));
    }
}

/// Counts a silent sweep; whether it is one too many. The count then begins again.
pub fn is_broken(watch: &mut NoticeWatch, now: Timestamp) -> bool {
    watch.silent.retain(|at| now.duration_since(*at) < AN_HOUR);
    watch.silent.push(now);
    let broken = watch.silent.len() >= SEVERAL;
    if broken {
        watch.silent.clear();
    }
    broken
}

/// Notes when what was arranged is to be checked next.
pub fn check_again(watch: &mut NoticeWatch, went_well: bool, now: Timestamp) {
    let [later, soon] = CHECK_AGAIN;
    let wait = if went_well { later } else { soon };
    watch.check_at = now.checked_add(wait).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    /// What sweeps at these minutes find silent, of changes and notices at these.
    fn silent(sweeps: &[i64], changes: &[i64], notices: &[i64]) -> Vec<i64> {
        let mut watch = NoticeWatch::default();
        let mut silent = Vec::new();
        for now in sweeps {
            let mut judged = Judged::of_window(&watch, at(*now) - MARGIN);
            for change in changes.iter().filter(|it| **it <= now - 3) {
                judged.note(at(*change));
            }
            let heard = notices.iter().filter(|it| *it <= now).max();
            if judged.without_notice(heard.map(|it| at(*it))).is_some() {
                silent.push(*now);
            }
            judged.end(&mut watch);
        }
        silent
    }

    #[test]
    fn a_change_is_judged_once_when_it_is_ten_minutes_old() {
        let sweeps = [0, 5, 10, 15, 20, 25];
        assert_eq!(silent(&sweeps, &[2], &[]), [15]);
        assert_eq!(silent(&sweeps, &[2, 3, 4], &[]), [15], "one sweep");
        assert_eq!(
            silent(&sweeps, &[-20], &[]),
            [0i64; 0],
            "before anybody looked"
        );
        assert_eq!(silent(&sweeps, &[], &[]), [0i64; 0], "a quiet shop");
        assert_eq!(silent(&[0, 60], &[2, 55], &[]), [60], "after a pause");
    }

    #[test]
    fn a_notice_that_came_since_the_change_ends_the_silence_however_late() {
        let sweeps = [0, 5, 10, 15, 20];
        for heard in [0, 2, 11, 15] {
            assert_eq!(silent(&sweeps, &[2], &[heard]), [0i64; 0], "{heard}");
        }
        assert_eq!(silent(&sweeps, &[2], &[-1, 16]), [15]);
        assert_eq!(silent(&sweeps, &[2, 8], &[3]), [20], "only of the first");
    }

    #[test]
    fn several_silent_sweeps_within_an_hour_are_one_repair() {
        let repairs = |minutes: &[i64]| {
            let mut watch = NoticeWatch::default();
            let repairs: Vec<bool> = minutes
                .iter()
                .map(|minute| is_broken(&mut watch, at(*minute)))
                .collect();
            repairs
        };
        assert_eq!(repairs(&[0, 5, 10, 15]), [false, false, true, false]);
        assert_eq!(repairs(&[0, 40, 61, 99]), [false, false, false, true]);
        assert_eq!(repairs(&[0, 61, 122]), [false, false, false]);
    }
}
