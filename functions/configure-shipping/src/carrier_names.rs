//! The names of the tenant's courier services at Amazon, by marketplace; and what it counts of it.

mod import;
mod list;

pub(crate) use import::{__path_import, import};
pub(crate) use list::{__path_list, list};

use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, Body, Parameters, Problem, Tenant};
use stallkeeper::domain::courier::{
    CarrierName, CountedByAmazon, CourierServiceId, InvalidCarrierName, NamedService, carrier_text,
};
use stallkeeper::domain::marketplace::Marketplace;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Carrier names that a tenant may have: all marketplaces of a region for a hundred services.
const MOST_NAMES: usize = 2_000;

/// A courier service on a marketplace.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct NameParams {
    #[param(inline)]
    marketplace: Marketplace,
    /// Courier and service: `DPD/next-day`, with the slash percent-encoded or not.
    #[param(inline)]
    service: CourierServiceId,
}

/// The carrier name to be put.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CarrierNameRequest {
    /// The carrier. In any letter case if it is in Amazon's list; what is not goes to Amazon as `Other` with this name.
    #[schema(schema_with = carrier_text)]
    carrier: String,
    /// The delivery service as Seller Central spells it; DE, ES and FR count a parcel only with it.
    #[serde(default)]
    #[schema(schema_with = carrier_text, required = false)]
    shipping_method: Option<String>,
    /// Seller Central's list has the carrier just so, although it is not known here.
    #[serde(default)]
    listed: bool,
}

/// The name at Amazon of a courier service on a marketplace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CarrierName)]
pub(crate) struct NameAnswer {
    pub(crate) marketplace: Marketplace,
    pub(crate) service: CourierServiceId,
    /// Amazon's `carrierCode`.
    pub(crate) code: String,
    /// Amazon's `carrierName`; with code `Other` only.
    pub(crate) name: Option<String>,
    pub(crate) shipping_method: Option<String>,
    pub(crate) counted_by_amazon: CountedByAmazon,
    /// Why, and what to do about it.
    pub(crate) remark: String,
    /// Nobody has said so: it follows from the courier's name.
    pub(crate) assumed: bool,
}

impl NameAnswer {
    pub(crate) fn new(named: &NamedService, assumed: bool) -> Self {
        let NamedService {
            marketplace,
            service,
            carrier,
        } = named;
        Self {
            marketplace: *marketplace,
            service: service.clone(),
            code: carrier.code().to_owned(),
            name: carrier.name().map(str::to_owned),
            shipping_method: carrier.shipping_method().map(str::to_owned),
            counted_by_amazon: carrier.counted_by_amazon(*marketplace),
            remark: carrier.remark(*marketplace).to_owned(),
            assumed,
        }
    }
}

/// The name that is sent to Amazon, and the field that keeps it from being one.
fn checked(
    carrier: &str,
    shipping_method: Option<&str>,
    listed: bool,
) -> Result<CarrierName, (&'static str, InvalidCarrierName)> {
    let name = if listed {
        CarrierName::listed(carrier, shipping_method)
    } else {
        CarrierName::called(carrier, shipping_method)
    };
    name.map_err(|error| match error {
        InvalidCarrierName::Method => ("shipping_method", error),
        _ => ("carrier", error),
    })
}

/// Put the carrier name of a courier service on a marketplace.
///
/// It holds for dispatches confirmed from now on. A carrier that Amazon does not list is sent as `Other` with its name: the
/// parcel is confirmed all the same, and the answer says `counted_by_amazon` `no`. Sending the same again changes nothing.
#[utoipa::path(put, path = "/carrier-names", operation_id = "putCarrierName", tag = "carrier names", params(NameParams),
    request_body = CarrierNameRequest,
    responses(
        (status = 200, body = NameAnswer),
        (status = 409, description = "The tenant has 2,000 carrier names"),
        (status = 422, description = "There is no such service, or this is no carrier"),
    ))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    Parameters(params): Parameters<NameParams>,
    Body(request): Body<CarrierNameRequest>,
) -> Answer<Json<NameAnswer>> {
    let method = request.shipping_method.as_deref();
    let carrier = checked(&request.carrier, method, request.listed)
        .map_err(|(field, error)| Problem::invalid(format!("/{field}"), error.to_string()))?;
    app.must_offer(&tenant, &params.service, "service").await?;
    let NameParams {
        marketplace,
        service,
    } = params;
    let named = NamedService {
        marketplace,
        service,
        carrier,
    };
    let known = app.store.carrier_names(&tenant).await?;
    let same = |it: &NamedService| it.marketplace == marketplace && it.service == named.service;
    if known.len() >= MOST_NAMES && !known.iter().any(same) {
        return Err(Problem::limit_reached("carrier names", MOST_NAMES));
    }
    app.store.put_carrier_name(&tenant, &named).await?;
    Ok(Json(NameAnswer::new(&named, false)))
}

/// Delete the carrier name of a courier service on a marketplace; then it follows from the courier's name again.
#[utoipa::path(delete, path = "/carrier-names", operation_id = "deleteCarrierName", tag = "carrier names", params(NameParams),
    responses((status = 204, description = "Deleted, now or before")))]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    Parameters(params): Parameters<NameParams>,
) -> Answer<StatusCode> {
    let NameParams {
        marketplace,
        service,
    } = params;
    app.store
        .delete_carrier_name(&tenant, marketplace, &service)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
