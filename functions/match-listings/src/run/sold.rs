//! What a run reads to judge what Amazon shows: what was sold of a listing, and what became of what was sent.

use super::Run;
use super::pending::{Pending, has_drifted, is_to_be_sent, is_unwanted, is_worth_a_look};
use super::read::Reading;
use stallkeeper::domain::listing::{Listing, ListingState, Standing};
use stallkeeper::domain::stock::Sale;
use stallkeeper::error::Result;

/// What was sold of a listing, and what became of what was sent.
pub(super) struct Sold {
    sales: Vec<Sale>,
    standing: Standing,
}

impl Run<'_> {
    /// Reads what was sold, if that may decide something.
    pub(super) async fn sold(
        &self,
        reading: &Reading,
        listing: &Listing,
        seen: Option<u32>,
    ) -> Result<Option<Sold>> {
        let sends = reading
            .in_force
            .as_ref()
            .is_some_and(|published| !published.shadow);
        let matched = listing.state == ListingState::Matched;
        let Some(product) = listing.product.as_ref().filter(|_| sends && matched) else {
            return Ok(None);
        };
        if !is_worth_a_look(listing, seen) {
            return Ok(None);
        }
        let key = &self.connection.key();
        let inputs = self.app.store.sku_inputs(&key.tenant, product).await?;
        Ok(Some(Sold {
            sales: listing.sales(&inputs.reservations),
            standing: reading.standings.of(listing.sent_by()).await?,
        }))
    }
}

impl Sold {
    /// See [`has_drifted`].
    pub(super) fn has_drifted(
        &self,
        known: &Listing,
        seen: Option<u32>,
        at: jiff::Timestamp,
    ) -> bool {
        seen.is_some_and(|seen| has_drifted(known, self.standing, &self.sales, seen, at))
    }
}

/// What is pending for a listing as it is now.
pub(super) fn pending(
    reading: &Reading,
    listing: &Listing,
    sold: Option<&Sold>,
) -> Option<Pending> {
    let published = reading.in_force.as_ref()?;
    if listing.state != ListingState::Matched {
        return None;
    }
    if is_unwanted(listing, published.at) {
        return Some(Pending::Recompute);
    }
    let sold = sold?;
    let policy = &published.settings.policy;
    is_to_be_sent(listing, sold.standing, &sold.sales, policy).then_some(Pending::Send)
}
