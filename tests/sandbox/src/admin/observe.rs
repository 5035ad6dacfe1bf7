//! Owns the admin endpoints by which a test looks behind the scene, and those for faults and settings.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Here, Refused, refuse};
use crate::{
    back_office::BackOffice,
    buyer_values,
    fault::Fault,
    world::{Call, Violation},
};

pub(super) async fn list_buyer_values(State(sandbox): Here) -> Json<BTreeSet<String>> {
    let world = sandbox.world();
    let orders = world
        .sellers
        .values()
        .flat_map(|seller| seller.orders.values());
    Json(orders.flat_map(buyer_values::of).collect())
}

/// Narrows what is listed to one seller.
#[derive(Deserialize)]
pub(super) struct Narrowed {
    seller: Option<String>,
}

impl Narrowed {
    pub(super) fn wants(&self, seller: Option<&str>) -> bool {
        self.seller
            .as_deref()
            .is_none_or(|wanted| seller == Some(wanted))
    }
}

#[derive(Default, Serialize)]
pub(super) struct Count {
    count: u32,
    by_status: BTreeMap<String, u32>,
}

pub(super) async fn count_calls(
    State(sandbox): Here,
    Query(narrowed): Query<Narrowed>,
) -> Json<BTreeMap<String, Count>> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for call in sandbox
        .world()
        .calls
        .iter()
        .filter(|call| narrowed.wants(call.seller.as_deref()))
    {
        let count = counts.entry(call.operation.clone()).or_default();
        count.count += 1;
        let status = call
            .status
            .map_or_else(|| "reset".to_owned(), |status| status.to_string());
        *count.by_status.entry(status).or_default() += 1;
    }
    Json(counts)
}

pub(super) async fn list_calls(
    State(sandbox): Here,
    Query(narrowed): Query<Narrowed>,
) -> Json<Vec<Call>> {
    let world = sandbox.world();
    Json(
        world
            .calls
            .iter()
            .filter(|call| narrowed.wants(call.seller.as_deref()))
            .cloned()
            .collect(),
    )
}

pub(super) async fn forget_calls(State(sandbox): Here) -> StatusCode {
    sandbox.world().calls.clear();
    StatusCode::NO_CONTENT
}

pub(super) async fn list_violations(
    State(sandbox): Here,
    Query(narrowed): Query<Narrowed>,
) -> Json<Vec<Violation>> {
    let world = sandbox.world();
    Json(
        world
            .violations
            .iter()
            .filter(|violation| narrowed.wants(violation.seller.as_deref()))
            .cloned()
            .collect(),
    )
}

pub(super) async fn forget_violations(State(sandbox): Here) -> StatusCode {
    sandbox.world().violations.clear();
    StatusCode::NO_CONTENT
}

pub(super) async fn list_faults(State(sandbox): Here) -> Json<Value> {
    Json(json!(sandbox.world().faults))
}

pub(super) async fn add_fault(State(sandbox): Here, Json(fault): Json<Fault>) -> StatusCode {
    sandbox.world().faults.add(fault);
    StatusCode::CREATED
}

pub(super) async fn clear_faults(State(sandbox): Here) -> StatusCode {
    sandbox.world().faults.clear();
    StatusCode::NO_CONTENT
}

/// What may be changed while the sandbox runs; what is left out stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    refill_factor: Option<f64>,
    clock_offset_ms: Option<i64>,
    rate_limit_header: Option<bool>,
    bad_token_status: Option<u16>,
    sqs_endpoint: Option<String>,
    event_bridge_queue: Option<String>,
    /// Fills all buckets now.
    #[serde(default)]
    refill: bool,
}

pub(super) async fn change_settings(
    state: Here,
    Json(mut given): Json<Map<String, Value>>,
) -> Result<Json<Value>, Refused> {
    let office = behind(&state.world().back_office, &mut given);
    let read = serde_json::from_value(Value::Object(given))
        .and_then(|settings| Ok((settings, serde_json::from_value(office)?)));
    let (settings, office): (Settings, BackOffice) = match read {
        Ok(read) => read,
        Err(why) => return refuse(StatusCode::UNPROCESSABLE_ENTITY, why),
    };
    if let Some(offset) = settings.clock_offset_ms {
        state.clock.set_offset_ms(offset);
    }
    {
        let mut world = state.world();
        world.back_office = office;
        world.refill_factor = settings.refill_factor.unwrap_or(world.refill_factor);
        world.rate_limit_header = settings
            .rate_limit_header
            .unwrap_or(world.rate_limit_header);
        world.bad_token_status = settings.bad_token_status.unwrap_or(world.bad_token_status);
        let notices = &mut world.notices;
        notices.sqs_endpoint = settings.sqs_endpoint.or(notices.sqs_endpoint.take());
        notices.event_bridge_queue = settings
            .event_bridge_queue
            .or(notices.event_bridge_queue.take());
        if settings.refill {
            world.refill();
        }
    }
    Ok(show_settings(state).await)
}

/// What the back office's settings become, taken out of what was given.
fn behind(office: &BackOffice, given: &mut Map<String, Value>) -> Value {
    let mut settings = json!(office);
    if let Some(settings) = settings.as_object_mut() {
        for (name, value) in settings {
            if let Some(new) = given.remove(name) {
                *value = new;
            }
        }
    }
    settings
}

pub(super) async fn show_settings(State(sandbox): Here) -> Json<Value> {
    let world = sandbox.world();
    let mut settings = json!(world.back_office);
    settings["refill_factor"] = json!(world.refill_factor);
    settings["clock_offset_ms"] = json!(sandbox.clock.offset_ms());
    settings["rate_limit_header"] = json!(world.rate_limit_header);
    settings["bad_token_status"] = json!(world.bad_token_status);
    settings["sqs_endpoint"] = json!(world.notices.sqs_endpoint);
    settings["event_bridge_queue"] = json!(world.notices.event_bridge_queue);
    Json(settings)
}
