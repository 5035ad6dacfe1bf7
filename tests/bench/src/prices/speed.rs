//! Prices by rules alone: products and rules are at hand, and nothing is read or written.

use super::{MARKETPLACES, product};
use crate::median;
use anyhow::{Result, ensure};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use stallkeeper::domain::connection::MarketplaceSettings;
use stallkeeper::domain::price::PriceRules;
use stallkeeper::domain::product::Product;
use stallkeeper::domain::selling_rules::SellingRules;
use std::hint::black_box;
use std::time::Instant;

const PRODUCTS: u32 = 100;
/// How often all of them are priced; the median counts.
const ROUNDS: u32 = 5;
/// Few, many, and the most that a marketplace may have.
const RULES: [u32; 3] = [3, 50, 500];

/// How fast one core prices.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Speed {
    /// Of which the last one decides.
    pub(super) rules: u32,
    pub(super) prices_per_second_and_core: f64,
}

pub(super) fn speeds() -> Result<Vec<Speed>> {
    RULES.into_iter().map(speed).collect()
}

/// Shipping, a fee, an ending and a floor are computed as well.
fn rules(count: u32) -> Result<PriceRules> {
    let action = json!({"type": "margin", "percent": "30"});
    let brands = (1..count).map(|n| {
        let brand = format!("Brand {n}");
        json!({"condition": {"type": "brand", "brand": brand}, "action": action})
    });
    let all = json!({"condition": {"type": "all"}, "action": action});
    let rules: Vec<_> = brands.chain([all]).collect();
    let rules = json!({
        "mode": "rules", "rules": rules, "shipping": "2.50", "referral_fee": {"percent": "15"}, "ending": ".99",
        "minimum_margin": {"percent": "5"},
    });
    Ok(serde_json::from_value(rules)?)
}

fn speed(count: u32) -> Result<Speed> {
    let products: Vec<Product> = (0..PRODUCTS)
        .map(|n| serde_json::from_value(product(n)))
        .collect::<Result<_, _>>()?;
    let mut selling = SellingRules::default();
    for marketplace in MARKETPLACES {
        selling.prices.insert(marketplace, rules(count)?);
    }
    let settings = MARKETPLACES.map(|marketplace| MarketplaceSettings {
        active: true,
        ..MarketplaceSettings::new(marketplace)
    });
    let now = Timestamp::now();
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let mut priced = 0;
        for settings in &settings {
            let pricing = selling.pricing(settings, None, now);
            for product in &products {
                let wanted = black_box(pricing.wanted(product, 1, 1, now));
                priced += usize::from(wanted.is_some_and(|it| it.amount.is_some()));
            }
        }
        let all = products.len() * settings.len();
        ensure!(priced == all, "only {priced} of {all} have a price");
        times.push(started.elapsed().as_secs_f64() / all as f64);
    }
    Ok(Speed {
        rules: count,
        prices_per_second_and_core: 1.0 / median(times),
    })
}
