//! Owns the admin endpoints for notices: what was told, what goes wrong with the telling, and what no
//! other endpoint makes happen.

use axum::{
    Json,
    extract::{Path, Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Here, Refused, no_such_seller, observe::Narrowed};
use crate::notices::{NoticeMishaps, Raised};

/// Every notice that was made, the oldest first.
pub(super) async fn list(
    State(sandbox): Here,
    Query(narrowed): Query<Narrowed>,
) -> Json<Vec<Value>> {
    let world = sandbox.world();
    let told = world.notices.told.iter();
    let wanted = told.filter(|told| narrowed.wants(Some(&told.seller)));
    Json(wanted.map(|told| json!(told)).collect())
}

pub(super) async fn put_faults(
    State(sandbox): Here,
    Json(mishaps): Json<NoticeMishaps>,
) -> Json<Value> {
    let mut world = sandbox.world();
    world.notices.mishaps.replace(mishaps);
    Json(json!(world.notices.mishaps))
}

pub(super) async fn show_faults(State(sandbox): Here) -> Json<Value> {
    Json(json!(sandbox.world().notices.mishaps))
}

/// What becomes of the seller's account: `NORMAL`, `AT_RISK`, `DEACTIVATED`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountStatus {
    status: String,
}

/// Tells it for each of the seller's marketplaces.
pub(super) async fn change_account(
    State(sandbox): Here,
    Path(seller): Path<String>,
    Json(change): Json<AccountStatus>,
) -> Result<Json<Value>, Refused> {
    let mut world = sandbox.world();
    let Some(known) = world.sellers.get_mut(&seller) else {
        return no_such_seller(&seller);
    };
    let was = std::mem::replace(&mut known.account_status, change.status);
    for marketplace in &known.account.marketplaces {
        known.raised.push(Raised::Account {
            marketplace: marketplace.clone(),
            was: was.clone(),
            is: known.account_status.clone(),
        });
    }
    Ok(Json(json!({ "was": was, "is": known.account_status })))
}
