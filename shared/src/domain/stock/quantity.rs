//! The quantity that a listing is to have: the fewest that its components allow, through the policy.

use super::{Levels, Policy, Reservation, Step, counted};
use crate::domain::stock_settings::StockSettings;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A SKU that a listing's quantity is counted in, with all that is known of its stock.
#[derive(Debug, Clone)]
pub struct Component<'a> {
    pub sku: &'a str,
    /// How many of it one unit of the product takes.
    pub units: u32,
    pub levels: &'a Levels,
    pub reservations: &'a [Reservation],
}

/// What one component allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deliverable {
    pub sku: String,
    pub units: u32,
    /// Of the warehouses that count; `None`: no level came yet, so nothing is known.
    pub level: Option<u32>,
    pub reserved: u32,
    /// How many of the product it is enough for.
    pub enough_for: Option<u32>,
    pub measured_at: Option<Timestamp>,
}

/// What a component allows under these settings.
pub fn deliverable(component: &Component<'_>, settings: &StockSettings) -> Deliverable {
    let mut level: Option<u32> = None;
    let mut measured_at: Option<Timestamp> = None;
    for (_, one) in counted(component.levels, &settings.warehouses) {
        level = Some(level.unwrap_or(0).saturating_add(one.quantity));
        measured_at = measured_at.max(Some(one.measured_at));
    }
    let reserved = component
        .reservations
        .iter()
        .map(|reservation| reservation.held(settings.levels, measured_at))
        .fold(0, u32::saturating_add);
    Deliverable {
        sku: component.sku.to_owned(),
        units: component.units,
        level,
        reserved,
        enough_for: level.map(|level| level.saturating_sub(reserved) / component.units.max(1)),
        measured_at,
    }
}

/// What a listing is to have, and where the number came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// `None`: unknown or to be left alone; nothing is sent then. Unknown is never zero.
    pub quantity: Option<u32>,
    /// Why, for a person.
    pub why: String,
    /// The latest measurement that the number rests on: an increase waits until all orders up to it are known.
    pub level_at: Option<Timestamp>,
    /// Counters and settings that it was computed from; the greater wins.
    pub label: u64,
    pub at: Timestamp,
}

/// What a product is listed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedAs {
    /// Units of the product in one unit of the listing.
    pub units: u32,
    pub is_bundle: bool,
    /// Whether the merchant still keeps the product.
    pub kept: bool,
}

/// Computes what a listing is to have: `policy(min over components (level − reserved) ÷ units)`, never below 0.
pub fn wanted(
    listed: WantedAs,
    components: &[Deliverable],
    settings: &StockSettings,
    label: u64,
    at: Timestamp,
) -> Wanted {
    let result = |quantity, why: String| Wanted {
        quantity,
        why,
        level_at: components
            .iter()
            .filter_map(|component| component.measured_at)
            .max(),
        label,
        at,
    };
    if !listed.kept {
        return result(None, "no product of this SKU is kept".into());
    }
    if listed.is_bundle && !settings.bundles {
        return result(None, "bundles are left alone by the settings".into());
    }
    let unknown = components
        .iter()
        .find(|component| component.level.is_none());
    if let Some(unknown) = unknown {
        return result(None, format!("no stock level of {} yet", unknown.sku));
    }
    let scarcest = components
        .iter()
        .filter_map(|component| Some((component.enough_for?, component)))
        .min_by_key(|(enough_for, _)| *enough_for);
    let Some((enough_for, scarcest)) = scarcest else {
        return result(None, "it has no components".into());
    };
    let units = listed.units.max(1);
    let steps = settings.policy.steps(enough_for / units);
    let why = explained(scarcest, units, &steps, &settings.policy);
    result(Some(steps[3].quantity), why)
}

fn explained(scarcest: &Deliverable, units: u32, steps: &[Step; 4], policy: &Policy) -> String {
    let level = scarcest.level.unwrap_or(0);
    let mut why = format!(
        "({level} in stock − {} reserved) of {}",
        scarcest.reserved, scarcest.sku
    );
    let divisor = u64::from(scarcest.units) * u64::from(units);
    if divisor > 1 {
        why.push_str(&format!(" ÷ {divisor}"));
    }
    why.push_str(&format!(" = {}", steps[0].quantity));
    if policy.buffer > 0 {
        why.push_str(&format!(
            "; buffer {} → {}",
            policy.buffer, steps[1].quantity
        ));
    }
    if policy.percentage < 100 {
        why.push_str(&format!(
            "; {} % → {}",
            policy.percentage, steps[2].quantity
        ));
    }
    if let Some(maximum) = policy.maximum {
        why.push_str(&format!("; at most {maximum} → {}", steps[3].quantity));
    }
    why
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stock::StockLevel;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn levels(quantity: u32, measured: i64) -> Levels {
        let level = StockLevel {
            quantity,
            measured_at: at(measured),
            received_at: at(measured),
        };
        Levels::from([("LON".parse().unwrap(), level)])
    }

    fn component<'a>(sku: &'a str, units: u32, levels: &'a Levels) -> Component<'a> {
        Component {
            sku,
            units,
            levels,
            reservations: &[],
        }
    }

    #[test]
    fn the_scarcest_part_decides_and_the_latest_measurement_counts() {
        let settings = StockSettings::default();
        let (many, few) = (levels(100, 10), levels(7, 20));
        let parts = [component("MANY", 1, &many), component("FEW", 2, &few)]
            .map(|part| deliverable(&part, &settings));
        let listed = WantedAs {
            units: 1,
            is_bundle: true,
            kept: true,
        };
        let wanted = wanted(listed, &parts, &settings, 3, at(30));
        assert_eq!(wanted.quantity, Some(3));
        assert_eq!(wanted.level_at, Some(at(20)));
        assert_eq!(wanted.why, "(7 in stock − 0 reserved) of FEW ÷ 2 = 3");
    }

    #[test]
    fn unknown_is_never_zero() {
        let settings = StockSettings::default();
        let none = Levels::new();
        let parts = [deliverable(&component("NEW", 1, &none), &settings)];
        let listed = WantedAs {
            units: 1,
            is_bundle: false,
            kept: true,
        };
        assert_eq!(wanted(listed, &parts, &settings, 1, at(0)).quantity, None);
    }
}
