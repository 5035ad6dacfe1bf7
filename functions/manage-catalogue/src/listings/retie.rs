//! Moves what orders hold of a listing from the product that it was tied to, to the one that it is tied to now.
//!
//! A line of an order stands in the partition of the listing's product, and holds each part of a bundle; so it is read
//! from wherever it stands, counted in units of the listing, and spread anew. Each step may be done twice.

use crate::App;
use futures::{StreamExt as _, TryStreamExt as _};
use stallkeeper::domain::ids::{AmazonSku, ConnectionId, OrderId, Sku, TenantId};
use stallkeeper::domain::product::{Part, Product};
use stallkeeper::domain::stock::{Dispatch, Reservation, Sale};
use stallkeeper::error::Result;
use stallkeeper::store::FormerTie;
use std::collections::{BTreeMap, BTreeSet};

/// Reservations that are written at a time.
const AT_ONCE: usize = 16;

/// A listing, by what names it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) tenant: &'a TenantId,
    pub(super) connection: &'a ConnectionId,
    pub(super) amazon_sku: &'a AmazonSku,
}

impl Of<'_> {
    /// Whether a reservation is of this listing.
    fn is(self, reservation: &Reservation) -> bool {
        reservation.connection == *self.connection && reservation.amazon_sku == *self.amazon_sku
    }
}

/// What an order line asks of a listing, in units of the listing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    sale: Option<Sale>,
    asked: u32,
    dispatched: Vec<Dispatch>,
    from: Reservation,
}

type LineKey = (OrderId, String);

/// The SKUs that a product's quantity is counted in, each with how many one unit of the listing takes; and whether the
/// product itself is one of them.
fn counted_in(sku: &Sku, units: u32, product: Option<&Product>) -> (Vec<(Sku, u32)>, bool) {
    let units = units.max(1);
    match product {
        Some(bundle) if bundle.is_bundle() => {
            let parts = bundle.parts.iter();
            let parts = parts.map(|part| (part.sku.clone(), part.units.saturating_mul(units)));
            (parts.collect(), false)
        }
        _ => (vec![(sku.clone(), units)], true),
    }
}

/// How many of the reserved SKU one unit of the listing took: as the line itself shows, else as it was tied.
fn factor(reservation: &Reservation, sale: Option<&Sale>, tied: u32) -> u32 {
    match sale {
        Some(sale) if sale.units > 0 && reservation.units > 0 => {
            (reservation.units / sale.units).max(1)
        }
        _ => tied.max(1),
    }
}

/// The lines that these reservations tell of: by SKU, with what the listing was counted in there.
fn lines(found: &[(Sku, u32, Reservation)]) -> BTreeMap<LineKey, Line> {
    let key = |it: &Reservation| (it.order.clone(), it.line.clone());
    let sales: BTreeMap<LineKey, Sale> = found
        .iter()
        .filter_map(|(_, _, it)| Some((key(it), it.sale?)))
        .collect();
    let mut lines: BTreeMap<LineKey, Line> = BTreeMap::new();
    for (_, tied, reservation) in found {
        let sale = sales.get(&key(reservation));
        let factor = factor(reservation, sale, *tied);
        let dispatched = reservation.dispatched.iter().map(|dispatch| Dispatch {
            at: dispatch.at,
            units: dispatch.units / factor,
        });
        let line = Line {
            sale: sale.copied(),
            asked: sale.map_or(reservation.units / factor, |sale| sale.units),
            dispatched: dispatched.collect(),
            from: reservation.clone(),
        };
        let known = lines.get(&key(reservation));
        // The newest tells; of one revision, the one that knows of dispatches: a bundle's own holds nothing.
        let rank = |line: &Line| (line.from.revision, line.dispatched.len(), line.asked);
        if known.is_none_or(|known| rank(known) < rank(&line)) {
            lines.insert(key(reservation), line);
        }
    }
    lines
}

