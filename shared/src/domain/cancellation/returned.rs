//! What a feed that came to nothing makes of a cancellation in it.

use super::{Cancellation, CancellationState};
use jiff::{SignedDuration, Timestamp};

/// So often a feed with it may come to nothing until it is given up; a feed may take hours.
const MOST_TRIES: u32 = 8;
/// How long it waits after a feed came to nothing; each time twice as long.
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(5);
pub(super) const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(2);

/// Why a feed brought no verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedFailure {
    /// Amazon never got it, and may get the next one.
    NotSent,
    /// It certainly cancelled nothing: Amazon refused it, or gave it up before it began.
    NoEffect,
    /// It may have cancelled some, none or all of it.
    Unknown,
}

/// A cancellation after a feed with it came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Returned {
    /// It goes again, at its `due_at`.
    Again(Cancellation),
    /// It was tried too often: it is to be settled as if Amazon refused it.
    GivenUp(Cancellation),
}

impl Cancellation {
    /// After a feed with it came to nothing. What Amazon never got waits as it did before, anything else ever longer.
    /// `note`: why, in words.
    pub fn returned(&self, failure: FeedFailure, note: &str, now: Timestamp) -> Returned {
        let mut after = self.clone();
        match failure {
            FeedFailure::NotSent => {}
            FeedFailure::NoEffect => {
                after.tries += 1;
                after.without_effect += 1;
            }
            FeedFailure::Unknown => after.tries += 1,
        }
        if after.tries >= MOST_TRIES {
            return Returned::GivenUp(after);
        }
        if failure != FeedFailure::NotSent {
            let wait = FIRST_WAIT * (1 << (after.tries - 1).min(6));
            let due_at = now.saturating_add(wait.min(LONGEST_WAIT));
            after.due_at = due_at.unwrap_or(now);
        }
        after.state = CancellationState::ToSend;
        after.note = Some(note.to_owned());
        after.revision += 1;
        Returned::Again(after)
    }
}
