//! What publishing the draft would do to each price: a simulation that a person can sort and filter before anything is sent.

use super::Place;
use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{
    Answer, Limit, PageFormat, Parameters, TenantConnection, csv_answer, wants_csv,
};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::{AmazonSku, Sku};
use stallkeeper::domain::listing::{Listing, NextPrice};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::price::Kept;
use stallkeeper::preview::PriceEffect;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// The header of a CSV page that is not the last: what to give back as `after`.
const NEXT: &str = "next-page";

const COLUMNS: [&str; 15] = [
    "sku",
    "product",
    "marketplace",
    "currency",
    "outcome",
    "rule",
    "now",
    "would_be",
    "change_percent",
    "least",
    "most",
    "fee",
    "margin",
    "margin_percent",
    "why",
];

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PricePreviewParams {
    /// Only prices that this would happen to. A page may hold few of them, even none.
    #[param(inline)]
    outcome: Option<PriceOutcome>,
    #[param(inline)]
    marketplace: Option<Marketplace>,
    /// How many listings are looked at for a page.
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit<100>,
    /// `next` of the page before; of a CSV page, its header `next-page`.
    after: Option<String>,
    /// `csv`: as `Accept: text/csv`.
    #[param(inline)]
    format: Option<PageFormat>,
}

/// What would become of a price.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum PriceOutcome {
    /// It would be sent.
    Changed,
    /// It moves by more than the brake allows, or would be the first: it waits for a person.
    Held,
    Unchanged,
    /// It stays, and its floor or ceiling, which Amazon does not have so yet, goes with it.
    Limits,
    /// A rule of Amazon's automated pricing sets it: it is left alone.
    Automated,
    /// None can be made: it is left as it is, and `why` says what is missing.
    NoPrice,
}

impl PriceOutcome {
    fn of(price: &PriceEffect) -> Self {
        match price.next {
            _ if price.wanted.amount.is_none() => Self::NoPrice,
            _ if price.automated => Self::Automated,
            NextPrice::Send(_) if price.is_of_limits() => Self::Limits,
            NextPrice::Send(_) => Self::Changed,
            NextPrice::Held { .. } => Self::Held,
            NextPrice::Nothing(_) => Self::Unchanged,
        }
    }
}

/// A page of what publishing the draft would do to prices.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SimulatedPrices {
    /// The draft's that it was computed with.
    draft_revision: u64,
    prices: Vec<SimulatedPrice>,
    /// Give it back as `after` to go on; `null` = this was the last page.
    next: Option<String>,
}

/// What publishing the draft would make of a price; amounts in the marketplace's currency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SimulatedPrice {
    /// The Amazon SKU, to the letter.
    sku: AmazonSku,
    product: Option<Sku>,
    marketplace: Marketplace,
    #[schema(example = "GBP")]
    currency: &'static str,
    outcome: PriceOutcome,
    /// The rule that decides, by its name or else its condition.
    rule: Option<String>,
    /// `null`: none was ever seen or sent.
    #[schema(value_type = Option<String>, example = "19.99")]
    now: Option<Decimal>,
    /// What the rules want; `null`: no price can be made.
    #[schema(value_type = Option<String>, example = "17.50")]
    would_be: Option<Decimal>,
    #[schema(value_type = Option<String>, example = "-12.46")]
    change_percent: Option<Decimal>,
    /// The floor and the ceiling that go with it.
    #[schema(value_type = Option<String>)]
    least: Option<Decimal>,
    #[schema(value_type = Option<String>)]
    most: Option<Decimal>,
    /// What would be left of it for the merchant; `null`: the cost or the tax is not known, or no rules decide.
    kept: Option<Kept>,
    /// Every step with its numbers, or why there is no price.
    why: String,
}

