//! Which courier service carries which shipping term: for all connections of the tenant, or narrowed to one.

use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, Body, Parameters, Problem, Tenant, find_connection};
use stallkeeper::domain::courier::{CourierServiceId, Mapping, MappingOwner};
use stallkeeper::domain::ids::{ConnectionId, TenantId};
use stallkeeper::domain::shipping_term::ShippingTerm;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Mappings that a tenant, or one connection, may have: every batch of orders reads them all.
const MOST_MAPPINGS: usize = 2_000;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// Only the mapping of this shipping term.
    #[param(inline, value_type = Option<ShippingTerm>)]
    term: Option<String>,
    /// The mappings narrowed to this connection, in place of the tenant's.
    #[param(inline, value_type = Option<ConnectionId>)]
    connection: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct MappingParams {
    /// The shipping term, in any letter case; the old API's spelling reads too.
    #[param(inline, value_type = ShippingTerm)]
    term: String,
    /// Narrows the mapping to this connection.
    #[param(inline, value_type = Option<ConnectionId>)]
    connection: Option<String>,
}

/// What carries a shipping term.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MappingRequest {
    /// Courier and service.
    #[schema(value_type = CourierServiceId)]
    service: String,
    /// Whether Prime orders without a mapping of their own may fall back to this one.
    #[serde(default)]
    carries_prime: bool,
}

/// A mapping.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Mapping)]
pub(crate) struct MappingAnswer {
    /// The canonical spelling.
    term: ShippingTerm,
    service: CourierServiceId,
    carries_prime: bool,
    /// The connection it is narrowed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<ConnectionId>,
}

/// Mappings, by shipping term.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MappingList {
    mappings: Vec<MappingAnswer>,
}

impl MappingAnswer {
    fn of(mapping: &Mapping, owner: &MappingOwner) -> Self {
        Self {
            term: mapping.term.clone(),
            service: mapping.service.clone(),
            carries_prime: mapping.carries_prime,
            connection: owner.connection().map(|it| it.id.clone()),
        }
    }
}

/// List the tenant's mappings, or those narrowed to a connection.
#[utoipa::path(get, path = "/mappings", operation_id = "listMappings", tag = "mappings", params(Filter), responses(
    (status = 200, body = MappingList),
    (status = 404, description = "There is no such connection"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    Parameters(filter): Parameters<Filter>,
) -> Answer<Json<MappingList>> {
    let owner = app.owner(&tenant, filter.connection.as_deref()).await?;
    let term = filter.term.as_deref().map(term).transpose()?;
    let mappings = app.store.mappings(&owner).await?;
    let wanted = mappings
        .iter()
        .filter(|mapping| term.as_ref().is_none_or(|term| *term == mapping.term));
    Ok(Json(MappingList {
        mappings: wanted
            .map(|mapping| MappingAnswer::of(mapping, &owner))
            .collect(),
    }))
}

/// Put a mapping. Orders that wait for it are looked at again: at once, and once more a little later.
#[utoipa::path(put, path = "/mappings", operation_id = "putMapping", tag = "mappings", params(MappingParams), request_body = MappingRequest, responses(
    (status = 200, body = MappingAnswer),
    (status = 404, description = "There is no such connection"),
    (status = 409, description = "There are 2,000 mappings of this owner"),
    (status = 422, description = "This is no shipping term, or there is no such service"),
))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    Parameters(params): Parameters<MappingParams>,
    Body(request): Body<MappingRequest>,
) -> Answer<Json<MappingAnswer>> {
    let owner = app.owner(&tenant, params.connection.as_deref()).await?;
    let term = without_zone(term(&params.term)?)?;
    let service: CourierServiceId = request
        .service
        .parse()
        .map_err(|error| Problem::invalid("/service", format!("{error}")))?;
    app.must_offer(&tenant, &service, "/service").await?;
    let mapping = Mapping {
        term,
        service,
        carries_prime: request.carries_prime,
        scope: owner.scope(),
    };
    let known = app.store.mappings(&owner).await?;
    if known.len() >= MOST_MAPPINGS && known.iter().all(|it| it.term != mapping.term) {
        return Err(Problem::limit_reached("mappings", MOST_MAPPINGS));
    }
    app.store.put_mapping(&owner, &mapping).await?;
    // Pending until it is queued: a caller that gets no answer sends the request again.
    let (term, later) = (Some(&mapping.term), app.rerun_delay_seconds);
    match &owner {
        MappingOwner::Connection(connection) => app.orders.rerun(connection, term, later).await?,
        MappingOwner::Tenant(tenant) => app.rerun_all(tenant, term).await?,
    }
    Ok(Json(MappingAnswer::of(&mapping, &owner)))
}

