//! When the levels of a SKU were measured, and which units that left a warehouse they reflect. Each warehouse counts only what
//! lies in it, so a newer count of one says nothing of what another gave away.

use super::{Levels, counted};
use crate::domain::ids::WarehouseCode;
use crate::domain::stock_settings::StockSettings;
use jiff::{SignedDuration, Timestamp};

/// The levels of a SKU as a connection counts them.
#[derive(Debug, Clone, Copy)]
pub struct Measured<'a> {
    levels: &'a Levels,
    settings: &'a StockSettings,
}

impl<'a> Measured<'a> {
    pub fn new(levels: &'a Levels, settings: &'a StockSettings) -> Self {
        Self { levels, settings }
    }

    /// The latest measurement of the warehouses that count.
    pub fn latest(&self) -> Option<Timestamp> {
        let counted = counted(self.levels, &self.settings.warehouses);
        counted.map(|(_, level)| level.measured_at).max()
    }

    /// Whether units that were taken at `moment` are no longer to be taken off the levels: they reflect it, or nobody waits
    /// for that any longer.
    pub fn is_settled(&self, moment: Timestamp, warehouse: Option<&WarehouseCode>) -> bool {
        self.reflects(moment, warehouse) || self.is_given_up(moment)
    }

    /// Whether the levels reflect what was taken at `moment`. The warehouse that gave it decides; if nobody named it (or it
    /// never counted this SKU), the oldest measurement does.
    pub fn reflects(&self, moment: Timestamp, warehouse: Option<&WarehouseCode>) -> bool {
        let named = warehouse.and_then(|warehouse| self.levels.get(warehouse));
        let measured = named
            .map(|level| level.measured_at)
            .or_else(|| self.oldest());
        measured.is_some_and(|measured| measured > moment)
    }

    /// Whether counts went on for so long after `moment` that the one still missing is not waited for.
    fn is_given_up(&self, moment: Timestamp) -> bool {
        let hours = SignedDuration::from_hours(self.settings.give_up_after_hours.into());
        let end = moment.saturating_add(hours).unwrap_or(Timestamp::MAX);
        self.latest().is_some_and(|latest| latest >= end)
    }

    /// The oldest measurement of the warehouses that count and hold stock; of all that count if none holds any.
    fn oldest(&self) -> Option<Timestamp> {
        let counted = || counted(self.levels, &self.settings.warehouses).map(|(_, level)| level);
        let holding = counted().filter(|level| level.quantity > 0);
        let oldest = holding.map(|level| level.measured_at).min();
        oldest.or_else(|| counted().map(|level| level.measured_at).min())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stock::StockLevel;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn levels(of: &[(&str, u32, i64)]) -> Levels {
        let level = |quantity, second| StockLevel {
            quantity,
            measured_at: at(second),
            received_at: at(second),
        };
        of.iter()
            .map(|(warehouse, quantity, second)| {
                (warehouse.parse().unwrap(), level(*quantity, *second))
            })
            .collect()
    }

    fn reflects(of: &[(&str, u32, i64)], warehouse: Option<&str>) -> bool {
        let (levels, settings) = (levels(of), StockSettings::default());
        let warehouse = warehouse.map(|warehouse| warehouse.parse().unwrap());
        Measured::new(&levels, &settings).reflects(at(100), warehouse.as_ref())
    }

    #[test]
    fn the_warehouse_that_gave_the_units_decides_and_without_a_name_the_oldest_that_holds_stock() {
        let man_counted = [("LON", 5, 1), ("MAN", 4, 200)];
        let lon_counted = [("LON", 2, 150), ("MAN", 4, 1)];
        let cases = [
            (&man_counted, None, false),
            (&man_counted, Some("LON"), false),
            (&man_counted, Some("MAN"), true),
            (&man_counted, Some("lon"), false),
            (&lon_counted, Some("LON"), true),
            (&lon_counted, None, false),
            (&[("LON", 2, 150), ("MAN", 4, 200)], None, true),
            (&[("LON", 2, 150), ("MAN", 0, 1)], None, true),
            (&[("LON", 0, 150), ("MAN", 0, 1)], None, false),
            (&[("LON", 2, 100), ("MAN", 4, 200)], None, false),
        ];
        for (levels, warehouse, expected) in cases {
            assert_eq!(
                reflects(levels, warehouse),
                expected,
                "{levels:?} {warehouse:?}"
            );
        }
        assert!(!reflects(&[], None) && !reflects(&[], Some("LON")));
    }

    #[test]
    fn a_warehouse_that_does_not_count_decides_only_if_it_is_named() {
        let levels = levels(&[("LON", 5, 200), ("RETURNS", 9, 1)]);
        let settings = StockSettings {
            warehouses: ["LON".parse().unwrap()].into(),
            ..StockSettings::default()
        };
        let measured = Measured::new(&levels, &settings);
        assert!(measured.reflects(at(100), None));
        assert!(!measured.reflects(at(100), Some(&"RETURNS".parse().unwrap())));
    }

    #[test]
    fn a_count_that_never_comes_is_given_up_after_the_hours_of_the_settings() {
        let settings = StockSettings {
            give_up_after_hours: 2,
            ..StockSettings::default()
        };
        for (latest, expected) in [(7_299, false), (7_300, true)] {
            let levels = levels(&[("LON", 5, 1), ("MAN", 4, latest)]);
            let measured = Measured::new(&levels, &settings);
            assert_eq!(measured.is_settled(at(100), None), expected);
            assert!(!measured.reflects(at(100), None));
        }
    }
}
