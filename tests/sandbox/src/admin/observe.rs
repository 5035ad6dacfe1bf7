//! Owns the admin endpoints by which a test looks behind the scene, and those for faults and settings.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Here;
use crate::{
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
    fn wants(&self, seller: Option<&str>) -> bool {
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
    /// Fills all buckets now.
    #[serde(default)]
    refill: bool,
}

pub(super) async fn change_settings(state: Here, Json(settings): Json<Settings>) -> Json<Value> {
    if let Some(offset) = settings.clock_offset_ms {
        state.clock.set_offset_ms(offset);
    }
    {
        let mut world = state.world();
        world.refill_factor = settings.refill_factor.unwrap_or(world.refill_factor);
        world.rate_limit_header = settings
            .rate_limit_header
            .unwrap_or(world.rate_limit_header);
        world.bad_token_status = settings.bad_token_status.unwrap_or(world.bad_token_status);
        if settings.refill {
            world.refill();
        }
    }
    show_settings(state).await
}

pub(super) async fn show_settings(State(sandbox): Here) -> Json<Value> {
    let world = sandbox.world();
    Json(json!({
        "refill_factor": world.refill_factor,
        "clock_offset_ms": sandbox.clock.offset_ms(),
        "rate_limit_header": world.rate_limit_header,
        "bad_token_status": world.bad_token_status,
    }))
}
