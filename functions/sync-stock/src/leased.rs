//! Work under a lease that is short, so that a killed run keeps nobody waiting, and renewed for as long as it takes.

use jiff::{SignedDuration, Timestamp};
use stallkeeper::error::{Error, Result};
use std::time::Duration;
use tracing::warn;

/// How long a lease lasts that nobody renews.
pub(crate) const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How often it is renewed: twice may fail.
const RENEWED_EVERY: Duration = Duration::from_secs(20);

/// Until when a lease lasts that is taken now.
pub(crate) fn until(now: Timestamp) -> Timestamp {
    now.saturating_add(LEASE).unwrap_or(now)
}

/// Does `work` and has the lease renewed meanwhile; `renew` says whether it is still ours.
///
/// # Errors
/// As `work`. Retryable if the lease is another run's: the work is dropped where it is, as if the run had been killed.
pub(crate) async fn while_leased<T>(
    renew: impl AsyncFn() -> Result<bool>,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    // A run is a big future: it is kept off the stack.
    let mut work = Box::pin(work);
    loop {
        match tokio::time::timeout(RENEWED_EVERY, &mut work).await {
            Ok(done) => return done,
            Err(_) => match renew().await {
                Ok(true) => {}
                Ok(false) => {
                    let reason = "another run took the lease";
                    return Err(Error::retryable("go on with a run", reason));
                }
                Err(error) => warn!(error = error.chain(), "a lease could not be renewed"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use tokio::time::sleep;

    #[tokio::test(start_paused = true)]
    async fn work_that_takes_long_keeps_its_lease() {
        let renewed = Cell::new(0);
        let renew = async || {
            renewed.set(renewed.get() + 1);
            Ok(true)
        };
        let work = async {
            sleep(Duration::from_secs(130)).await;
            Ok(7)
        };
        assert_eq!(while_leased(renew, work).await.unwrap(), 7);
        assert_eq!(renewed.get(), 6);
    }

    #[tokio::test(start_paused = true)]
    async fn work_whose_lease_is_lost_ends_and_one_failure_to_renew_ends_nothing() {
        let asked = Cell::new(0);
        let renew = async || {
            asked.set(asked.get() + 1);
            match asked.get() {
                1 => Err(Error::retryable("renew", "no answer")),
                n => Ok(n < 3),
            }
        };
        let work = async {
            sleep(Duration::from_secs(3_600)).await;
            Ok(())
        };
        let lost = while_leased(renew, work).await.unwrap_err();
        assert!(lost.chain().contains("another run"), "{lost:?}");
        assert_eq!(asked.get(), 3);
    }
}
