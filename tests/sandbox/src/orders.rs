//! Owns the Orders API: `searchOrders` and `getOrder` of v2026-01-01, and by `shipping` what of v0 stays.

pub(crate) mod cancelling;
mod included;
mod search;
pub(crate) mod shipping;
pub(crate) mod state;

use std::collections::BTreeSet;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) use search::page_number;

use crate::{
    admitted::AdmittedRequest,
    operations::Role,
    reply::{Refusal, Reply},
    world::{MissingRole, Seller},
};
use included::View;
use search::Search;

pub(crate) fn search(seller: &Seller, admitted: &AdmittedRequest<'_>) -> Result<Value, Refusal> {
    let (roles, query, now) = (&admitted.roles, &admitted.incoming.query, admitted.now);
    let view = view(seller, roles, query, now)?;
    let search = Search::parse(query, now)?;
    let page = search.page(seller.orders.values(), now);
    let orders: Vec<Value> = page.orders.iter().map(|order| view.of(order)).collect();
    let mut body = json!({ "orders": orders });
    body[search.echoes()] = json!(search.before.to_string());
    if let Some(token) = page.next_token {
        body["pagination"] = json!({ "nextToken": token });
    }
    Ok(body)
}

pub(crate) fn get(seller: &Seller, admitted: &AdmittedRequest<'_>) -> Result<Value, Refusal> {
    let order_id = admitted.parameter("orderId");
    let view = view(
        seller,
        &admitted.roles,
        &admitted.incoming.query,
        admitted.now,
    )?;
    if !is_order_id(order_id) {
        return Err(Refusal::Violation(format!("`{order_id}` is no order id")));
    }
    match seller.orders.get(order_id) {
        Some(order) => Ok(json!({ "order": view.of(order) })),
        None => Err(Refusal::Other(Reply::of_status(StatusCode::NOT_FOUND))),
    }
}

/// Checks what the seller's account refuses altogether, and says what the caller may see.
fn view(
    seller: &Seller,
    roles: &BTreeSet<Role>,
    query: &[(String, String)],
    now: Timestamp,
) -> Result<View, Refusal> {
    let view = View::new(search::list(query, "includedData"), roles, now);
    if seller.account.refuses_orders {
        return Err(Refusal::Other(Reply::denied("")));
    }
    if seller.account.refuses_fulfillment && view.asks("FULFILLMENT") {
        return Err(Refusal::Other(Reply::invalid(
            "Invalid value for includedData: FULFILLMENT",
        )));
    }
    let forbidden = seller.account.missing_role == MissingRole::Forbidden;
    if forbidden && view.lacks_a_role() {
        return Err(Refusal::Other(Reply::denied("")));
    }
    Ok(view)
}

/// `NNN-NNNNNNN-NNNNNNN`.
fn is_order_id(id: &str) -> bool {
    let parts: Vec<&str> = id.split('-').collect();
    let digits = parts
        .iter()
        .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    digits && parts.iter().map(|part| part.len()).eq([3, 7, 7])
}

/// When an order was last changed, or was placed.
pub(crate) fn time(order: &Value, field: &str) -> Option<Timestamp> {
    order[field].as_str()?.parse().ok()
}
