//! How an offer's price follows from rules. Pure; the one place of the formulas.
//!
//! 1. **Rule**: the narrowest whose condition matches the product, then the first in the list.
//! 2. **Action**: `margin` cost × (1 + m), `profit` cost ÷ (1 − p), `add` cost + amount; `rrp` RRP × factor, `fixed` an amount.
//!    A listing of several units counts the cost, the RRP or the amount as often.
//! 3. Only if the action begins at the cost: + **shipping** (once an item), then what **Amazon's fee** takes, then × (1 + **VAT**).
//!    Amazon takes its share r of what the buyer pays, tax included, so the price before tax is divided by 1 − r × (1 + VAT);
//!    where a minimum of the fee is more, that is added instead. `rrp` and `fixed` have all of this in them already.
//! 4. **Rounding**, always upwards, to the ending; not of `fixed`.
//! 5. **Floor**: cost, minimum margin and shipping, with fee and VAT as in 3. A price below is raised to it, rounded up again.
//! 6. **Ceiling**: a price above is lowered to it; if the floor is above the ceiling, there is no price.
//!
//! What is missing (a cost, a rate, a tax class) makes no price and says so: never 0.

mod action;
mod decide;
mod exchange;
mod faults;
mod kept;
mod limits;
mod no_price;
mod rounding;
mod rules;
mod step;
mod vat;
mod wanted;

pub use decide::{Decision, Price, PriceQuestion, decide};
pub use exchange::ExchangeRates;
pub use kept::Kept;
pub use limits::{PriceLimits, SentLimit, SentLimits};
pub use no_price::NoPrice;
pub use rounding::Ending;
pub use rules::{Action, Ceiling, MinimumMargin, PriceRule, PriceRules, ReferralFee};
pub use step::Step;
pub use vat::{VatRate, vat_rate};
pub use wanted::Pricing;

use rust_decimal::Decimal;

/// Whether an amount moves by more than this share of what it was.
pub(crate) fn moves_by_more(from: Decimal, to: Decimal, percent: Decimal) -> bool {
    let most = from.abs().checked_mul(percent / Decimal::ONE_HUNDRED);
    (to - from).abs() > most.unwrap_or(Decimal::MAX)
}

#[cfg(test)]
mod tests;
