//! The marketplaces of a connection: which are switched on, how unmapped orders are treated, which couriers are off.

mod change;
mod request;

use crate::App;
use axum::Json;
use axum::extract::{Path, State};
use change::participates;
use jiff::Timestamp;
use request::{MarketplaceChange, MarketplaceRequest};
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, Body, Problem, TenantConnection};
use stallkeeper::domain::connection::{Connection, MarketplaceSettings, PriceMode};
use stallkeeper::domain::courier::{CourierCode, Strategy};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::store::{ParkedMark, WaitingKind};
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

/// How a marketplace is run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MarketplaceAnswer {
    marketplace: Marketplace,
    #[schema(example = "A1F83G8C2ARO7P")]
    marketplace_id: &'static str,
    /// Whether the seller takes part in it, as Amazon last reported.
    participating: bool,
    active: bool,
    strategy: Strategy,
    fba_orders: bool,
    /// What decides the prices here until price rules are published for the marketplace: `leave` never touches them, `rrp`
    /// sends the recommended retail price.
    price_mode: PriceMode,
    /// Couriers that are switched off here; every other is on.
    couriers_off: Vec<String>,
    /// When the oldest order changed that waits for this marketplace to be switched on. Switched on, orders of the last 30
    /// days flow on; those that changed before stay parked until Amazon changes them, and no refetch reaches them.
    #[serde(skip_serializing_if = "Option::is_none")]
    parked_since: Option<Timestamp>,
}

impl MarketplaceAnswer {
    fn of(connection: &Connection, settings: &MarketplaceSettings, marks: &[ParkedMark]) -> Self {
        let marketplace = settings.marketplace;
        let mark = marks
            .iter()
            .find(|mark| mark.marketplace_id == marketplace.id());
        Self {
            marketplace,
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

/// The marketplaces of a connection.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MarketplaceList {
    marketplaces: Vec<MarketplaceAnswer>,
}

/// List the marketplaces that the seller takes part in, and those that somebody has set.
#[utoipa::path(get, path = "/connections/{connection}/marketplaces", operation_id = "listMarketplaces", tag = "marketplaces",
    responses(
        (status = 200, body = MarketplaceList),
    ))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
) -> Answer<Json<MarketplaceList>> {
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
        .map(|marketplace| MarketplaceAnswer::of(&connection, &settings_of(marketplace), &marks))
        .collect();
    Ok(Json(MarketplaceList { marketplaces }))
}

/// Show how a marketplace is run.
#[utoipa::path(get, path = "/connections/{connection}/marketplaces/{marketplace}", operation_id = "showMarketplace", tag = "marketplaces",
    responses(
        (status = 200, body = MarketplaceAnswer),
        (status = 404, description = "There is no such connection, or no such marketplace in its region"),
    ))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
    Path(MarketplacePath {
        marketplace: country,
    }): Path<MarketplacePath>,
) -> Answer<Json<MarketplaceAnswer>> {
    let marketplace = of_region(&connection, &country)?;
    let settings = app
        .store
        .marketplace(&connection.key(), marketplace)
        .await?;
    let marks = app.store.parked_marks(&connection.key()).await?;
    Ok(Json(MarketplaceAnswer::of(&connection, &settings, &marks)))
}

/// Switch a marketplace on or off, and say how it is run. Switched on, its parked orders of the last 30 days flow on.
#[utoipa::path(put, path = "/connections/{connection}/marketplaces/{marketplace}", operation_id = "putMarketplace", tag = "marketplaces", request_body = MarketplaceRequest,
    responses(
        (status = 200, body = MarketplaceAnswer),
        (status = 404, description = "There is no such connection, or no such marketplace in its region"),
        (status = 409, description = "No seller has authorised yet"),
        (status = 422, description = "The seller does not take part in it, or a setting cannot be"),
    ))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
    Path(MarketplacePath {
        marketplace: country,
    }): Path<MarketplacePath>,
    Body(request): Body<MarketplaceRequest>,
) -> Answer<Json<MarketplaceAnswer>> {
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
        .set_marketplace(&connection, marketplace, |settings| {
            let MarketplaceChange {
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
    // If prices are sent, each request has them computed again: the cure for a crash.
    if app.sends_prices(&connection, [&before, &settings]).await? {
        app.recompute_prices(&connection).await?;
    }
    info!(connection.id = %connection.id, %marketplace, active = settings.active, "marketplace {marketplace} of connection `{}` is set", connection.id);
    let marks = app.store.parked_marks(&connection.key()).await?;
    Ok(Json(MarketplaceAnswer::of(&connection, &settings, &marks)))
}

/// Whether a courier may be used.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CourierSwitchRequest {
    on: bool,
}

/// Switch a courier on or off for a marketplace; at once. Switched on, orders that wait for it are
/// looked at again; switched off, orders that are ready to go with it and that no person picked it for.
#[utoipa::path(put, path = "/connections/{connection}/marketplaces/{marketplace}/couriers/{courier}", operation_id = "switchCourier", tag = "marketplaces", request_body = CourierSwitchRequest,
    responses(
        (status = 200, body = MarketplaceAnswer),
        (status = 404, description = "There is no such connection, marketplace or courier"),
    ))]
pub(crate) async fn switch_courier(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
    Path(CourierPath {
        marketplace: country,
        courier,
    }): Path<CourierPath>,
    Body(CourierSwitchRequest { on }): Body<CourierSwitchRequest>,
) -> Answer<Json<MarketplaceAnswer>> {
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
        .set_marketplace(&connection, marketplace, |mut settings| {
            settings.couriers.switch(code.clone(), on);
            settings
        })
        .await?;
    // Those that no person decided on: a service of a courier that is off carries none of them.
    let moved = if on {
        WaitingKind::PendingReview
    } else {
        WaitingKind::Ready
    };
    app.orders
        .rerun_of(
            moved,
            &connection.key(),
            None,
            app.config.rerun_delay_seconds,
        )
        .await?;
    let marks = app.store.parked_marks(&connection.key()).await?;
    Ok(Json(MarketplaceAnswer::of(&connection, &settings, &marks)))
}

/// A marketplace that the connection can have.
fn of_region(connection: &Connection, country: &str) -> Answer<Marketplace> {
    let found = country.parse::<Marketplace>().ok();
    found
        .filter(|marketplace| marketplace.region() == connection.region())
        .ok_or_else(|| Problem::not_found("marketplace in the connection's region"))
}
