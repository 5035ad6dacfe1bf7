//! What a connection sells and for how much, by rules: drafted, and put in force with the stock settings. What is published is
//! kept as it was, and never changed.

use super::connection::{MarketplaceSettings, PriceMode};
use super::marketplace::Marketplace;
use super::price::{ExchangeRates, PriceRules, Pricing};
use super::product::{Category, Product, ProductFacts, narrowest};
use super::selection::{PolicyRule, ProductRules, Selected, Selection};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All rules of a connection; none at all if nobody has drafted any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SellingRules {
    /// A marketplace without rules follows the price mode of its settings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<Marketplace, PriceRules>,
    /// `None`: everything is sold everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<Selection>,
    /// Stock policies of some products, in place of that of the settings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PolicyRule>,
}

/// Rules that are drafted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RulesDraft {
    /// The draft's of the stock plan with which they were written; 0: nobody has drafted any.
    pub revision: u64,
    pub rules: SellingRules,
}

impl RulesDraft {
    /// What a publication of it names; `None`: there are no rules.
    pub fn published_as(&self) -> Option<u64> {
        (self.revision > 0).then_some(self.revision)
    }
}

impl SellingRules {
    /// What decides the prices on a marketplace: on one that is switched off nothing is set.
    pub fn price_mode(&self, settings: &MarketplaceSettings) -> PriceMode {
        if !settings.active {
            return PriceMode::Leave;
        }
        let rules = self.prices.get(&settings.marketplace);
        rules.map_or(settings.price_mode, |rules| rules.mode)
    }

    /// The marketplaces whose prices are ours to send.
    pub fn priced(&self, marketplaces: &[MarketplaceSettings]) -> Vec<Marketplace> {
        let ours = |it: &&MarketplaceSettings| self.price_mode(it) != PriceMode::Leave;
        let priced = marketplaces.iter().filter(ours);
        priced.map(|settings| settings.marketplace).collect()
    }

    /// What decides the prices on a marketplace at a moment, with all that it takes; `rates`: the tenant's.
    pub fn pricing<'a>(
        &'a self,
        settings: &MarketplaceSettings,
        rates: Option<&'a ExchangeRates>,
        now: Timestamp,
    ) -> Pricing<'a> {
        Pricing {
            marketplace: settings.marketplace,
            mode: self.price_mode(settings),
            rules: self.prices.get(&settings.marketplace),
            rates,
            today: now.to_zoned(TimeZone::UTC).date(),
        }
    }

    /// The category whose first appearance must be looked up to decide about a product; most products need none.
    pub fn category_to_look_up(&self, product: &Product) -> Option<Category> {
        let selection = self.selection.as_ref()?;
        let facts = ProductFacts::of(product);
        let category = selection.category_to_look_up(&product.sku, &facts);
        category.cloned()
    }

    /// What they say of a product's stock. `appeared`: see [`Selection::decide`].
    pub fn of_product(&self, product: &Product, appeared: Option<Timestamp>) -> ProductRules {
        if self.selection.is_none() && self.policies.is_empty() {
            return ProductRules::default();
        }
        let facts = ProductFacts::of(product);
        let policy = narrowest(&self.policies, |rule| &rule.products, &facts);
        let selection = self.selection.as_ref();
        ProductRules {
            selected: selection.map(|it| Selected::new(it, &product.sku, &facts, appeared)),
            policy: policy.map(|(_, rule)| rule.clone()),
        }
    }

    /// Whether they say the same as others of every quantity, and of where products are sold.
    pub fn sells_like(&self, others: &Self) -> bool {
        self.selection == others.selection && self.policies == others.policies
    }

    /// Whether prices can depend on exchange rates.
    pub fn may_convert(&self) -> bool {
        self.prices.values().any(PriceRules::may_convert)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(
        marketplace: Marketplace,
        active: bool,
        price_mode: PriceMode,
    ) -> MarketplaceSettings {
        MarketplaceSettings {
            active,
            price_mode,
            ..MarketplaceSettings::new(marketplace)
        }
    }

    #[test]
    fn prices_are_sent_only_where_a_marketplace_is_active_and_asks_for_them() {
        let settings = [
            settings(Marketplace::Uk, true, PriceMode::Rrp),
            settings(Marketplace::De, false, PriceMode::Rrp),
            settings(Marketplace::Fr, true, PriceMode::Leave),
            settings(Marketplace::Es, true, PriceMode::Leave),
            settings(Marketplace::It, true, PriceMode::Rrp),
        ];
        let none = SellingRules::default();
        assert_eq!(none.priced(&settings), [Marketplace::Uk, Marketplace::It]);
        assert_eq!(none.price_mode(&settings[1]), PriceMode::Leave);
        let rules = SellingRules {
            prices: [
                (Marketplace::De, PriceRules::of(PriceMode::Rules)),
                (Marketplace::Es, PriceRules::of(PriceMode::Rules)),
                (Marketplace::It, PriceRules::of(PriceMode::Leave)),
            ]
            .into(),
            ..SellingRules::default()
        };
        assert_eq!(rules.priced(&settings), [Marketplace::Uk, Marketplace::Es]);
        assert_eq!(rules.price_mode(&settings[3]), PriceMode::Rules);
    }

    #[test]
    fn rules_of_a_later_release_are_read_as_far_as_they_are_known() {
        let later = serde_json::json!({"prices": {"UK": {"mode": "rrp"}}, "later": {"a": 1}});
        let read: SellingRules = serde_json::from_value(later).unwrap();
        assert_eq!(read.prices[&Marketplace::Uk].mode, PriceMode::Rrp);
    }
}
