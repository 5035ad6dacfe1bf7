//! Owns the admin endpoints that put orders into a seller's account, change them and show them whole.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Here, Refused, no_such_order, no_such_seller, refuse};
use crate::{clock, generate, listings, orders};

/// Orders without a time are dated so far back that a search may see them.
const USUAL_AGE: SignedDuration = SignedDuration::from_mins(10);

/// Either generated orders, or raw ones in Amazon's own JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum NewOrders {
    Generate(generate::Wish),
    Orders(Vec<Value>),
}

pub(super) async fn list(
    State(sandbox): Here,
    Path(seller): Path<String>,
) -> Result<Json<Vec<Value>>, Refused> {
    match sandbox.world().sellers.get(&seller) {
        Some(known) => Ok(Json(known.orders.values().cloned().collect())),
        None => no_such_seller(&seller),
    }
}

pub(super) async fn add(
    State(sandbox): Here,
    Path(seller): Path<String>,
    Json(new): Json<NewOrders>,
) -> Result<Json<Value>, Refused> {
    let (mut world, now) = (sandbox.world(), sandbox.clock.now());
    let backdated = world.back_office.backdated_orders_sell;
    let Some(known) = world.sellers.get_mut(&seller) else {
        return no_such_seller(&seller);
    };
    let orders = match new {
        NewOrders::Generate(wish) => match generate::orders(&seller, &known.account, &wish, now) {
            Ok(orders) => orders,
            Err(why) => return refuse(StatusCode::BAD_REQUEST, why),
        },
        NewOrders::Orders(orders) => orders,
    };
    let mut ids = Vec::new();
    for mut order in orders {
        match complete(&mut order, now) {
            Ok(id) => {
                // Sent once more, it is the order that already sold.
                if !known.orders.contains_key(&id) {
                    listings::placed(&mut known.listings, &order, backdated, now);
                }
                known.orders.insert(id.clone(), order);
                known.touched(&id);
                ids.push(id);
            }
            Err(why) => return refuse(StatusCode::BAD_REQUEST, why),
        }
    }
    Ok(Json(json!({ "count": ids.len(), "order_ids": ids })))
}

/// Merges a JSON merge patch (RFC 7396) into an order and dates it now, unless the patch dates it.
pub(super) async fn change(
    State(sandbox): State<Arc<crate::Sandbox>>,
    Path((seller, id)): Path<(String, String)>,
    Json(patch): Json<Value>,
) -> Result<Json<Value>, Refused> {
    let (mut world, now) = (sandbox.world(), sandbox.clock.now());
    let restores = world.back_office.cancel_restores;
    let Some(known) = world.sellers.get_mut(&seller) else {
        return no_such_seller(&seller);
    };
    let Some(order) = known.orders.get_mut(&id) else {
        return no_such_order(&seller, &id);
    };
    let was_cancelled = is_cancelled(order);
    order["lastUpdatedTime"] = json!(clock::iso(now));
    merge(order, &patch);
    order["orderId"] = json!(id);
    if restores && is_cancelled(order) && !was_cancelled {
        listings::cancelled(&mut known.listings, order, now);
    }
    let shown = order.clone();
    known.touched(&id);
    Ok(Json(shown))
}

fn is_cancelled(order: &Value) -> bool {
    order["fulfillment"]["fulfillmentStatus"] == "CANCELLED"
}

fn complete(order: &mut Value, now: Timestamp) -> Result<String, String> {
    let id = order["orderId"]
        .as_str()
        .ok_or("an order needs an orderId")?
        .to_owned();
    let usual = clock::iso(now.saturating_sub(USUAL_AGE).unwrap_or(now));
    for field in ["createdTime", "lastUpdatedTime"] {
        if order[field].is_null() {
            order[field] = json!(usual);
        } else if orders::time(order, field).is_none() {
            return Err(format!("{field} of {id} is no time"));
        }
    }
    Ok(id)
}

fn merge(target: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_object() else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in fields {
        match (value.is_null(), target.as_object_mut()) {
            (true, Some(object)) => drop(object.remove(name)),
            _ => merge(&mut target[name], value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_merges_objects_replaces_lists_and_removes_nulls() {
        let mut order = json!({"a": {"b": 1, "c": 2}, "list": [1, 2], "gone": 1});
        merge(
            &mut order,
            &json!({"a": {"c": 3}, "list": [9], "gone": null, "new": {"x": 1}}),
        );
        assert_eq!(
            order,
            json!({"a": {"b": 1, "c": 3}, "list": [9], "new": {"x": 1}})
        );
    }

    #[test]
    fn a_raw_order_is_dated_ten_minutes_back_unless_it_says_otherwise() {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        let mut order = json!({"orderId": "1", "createdTime": "2026-11-01T00:00:00Z"});
        assert_eq!(complete(&mut order, now).unwrap(), "1");
        assert_eq!(order["createdTime"], "2026-11-01T00:00:00Z");
        assert_eq!(order["lastUpdatedTime"], "2026-11-20T11:50:00Z");
    }
}
