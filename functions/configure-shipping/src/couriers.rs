//! Couriers and their services: the tenant's, for all connections.

use crate::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, Body, Name, Problem, Tenant};
use stallkeeper::domain::courier::{
    Constraint, Courier, CourierCode, CourierService, Mapping, MappingOwner, ServiceCode, Territory,
};
use stallkeeper::domain::ids::TenantId;
use stallkeeper::domain::shipping_term::ShippingTerm;
use stallkeeper::fan_out;
use stallkeeper::queue::may_hold_orders;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use utoipa::ToSchema;

const MOST_SERVICES: usize = 100;
/// Couriers that one tenant may have.
const MOST_COURIERS: usize = 200;
/// Connections that are queued for at a time.
const CONCURRENCY: usize = 8;

/// A courier.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CourierRequest {
    name: Name,
    #[schema(max_items = 100)]
    services: Vec<ServiceRequest>,
}

/// A service of a courier. What is not said, it cannot do.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CourierServiceRequest)]
struct ServiceRequest {
    #[schema(value_type = ServiceCode)]
    code: String,
    /// For people.
    #[serde(default)]
    #[schema(max_length = 100, pattern = r"^[^\x00-\x1F\x7F-\x9F]*$")]
    name: String,
    /// Whether it may carry Prime orders.
    #[serde(default)]
    prime: bool,
    /// Whether it delivers to lockers and counters.
    #[serde(default)]
    pickup_points: bool,
    /// Whether it delivers to PO boxes.
    #[serde(default)]
    po_boxes: bool,
    /// Whether it delivers by military post: BFPO, APO, FPO, DPO.
    #[serde(default)]
    military: bool,
    /// The territories that it carries to beside its countries' mainlands. An order to another one waits for a person.
    #[serde(default)]
    #[schema(max_items = 100)]
    territories: Vec<Territory>,
    /// What it can fulfil at the door.
    #[serde(default)]
    #[schema(max_items = 20)]
    constraints: Vec<Constraint>,
}

/// All couriers of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CourierList {
    couriers: Vec<Courier>,
}

impl CourierRequest {
    fn checked(self, code: CourierCode) -> Answer<Courier> {
        if self.services.len() > MOST_SERVICES {
            let detail = format!("must be at most {MOST_SERVICES}");
            return Err(Problem::invalid("/services", detail));
        }
        let mut seen = BTreeSet::new();
        let mut services = Vec::with_capacity(self.services.len());
        for (index, service) in self.services.into_iter().enumerate() {
            let pointer = format!("/services/{index}/code");
            let service = service.checked(index)?;
            if !seen.insert(service.code.clone()) {
                return Err(Problem::invalid(pointer, "comes twice"));
            }
            services.push(service);
        }
        Ok(Courier {
            code,
            name: self.name.checked("/name")?,
            services,
        })
    }
}

impl ServiceRequest {
    fn checked(self, index: usize) -> Answer<CourierService> {
        let code: ServiceCode = self.code.parse().map_err(|error| {
            Problem::invalid(format!("/services/{index}/code"), format!("{error}"))
        })?;
        let too_long =
            |text: &str| text.chars().count() > 100 || text.chars().any(char::is_control);
        if too_long(&self.name)
            || self.constraints.len() > 20
            || self.territories.len() > 100
            || self.constraints.iter().any(|it| too_long(it.as_ref()))
        {
            let detail = "names and constraints are at most 100 printable characters, constraints at most 20, and territories at most 100";
            return Err(Problem::invalid(format!("/services/{index}"), detail));
        }
        Ok(CourierService {
            prime: self.prime,
            pickup_points: self.pickup_points,
            po_boxes: self.po_boxes,
            military: self.military,
            territories: self.territories.into_iter().collect(),
            constraints: self.constraints.into_iter().collect(),
            ..CourierService::new(code, self.name)
        })
    }
}

/// List the couriers.
#[utoipa::path(get, path = "/couriers", operation_id = "listCouriers", tag = "couriers", responses((status = 200, body = CourierList)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
) -> Answer<Json<CourierList>> {
    let couriers = app.store.couriers(&tenant).await?;
    Ok(Json(CourierList { couriers }))
}

/// Show a courier.
#[utoipa::path(get, path = "/couriers/{courier}", operation_id = "showCourier", tag = "couriers",
    responses(
        (status = 200, body = Courier),
        (status = 404, description = "There is no such courier"),
    ))]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    Path(code): Path<String>,
) -> Answer<Json<Courier>> {
    let missing = || Problem::not_found("courier");
    let code = code.parse().map_err(|_| missing())?;
    let courier = app.store.courier(&tenant, &code).await?;
    Ok(Json(courier.ok_or_else(missing)?))
}

