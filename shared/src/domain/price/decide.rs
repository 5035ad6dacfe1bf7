//! One price: the rule, the formula, and the limits, with every step kept.

use super::action::{OnTop, less_percent, plus_percent};
use super::exchange::ExchangeRates;
use super::kept::Kept;
use super::limits::PriceLimits;
use super::no_price::NoPrice;
use super::rounding::{Ending, Exact, down, shown};
use super::rules::{Action, Ceiling, PriceRule, PriceRules};
use super::step::Step;
use crate::domain::marketplace::Marketplace;
use crate::domain::product::{Condition, Product, ProductFacts, narrowest};
use jiff::civil::Date;
use rust_decimal::Decimal;

/// All that decides a price.
#[derive(Debug, Clone, Copy)]
pub struct PriceQuestion<'a> {
    pub rules: &'a PriceRules,
    pub marketplace: Marketplace,
    pub product: &'a Product,
    /// How many of the product one sale of the listing takes; at least 1.
    pub units: u32,
    pub rates: Option<&'a ExchangeRates>,
    /// UTC.
    pub today: Date,
}

/// What the rules say of a listing's price on a marketplace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The rule that decided, by its name or else its condition.
    pub rule: Option<String>,
    pub steps: Vec<Step>,
    pub price: Result<Price, NoPrice>,
}

/// A price that can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    pub amount: Decimal,
    /// The floor, rounded up, and the ceiling, rounded down.
    pub limits: PriceLimits,
    /// What the merchant keeps of it; `None` if the cost or the tax is not known.
    pub kept: Option<Kept>,
}

impl Decision {
    /// Every step in one sentence, or why there is no price.
    pub fn words(&self, marketplace: Marketplace) -> String {
        let currency = marketplace.currency();
        let steps = self.steps.iter().map(|step| step.words(currency));
        let steps = steps.collect::<Vec<_>>().join("; ");
        match &self.price {
            Ok(_) => steps,
            Err(none) if steps.is_empty() => format!("no_price: {}", none.words(marketplace)),
            Err(none) => format!("no_price: {} ({steps})", none.words(marketplace)),
        }
    }
}

/// Decides the price of a listing on a marketplace by its rules. Total: there is a price, or a reason why not.
pub fn decide(question: &PriceQuestion<'_>) -> Decision {
    let rules = &question.rules.rules;
    let found = narrowest(rules, |rule| &rule.condition, &question.facts());
    let Some((_, rule)) = found else {
        return Decision {
            rule: None,
            steps: Vec::new(),
            price: Err(NoPrice::NoRule),
        };
    };
    let label = rule.label();
    let mut steps = vec![Step::Rule {
        rule: label.clone(),
    }];
    let price = question.price_by(rule, &mut steps);
    Decision {
        rule: Some(label),
        steps,
        price,
    }
}