/// What a line reserves of this product × units.
fn spread(
    line: &Line,
    sku: &Sku,
    units: u32,
    product: Option<&Product>,
) -> Vec<(Sku, Reservation)> {
    let (counted, is_own) = counted_in(sku, units, product);
    let of = |sku: Sku, each: u32, sale: Option<Sale>| {
        let times = |units: u32| units.saturating_mul(each);
        let dispatched = line.dispatched.iter().map(|dispatch| Dispatch {
            at: dispatch.at,
            units: times(dispatch.units),
        });
        let reservation = Reservation {
            units: times(line.asked),
            sale,
            dispatched: dispatched.collect(),
            ..line.from.clone()
        };
        (sku, reservation)
    };
    let mut spread: Vec<(Sku, Reservation)> = Vec::new();
    if !is_own && line.sale.is_some() {
        // A bundle's own holds nothing: it only tells what was sold.
        spread.push(of(sku.clone(), 0, line.sale));
    }
    for (part, each) in counted {
        let sale = line.sale.filter(|_| is_own);
        spread.push(of(part, each, sale));
    }
    spread
}

impl App {
    /// Moves a listing's reservations to `product` × `units`. The SKUs whose inputs this changed, or an earlier try did.
    pub(super) async fn move_reservations(
        &self,
        of: Of<'_>,
        former: &[FormerTie],
        (product, units): (&Sku, u32),
    ) -> Result<BTreeSet<Sku>> {
        let kept = self.store.sku_inputs(of.tenant, product).await?.product;
        let bundle: &[Part] = match &kept {
            Some(product) => &product.parts,
            None => &[],
        };
        let mut found = Vec::new();
        let mut touched = BTreeSet::from([product.clone()]);
        for tie in former {
            let (skus, reservations) = self.reserved_under(of, tie).await?;
            touched.extend(skus);
            found.extend(reservations);
        }
        let lines = lines(&found);
        let mut put: BTreeSet<(Sku, LineKey)> = BTreeSet::new();
        let mut writes = Vec::new();
        for (key, line) in &lines {
            for (sku, reservation) in spread(line, product, units, kept.as_ref()) {
                put.insert((sku.clone(), key.clone()));
                writes.push((sku, reservation));
            }
        }
        let reserving: BTreeSet<Sku> = writes.iter().map(|(sku, _)| sku.clone()).collect();
        futures::stream::iter(writes)
            .map(|(sku, reservation)| async move {
                let parts = if sku == *product { bundle } else { &[] };
                let store = &self.store;
                let moved = store.move_reservation(of.tenant, &sku, &reservation, parts);
                // Refused: a newer revision of the order stands there already.
                moved.await.map(|_| ())
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        for sku in &reserving {
            self.store.raise_counter(of.tenant, sku, 1, true).await?;
        }
        self.forget_moved(of, &found, &put).await?;
        touched.extend(reserving);
        Ok(touched)
    }

    /// What is reserved of a listing that is tied so, and the SKUs that it was looked for under.
    async fn reserved_under(
        &self,
        of: Of<'_>,
        tie: &FormerTie,
    ) -> Result<(BTreeSet<Sku>, Vec<(Sku, u32, Reservation)>)> {
        let own = self.store.sku_inputs(of.tenant, &tie.product).await?;
        let (counted, is_own) = counted_in(&tie.product, tie.units, own.product.as_ref());
        let mut looked = BTreeSet::from([tie.product.clone()]);
        let mut found = Vec::new();
        let mut take = |sku: &Sku, each: u32, reservations: Vec<Reservation>| {
            looked.insert(sku.clone());
            let ours = reservations.into_iter().filter(|it| of.is(it));
            found.extend(ours.map(|reservation| (sku.clone(), each, reservation)));
        };
        if !is_own {
            for (part, each) in &counted {
                let inputs = self.store.sku_inputs(of.tenant, part).await?;
                take(part, *each, inputs.reservations);
            }
        }
        for line in &own.reservations {
            if !of.is(line) {
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

    /// What a line holds of the parts that the bundle had as the order came: it may be made of others now.
    async fn former_parts(
        &self,
        of: Of<'_>,
        bundle: &Sku,
        line: &Reservation,
    ) -> Result<Vec<(Part, Reservation)>> {
        let (store, id) = (&self.store, &line.line);
        let read = |sku: Sku| async move {
            let read = store.reserved(of.tenant, &sku, of.connection, &line.order, id);
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

    /// Forgets what stands under a SKU that the line is not counted in any more.
    async fn forget_moved(
        &self,
        of: Of<'_>,
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
        futures::stream::iter(gone)
            .map(|(sku, reservation)| async move {
                let store = &self.store;
                store
                    .forget_reservation(of.tenant, &sku, &reservation)
                    .await
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn sku(text: &str) -> Sku {
        text.parse().unwrap()
    }

    fn sale(units: u32) -> Sale {
        Sale {
            ordered_at: Timestamp::UNIX_EPOCH,
            units,
            most: units,
            reduced_at: None,
        }
    }

    fn reservation(units: u32, sale: Option<Sale>, dispatched: &[u32]) -> Reservation {
        Reservation {
            connection: "c".parse().unwrap(),
            order: "o".parse().unwrap(),
            line: "1".into(),
            amazon_sku: "A".parse().unwrap(),
            units,
            sale,
            acknowledged_at: None,
            dispatched: dispatched
                .iter()
                .map(|units| Dispatch {
                    at: Timestamp::UNIX_EPOCH,
                    units: *units,
                })
                .collect(),
            revision: 4,
        }
    }

    fn product(of: &str, parts: &[(&str, u32)]) -> Product {
        let parts: Vec<Part> = parts
            .iter()
            .map(|(part, units)| Part {
                sku: sku(part),
                units: *units,
            })
            .collect();
        serde_json::from_value(serde_json::json!({"sku": of, "parts": parts})).unwrap()
    }

    /// What is put where: SKU, units, whether it tells of the sale, units dispatched.
    fn put(
        found: &[(Sku, u32, Reservation)],
        to: (&str, u32),
        kept: &Product,
    ) -> Vec<(String, u32, bool, Vec<u32>)> {
        let lines = lines(found);
        lines
            .values()
            .flat_map(|line| spread(line, &sku(to.0), to.1, Some(kept)))
            .map(|(sku, it)| {
                let dispatched = it.dispatched.iter().map(|dispatch| dispatch.units);
                (
                    sku.to_string(),
                    it.units,
                    it.sale.is_some(),
                    dispatched.collect(),
                )
            })
            .collect()
    }

    #[test]
    fn a_line_is_counted_in_the_new_product_s_units() {
        let found = [(sku("A"), 1, reservation(3, Some(sale(3)), &[2]))];
        let kept = product("P", &[]);
        assert_eq!(
            put(&found, ("P", 6), &kept),
            [("P".into(), 18, true, vec![12])]
        );
        // A try that was half done: what was put is read again, with the factor it was put with.
        let again = [(sku("P"), 1, reservation(18, Some(sale(3)), &[12]))];
        assert_eq!(
            put(&again, ("P", 6), &kept),
            [("P".into(), 18, true, vec![12])]
        );
    }

    #[test]
    fn a_bundle_holds_its_parts_and_only_tells_the_sale_itself() {
        let found = [(sku("A"), 1, reservation(3, Some(sale(3)), &[1]))];
        let bundle = product("B", &[("X", 2), ("Y", 1)]);
        let there = put(&found, ("B", 2), &bundle);
        let expected = [
            ("B".into(), 0, true, vec![0]),
            ("X".into(), 12, false, vec![4]),
            ("Y".into(), 6, false, vec![2]),
        ];
        assert_eq!(there, expected);
        let back = [
            (sku("B"), 2, reservation(0, Some(sale(3)), &[0])),
            (sku("X"), 4, reservation(12, None, &[4])),
            (sku("Y"), 2, reservation(6, None, &[2])),
        ];
        assert_eq!(
            put(&back, ("A", 1), &product("A", &[])),
            [("A".into(), 3, true, vec![1])]
        );
    }

    #[test]
    fn what_was_cancelled_holds_nothing_and_still_tells_its_sale() {
        let gone = Sale {
            units: 0,
            ..sale(3)
        };
        let found = [(sku("A"), 1, reservation(0, Some(gone), &[]))];
        assert_eq!(
            put(&found, ("P", 6), &product("P", &[])),
            [("P".into(), 0, true, vec![])]
        );
    }
}