/// Put a courier with all its services. Orders that wait are looked at again.
#[utoipa::path(put, path = "/couriers/{courier}", operation_id = "putCourier", tag = "couriers", request_body = CourierRequest,
    responses(
        (status = 200, body = Courier),
        (status = 409, description = "A mapping names a service that would be gone, or the tenant has 200 couriers"),
        (status = 422, description = "The courier is not valid"),
    ))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    Path(code): Path<String>,
    Body(request): Body<CourierRequest>,
) -> Answer<Json<Courier>> {
    let code: CourierCode = code
        .parse()
        .map_err(|error| Problem::invalid("courier", format!("{error}")))?;
    let courier = request.checked(code)?;
    let kept: BTreeSet<&ServiceCode> = courier
        .services
        .iter()
        .map(|service| &service.code)
        .collect();
    let mapped = app.mappings_to(&tenant, &courier.code).await?;
    let orphaned: Vec<&Mapping> = mapped
        .iter()
        .filter(|mapping| !kept.contains(&mapping.service.service))
        .collect();
    if !orphaned.is_empty() {
        return Err(still_mapped(orphaned));
    }
    let known = app.store.couriers(&tenant).await?;
    if known.len() >= MOST_COURIERS && known.iter().all(|it| it.code != courier.code) {
        return Err(Problem::limit_reached("couriers", MOST_COURIERS));
    }
    app.store.put_courier(&tenant, &courier).await?;
    app.rerun_all(&tenant, None).await?;
    Ok(Json(courier))
}

/// Delete a courier that no mapping names. Orders keep what they were given.
#[utoipa::path(delete, path = "/couriers/{courier}", operation_id = "deleteCourier", tag = "couriers",
    responses(
        (status = 204, description = "Deleted, now or before"),
        (status = 404, description = "This is no courier's code"),
        (status = 409, description = "Mappings name it"),
    ))]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    Path(code): Path<String>,
) -> Answer<StatusCode> {
    let code = code.parse().map_err(|_| Problem::not_found("courier"))?;
    let mapped = app.mappings_to(&tenant, &code).await?;
    if !mapped.is_empty() {
        return Err(still_mapped(mapped.iter().collect()));
    }
    app.store.delete_courier(&tenant, &code).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl App {
    /// Lets the waiting orders of every connection of the tenant be looked at again.
    pub(crate) async fn rerun_all(
        &self,
        tenant: &TenantId,
        term: Option<&ShippingTerm>,
    ) -> Answer<()> {
        let mut connections = self.store.connections(tenant).await?;
        connections.retain(may_hold_orders);
        fan_out(connections, CONCURRENCY, |connection| async move {
            let (key, later) = (connection.key(), self.rerun_delay_seconds);
            self.orders.rerun(&key, term, later).await
        })
        .await?;
        Ok(())
    }

    /// The mappings that name a courier: the tenant's, and those narrowed to a connection.
    async fn mappings_to(&self, tenant: &TenantId, courier: &CourierCode) -> Answer<Vec<Mapping>> {
        let mut mappings = self.all_mappings(tenant).await?;
        mappings.retain(|mapping| mapping.service.courier == *courier);
        Ok(mappings)
    }

    /// The tenant's mappings, and those narrowed to each of its connections.
    pub(crate) async fn all_mappings(&self, tenant: &TenantId) -> Answer<Vec<Mapping>> {
        let mut mappings = self
            .store
            .mappings(&MappingOwner::Tenant(tenant.clone()))
            .await?;
        for connection in self.store.connections(tenant).await? {
            let owner = MappingOwner::Connection(connection.key());
            mappings.extend(self.store.mappings(&owner).await?);
        }
        Ok(mappings)
    }
}

fn still_mapped(mappings: Vec<&Mapping>) -> Problem {
    let problem = Problem::conflict(
        "still-mapped",
        "Mappings name what would be gone.",
        "Map the shipping terms in `current` to another service first, or delete their mappings.",
    );
    let mapped: BTreeMap<String, String> = mappings
        .into_iter()
        .map(|mapping| (mapping.term.to_string(), mapping.service.to_string()))
        .collect();
    problem.showing(&mapped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn checked(json: Value) -> Answer<Courier> {
        serde_json::from_value::<CourierRequest>(json)
            .unwrap()
            .checked("DPD".parse().unwrap())
    }

    #[test]
    fn a_service_can_do_what_is_said_and_no_more() {
        let json = json!({"name": "DPD", "services": [
            {"code": "next-day", "name": "Next day", "prime": true, "constraints": ["signature"],
                "territories": ["jersey", "northern_ireland", "jersey"]},
            {"code": "two-day"},
        ]});
        let courier = checked(json.clone()).unwrap();
        assert!(courier.services[0].prime && !courier.services[1].prime);
        assert!(
            courier.services[0]
                .constraints
                .contains(&Constraint::Signature)
        );
        let territories = &courier.services[0].territories;
        assert_eq!(
            *territories,
            [Territory::Jersey, Territory::NorthernIreland].into()
        );
        assert!(courier.services[1].territories.is_empty());
        let answer = serde_json::to_value(courier).unwrap();
        assert_eq!(
            (&answer["code"], &answer["services"][0]["constraints"]),
            (&json!("DPD"), &json!(["signature"]))
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (services, pointer) in [
            (json!([{"code": "a"}, {"code": "a"}]), "/services/1/code"),
            (json!([{"code": "a b"}]), "/services/0/code"),
            (
                json!([{"code": "a", "name": "x".repeat(101)}]),
                "/services/0",
            ),
        ] {
            let problem = checked(json!({"name": "DPD", "services": services})).unwrap_err();
            assert_eq!(
                serde_json::to_value(problem).unwrap()["errors"][0]["pointer"],
                pointer
            );
        }
    }
}