impl SimulatedPrice {
    fn of(listing: &Listing, price: PriceEffect) -> Self {
        let would_be = price.wanted.amount;
        Self {
            sku: listing.amazon_sku.clone(),
            product: listing.product.clone(),
            marketplace: price.marketplace,
            currency: price.marketplace.currency(),
            outcome: PriceOutcome::of(&price),
            now: price.shown,
            would_be,
            change_percent: price.shown.zip(would_be).and_then(change_percent),
            least: price.wanted.limits.least,
            most: price.wanted.limits.most,
            rule: price.wanted.rule,
            kept: price.kept,
            why: price.wanted.why,
        }
    }

    fn cells(self) -> [String; COLUMNS.len()] {
        let amount = |it: Option<Decimal>| it.map(|it| it.to_string()).unwrap_or_default();
        let kept = self.kept.as_ref();
        let outcome: &str = self.outcome.into();
        [
            self.sku.to_string(),
            self.product.map(String::from).unwrap_or_default(),
            self.marketplace.to_string(),
            self.currency.to_owned(),
            outcome.to_owned(),
            self.rule.unwrap_or_default(),
            amount(self.now),
            amount(self.would_be),
            amount(self.change_percent),
            amount(self.least),
            amount(self.most),
            amount(kept.map(|kept| kept.fee)),
            amount(kept.map(|kept| kept.margin)),
            amount(kept.map(|kept| kept.margin_percent)),
            self.why,
        ]
    }
}

fn change_percent((now, would_be): (Decimal, Decimal)) -> Option<Decimal> {
    let share = would_be.checked_sub(now)?.checked_div(now)?;
    Some(
        share
            .checked_mul(Decimal::ONE_HUNDRED)?
            .round_dp(2)
            .normalize(),
    )
}

/// List what publishing the draft would do to each price that is ours to set.
///
/// It is computed now, page by page, with the current draft and what is known of Amazon's prices: `POST …/publish` with
/// `preview` reads those first. As CSV if `Accept` is `text/csv` or `format` is `csv`; then the header `next-page` says where
/// the next page begins.
#[utoipa::path(get, path = "/connections/{connection}/preview/prices", operation_id = "listPreviewedPrices", tag = "prices",
    params(PricePreviewParams),
    responses((status = 200, description = "A page of prices", content(
        (SimulatedPrices = "application/json"),
        (String = "text/csv"),
    ))))]
pub(crate) async fn list(
    connection: TenantConnection<Connections>,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Parameters(params): Parameters<PricePreviewParams>,
) -> Answer<Response> {
    let csv = wants_csv(&headers, params.format);
    let page = app.simulated(&connection, params).await?;
    if !csv {
        return Ok(Json(page).into_response());
    }
    let mut answer = csv_answer(&COLUMNS, page.prices.into_iter().map(SimulatedPrice::cells))?;
    let next = page.next.and_then(|next| HeaderValue::try_from(next).ok());
    if let Some(next) = next {
        answer.headers_mut().insert(NEXT, next);
    }
    Ok(answer)
}

impl App {
    async fn simulated(
        &self,
        connection: &Connection,
        params: PricePreviewParams,
    ) -> Answer<SimulatedPrices> {
        let after = Place::opened(params.after.as_deref(), connection)?;
        let now = Timestamp::now();
        let (draft, effects, next) = self
            .effects(connection, after, params.limit.get().into(), now)
            .await?;
        let mut prices = Vec::new();
        for (listing, effect) in effects {
            let of = |price: PriceEffect| SimulatedPrice::of(&listing, price);
            prices.extend(effect.prices.into_iter().map(of).filter(|price| {
                params.outcome.is_none_or(|it| it == price.outcome)
                    && params.marketplace.is_none_or(|it| it == price.marketplace)
            }));
        }
        Ok(SimulatedPrices {
            draft_revision: draft.revision,
            prices,
            next,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_share_of_what_is_shown() {
        let percent = |now: i64, would_be: i64| {
            let cents = |cents| Decimal::new(cents, 2);
            change_percent((cents(now), cents(would_be))).map(|it| it.to_string())
        };
        assert_eq!(percent(20_00, 17_50).as_deref(), Some("-12.5"));
        assert_eq!(percent(30_00, 40_00).as_deref(), Some("33.33"));
        assert_eq!(percent(0, 40_00), None);
    }
}
