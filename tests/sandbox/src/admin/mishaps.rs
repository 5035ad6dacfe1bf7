//! Owns the admin endpoints for what goes wrong behind Amazon's APIs: feeds, reports, refused SKUs.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{Here, Refused, no_such_seller};
use crate::{back_office::Mishaps, listings::OrderedRefusal};

pub(super) async fn put_of_feeds(
    State(sandbox): Here,
    Path(seller): Path<String>,
    Json(mishaps): Json<Mishaps>,
) -> Result<Json<Value>, Refused> {
    match sandbox.world().sellers.get_mut(&seller) {
        Some(known) => {
            known.feeds.mishaps = mishaps;
            Ok(Json(json!(known.feeds.mishaps)))
        }
        None => no_such_seller(&seller),
    }
}

pub(super) async fn show_of_feeds(
    State(sandbox): Here,
    Path(seller): Path<String>,
) -> Result<Json<Value>, Refused> {
    match sandbox.world().sellers.get(&seller) {
        Some(known) => Ok(Json(json!(known.feeds.mishaps))),
        None => no_such_seller(&seller),
    }
}

pub(super) async fn put_of_reports(
    State(sandbox): Here,
    Path(seller): Path<String>,
    Json(mishaps): Json<Mishaps>,
) -> Result<Json<Value>, Refused> {
    match sandbox.world().sellers.get_mut(&seller) {
        Some(known) => {
            known.reports.mishaps = mishaps;
            Ok(Json(json!(known.reports.mishaps)))
        }
        None => no_such_seller(&seller),
    }
}

pub(super) async fn put_refusals(
    State(sandbox): Here,
    Path(seller): Path<String>,
    Json(refusals): Json<BTreeMap<String, OrderedRefusal>>,
) -> Result<Json<Value>, Refused> {
    match sandbox.world().sellers.get_mut(&seller) {
        Some(known) => {
            known.listings.refusals = refusals;
            Ok(Json(json!(known.listings.refusals)))
        }
        None => no_such_seller(&seller),
    }
}

/// Lets every seller's held and stuck feeds go.
pub(super) async fn release_feeds(State(sandbox): Here) -> Json<Value> {
    let (mut world, now) = (sandbox.world(), sandbox.clock.now());
    let sellers = world.sellers.values_mut();
    let released: usize = sellers.map(|seller| seller.feeds.release(now)).sum();
    Json(json!({ "released": released }))
}

pub(super) async fn release_reports(State(sandbox): Here) -> Json<Value> {
    let mut world = sandbox.world();
    let sellers = world.sellers.values_mut();
    let released: usize = sellers.map(|seller| seller.reports.release()).sum();
    Json(json!({ "released": released }))
}

/// Every feed with what it has done, for a test to see behind `getFeed`.
pub(super) async fn list_feeds(
    State(sandbox): Here,
    Path(seller): Path<String>,
) -> Result<Json<Value>, Refused> {
    match sandbox.world().sellers.get(&seller) {
        Some(known) => Ok(Json(known.feeds.shown())),
        None => no_such_seller(&seller),
    }
}
