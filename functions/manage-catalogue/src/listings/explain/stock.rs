//! From levels and reservations to what is wanted, step by step, by the rules of the recompute.

use super::answer::{Held, PartStock, PolicyStep, Rejected, WantedValue, WarehouseLevel};
use super::{ListingFacts, words};
use jiff::Timestamp;
use stallkeeper::domain::ids::Sku;
use stallkeeper::domain::stock::{Counted, Deliverable, Measured, Reservation, Wanted, count};
use stallkeeper::store::SkuInputs;

/// What an explanation says of stock.
pub(super) struct Stock {
    pub(super) parts: Vec<PartStock>,
    pub(super) policy: Vec<PolicyStep>,
    pub(super) computed: WantedValue<u32>,
    pub(super) wanted: Option<WantedValue<u32>>,
}

impl ListingFacts {
    /// The SKUs that the quantity is counted in, with how many one unit of the product takes.
    fn components(&self) -> Vec<(&Sku, u32, &SkuInputs)> {
        let parts = self.parts.iter();
        let parts: Vec<_> = parts
            .map(|(sku, units, inputs)| (sku, *units, inputs))
            .collect();
        if parts.is_empty() {
            vec![(&self.product, 1, &self.inputs)]
        } else {
            parts
        }
    }

    pub(super) fn stock(&self) -> Stock {
        let components = self.components();
        let Counted {
            components: deliverables,
            wanted,
        } = self.computed();
        let enough = deliverables.iter().map(|it| it.enough_for);
        let scarcest = enough.collect::<Option<Vec<u32>>>();
        let scarcest = scarcest.and_then(|enough| enough.into_iter().min());
        let counted = wanted.quantity.is_some()
            && (self.product_rules.is_sold() || self.product_rules.asks());
        let steps = scarcest.filter(|_| counted);
        let steps = steps.map(|enough| {
            let units = self.listing.units.max(1);
            let policy = self.product_rules.policy(self.settings().policy);
            policy.steps(enough / units)
        });
        let parts = components.iter().zip(&deliverables);
        Stock {
            parts: parts
                .map(|((_, _, inputs), deliverable)| self.part(inputs, deliverable))
                .collect(),
            policy: steps
                .into_iter()
                .flatten()
                .map(|step| PolicyStep {
                    step: step.step,
                    quantity: step.quantity,
                })
                .collect(),
            computed: wanted.into(),
            wanted: self.listing.wanted.clone().map(Into::into),
        }
    }

    fn computed(&self) -> Counted {
        let published = self.plan.published.as_ref();
        let generation = published.map_or(0, |it| it.quantities().generation);
        let own = self.inputs.stock(&self.product);
        let part = |sku: &Sku| {
            let (sku, _, inputs) = self.parts.iter().find(|(it, ..)| it == sku)?;
            Some(inputs.stock(sku))
        };
        let (units, now) = (self.listing.units, Timestamp::now());
        let (settings, rules) = (self.settings(), &self.product_rules);
        count(own, part, units, settings, rules, generation, now)
    }

    fn part(&self, inputs: &SkuInputs, deliverable: &Deliverable) -> PartStock {
        let settings = self.settings();
        let counts =
            |warehouse| settings.warehouses.is_empty() || settings.warehouses.contains(warehouse);
        let levels = inputs.levels.levels.iter();
        PartStock {
            sku: deliverable.sku.clone(),
            units: deliverable.units,
            levels: levels
                .map(|(warehouse, level)| WarehouseLevel {
                    warehouse: warehouse.to_string(),
                    quantity: level.quantity,
                    measured_at: level.measured_at,
                    received_at: level.received_at,
                    counts: counts(warehouse),
                })
                .collect(),
            level: deliverable.level,
            reserved: deliverable.reserved,
            enough_for: deliverable.enough_for,
            measured_at: deliverable.measured_at,
            sold_out_at: deliverable.sold_out_at,
            reservations: inputs
                .reservations
                .iter()
                .map(|it| self.held(it, Measured::new(&inputs.levels.levels, settings)))
                .collect(),
            rejected: inputs
                .rejected
                .clone()
                .map(|(reason, at)| Rejected { reason, at }),
        }
    }

    fn held(&self, reservation: &Reservation, measured: Measured<'_>) -> Held {
        let levels = self.settings().levels;
        Held {
            connection: reservation.connection.to_string(),
            order_id: reservation.order.to_string(),
            line: reservation.line.clone(),
            sku: reservation.amazon_sku.to_string(),
            units: reservation.units,
            held: reservation.held(levels, measured),
            why: words::held(reservation, levels, measured),
            ordered_at: reservation.sale.map(|sale| sale.ordered_at),
            acknowledged_at: reservation.acknowledged_at,
            warehouse: reservation.warehouse.clone().map(String::from),
        }
    }
}

impl From<Wanted> for WantedValue<u32> {
    fn from(wanted: Wanted) -> Self {
        Self {
            value: wanted.quantity,
            why: wanted.why,
            generation: wanted.generation,
            at: wanted.at,
            level_at: wanted.level_at,
        }
    }
}
