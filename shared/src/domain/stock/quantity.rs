//! The quantity that a listing is to have: the fewest that its components allow, through the policy.

use super::{Levels, Measured, Policy, Reservation, Step, StockLevel, counted};
use crate::domain::ids::Sku;
use crate::domain::marketplace::Marketplace;
use crate::domain::product::{DeletedProduct, ListingsOfDeleted, Part, Product};
use crate::domain::selection::{ProductRules, Selected};
use crate::domain::stock_settings::StockSettings;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A SKU with all that a quantity depends on.
#[derive(Debug, Clone, Copy)]
pub struct SkuStock<'a> {
    pub sku: &'a Sku,
    /// `None`: the merchant does not keep it (any more).
    pub product: Option<&'a Product>,
    /// What is left of a product that the merchant no longer keeps.
    pub deleted: Option<DeletedProduct>,
    pub levels: &'a Levels,
    pub reservations: &'a [Reservation],
    /// When an order was cancelled because there was none left: levels that were counted before count for nothing.
    pub sold_out_at: Option<Timestamp>,
    /// Rises with each change of its levels and reservations.
    pub levels_generation: u64,
    /// Rises with each change of its product.
    pub product_generation: u64,
}

static NO_LEVELS: Levels = Levels::new();

impl<'a> SkuStock<'a> {
    /// A SKU of which nothing is known.
    pub fn unknown(sku: &'a Sku) -> Self {
        Self {
            sku,
            product: None,
            deleted: None,
            levels: &NO_LEVELS,
            reservations: &[],
            sold_out_at: None,
            levels_generation: 0,
            product_generation: 0,
        }
    }

    fn is_bundle(&self) -> bool {
        self.product.is_some_and(Product::is_bundle)
    }
}

/// What a listing of a SKU is to have, and what each SKU that it is counted in allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub components: Vec<Deliverable>,
    pub wanted: Wanted,
}

/// Counts what a listing of `units` of `own` is to have.
///
/// The recompute, the explanation and the preview all call this, and nothing else computes a wanted quantity. `part` finds
/// the parts of a bundle. `rules`: what the selling rules say of the product. `settings_generation`: of the published settings; the wanted quantity's own generation is the sum
/// of all that it was computed from.
pub fn count<'a>(
    own: SkuStock<'a>,
    part: impl Fn(&Sku) -> Option<SkuStock<'a>>,
    units: u32,
    settings: &StockSettings,
    rules: &ProductRules,
    settings_generation: u64,
    at: Timestamp,
) -> Counted {
    let parts: Vec<(SkuStock<'_>, u32)> = match own.product {
        Some(product) if product.is_bundle() => {
            let known = |it: &'a Part| part(&it.sku).unwrap_or(SkuStock::unknown(&it.sku));
            let parts = product.parts.iter();
            parts.map(|it| (known(it), it.units)).collect()
        }
        _ => vec![(own, 1)],
    };
    // A bundle's own generations do not count its parts, and a product's levels count once.
    let parts_of_bundle = parts.iter().filter(|_| own.is_bundle());
    let generation = parts_of_bundle
        .map(|(part, _)| part.levels_generation)
        .chain([own.levels_generation, own.product_generation])
        .fold(settings_generation, u64::saturating_add);
    let components: Vec<Deliverable> = parts
        .iter()
        .map(|(stock, units)| deliverable(stock, *units, settings))
        .collect();
    let nested = parts.iter().find(|(stock, _)| stock.is_bundle());
    let listed = WantedAs {
        units,
        is_bundle: own.is_bundle(),
        kept: own.product.is_some(),
        deleted: own.deleted.unwrap_or_default(),
        nested: nested.map(|(stock, _)| stock.sku),
        sold_out_at: own.sold_out_at,
        rules,
    };
    let wanted = wanted(listed, &components, settings, generation, at);
    Counted { components, wanted }
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
    /// When an order was cancelled because there was none left, while a warehouse has not counted again since.
    pub sold_out_at: Option<Timestamp>,
}

