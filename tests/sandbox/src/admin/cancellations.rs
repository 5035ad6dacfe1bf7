//! Owns the admin endpoints by which a buyer asks for a cancellation, takes it back, or somebody cancels.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Here, Refused, no_such_order, no_such_seller, refuse};
use crate::{
    orders::{
        cancelling::{self, Cancellation},
        state::{self, CancelledBy},
    },
    world::Seller,
};

/// What the buyer asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BuyersWish {
    /// None: every line that is open.
    items: Option<Vec<String>>,
    #[serde(default = "changed_mind")]
    reason: String,
}

fn changed_mind() -> String {
    "Changed mind about purchase".to_owned()
}

pub(super) async fn request(
    State(sandbox): Here,
    Path((seller, id)): Path<(String, String)>,
    Json(wish): Json<BuyersWish>,
) -> Result<Json<Value>, Refused> {
    let (mut world, now) = (sandbox.world(), sandbox.clock.now());
    let order = order(world.sellers.get_mut(&seller), &seller, &id)?;
    known_lines(order, wish.items.as_deref())?;
    cancelling::request(order, wish.items.as_deref(), &wish.reason, now);
    let shown = order.clone();
    if let Some(known) = world.sellers.get_mut(&seller) {
        known.touched(&id);
    }
    Ok(Json(shown))
}

pub(super) async fn withdraw(
    State(sandbox): Here,
    Path((seller, id)): Path<(String, String)>,
) -> Result<Json<Value>, Refused> {
    let (mut world, now) = (sandbox.world(), sandbox.clock.now());
    let order = order(world.sellers.get_mut(&seller), &seller, &id)?;
    cancelling::withdraw(order, now);
    let shown = order.clone();
    if let Some(known) = world.sellers.get_mut(&seller) {
        known.touched(&id);
    }
    Ok(Json(shown))
}

/// Who cancels what, without asking anybody.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deed {
    by: CancelledBy,
    reason: String,
    /// None: every line that is open.
    items: Option<Vec<String>>,
}

pub(super) async fn cancel(
    State(sandbox): Here,
    Path((seller, id)): Path<(String, String)>,
    Json(deed): Json<Deed>,
) -> Result<Json<Value>, Refused> {
    let (mut world, now) = (sandbox.world(), sandbox.clock.now());
    let restores = world.back_office.cancel_restores;
    let lines = deed.items.as_deref();
    known_lines(order(world.sellers.get_mut(&seller), &seller, &id)?, lines)?;
    let Some(known) = world.sellers.get_mut(&seller) else {
        return no_such_seller(&seller);
    };
    let cancellation = Cancellation {
        lines,
        by: deed.by,
        reason: &deed.reason,
        restores,
    };
    cancellation.apply(known, &id, now);
    Ok(Json(json!(known.orders.get(&id))))
}

fn order<'a>(
    known: Option<&'a mut Seller>,
    seller: &str,
    id: &str,
) -> Result<&'a mut Value, Refused> {
    match known {
        None => no_such_seller(seller),
        Some(known) => match known.orders.get_mut(id) {
            Some(order) => Ok(order),
            None => no_such_order(seller, id),
        },
    }
}

fn known_lines(order: &Value, lines: Option<&[String]>) -> Result<(), Refused> {
    let unknown = |id: &&String| state::item(order, id).is_none();
    match lines.into_iter().flatten().find(unknown) {
        Some(id) => refuse(
            StatusCode::BAD_REQUEST,
            format!("the order has no line `{id}`"),
        ),
        None => Ok(()),
    }
}
