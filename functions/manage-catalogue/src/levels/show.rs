//! `GET /stock-levels?sku=`: what is known of a SKU's stock.

use crate::App;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Catalogue;
use stallkeeper::api::{Answer, Parameters, Problem, Tenant};
use stallkeeper::domain::ids::Sku;
use stallkeeper::store::SkuInputs;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Which SKU.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SkuParams {
    /// The merchant's SKU, to the letter, percent-encoded.
    #[param(inline)]
    pub(crate) sku: Sku,
}

/// What is known of a SKU's stock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SkuStock {
    pub(crate) sku: String,
    /// By warehouse.
    pub(crate) levels: Vec<WarehouseLevel>,
    /// What orders reserve of it.
    pub(crate) reservations: Vec<ReservedUnits>,
    /// The last row that came by the queue and was refused; kept for 30 days.
    pub(crate) rejected: Option<RejectedNote>,
}

/// Units in a warehouse.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WarehouseLevel {
    pub(crate) warehouse: String,
    pub(crate) quantity: u32,
    pub(crate) measured_at: Timestamp,
    pub(crate) received_at: Timestamp,
}

/// What an order line reserves.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReservedUnits {
    pub(crate) connection: String,
    pub(crate) order_id: String,
    pub(crate) line: String,
    pub(crate) units: u32,
    pub(crate) acknowledged_at: Option<Timestamp>,
    /// The warehouse that gives them, if the platform named it.
    pub(crate) warehouse: Option<String>,
}

/// Why a row was refused, and when.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RejectedNote {
    pub(crate) reason: String,
    pub(crate) at: String,
}

impl SkuStock {
    pub(crate) fn new(sku: &Sku, inputs: SkuInputs) -> Self {
        let levels = inputs.levels.levels.into_iter();
        let reservations = inputs.reservations.into_iter();
        Self {
            sku: sku.to_string(),
            levels: levels
                .map(|(warehouse, level)| WarehouseLevel {
                    warehouse: warehouse.into(),
                    quantity: level.quantity,
                    measured_at: level.measured_at,
                    received_at: level.received_at,
                })
                .collect(),
            reservations: reservations
                .map(|reservation| ReservedUnits {
                    connection: reservation.connection.into(),
                    order_id: reservation.order.into(),
                    line: reservation.line,
                    units: reservation.units,
                    acknowledged_at: reservation.acknowledged_at,
                    warehouse: reservation.warehouse.map(Into::into),
                })
                .collect(),
            rejected: inputs
                .rejected
                .map(|(reason, at)| RejectedNote { reason, at }),
        }
    }
}

/// Shows the levels of a SKU and what orders reserve of it.
#[utoipa::path(
    get, path = "/stock-levels", tag = "catalogue", operation_id = "showStockLevels",
    params(SkuParams),
    responses(
        (status = 200, body = SkuStock),
        (status = 404, description = "Nothing is known of this SKU"),
    )
)]
pub(crate) async fn show(
    tenant: Tenant<Catalogue>,
    State(app): State<Arc<App>>,
    Parameters(SkuParams { sku }): Parameters<SkuParams>,
) -> Answer<Json<SkuStock>> {
    let inputs = app.store.sku_inputs(&tenant, &sku).await?;
    let known = inputs.generation() > 0 || inputs.rejected.is_some();
    if !known {
        return Err(Problem::not_found("SKU"));
    }
    Ok(Json(SkuStock::new(&sku, inputs)))
}