/// Delete a mapping. Orders keep what they were given.
#[utoipa::path(delete, path = "/mappings", operation_id = "deleteMapping", tag = "mappings", params(MappingParams), responses(
    (status = 204, description = "Deleted, now or before"),
    (status = 404, description = "There is no such connection"),
    (status = 422, description = "This is no shipping term"),
))]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    Parameters(params): Parameters<MappingParams>,
) -> Answer<StatusCode> {
    let owner = app.owner(&tenant, params.connection.as_deref()).await?;
    let term = term(&params.term)?;
    app.store.delete_mapping(&owner, &term).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl App {
    async fn owner(&self, tenant: &TenantId, id: Option<&str>) -> Answer<MappingOwner> {
        let Some(id) = id else {
            return Ok(MappingOwner::Tenant(tenant.clone()));
        };
        let connection = find_connection(&self.store, tenant, id).await?;
        Ok(MappingOwner::Connection(connection.key()))
    }

    pub(crate) async fn must_offer(
        &self,
        tenant: &TenantId,
        service: &CourierServiceId,
        place: &str,
    ) -> Answer<()> {
        let courier = self.store.courier(tenant, &service.courier).await?;
        let Some(courier) = courier else {
            let detail = "there is no such courier; put it first: PUT /couriers/{courier}";
            return Err(Problem::invalid(place, detail));
        };
        let codes: Vec<&str> = courier
            .services
            .iter()
            .map(|offered| offered.code.as_str())
            .collect();
        if codes.contains(&service.service.as_str()) {
            return Ok(());
        }
        let detail = format!(
            "courier {} has no such service; it has: {}",
            courier.code,
            codes.join(", ")
        );
        Err(Problem::invalid(place, detail))
    }
}

fn term(text: &str) -> Answer<ShippingTerm> {
    text.parse()
        .map_err(|error| Problem::invalid("term", format!("{error}")))
}

/// There are no zones yet, so no order's term names one. The number in an old term was Amazon's own rate, not a zone.
fn without_zone(term: ShippingTerm) -> Answer<ShippingTerm> {
    let Some(zone) = term.zone() else {
        return Ok(term);
    };
    let bare = term.without_zone();
    Err(Problem::invalid(
        "term",
        format!(
            "`_{zone}` names a zone, and no zones are drawn yet, so it would never be used (in terms of the old API it was Amazon's rate number). Map `{bare}`."
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_spellings_are_one_term() {
        for (text, canonical) in [
            ("Std UK Dom", "STD UK DOM"),
            ("uk next", "UK NEXT"),
            ("EXP DE INT-prime", "EXP DE INT-PRIME"),
        ] {
            assert_eq!(term(text).unwrap().to_string(), canonical);
        }
        assert!(term("Standard").is_err());
    }

    #[test]
    fn a_term_with_a_zone_is_refused_with_the_one_to_take() {
        let problem = without_zone(term("Std UK Dom_1").unwrap()).unwrap_err();
        let text = serde_json::to_string(&problem).unwrap();
        assert!(text.contains("Map `STD UK DOM`"), "{text}");
        assert!(without_zone(term("STD UK DOM-PRIME").unwrap()).is_ok());
    }
}
