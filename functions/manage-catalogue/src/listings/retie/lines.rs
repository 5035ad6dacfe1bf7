//! How many units of a listing order lines ask for, and the reservations that follow for a product. Pure.

use stallkeeper::domain::ids::{OrderId, Sku};
use stallkeeper::domain::product::Product;
use stallkeeper::domain::stock::{Dispatch, Reservation, Sale};
use std::collections::BTreeMap;

/// What an order line asks of a listing, in units of the listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    sale: Option<Sale>,
    units: u32,
    dispatched: Vec<Dispatch>,
    from: Reservation,
}

pub(super) type LineKey = (OrderId, String);

/// The SKUs that a product's quantity is counted in, each with how many one unit of the listing takes; and whether the
/// product itself is one of them.
pub(super) fn counted_in(
    sku: &Sku,
    units: u32,
    product: Option<&Product>,
) -> (Vec<(Sku, u32)>, bool) {
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

/// The order lines behind these reservations: each by SKU, with how many of it one unit of the listing took.
pub(super) fn lines(found: &[(Sku, u32, Reservation)]) -> BTreeMap<LineKey, Line> {
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
            units: sale.map_or(reservation.units / factor, |sale| sale.units),
            dispatched: dispatched.collect(),
            from: reservation.clone(),
        };
        let known = lines.get(&key(reservation));
        // The newest counts; of one revision, the one with dispatches: a bundle's own reservation has no units.
        let rank = |line: &Line| {
            let dispatched = line.dispatched.iter().map(|dispatch| dispatch.units);
            let dispatched: u64 = dispatched.map(u64::from).sum();
            (line.from.revision, dispatched, line.units)
        };
        if known.is_none_or(|known| rank(known) < rank(&line)) {
            lines.insert(key(reservation), line);
        }
    }
    lines
}

/// What a line reserves of this product × units.
pub(super) fn reservations_for(
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
            units: times(line.units),
            sale,
            dispatched: dispatched.collect(),
            ..line.from.clone()
        };
        (sku, reservation)
    };
    let mut reservations: Vec<(Sku, Reservation)> = Vec::new();
    if !is_own && line.sale.is_some() {
        // A bundle's own reservation has no units: it only notes what was sold.
        reservations.push(of(sku.clone(), 0, line.sale));
    }
    for (part, each) in counted {
        let sale = line.sale.filter(|_| is_own);
        reservations.push(of(part, each, sale));
    }
    reservations
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use stallkeeper::domain::product::Part;

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
            warehouse: None,
            dispatched: dispatched
                .iter()
                .map(|units| Dispatch {
                    at: Timestamp::UNIX_EPOCH,
                    units: *units,
                })
                .collect(),
            is_elsewhere: false,
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

    /// What is put where: SKU, units, whether it notes the sale, units dispatched.
    fn put(
        found: &[(Sku, u32, Reservation)],
        to: (&str, u32),
        kept: &Product,
    ) -> Vec<(String, u32, bool, Vec<u32>)> {
        let lines = lines(found);
        lines
            .values()
            .flat_map(|line| reservations_for(line, &sku(to.0), to.1, Some(kept)))
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
        // An attempt that was half done: what was put is read again, with the factor it was put with.
        let again = [(sku("P"), 1, reservation(18, Some(sale(3)), &[12]))];
        assert_eq!(
            put(&again, ("P", 6), &kept),
            [("P".into(), 18, true, vec![12])]
        );
    }

    #[test]
    fn a_bundle_reserves_its_parts_and_only_notes_the_sale_itself() {
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
    fn what_was_cancelled_reserves_nothing_and_still_notes_its_sale() {
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
