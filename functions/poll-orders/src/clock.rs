//! What Amazon's clock shows, learnt from the `Date` of its answers. Pure.
//!
//! One odd header must neither move a window nor stop the sweeps: a difference is believed only once a second answer agrees,
//! and never beyond what a clock can be wrong by.

use jiff::{SignedDuration, Timestamp};
use stallkeeper::store::Cursor;
use tracing::warn;

/// A clock that is further off than this is a time zone's mistake or a cached answer.
const FURTHEST_OFF: SignedDuration = SignedDuration::from_mins(45);
/// The header has whole seconds, and an answer takes its time: less is no difference.
const ROUNDING_MS: u64 = 2_000;

/// What an answer said of Amazon's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockNews {
    /// What was known, or nothing.
    Same,
    /// Something else, for the first time or beyond belief.
    Doubted,
    /// Something else, for the second time: it is believed now.
    Moved,
}

/// Learns from an answer's `Date`.
pub fn learn(cursor: &mut Cursor, theirs: Option<Timestamp>, ours: Timestamp) -> ClockNews {
    let Some(theirs) = theirs else {
        return ClockNews::Same;
    };
    let offset = offset_ms(theirs, ours);
    if offset.abs_diff(cursor.clock_offset_ms) < ROUNDING_MS {
        cursor.clock_doubt_ms = None;
        return ClockNews::Same;
    }
    if i128::from(offset.unsigned_abs()) > FURTHEST_OFF.as_millis() {
        warn!(
            clock_offset_ms = offset,
            "Amazon's answer has an impossible date, which is not believed"
        );
        cursor.clock_doubt_ms = None;
        return ClockNews::Doubted;
    }
    let agrees = cursor
        .clock_doubt_ms
        .is_some_and(|doubt| doubt.abs_diff(offset) < ROUNDING_MS);
    if !agrees {
        cursor.clock_doubt_ms = Some(offset);
        return ClockNews::Doubted;
    }
    cursor.clock_offset_ms = offset;
    cursor.clock_doubt_ms = None;
    ClockNews::Moved
}

/// How far Amazon's clock is ahead of ours.
fn offset_ms(theirs: Timestamp, ours: Timestamp) -> i64 {
    let offset = theirs.as_millisecond() - ours.as_millisecond();
    if offset.unsigned_abs() < ROUNDING_MS {
        0
    } else {
        offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ClockNews::{Doubted, Moved, Same};

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(1_790_000_000_000 + millisecond).unwrap()
    }

    /// What each of these offsets, in seconds, makes of a cursor that knows `known`.
    fn learnt(known: i64, offsets: &[Option<i64>]) -> (Vec<ClockNews>, i64) {
        let mut cursor = Cursor::starting_at(at(0));
        cursor.clock_offset_ms = known * 1_000;
        let news = offsets
            .iter()
            .map(|offset| learn(&mut cursor, offset.map(|it| at(it * 1_000)), at(0)))
            .collect();
        (news, cursor.clock_offset_ms / 1_000)
    }

    #[test]
    fn a_clock_that_only_lacks_its_fractions_is_not_off() {
        let mut cursor = Cursor::starting_at(at(0));
        assert_eq!(learn(&mut cursor, Some(at(0)), at(900)), Same);
        assert_eq!(cursor.clock_offset_ms, 0);
    }

    #[test]
    fn one_odd_date_moves_nothing_and_a_second_that_agrees_does() {
        for (offsets, news, end) in [
            (
                vec![Some(-600), Some(0), Some(-600)],
                vec![Doubted, Same, Doubted],
                0,
            ),
            (
                vec![Some(-600), None, Some(-601)],
                vec![Doubted, Same, Moved],
                -601,
            ),
            (vec![Some(-600), Some(600)], vec![Doubted, Doubted], 0),
            (
                vec![Some(90), Some(90), Some(0), Some(0)],
                vec![Doubted, Moved, Doubted, Moved],
                0,
            ),
        ] {
            assert_eq!(learnt(0, &offsets), (news, end), "{offsets:?}");
        }
    }

    #[test]
    fn an_hour_off_is_never_believed_however_often_it_is_said() {
        for hour in [-3_600, 3_600, -86_400] {
            let (news, end) = learnt(0, &[Some(hour); 5]);
            assert_eq!((news, end), (vec![Doubted; 5], 0));
        }
    }

    #[test]
    fn what_a_release_before_believed_of_one_odd_date_is_put_right() {
        assert_eq!(
            learnt(-3_600, &[Some(0), Some(0)]),
            (vec![Doubted, Moved], 0)
        );
    }
}
