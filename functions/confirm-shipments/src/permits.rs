//! Permits to call, taken several at a time: taking them costs a write or two, however many they are.

use crate::confirm::CONFIRM;
use stallkeeper::error::Result;
use stallkeeper::seller_session::{SellerSession, Waiting};
use stallkeeper::store::Permit;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many are taken at once: half of what Amazon lets a seller send at once. One that is not used is lost.
const MOST: u32 = 5;

/// The permits of a run over a connection that calls one at a time.
pub(crate) struct Permits {
    wanted: AtomicU32,
    in_hand: AtomicU32,
}

impl Permits {
    /// For so many calls at most.
    pub(crate) fn for_calls(count: usize) -> Self {
        Self {
            wanted: AtomicU32::new(u32::try_from(count).unwrap_or(u32::MAX)),
            in_hand: AtomicU32::new(0),
        }
    }

    /// Takes one.
    ///
    /// # Errors
    /// As [`SellerSession::permits`].
    pub(crate) async fn take(&self, session: &SellerSession<'_>) -> Result<Permit> {
        let mut in_hand = self.in_hand.load(Ordering::Relaxed);
        if in_hand == 0 {
            let count = self.wanted.load(Ordering::Relaxed).clamp(1, MOST);
            let permit = session.permits(CONFIRM, count, Waiting::No).await?;
            if permit != Permit::Granted {
                return Ok(permit);
            }
            in_hand = count;
        }
        self.in_hand.store(in_hand - 1, Ordering::Relaxed);
        let wanted = self.wanted.load(Ordering::Relaxed);
        self.wanted
            .store(wanted.saturating_sub(1), Ordering::Relaxed);
        Ok(Permit::Granted)
    }

    /// Amazon's limit is reached, whatever we thought: those in hand hold no longer.
    pub(crate) fn forget(&self) {
        self.in_hand.store(0, Ordering::Relaxed);
    }
}
