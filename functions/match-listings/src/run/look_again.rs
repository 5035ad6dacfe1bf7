//! Listings that are sent nothing by what a look at them found, although the reports show them as the merchant's: each is
//! looked at again after a day, since nobody else does.

use super::Run;
use jiff::Timestamp;
use stallkeeper::domain::listing::{Finding, Listing};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::{Class, Result};
use stallkeeper::seller_session::{CallOutcome, Waiting};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long Amazon's limit is waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

impl Run<'_> {
    /// The listing with what a new look found, if its last one is old and guards it. As long as Amazon shows nothing, that
    /// one counts.
    pub(super) async fn look_again(&self, known: Listing, now: Timestamp) -> Result<Listing> {
        let old = known.look.as_ref().filter(|look| look.is_old(now));
        let guards = old.is_some_and(|look| look.guarded_state().is_some());
        if !guards || !known.amazon_sku.fits_in_an_address() {
            return Ok(known);
        }
        let own = &known.marketplaces;
        let all = self.connection.taken_part_in().chain(own.iter().copied());
        let all: BTreeSet<Marketplace> = all.collect();
        let all: Vec<Marketplace> = all.into_iter().collect();
        let waiting = Waiting::For {
            longest: LONGEST_WAIT,
            until: self.deadline,
        };
        let answer = self.session.look_at(&known.amazon_sku, &all, own, waiting);
        let item = match answer.await {
            Ok(CallOutcome::Answered(answer)) => answer.value,
            Ok(CallOutcome::Limited(_)) => None,
            Err(error) if error.class() == Class::AuthRevoked => return Err(error),
            Err(_) => None,
        };
        let look = item.map(|item| item.look(known.look.as_ref(), now));
        let Some(look) = look.filter(|look| look.found != Finding::Unclear) else {
            return Ok(known);
        };
        self.app.store.note_look(&known.key(), &look).await?;
        let look = Some(look);
        Ok(Listing { look, ..known })
    }
}
