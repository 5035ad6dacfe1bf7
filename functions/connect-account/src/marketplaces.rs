//! The stores of a connection: which are switched on, how unmapped orders are treated, which couriers are off.

mod change;
mod request;

use crate::App;
use axum::Json;
use axum::extract::{Path, State};
use change::participates;
use jiff::Timestamp;
use request::{StoreRequest, StoreWish};
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, Body, Problem, TenantConnection};
use stallkeeper::domain::connection::{Connection, MarketplaceSettings, PriceMode};
use stallkeeper::domain::courier::{CourierCode, Strategy};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::store::ParkedMark;
use std::collections::BTreeSet;
use std::sync::Arc;
use tracing::info;
use utoipa::ToSchema;

/// What the path names within the connection.
#[derive(Debug, Deserialize)]
pub(crate) struct MarketplacePath {
    marketplace: String,
}

/// What the path names within the connection.
#[derive(Debug, Deserialize)]
pub(crate) struct CourierPath {
    marketplace: String,
    courier: String,
}

/// How a store is run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Marketplace)]
pub(crate) struct StoreAnswer {
    #[schema(example = "UK")]
    marketplace: &'static str,
    #[schema(example = "A1F83G8C2ARO7P")]
    marketplace_id: &'static str,
    /// Whether the seller takes part in it, as Amazon told last.
    participating: bool,
    active: bool,
    #[schema(value_type = String, example = "review")]
    strategy: Strategy,
    fba_orders: bool,
    /// What decides the prices here: `leave` never touches them, `rrp` sends the recommended retail price.
    #[schema(value_type = String, example = "leave")]
    price_mode: PriceMode,
    /// Couriers that are switched off here; every other is on.
    couriers_off: Vec<String>,
    /// When the oldest order changed that waits for this store to be switched on. Switched on, orders of the last 30
    /// days flow on; those that changed before stay parked until Amazon changes them, and no refetch reaches them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    parked_since: Option<Timestamp>,
}

impl StoreAnswer {
    fn of(connection: &Connection, settings: &MarketplaceSettings, marks: &[ParkedMark]) -> Self {
        let marketplace = settings.marketplace;
        let mark = marks
            .iter()
            .find(|mark| mark.marketplace_id == marketplace.id());
        Self {
            marketplace: marketplace.country(),
            marketplace_id: marketplace.id(),
            participating: participates(connection, marketplace),
            active: settings.active,
            strategy: settings.strategy,
            fba_orders: settings.fba_orders,
            price_mode: settings.price_mode,
            couriers_off: settings.couriers.off().map(ToString::to_string).collect(),
            parked_since: mark.map(|mark| mark.oldest_updated_at),
        }
    }
}

/// The stores of a connection.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoreList {
    marketplaces: Vec<StoreAnswer>,
}

