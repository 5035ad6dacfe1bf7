//! Which units of which lines a parcel holds.

use super::{DispatchLine, DispatchRefusal, LineRef, ParcelUnits, UnitsOf};
use crate::domain::order::OrderItem;

/// A line and how many units of it a parcel may take.
pub(super) struct Room<'a> {
    pub(super) line: &'a OrderItem,
    pub(super) units: u32,
}

/// The lines of a parcel, in the order of the order's; the same SKU on two lines fills the first one first.
pub(super) fn lines(
    asked: &ParcelUnits,
    rooms: &[Room<'_>],
) -> Result<Vec<DispatchLine>, DispatchRefusal> {
    let mut taken: Vec<Taken> = rooms.iter().map(|_| Taken::default()).collect();
    match asked {
        ParcelUnits::AllOpen => {
            for (room, taken) in rooms.iter().zip(&mut taken) {
                taken.units = room.units;
            }
        }
        ParcelUnits::Lines(rows) => {
            for row in rows {
                take(row, rooms, &mut taken)?;
            }
        }
    }
    let lines = rooms.iter().zip(taken).filter(|(_, taken)| taken.units > 0);
    let lines: Vec<DispatchLine> = lines
        .map(|(room, taken)| DispatchLine {
            line: room.line.id.clone(),
            units: taken.units,
            transparency_codes: taken.codes,
        })
        .collect();
    if lines.is_empty() {
        return Err(DispatchRefusal::NothingOpen);
    }
    Ok(lines)
}

#[derive(Clone, Default)]
struct Taken {
    units: u32,
    codes: Vec<String>,
}

fn take(row: &UnitsOf, rooms: &[Room<'_>], taken: &mut [Taken]) -> Result<(), DispatchRefusal> {
    let fits = |room: &Room<'_>| match &row.of {
        LineRef::Id(id) => room.line.id == *id,
        LineRef::Sku(sku) => room.line.sku.as_deref() == Some(sku.as_str()),
    };
    let meant: Vec<usize> = (0..rooms.len()).filter(|at| fits(&rooms[*at])).collect();
    let name = || match &row.of {
        LineRef::Id(id) => id.clone(),
        LineRef::Sku(sku) => sku.to_string(),
    };
    let Some(last) = meant.last().copied() else {
        return Err(DispatchRefusal::UnknownLine(name()));
    };
    let (mut left, mut codes) = (row.units, row.transparency_codes.iter().cloned());
    for at in &meant {
        let units = left.min(rooms[*at].units.saturating_sub(taken[*at].units));
        taken[*at].units += units;
        left -= units;
        let with = usize::try_from(units).unwrap_or(usize::MAX);
        taken[*at].codes.extend(codes.by_ref().take(with));
    }
    if left > 0 {
        let open = meant.iter().map(|at| rooms[*at].units);
        return Err(DispatchRefusal::TooMany {
            line: name(),
            open: open.fold(0, u32::saturating_add),
            asked: row.units,
        });
    }
    taken[last].codes.extend(codes);
    Ok(())
}
