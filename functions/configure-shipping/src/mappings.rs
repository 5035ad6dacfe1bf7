//! Which courier service carries which shipping term: for all connections of the tenant, narrowed to one, or as the
//! operator's default for everybody.

mod defaults;
mod import;
mod list;
mod rehearse;
mod row;
mod service;
mod tie;

pub(crate) use defaults::{
    __path_delete_default, __path_import_defaults, __path_list_defaults, __path_put_default,
    delete_default, import_defaults, list_defaults, put_default,
};
pub(crate) use import::{__path_import, import};
pub(crate) use list::{__path_list, list};
pub(crate) use rehearse::Rehearsal;
pub(crate) use tie::{__path_tie, __path_untie, tie, untie};

use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{
    Answer, Body, Parameters, Problem, Tenant, changed_meanwhile, find_connection,
};
use stallkeeper::domain::courier::{
    CourierServiceId, MOST_MAPPINGS, Mapping, MappingOwner, MappingTable, Scope,
};
use stallkeeper::domain::ids::{ConnectionId, TenantId};
use stallkeeper::domain::shipping_term::ShippingTerm;
use stallkeeper::store::Written;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

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
    /// Whose it is: `deployment` is the operator's default.
    scope: Scope,
    /// The connection it is narrowed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<ConnectionId>,
}

impl MappingRequest {
    fn checked(self, text: &str, scope: Scope) -> Answer<Mapping> {
        let term = without_zone(term(text)?)?;
        let service = self.service.parse();
        let service = service.map_err(|error| Problem::invalid("/service", format!("{error}")))?;
        Ok(Mapping {
            term,
            service,
            carries_prime: self.carries_prime,
            scope,
        })
    }
}

impl MappingAnswer {
    fn of(mapping: &Mapping, owner: &MappingOwner) -> Self {
        Self {
            term: mapping.term.clone(),
            service: mapping.service.clone(),
            carries_prime: mapping.carries_prime,
            scope: owner.scope(),
            connection: owner.connection().map(|it| it.id.clone()),
        }
    }
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
    let mapping = request.checked(&params.term, owner.scope())?;
    app.must_offer(&tenant, &mapping.service, "/service")
        .await?;
    app.put_mapping(&owner, &mapping).await?;
    // Pending until it is queued: a caller that gets no answer sends the request again.
    app.wake(&owner, std::slice::from_ref(&mapping.term))
        .await?;
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
    async fn put_mapping(&self, owner: &MappingOwner, mapping: &Mapping) -> Answer<()> {
        let put = |table: &mut MappingTable| {
            table.mappings.insert(mapping.term.clone(), mapping.clone());
        };
        self.change(owner, put).await
    }

    /// Changes the mappings of an owner, whoever else changes them meanwhile.
    async fn change(&self, owner: &MappingOwner, change: impl Fn(&mut MappingTable)) -> Answer<()> {
        for () in Written::attempts_among_many() {
            let read = self.store.mapping_table(owner).await?;
            let mut changed = read.clone();
            change(&mut changed.table);
            if changed.table.is_too_large() {
                return Err(Problem::limit_reached("mappings", MOST_MAPPINGS));
            }
            if changed == read
                || self.store.save_mapping_table(owner, &changed).await? == Written::Done
            {
                return Ok(());
            }
        }
        Err(changed_meanwhile())
    }

    /// Lets the orders be looked at again that wait for a mapping of one of these terms; for a default those of all tenants.
    async fn wake(&self, owner: &MappingOwner, terms: &[ShippingTerm]) -> Answer<()> {
        let term = match terms {
            [] => return Ok(()),
            [term] => Some(term),
            _ => None,
        };
        match owner {
            MappingOwner::Deployment => {
                let later = self.rerun_delay_seconds;
                Ok(self.orders.rerun_all(terms, later).await?)
            }
            MappingOwner::Tenant(tenant) => self.rerun_all(tenant, term).await,
            MappingOwner::Connection(connection) => {
                let later = self.rerun_delay_seconds;
                Ok(self.orders.rerun(connection, term, later).await?)
            }
        }
    }

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
