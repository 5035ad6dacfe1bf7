//! Owns the admin endpoints that fill Amazon's catalogue and say what a seller may not offer.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Here, Refused, no_such_seller, refuse};
use crate::catalog::{self, Item, Restricted, Terms};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewItems {
    items: Vec<Item>,
}

/// Puts items in, or describes known ones again.
pub(super) async fn put(
    State(sandbox): Here,
    Json(new): Json<NewItems>,
) -> Result<Json<Value>, Refused> {
    let mut world = sandbox.world();
    let count = new.items.len();
    for item in new.items {
        if !catalog::is_known(&item.marketplaces) {
            return refuse(StatusCode::BAD_REQUEST, "a marketplace id is none");
        }
        world.catalogue.put(item);
    }
    Ok(Json(json!({ "count": count })))
}

pub(super) async fn restrict(
    State(sandbox): Here,
    Path(seller): Path<String>,
    Json(restrictions): Json<BTreeMap<String, Restricted>>,
) -> Result<Json<Value>, Refused> {
    match sandbox.world().sellers.get_mut(&seller) {
        Some(known) => {
            known.restrictions = restrictions;
            Ok(Json(json!(known.restrictions)))
        }
        None => no_such_seller(&seller),
    }
}

pub(super) async fn put_terms(
    State(sandbox): Here,
    Path(seller): Path<String>,
    Json(terms): Json<Terms>,
) -> Result<Json<Value>, Refused> {
    match sandbox.world().sellers.get_mut(&seller) {
        Some(known) => {
            known.terms = terms;
            Ok(Json(json!(known.terms)))
        }
        None => no_such_seller(&seller),
    }
}