/// List the marketplaces that the seller takes part in, and those that somebody has set.
#[utoipa::path(get, path = "/connections/{connection}/marketplaces", operation_id = "listMarketplaces", tag = "marketplaces",
    params(("connection" = String, Path)),
    responses(
        (status = 200, body = StoreList),
        (status = 404, description = "There is no such connection", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
) -> Answer<Json<StoreList>> {
    let set = app.store.marketplaces(&connection.key()).await?;
    let marks = app.store.parked_marks(&connection.key()).await?;
    let known = connection
        .participations
        .iter()
        .filter(|part| part.participating);
    let all: BTreeSet<Marketplace> = known
        .map(|part| part.marketplace)
        .chain(set.iter().map(|settings| settings.marketplace))
        .collect();
    let settings_of = |marketplace| {
        let found = set
            .iter()
            .find(|settings| settings.marketplace == marketplace);
        found
            .cloned()
            .unwrap_or_else(|| MarketplaceSettings::new(marketplace))
    };
    let marketplaces = all
        .into_iter()
        .map(|marketplace| StoreAnswer::of(&connection, &settings_of(marketplace), &marks))
        .collect();
    Ok(Json(StoreList { marketplaces }))
}

/// Show how a marketplace is run.
#[utoipa::path(get, path = "/connections/{connection}/marketplaces/{marketplace}", operation_id = "showMarketplace", tag = "marketplaces",
    params(("connection" = String, Path), ("marketplace" = String, Path, example = "UK")),
    responses(
        (status = 200, body = StoreAnswer),
        (status = 404, description = "There is no such connection, or no such marketplace in its region", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
    Path(MarketplacePath {
        marketplace: country,
    }): Path<MarketplacePath>,
) -> Answer<Json<StoreAnswer>> {
    let marketplace = of_region(&connection, &country)?;
    let settings = app
        .store
        .marketplace(&connection.key(), marketplace)
        .await?;
    let marks = app.store.parked_marks(&connection.key()).await?;
    Ok(Json(StoreAnswer::of(&connection, &settings, &marks)))
}

/// Switch a marketplace on or off, and say how it is run. Switched on, its parked orders of the last 30 days flow on.
#[utoipa::path(put, path = "/connections/{connection}/marketplaces/{marketplace}", operation_id = "putMarketplace", tag = "marketplaces", request_body = StoreRequest,
    params(("connection" = String, Path), ("marketplace" = String, Path, example = "UK")),
    responses(
        (status = 200, body = StoreAnswer),
        (status = 404, description = "There is no such connection, or no such marketplace in its region", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "No seller has authorised yet", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The seller does not take part in it, or a setting cannot be", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
    Path(MarketplacePath {
        marketplace: country,
    }): Path<MarketplacePath>,
    Body(request): Body<StoreRequest>,
) -> Answer<Json<StoreAnswer>> {
    let mut connection = connection.into_inner();
    let marketplace = of_region(&connection, &country)?;
    let wish = request.checked()?;
    if wish.active {
        connection = app.with_participation(connection, marketplace).await?;
    }
    let before = app
        .store
        .marketplace(&connection.key(), marketplace)
        .await?;
    let settings = app
        .set_store(&connection, marketplace, |settings| {
            let StoreWish {
                active,
                strategy,
                fba_orders,
                price_mode,
            } = wish;
            MarketplaceSettings {
                active,
                strategy,
                fba_orders,
                price_mode,
                ..settings
            }
        })
        .await?;
    if settings.active {
        app.release_parked(&connection, marketplace).await?;
    }
    if owes_prices(&before) || owes_prices(&settings) {
        app.recompute_prices(&connection).await?;
    }
    info!(connection.id = %connection.id, %marketplace, active = settings.active, "marketplace {marketplace} of connection `{}` is set", connection.id);
    let marks = app.store.parked_marks(&connection.key()).await?;
    Ok(Json(StoreAnswer::of(&connection, &settings, &marks)))
}

/// Whether prices are sent there. Where they are, each request lets them be computed anew: the cure for a crash.
fn owes_prices(settings: &MarketplaceSettings) -> bool {
    settings.active && settings.price_mode == PriceMode::Rrp
}

/// Whether a courier may be used.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Switch {
    on: bool,
}

/// Switch a courier on or off for a marketplace; at once. Switched on, orders that wait for it are looked at again.
#[utoipa::path(put, path = "/connections/{connection}/marketplaces/{marketplace}/couriers/{courier}", operation_id = "switchCourier", tag = "marketplaces", request_body = Switch,
    params(("connection" = String, Path), ("marketplace" = String, Path, example = "UK"), ("courier" = String, Path, example = "DPD")),
    responses(
        (status = 200, body = StoreAnswer),
        (status = 404, description = "There is no such connection, marketplace or courier", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn switch_courier(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
    Path(CourierPath {
        marketplace: country,
        courier,
    }): Path<CourierPath>,
    Body(Switch { on }): Body<Switch>,
) -> Answer<Json<StoreAnswer>> {
    let marketplace = of_region(&connection, &country)?;
    let code: CourierCode = courier.parse().map_err(|_| Problem::not_found("courier"))?;
    if app
        .store
        .courier(&connection.tenant, &code)
        .await?
        .is_none()
    {
        return Err(Problem::not_found("courier"));
    }
    let settings = app
        .set_store(&connection, marketplace, |mut settings| {
            settings.couriers.switch(code.clone(), on);
            settings
        })
        .await?;
    if on {
        app.orders
            .rerun(&connection.key(), None, app.config.rerun_delay_seconds)
            .await?;
    }
    let marks = app.store.parked_marks(&connection.key()).await?;
    Ok(Json(StoreAnswer::of(&connection, &settings, &marks)))
}

/// A store that the connection can have.
fn of_region(connection: &Connection, country: &str) -> Answer<Marketplace> {
    let found = country.parse::<Marketplace>().ok();
    found
        .filter(|marketplace| marketplace.region() == connection.region())
        .ok_or_else(|| Problem::not_found("marketplace in the connection's region"))
}
