//! Owns the token bucket of Amazon's page "Usage Plans and Rate Limits". It never reads a clock:
//! the caller says how much time has gone by.

use std::time::Duration;

/// Tokens left for one seller, application and operation. It starts full, as Amazon's do.
#[derive(Debug)]
pub(crate) struct Bucket {
    tokens: f64,
    filled_at: Duration,
}

impl Bucket {
    pub(crate) fn full(burst: u32, now: Duration) -> Self {
        Self {
            tokens: f64::from(burst),
            filled_at: now,
        }
    }

    /// Takes one token, if there is one. `rate` is in tokens a second; `burst` is the most it holds.
    pub(crate) fn take(&mut self, rate: f64, burst: u32, now: Duration) -> bool {
        let gone_by = now.saturating_sub(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + gone_by * rate).min(f64::from(burst));
        self.filled_at = now;
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_bucket_gives_its_burst_and_then_nothing() {
        let mut bucket = Bucket::full(20, Duration::ZERO);
        let given = (0..25)
            .filter(|_| bucket.take(0.0056, 20, Duration::ZERO))
            .count();
        assert_eq!(given, 20);
    }

    #[test]
    fn it_refills_at_its_rate_and_never_above_its_burst() {
        let mut bucket = Bucket::full(2, Duration::ZERO);
        assert!(bucket.take(1.0, 2, Duration::from_millis(100)));
        assert!(bucket.take(1.0, 2, Duration::from_millis(200)));
        assert!(!bucket.take(1.0, 2, Duration::from_millis(300)));
        assert!(bucket.take(1.0, 2, Duration::from_millis(1_200)));
        let later = Duration::from_hours(1);
        let given = (0..5).filter(|_| bucket.take(1.0, 2, later)).count();
        assert_eq!(given, 2);
    }
}