impl PriceQuestion<'_> {
    fn currency(&self) -> &'static str {
        self.marketplace.currency()
    }

    fn units(&self) -> Decimal {
        Decimal::from(self.units.max(1))
    }

    /// What conditions ask of the product; its cost also in the currencies of ranges, if rates lead there.
    fn facts(&self) -> ProductFacts {
        let mut facts = ProductFacts::of(self.product);
        for rule in &self.rules.rules {
            let Condition::CostRange { currency, .. } = &rule.condition else {
                continue;
            };
            if let Some((.., cost)) = self.converted(currency) {
                facts = facts.with_cost(currency, cost);
            }
        }
        facts
    }

    /// A cost in another currency, converted: of several, the dearest. From what, from which currency, and to what.
    fn converted(&self, to: &str) -> Option<(Decimal, &str, Decimal)> {
        let rates = self.rates?;
        let costs = self.product.cost.iter().filter_map(|(from, cost)| {
            let converted = rates.convert(*cost, from, to)?;
            Some((*cost, from.as_str(), converted))
        });
        costs.max_by_key(|(_, _, converted)| *converted)
    }

    /// What a unit costs in the marketplace's currency.
    fn cost_of_one(&self, note: &mut dyn FnMut(Step)) -> Result<Decimal, NoPrice> {
        if self.product.cost.is_empty() {
            return Err(NoPrice::NoCost);
        }
        if let Some(cost) = self.product.cost.get(self.currency()) {
            return Ok(*cost);
        }
        let rates = self.rates.ok_or(NoPrice::NoExchangeRate)?;
        let converted = self.converted(self.currency());
        let (cost, currency, amount) = converted.ok_or(NoPrice::NoExchangeRate)?;
        let within_days = self.rules.exchange_rates_within_days;
        if !rates.are_within(within_days, self.today) {
            let of = rates.date;
            return Err(NoPrice::OldExchangeRates { of, within_days });
        }
        note(Step::Converted {
            cost,
            currency: currency.to_owned(),
            date: rates.date,
            amount: shown(amount, self.currency()),
        });
        Ok(amount)
    }

    /// What the listing's units cost.
    fn cost(&self, note: &mut dyn FnMut(Step)) -> Result<Exact, NoPrice> {
        let one = self.cost_of_one(note)?;
        let cost = Exact::new(one).times(self.units());
        let cost = cost.ok_or(NoPrice::TooLarge)?;
        note(Step::Cost {
            one: shown(one, self.currency()),
            units: self.units.max(1),
            amount: cost.shown(self.currency()),
        });
        Ok(cost)
    }

    fn price_by(&self, rule: &PriceRule, steps: &mut Vec<Step>) -> Result<Price, NoPrice> {
        let currency = self.currency();
        let on_top = OnTop::of(self.rules, self.marketplace, self.product);
        let asked = match rule.action.is_of_cost() {
            true => {
                let kept = self.of_cost(&rule.action, steps)?;
                on_top
                    .as_ref()
                    .map_err(Clone::clone)?
                    .added_to(kept, |step| steps.push(step))?
            }
            false => self.as_buyers_see_it(&rule.action, steps)?,
        };
        let ending = match rule.action {
            Action::Fixed { .. } => Ending::None,
            _ => self.rules.ending,
        };
        let mut amount = asked.up(ending, currency).ok_or(NoPrice::TooLarge)?;
        let was = asked.shown(currency);
        if amount != was {
            steps.push(Step::Rounded { ending, amount });
        }
        let least = self.floor(&on_top)?;
        if let Some(floor) = least {
            let raised = floor.is_at_most(amount) == Some(false);
            if raised {
                amount = floor.up(ending, currency).ok_or(NoPrice::TooLarge)?;
            }
            steps.push(Step::Floor {
                floor: floor.shown(self.currency()),
                raised,
                amount,
            });
        }
        let most = self.ceiling()?;
        if let Some(ceiling) = most {
            amount = self.below(ceiling, least, amount, steps)?;
        }
        let least = least.and_then(|floor| floor.up(Ending::None, currency));
        let kept = on_top.ok().and_then(|on_top| {
            let cost = self.cost(&mut |_| {}).ok()?.near()?;
            Kept::of(amount, cost, &on_top, currency)
        });
        Ok(Price {
            amount,
            limits: PriceLimits { least, most },
            kept,
        })
    }

    /// What the merchant is to keep, before shipping, fee and tax.
    fn of_cost(&self, action: &Action, steps: &mut Vec<Step>) -> Result<Exact, NoPrice> {
        let cost = self.cost(&mut |step| steps.push(step))?;
        let kept = match action {
            Action::Margin { percent } => cost.times(plus_percent(*percent)),
            Action::Profit { percent } => cost.over(less_percent(*percent)),
            Action::Add { amount } => {
                let added = amount.checked_mul(self.units());
                added.and_then(|added| cost.plus(added))
            }
            Action::Rrp { .. } | Action::Fixed { .. } => Some(cost),
        };
        let kept = kept.ok_or(NoPrice::TooLarge)?;
        let amount = kept.shown(self.currency());
        match action {
            Action::Margin { percent } => steps.push(Step::Margin {
                percent: *percent,
                amount,
            }),
            Action::Profit { percent } => steps.push(Step::Profit {
                percent: *percent,
                amount,
            }),
            Action::Add { amount: added } => steps.push(Step::Added {
                added: added.checked_mul(self.units()).unwrap_or(*added),
                amount,
            }),
            Action::Rrp { .. } | Action::Fixed { .. } => {}
        }
        Ok(kept)
    }

    /// The recommended price of the listing's units.
    fn rrp(&self) -> Option<(Decimal, Exact)> {
        let one = *self.product.rrp.get(self.currency())?;
        Some((one, Exact::new(one).times(self.units())?))
    }

    fn as_buyers_see_it(&self, action: &Action, steps: &mut Vec<Step>) -> Result<Exact, NoPrice> {
        let units = self.units.max(1);
        let (price, step) = match action {
            Action::Rrp { factor } => {
                let (one, rrp) = self.rrp().ok_or(NoPrice::NoRrp)?;
                let price = rrp.times(*factor).ok_or(NoPrice::TooLarge)?;
                let (factor, amount) = (*factor, price.shown(self.currency()));
                let step = Step::Rrp {
                    one,
                    units,
                    factor,
                    amount,
                };
                (price, step)
            }
            Action::Fixed { amount: one } => {
                let price = Exact::new(*one).times(self.units());
                let price = price.ok_or(NoPrice::TooLarge)?;
                let one = shown(*one, self.currency());
                let amount = price.shown(self.currency());
                (price, Step::Fixed { one, units, amount })
            }
            Action::Margin { .. } | Action::Profit { .. } | Action::Add { .. } => {
                return Err(NoPrice::NoRule);
            }
        };
        steps.push(step);
        Ok(price)
    }

    /// What no price of it goes below.
    fn floor(&self, on_top: &Result<OnTop<'_>, NoPrice>) -> Result<Option<Exact>, NoPrice> {
        let Some(margin) = &self.rules.minimum_margin else {
            return Ok(None);
        };
        let cost = self.cost(&mut |_| {})?;
        let kept = cost.times(plus_percent(margin.percent));
        let added = margin.amount.checked_mul(self.units());
        let kept = kept.zip(added).and_then(|(kept, added)| kept.plus(added));
        let kept = kept.ok_or(NoPrice::TooLarge)?;
        let on_top = on_top.as_ref().map_err(Clone::clone)?;
        on_top.added_to(kept, |_| {}).map(Some)
    }

    /// What no price of it exceeds.
    fn ceiling(&self) -> Result<Option<Decimal>, NoPrice> {
        let ceiling = match &self.rules.ceiling {
            None => return Ok(None),
            Some(Ceiling::Rrp { factor }) => match self.rrp() {
                None => return Ok(None),
                Some((_, rrp)) => rrp.times(*factor).and_then(Exact::near),
            },
            Some(Ceiling::Amount { amount }) => amount.checked_mul(self.units()),
        };
        let ceiling = ceiling.ok_or(NoPrice::TooLarge)?;
        down(ceiling, self.currency())
            .map(Some)
            .ok_or(NoPrice::TooLarge)
    }

    /// The price under a ceiling, which must leave room above the floor.
    fn below(
        &self,
        ceiling: Decimal,
        floor: Option<Exact>,
        amount: Decimal,
        steps: &mut Vec<Step>,
    ) -> Result<Decimal, NoPrice> {
        let is_above = floor.is_some_and(|floor| floor.is_at_most(ceiling) != Some(true));
        if is_above || ceiling <= Decimal::ZERO {
            let floor = floor.and_then(|floor| floor.up(Ending::None, self.currency()));
            let floor = floor.unwrap_or_default();
            return Err(NoPrice::FloorAboveCeiling { floor, ceiling });
        }
        let lowered = amount > ceiling;
        let amount = amount.min(ceiling);
        steps.push(Step::Ceiling {
            ceiling,
            lowered,
            amount,
        });
        Ok(amount)
    }
}
