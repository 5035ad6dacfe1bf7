//! What an order demands of its courier, each part from whichever reading it is to be from.

use super::Reading;
use super::merge::Merged;
use stallkeeper::domain::courier::{
    AddressKind, AddressPart, AmazonShips, Constraint, Requirements, Territory,
};
use stallkeeper::domain::order::{OrderPart, StoredOrder};
use std::collections::BTreeSet;

pub(super) fn requirements(
    reading: &Reading,
    merged: &Merged,
    stored: Option<&StoredOrder>,
) -> Requirements {
    let order = &merged.order;
    let before = stored.map(|stored| &stored.requirements);
    let destination = destination(reading, merged, stored);
    let takes = |part| before.is_none() || merged.taken.contains(&part);
    let unreadable = match before {
        Some(before) if !takes(OrderPart::Head) => before.unreadable.clone(),
        _ => reading.unreadable.clone(),
    };
    Requirements {
        prime: Requirements::is_prime(&order.programs),
        amazon_ships: AmazonShips::among(&order.programs),
        buyer_cancel: order.items.iter().any(|item| item.cancel_requested),
        constraints: order
            .items
            .iter()
            .flat_map(|item| &item.constraints)
            .map(|name| Constraint::from(name.clone()))
            .collect(),
        address: destination.kind,
        address_lacks: destination.lacks,
        territory: destination.territory,
        lines_missing: order.items.is_empty(),
        unknown_skus: match before {
            Some(before) if !takes(OrderPart::Lines) => before.unknown_skus.clone(),
            _ => reading.unknown_skus.clone(),
        },
        unreadable,
    }
}

/// What of the address decides, without the address.
struct Destination {
    kind: AddressKind,
    lacks: BTreeSet<AddressPart>,
    territory: Option<Territory>,
}

fn destination(reading: &Reading, merged: &Merged, stored: Option<&StoredOrder>) -> Destination {
    let address = reading.buyer.address(&merged.order);
    let lacks = address.lacks();
    if let Some(stored) = stored {
        let before = &stored.requirements;
        let knows_it = before.address != AddressKind::Missing && before.address_lacks.is_empty();
        // Without name and first line it is the address of before, from which Amazon withholds them now.
        let is_withheld = lacks.len() > 1 && stored.order.country == merged.order.country;
        if !merged.taken.contains(&OrderPart::Address) || (knows_it && is_withheld) {
            return Destination {
                kind: before.address,
                lacks: before.address_lacks.clone(),
                territory: before.territory,
            };
        }
    }
    let kind = address.kind();
    Destination {
        kind,
        lacks: if kind == AddressKind::Missing {
            BTreeSet::new()
        } else {
            lacks
        },
        territory: Territory::of(&address),
    }
}
