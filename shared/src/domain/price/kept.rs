//! What the merchant keeps of a price.

use super::action::{OnTop, share};
use super::rounding::shown;
use rust_decimal::Decimal;
use serde::Serialize;

/// What is left of a price for the merchant, in the marketplace's currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = PriceKept)]
pub struct Kept {
    pub tax: Decimal,
    /// Amazon's fee, as far as the rules name one.
    pub fee: Decimal,
    pub shipping: Decimal,
    pub cost: Decimal,
    /// What is left over all of these.
    pub margin: Decimal,
    /// The margin as a share of the cost.
    pub margin_percent: Decimal,
}

impl Kept {
    /// `None`: the numbers are too large. `cost`: more than 0.
    pub(super) fn of(
        amount: Decimal,
        cost: Decimal,
        on_top: &OnTop<'_>,
        currency: &str,
    ) -> Option<Self> {
        let net = amount.checked_div(on_top.with_tax())?;
        let fee = on_top.fee.map_or(Some(Decimal::ZERO), |fee| {
            let of_price = amount.checked_mul(share(fee.percent))?;
            Some(of_price.max(fee.at_least))
        })?;
        let margin = net - fee - on_top.shipping - cost;
        let percent = margin
            .checked_div(cost)?
            .checked_mul(Decimal::ONE_HUNDRED)?;
        let shown = |amount| shown(amount, currency);
        Some(Self {
            tax: shown(amount - net),
            fee: shown(fee),
            shipping: shown(on_top.shipping),
            cost: shown(cost),
            margin: shown(margin),
            margin_percent: percent.round_dp(2).normalize(),
        })
    }
}
