//! Amazon's clock, as far as its answers show it.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, PoisonError};

/// How far Amazon's clock is ahead of ours; as ours until an answer shows it.
#[derive(Debug, Default)]
pub struct AmazonsClock(Mutex<SignedDuration>);

impl AmazonsClock {
    /// Remembers what an answer showed at our moment `now`.
    pub(crate) fn note(&self, server_time: Option<Timestamp>, now: Timestamp) {
        if let Some(server_time) = server_time {
            let ahead = server_time.duration_since(now);
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = ahead;
        }
    }

    /// Amazon's moment at ours.
    pub(crate) fn at(&self, now: Timestamp) -> Timestamp {
        let ahead = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.saturating_add(ahead).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_as_the_last_answer_showed() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let clock = AmazonsClock::default();
        assert_eq!(clock.at(at(100)), at(100));
        clock.note(Some(at(40)), at(100));
        clock.note(None, at(150));
        assert_eq!(clock.at(at(200)), at(140));
    }
}
