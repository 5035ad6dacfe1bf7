//! Moves the reservations of a listing from the product that it was tied to, to the one that it is tied to now.
//!
//! The reservation of an order line is stored under the listing's product, and under each part of a bundle. So it is read
//! from wherever it is, counted in units of the listing, and distributed over the new product. Each step may run twice.

mod lines;

use crate::App;
use lines::{LineKey, counted_in, lines, reservations_for};
use stallkeeper::domain::ids::{ListingKey, Sku};
use stallkeeper::domain::product::{Part, Product};
use stallkeeper::domain::stock::Reservation;
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::store::FormerTie;
use std::collections::BTreeSet;

/// Reservations that are written at a time.
const AT_ONCE: usize = 16;

/// Whether a reservation is of this listing.
fn is_of(of: &ListingKey, reservation: &Reservation) -> bool {
    reservation.connection == of.connection.id && reservation.amazon_sku == of.amazon_sku
}

impl App {
    /// Moves a listing's reservations to `product` × `units`. The SKUs whose inputs this changed, or an earlier try did.
    pub(super) async fn move_reservations(
        &self,
        of: &ListingKey,
        former: &[FormerTie],
        (product, units): (&Sku, u32),
    ) -> Result<BTreeSet<Sku>> {
        let mut touched = BTreeSet::from([product.clone()]);
        if former.is_empty() {
            return Ok(touched);
        }
        // What an earlier attempt put already shows best what a line asks for.
        let to = FormerTie {
            product: product.clone(),
            units,
        };
        let mut found = Vec::new();
        for tie in former.iter().chain([&to]) {
            let (skus, reservations) = self.reserved_under(of, tie).await?;
            touched.extend(skus);
            found.extend(reservations);
        }
        let kept = self
            .store
            .sku_inputs(&of.connection.tenant, product)
            .await?
            .product;
        let mut put: BTreeSet<(Sku, LineKey)> = BTreeSet::new();
        let mut writes = Vec::new();
        for (key, line) in lines(&found) {
            for (sku, reservation) in reservations_for(&line, product, units, kept.as_ref()) {
                put.insert((sku.clone(), key.clone()));
                touched.insert(sku.clone());
                writes.push((sku, reservation));
            }
        }
        self.put_moved(of, kept.as_ref(), writes).await?;
        self.forget_moved(of, &found, &put).await?;
        Ok(touched)
    }

    /// Puts what the lines hold now, and raises the generations for it.
    async fn put_moved(
        &self,
        of: &ListingKey,
        kept: Option<&Product>,
        writes: Vec<(Sku, Reservation)>,
    ) -> Result<()> {
        let skus: BTreeSet<Sku> = writes.iter().map(|(sku, _)| sku.clone()).collect();
        // Those that note the sale first: the run that finishes this counts all others by it.
        let (with_sale, others): (Vec<_>, Vec<_>) =
            writes.into_iter().partition(|(_, it)| it.sale.is_some());
        for writes in [with_sale, others] {
            fan_out(writes, AT_ONCE, |(sku, reservation)| async move {
                let parts: &[Part] = match kept {
                    Some(product) if product.sku == sku => &product.parts,
                    _ => &[],
                };
                let store = &self.store;
                let moved =
                    store.move_reservation(&of.connection.tenant, &sku, &reservation, parts);
                // Refused: a newer revision of the order is there already.
                moved.await.map(|_| ())
            })
            .await?;
        }
        for sku in &skus {
            self.store
                .raise_counter(&of.connection.tenant, sku, 1, true)
                .await?;
        }
        Ok(())
    }

    /// What is reserved of a listing that is tied so, and the SKUs that it was looked for under.
    async fn reserved_under(
        &self,
        of: &ListingKey,
        tie: &FormerTie,
    ) -> Result<(BTreeSet<Sku>, Vec<(Sku, u32, Reservation)>)> {
        let own = self
            .store
            .sku_inputs(&of.connection.tenant, &tie.product)
            .await?;
        let (counted, is_own) = counted_in(&tie.product, tie.units, own.product.as_ref());
        let mut looked = BTreeSet::from([tie.product.clone()]);
        let mut found = Vec::new();
        let mut take = |sku: &Sku, each: u32, reservations: Vec<Reservation>| {
            looked.insert(sku.clone());
            let ours = reservations.into_iter().filter(|it| is_of(of, it));
            found.extend(ours.map(|reservation| (sku.clone(), each, reservation)));
        };
        if !is_own {
            for (part, each) in &counted {
                let inputs = self.store.sku_inputs(&of.connection.tenant, part).await?;
                take(part, *each, inputs.reservations);
            }
        }
        for line in &own.reservations {
            if !is_of(of, line) {
                continue;
            }
            for part in self.former_parts(of, &tie.product, line).await? {
                let each = part.0.units.saturating_mul(tie.units.max(1));
                if is_own || counted.iter().all(|(sku, _)| *sku != part.0.sku) {
                    take(&part.0.sku, each, vec![part.1]);
                }
            }
        }
        take(&tie.product, tie.units, own.reservations);
        Ok((looked, found))
    }

    /// What a line reserves of the parts that the bundle had as the order came: it may be made of others now.
    async fn former_parts(
        &self,
        of: &ListingKey,
        bundle: &Sku,
        line: &Reservation,
    ) -> Result<Vec<(Part, Reservation)>> {
        let (store, id) = (&self.store, &line.line);
        let read = |sku: Sku| async move {
            let read = store.reserved(&of.connection, &sku, &line.order, id);
            read.await
        };
        let Some(own) = read(bundle.clone()).await? else {
            return Ok(Vec::new());
        };
        let mut held = Vec::new();
        for part in own.parts {
            if let Some(reserved) = read(part.sku.clone()).await? {
                held.push((part, reserved.reservation));
            }
        }
        Ok(held)
    }

    /// Forgets the reservations under a SKU that the line is not counted in any more.
    async fn forget_moved(
        &self,
        of: &ListingKey,
        found: &[(Sku, u32, Reservation)],
        put: &BTreeSet<(Sku, LineKey)>,
    ) -> Result<()> {
        let mut gone = Vec::new();
        for (sku, _, reservation) in found {
            let key = (reservation.order.clone(), reservation.line.clone());
            if !put.contains(&(sku.clone(), key)) {
                gone.push((sku.clone(), reservation.clone()));
            }
        }
        fan_out(gone, AT_ONCE, |(sku, reservation)| async move {
            let store = &self.store;
            store
                .forget_reservation(&of.connection.tenant, &sku, &reservation)
                .await
        })
        .await?;
        Ok(())
    }
}
