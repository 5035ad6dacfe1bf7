//! Ties a listing to another product, with all that follows from it, in an order that survives a crash.

use super::Placed;
use crate::App;
use stallkeeper::api::{Answer, Problem};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::{AmazonSku, Sku};
use stallkeeper::domain::listing::Listing;
use stallkeeper::queue::StockChange;
use stallkeeper::store::{FormerTie, Written};
use std::collections::BTreeSet;

impl App {
    /// Ties a listing to `to`, with all that follows. Idempotent, and the same again finishes what a crash left.
    pub(super) async fn retie(
        &self,
        connection: &Connection,
        sku: &AmazonSku,
        to: &FormerTie,
        place: impl Fn(Option<&Listing>) -> Placed,
    ) -> Answer<Placed> {
        let key = &connection.key();
        for () in Written::attempts() {
            let read = self.store.listing(&key.listing(sku)).await?;
            let former = self.former(connection, sku, read.as_ref(), to).await?;
            let tie = (&to.product, to.units);
            self.store
                .tie_after(tie.0, &key.listing(sku), tie.1, &former)
                .await?;
            let placed = place(read.as_ref());
            if self.place(read.as_ref(), placed.as_ref()).await? == Written::Conflict {
                continue;
            }
            self.follow_tie(connection, sku, &former, to, placed.as_ref())
                .await?;
            return Ok(placed);
        }
        Err(Problem::conflict(
            "changed-meanwhile",
            "Somebody else changed this listing at the same time.",
            "Read the listing again, and repeat the request if you still want it.",
        ))
    }

    async fn place(&self, read: Option<&Listing>, placed: Option<&Listing>) -> Answer<Written> {
        Ok(match (read, placed) {
            (None, None) => Written::Done,
            (Some(read), None) => self.store.forget_listing(read).await?,
            (Some(read), Some(placed)) if read == placed => Written::Done,
            (read, Some(placed)) => self.store.place_listing(placed, read, false).await?,
        })
    }

    /// What the listing was tied to before, as far as it is known and not moved yet. Without a product its orders are kept
    /// under the one spelt alike.
    async fn former(
        &self,
        connection: &Connection,
        sku: &AmazonSku,
        read: Option<&Listing>,
        to: &FormerTie,
    ) -> Answer<Vec<FormerTie>> {
        let key = &connection.key();
        let tied = read.and_then(|listing| Some((listing.product.clone()?, listing.units)));
        let (product, units) = tied.unwrap_or_else(|| (sku.as_product(), 1));
        let mut former = vec![FormerTie { product, units }];
        for product in [&former[0].product.clone(), &to.product] {
            let unfinished = self.store.former_ties(product, &key.listing(sku)).await?;
            former.extend(unfinished);
        }
        let mut all: Vec<FormerTie> = Vec::new();
        for tie in former {
            if tie != *to && !all.contains(&tie) {
                all.push(tie);
            }
        }
        Ok(all)
    }

    /// Moves the reservations, queues everything to be computed again, and removes the old pointers.
    async fn follow_tie(
        &self,
        connection: &Connection,
        sku: &AmazonSku,
        former: &[FormerTie],
        to: &FormerTie,
        placed: Option<&Listing>,
    ) -> Answer<()> {
        let listing = &connection.key().listing(sku);
        let touched = self
            .move_reservations(listing, former, (&to.product, to.units))
            .await?;
        self.recompute_later(connection, touched).await?;
        for old in former.iter().filter(|old| old.product != to.product) {
            self.store.untie(&old.product, listing).await?;
        }
        if placed.is_some_and(|placed| placed.product.is_some()) {
            let (product, units) = (&to.product, to.units);
            self.store.tie(product, listing, units).await?;
        } else {
            self.store.untie(&to.product, listing).await?;
        }
        Ok(())
    }

    async fn recompute_later(&self, connection: &Connection, skus: BTreeSet<Sku>) -> Answer<()> {
        let messages = StockChange::recompute(&connection.tenant, true, skus)?;
        Ok(self
            .stock_changes
            .send_all(&connection.id, messages)
            .await?)
    }
}
