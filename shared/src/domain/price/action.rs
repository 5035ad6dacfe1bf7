//! What comes on top of a cost: shipping, Amazon's fee, tax. Used for the price and for its floor.

use super::no_price::NoPrice;
use super::rounding::Exact;
use super::rules::{PriceRules, ReferralFee};
use super::step::Step;
use super::vat::{VatRate, vat_rate};
use crate::domain::marketplace::Marketplace;
use crate::domain::product::Product;
use rust_decimal::Decimal;

/// What a price has in it besides what the merchant keeps.
#[derive(Debug)]
pub(super) struct OnTop<'a> {
    currency: &'static str,
    pub(super) shipping: Decimal,
    pub(super) fee: Option<&'a ReferralFee>,
    /// `None`: prices there are without tax.
    pub(super) vat: Option<VatRate>,
}

pub(super) fn share(percent: Decimal) -> Decimal {
    // A percentage has few decimals: it cannot overflow.
    percent / Decimal::ONE_HUNDRED
}

/// 1 + a percentage.
pub(super) fn plus_percent(percent: Decimal) -> Decimal {
    Decimal::ONE + share(percent)
}

/// 1 − a percentage.
pub(super) fn less_percent(percent: Decimal) -> Decimal {
    Decimal::ONE - share(percent)
}

impl<'a> OnTop<'a> {
    pub(super) fn of(
        rules: &'a PriceRules,
        marketplace: Marketplace,
        product: &Product,
    ) -> Result<Self, NoPrice> {
        Ok(Self {
            currency: marketplace.currency(),
            shipping: rules.shipping,
            fee: rules.referral_fee.as_ref(),
            vat: vat(rules, marketplace, product)?,
        })
    }

    /// 1 + VAT.
    pub(super) fn with_tax(&self) -> Decimal {
        let percent = self.vat.as_ref().map_or(Decimal::ZERO, |vat| vat.percent);
        plus_percent(percent)
    }

    /// The price with tax that leaves `kept` once shipping, fee and tax are paid; each step goes to `note`.
    pub(super) fn added_to(
        &self,
        kept: Exact,
        mut note: impl FnMut(Step),
    ) -> Result<Exact, NoPrice> {
        let mut net = kept;
        if self.shipping > Decimal::ZERO {
            net = net.plus(self.shipping).ok_or(NoPrice::TooLarge)?;
            note(Step::Shipping {
                share: self.shipping,
                amount: net.shown(self.currency),
            });
        }
        if let Some(fee) = self.fee {
            let (with_fee, step) = self.with_fee(net, fee)?;
            net = with_fee;
            note(step);
        }
        let price = net.times(self.with_tax()).ok_or(NoPrice::TooLarge)?;
        let amount = price.shown(self.currency);
        note(match &self.vat {
            Some(vat) => Step::Vat {
                percent: vat.percent,
                class: vat.class.clone(),
                as_of: vat.as_of.map(str::to_owned),
                amount,
            },
            None => Step::Untaxed { amount },
        });
        Ok(price)
    }

    /// The fee is the greater of its share and its least; so the price must leave enough after either.
    fn with_fee(&self, net: Exact, fee: &ReferralFee) -> Result<(Exact, Step), NoPrice> {
        let left = Decimal::ONE - share(fee.percent) * self.with_tax();
        let by_share = net.over(left).ok_or(NoPrice::FeeTakesAll)?;
        let by_least = net.plus(fee.at_least).ok_or(NoPrice::TooLarge)?;
        let more = by_share.or_more(by_least).ok_or(NoPrice::TooLarge)?;
        let amount = more.shown(self.currency);
        let step = match more == by_share {
            true => Step::Fee {
                percent: fee.percent,
                left: left.normalize(),
                amount,
            },
            false => Step::LeastFee {
                fee: fee.at_least,
                amount,
            },
        };
        Ok((more, step))
    }
}

fn vat(
    rules: &PriceRules,
    marketplace: Marketplace,
    product: &Product,
) -> Result<Option<VatRate>, NoPrice> {
    if !marketplace.prices_include_tax() {
        return Ok(None);
    }
    let class = product.tax_class.as_deref();
    let class = class.filter(|class| !class.trim().is_empty());
    let class = class
        .or(rules.default_tax_class.as_deref())
        .ok_or(NoPrice::NoTaxClass)?;
    let rate = vat_rate(marketplace, class, &rules.vat);
    rate.map(Some).ok_or_else(|| NoPrice::NoVatRate {
        class: class.to_owned(),
    })
}
