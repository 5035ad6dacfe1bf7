//! What may be said of a marketplace, and in words what may not. Pure.

use serde::Deserialize;
use serde_json::Value;
use stallkeeper::api::{Answer, Faults};
use stallkeeper::domain::connection::PriceMode;
use stallkeeper::domain::courier::Strategy;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Settings of stock that callers who know other systems look for here.
const OF_THE_CONNECTION: [&str; 10] = [
    "stock",
    "stock_settings",
    "quantity",
    "sync",
    "sync_stock",
    "every_minutes",
    "bundles",
    "policy",
    "warehouses",
    "buffer",
];

/// How a marketplace is to be run.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct MarketplaceRequest {
    active: bool,
    /// What happens to an order that no mapping covers: `review` lets it wait for a person.
    #[serde(default)]
    #[schema(default = "review")]
    strategy: Strategy,
    /// Whether orders that Amazon fulfils are kept too, to be read only.
    #[serde(default)]
    fba_orders: bool,
    /// What decides the prices here until price rules are published for the marketplace: `leave` never touches them, `rrp`
    /// sends the product's recommended retail price in the marketplace's currency. `rules` is set with the price rules.
    #[serde(default)]
    #[schema(default = "leave")]
    price_mode: PriceMode,
    #[serde(flatten)]
    #[schema(ignore)]
    rest: BTreeMap<String, Value>,
}

/// What was asked for, and can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MarketplaceChange {
    pub(crate) active: bool,
    pub(crate) strategy: Strategy,
    pub(crate) fba_orders: bool,
    pub(crate) price_mode: PriceMode,
}

impl MarketplaceRequest {
    /// # Errors
    /// 422 for a setting that cannot be made here; says why for each.
    pub(crate) fn checked(&self) -> Answer<MarketplaceChange> {
        let mut faults = Faults::default();
        for name in self.rest.keys() {
            faults.add(format!("/{name}"), why_not(name));
        }
        if self.strategy == Strategy::Cheapest {
            faults.add("/strategy", "`cheapest` needs rate cards, and there are none yet: nobody can know which service is the cheapest. Use `review`.");
        }
        if self.price_mode == PriceMode::Rules {
            faults.add("/price_mode", "price rules have a draft and are published: PUT /connections/{connection}/prices/{marketplace} with {\"mode\":\"rules\"}");
        }
        faults.done()?;
        Ok(MarketplaceChange {
            active: self.active,
            strategy: self.strategy,
            fba_orders: self.fba_orders,
            price_mode: self.price_mode,
        })
    }
}

fn why_not(name: &str) -> &'static str {
    match name {
        "zones" => "delivery zones cannot be drawn yet; shipping terms carry none",
        "couriers" | "couriers_off" => {
            "couriers are switched one by one: PUT /connections/{connection}/marketplaces/{marketplace}/couriers/{courier}"
        }
        name if OF_THE_CONNECTION.contains(&name) => {
            "this belongs to the connection, not to a marketplace: Amazon keeps one quantity a SKU across all marketplaces of a region, so two marketplaces with two settings would fight for ever"
        }
        _ => "there is no such field; there are active, strategy, fba_orders and price_mode",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn checked(json: Value) -> Answer<MarketplaceChange> {
        serde_json::from_value::<MarketplaceRequest>(json)
            .unwrap()
            .checked()
    }

    #[test]
    fn a_store_is_reviewed_without_fba_and_its_prices_left_unless_said_otherwise() {
        let wish = checked(json!({"active": true})).unwrap();
        assert_eq!(
            (wish.active, wish.strategy, wish.fba_orders),
            (true, Strategy::Review, false)
        );
        assert_eq!(wish.price_mode, PriceMode::Leave);
        let rrp = checked(json!({"active": true, "price_mode": "rrp"})).unwrap();
        assert_eq!(rrp.price_mode, PriceMode::Rrp);
    }

    #[test]
    fn what_cannot_be_set_here_is_refused_with_its_reason() {
        for (fields, word) in [
            (
                json!({"active": true, "strategy": "cheapest"}),
                "rate cards",
            ),
            (
                json!({"active": true, "zones": []}),
                "zones cannot be drawn",
            ),
            (
                json!({"active": true, "warehouses": ["w"]}),
                "belongs to the connection",
            ),
            (
                json!({"active": true, "stock_settings": {}}),
                "belongs to the connection",
            ),
            (json!({"active": true, "actve": true}), "no such field"),
            (
                json!({"active": true, "price_mode": "rules"}),
                "price rules have a draft",
            ),
        ] {
            let problem = checked(fields.clone()).unwrap_err();
            let text = serde_json::to_string(&problem).unwrap();
            assert!(text.contains(word), "{fields}: {text}");
            assert_eq!(problem.status().as_u16(), 422);
        }
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let problem =
            checked(json!({"active": true, "zones": [], "policy": {}, "strategy": "cheapest"}))
                .unwrap_err();
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["errors"].as_array().unwrap().len(), 3);
    }
}
