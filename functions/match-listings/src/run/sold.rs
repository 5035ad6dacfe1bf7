//! What a run reads to judge what Amazon shows: what was sold of a listing, and what became of what was sent.

use super::Run;
use super::decide::{Seen, Shown};
use super::pending::{
    Pending, fell_to_zero, has_drifted, is_to_be_sent, is_unwanted, is_worth_a_look,
};
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
        known: Option<&Listing>,
        seen: Option<u32>,
    ) -> Result<Option<Sold>> {
        let sends = reading.sends();
        let matched = listing.state == ListingState::Matched;
        let Some(product) = listing.product.as_ref().filter(|_| sends && matched) else {
            return Ok(None);
        };
        let fell = known.is_some_and(|known| fell_to_zero(known, seen));
        if !fell && !is_worth_a_look(listing, seen) {
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
    /// The highest quantity that a marketplace shows and that neither our sending nor sales explain, see [`has_drifted`].
    pub(super) fn drifted(&self, known: &Listing, seen: &Seen) -> Option<Shown> {
        let has = |it: &&Shown| has_drifted(known, self.standing, &self.sales, it.quantity, it.at);
        let drifted = seen.shown.iter().filter(has);
        drifted.max_by_key(|it| it.quantity).copied()
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
    if is_unwanted(listing, reading.quantities_from.unwrap_or(published.at)) {
        return Some(Pending::Recompute);
    }
    let sold = sold?;
    let policy = &published.settings.policy;
    is_to_be_sent(listing, sold.standing, &sold.sales, policy).then_some(Pending::Send)
}
