//! Owns the admin endpoints for the packages of orders: what Amazon has of a seller, and a package that
//! somebody else than the caller of `confirmShipment` ships.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::{Value, json};

use super::{Here, Refused, no_such_order, no_such_seller, refuse};
use crate::{orders::shipping, reply::Refusal};

/// Every package of every order, with what `confirmShipment` did to it.
pub(super) async fn list(
    State(sandbox): Here,
    Path(seller): Path<String>,
) -> Result<Json<Vec<Value>>, Refused> {
    let world = sandbox.world();
    let Some(known) = world.sellers.get(&seller) else {
        return no_such_seller(&seller);
    };
    let mut shown = Vec::new();
    for (id, order) in &known.orders {
        for package in order["packages"].as_array().into_iter().flatten() {
            let reference = &package["packageReferenceId"];
            let confirmations: Vec<_> = known
                .confirmations
                .get(id)
                .into_iter()
                .flatten()
                .filter(|one| *reference == one.detail["packageReferenceId"])
                .collect();
            shown.push(
                json!({ "order_id": id, "package": package, "confirmations": confirmations }),
            );
        }
    }
    Ok(Json(shown))
}

/// A package by another hand: Seller Central's, or Amazon's own for a label bought from it. Ship+ orders
/// have them too.
pub(super) async fn add(
    State(sandbox): Here,
    Path((seller, id)): Path<(String, String)>,
    Json(detail): Json<Value>,
) -> Result<Json<Value>, Refused> {
    let (mut world, now) = (sandbox.world(), sandbox.clock.now());
    let Some(known) = world.sellers.get_mut(&seller) else {
        return no_such_seller(&seller);
    };
    let Some(order) = known.orders.get_mut(&id) else {
        return no_such_order(&seller, &id);
    };
    match shipping::by_another_hand(order, detail, now) {
        Ok(()) => {
            let shown = order.clone();
            known.touched(&id);
            Ok(Json(shown))
        }
        Err(Refusal::Violation(why)) => refuse(StatusCode::BAD_REQUEST, why),
        Err(Refusal::Other(reply)) => refuse(StatusCode::CONFLICT, reply.body),
    }
}