/// What a component allows under these settings.
fn deliverable(component: &SkuStock<'_>, units: u32, settings: &StockSettings) -> Deliverable {
    let counted = || counted(component.levels, &settings.warehouses).map(|(_, level)| level);
    let sold_out_at = component.sold_out_at;
    let is_void = |level: &StockLevel| sold_out_at.is_some_and(|at| !level.is_after(at));
    let quantities = counted().map(|level| if is_void(level) { 0 } else { level.quantity });
    let level = quantities.reduce(u32::saturating_add);
    let measured = Measured::new(component.levels, settings);
    let reserved = component
        .reservations
        .iter()
        .map(|reservation| reservation.held(settings.levels, measured))
        .fold(0, u32::saturating_add);
    Deliverable {
        sku: component.sku.to_string(),
        units,
        level,
        reserved,
        enough_for: level.map(|level| level.saturating_sub(reserved) / units.max(1)),
        measured_at: measured.latest(),
        sold_out_at: sold_out_at.filter(|_| counted().any(is_void)),
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
    /// The marketplaces on which its offer is to be ended.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub ended: BTreeSet<Marketplace>,
    /// A person must decide first whether it is sold: nothing new is sent, and of what was sent before only less.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks: bool,
    /// Its product is not sold, or asks: no price is sent of it, also none that was wanted before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsold: bool,
    /// Counters and settings that it was computed from; the greater wins.
    pub generation: u64,
    pub at: Timestamp,
}

/// What a product is listed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct WantedAs<'a> {
    /// Units of the product in one unit of the listing.
    units: u32,
    is_bundle: bool,
    /// Whether the merchant still keeps the product.
    kept: bool,
    /// What is left of it if not.
    deleted: DeletedProduct,
    /// A part that is a bundle itself.
    nested: Option<&'a Sku>,
    /// When an order of it was cancelled because there was none left.
    sold_out_at: Option<Timestamp>,
    rules: &'a ProductRules,
}

/// Computes what a listing is to have: `policy(min over components (level − reserved) ÷ units)`, never below 0.
fn wanted(
    listed: WantedAs<'_>,
    components: &[Deliverable],
    settings: &StockSettings,
    generation: u64,
    at: Timestamp,
) -> Wanted {
    let result = |quantity, why: String| Wanted {
        quantity,
        why,
        level_at: components
            .iter()
            .filter_map(|component| component.measured_at)
            .max(),
        ended: listed.rules.ended(),
        asks: listed.rules.asks(),
        unsold: !listed.rules.is_sold(),
        generation,
        at,
    };
    if !listed.kept {
        let left_alone = listed.deleted.bundle && !settings.bundles;
        let result = match listed.deleted.listings {
            ListingsOfDeleted::Zero if !left_alone => result(
                Some(0),
                "its product was deleted, so it goes to zero".into(),
            ),
            _ => result(None, "no product of this SKU is kept".into()),
        };
        return Wanted {
            level_at: None,
            ended: BTreeSet::new(),
            ..result
        };
    }
    if listed.is_bundle && !settings.bundles {
        return result(None, "bundles are left alone by the settings".into());
    }
    if let Some((quantity, why)) = listed
        .rules
        .selected
        .as_ref()
        .and_then(Selected::when_not_sold)
    {
        return Wanted {
            level_at: None,
            ..result(quantity, why)
        };
    }
    // Two changes at the same moment can make a part a bundle; what that could deliver nobody can tell.
    if let Some(part) = listed.nested {
        return result(None, format!("its part {part} is a bundle itself"));
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
    // Nobody knows which of a bundle's parts was missing: any newer count of one of them ends it.
    let counted_since = |at: Timestamp| {
        let mut moments = components.iter().filter_map(|part| part.measured_at);
        moments.any(|measured| measured.as_millisecond() > at.as_millisecond())
    };
    if let Some(at) = listed
        .sold_out_at
        .filter(|at| listed.is_bundle && !counted_since(*at))
    {
        let why = format!(
            "an order of it was cancelled at {at} because there was none left; a new level ends this"
        );
        return result(Some(0), why);
    }
    let units = listed.units.max(1);
    let policy = listed.rules.policy(settings.policy);
    let steps = policy.steps(enough_for / units);
    let mut why = explained(scarcest, units, &steps, &policy);
    if let Some(rule) = &listed.rules.policy {
        why.push_str(&format!(" (policy of {})", rule.products.words()));
    }
    if let Some(selected) = listed
        .rules
        .selected
        .as_ref()
        .filter(|_| listed.rules.asks())
    {
        why.push_str(&format!(
            "; {}: only less is sent",
            selected.decision.words()
        ));
    }
    result(Some(steps[3].quantity), why)
}

fn explained(scarcest: &Deliverable, units: u32, steps: &[Step; 4], policy: &Policy) -> String {
    let level = scarcest.level.unwrap_or(0);
    let mut why = format!(
        "({level} in stock − {} reserved) of {}",
        scarcest.reserved, scarcest.sku
    );
    if let Some(at) = scarcest.sold_out_at {
        why.push_str(&format!(
            ", where levels counted before {at} are 0, since an order was cancelled then because there was none left"
        ));
    }
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
mod tests;
