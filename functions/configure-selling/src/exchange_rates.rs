//! A tenant's exchange rates, by which costs are converted. They are in force at once: they are facts, not settings.

use crate::App;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, Body, Faults, Problem, Tenant, changed_meanwhile};
use stallkeeper::domain::ids::TenantId;
use stallkeeper::domain::price::ExchangeRates;
use stallkeeper::store::{RevisedRates, Written};
use std::sync::Arc;
use tracing::info;
use utoipa::ToSchema;

/// The exchange rates in force.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExchangeRatesInForce)]
pub(crate) struct RatesAnswer {
    rates: ExchangeRates,
    /// Rises with each change.
    revision: u64,
}

impl From<RevisedRates> for RatesAnswer {
    fn from(revised: RevisedRates) -> Self {
        Self {
            rates: revised.rates,
            revision: revised.revision,
        }
    }
}

/// Show the exchange rates by which costs in other currencies are converted.
#[utoipa::path(get, path = "/exchange-rates", operation_id = "showExchangeRates", tag = "prices",
    responses(
        (status = 200, body = RatesAnswer),
        (status = 404, description = "None were uploaded"),
    ))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
) -> Answer<Json<RatesAnswer>> {
    let rates = app.store.exchange_rates(&tenant).await?;
    let rates = rates.ok_or_else(|| Problem::not_found("exchange rate"))?;
    Ok(Json(rates.into()))
}

/// Replace the exchange rates, all of one day. They hold at once, for all connections: prices that follow from a converted cost
/// are computed again.
///
/// Rates of an earlier day than those in force are refused. Sending the same again changes nothing.
#[utoipa::path(put, path = "/exchange-rates", operation_id = "putExchangeRates", tag = "prices", request_body = ExchangeRates,
    responses(
        (status = 200, description = "In force, now or before", body = RatesAnswer),
        (status = 409, description = "Rates of a later day are in force"),
        (status = 422, description = "A rate cannot be; `errors` says why for each"),
    ))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    Body(rates): Body<ExchangeRates>,
) -> Answer<Json<RatesAnswer>> {
    let mut faults = Faults::default();
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    for (place, detail) in rates.faults(today) {
        faults.add(place, detail);
    }
    faults.done()?;
    let revised = app.store_rates(&tenant, &rates).await?;
    app.recompute_converted(&tenant).await?;
    info!(tenant.id = %*tenant, rates.date = %rates.date, rates.revision = revised.revision, "the exchange rates of a tenant are set");
    Ok(Json(revised.into()))
}

impl App {
    async fn store_rates(&self, tenant: &TenantId, rates: &ExchangeRates) -> Answer<RevisedRates> {
        for () in Written::attempts() {
            let read = self.store.exchange_rates(tenant).await?;
            if let Some(read) = read.as_ref().filter(|read| read.rates == *rates) {
                return Ok(read.clone());
            }
            if let Some(later) = read.as_ref().filter(|it| it.rates.date > rates.date) {
                return Err(Problem::conflict(
                    "rates-older",
                    format!("Rates of {} are in force.", later.rates.date),
                    "Send rates of that day or a later one.",
                ));
            }
            let revised = RevisedRates {
                rates: rates.clone(),
                revision: read.map_or(0, |read| read.revision) + 1,
            };
            if self.store.save_exchange_rates(tenant, &revised).await? == Written::Done {
                return Ok(revised);
            }
        }
        Err(changed_meanwhile())
    }

    /// Has the listings of every connection computed again whose prices can depend on a rate. Asked again, it is queued again:
    /// the cure for a crash before it was queued.
    async fn recompute_converted(&self, tenant: &TenantId) -> Answer<()> {
        for connection in self.store.connections(tenant).await? {
            let key = &connection.key();
            let plan = self.store.stock_plan(key).await?;
            if self.store.rules_in_force(key, &plan).await?.may_convert() {
                self.listing_jobs.recompute_all(&connection, &plan).await?;
            }
        }
        Ok(())
    }
}
