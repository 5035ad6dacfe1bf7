//! `GET /orders`: pages of orders without buyer data, the most urgent first.

use crate::App;
use crate::place::Place;
use crate::query::ListRequest;
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use stallkeeper::api::{Answer, Limit, Tenant, scope};
use stallkeeper::domain::courier::Reason;
use stallkeeper::domain::ids::{ConnectionId, TenantId};
use stallkeeper::domain::order::OrderStatus;
use stallkeeper::domain::shipping_term::ShippingTerm;
use stallkeeper::error::Result;
use stallkeeper::store::{OrderFilter, OrderRow, Store};
use std::sync::Arc;
use utoipa::ToSchema;

/// How many queries one page may cost. A filter that matches next to nothing ends its page there, with `next`.
const MOST_READS: usize = 10;
/// How many rows a query reads if most of them may be filtered out.
const FILTERED_READ: usize = 200;

/// A page of orders.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderList)]
pub struct Page {
    pub orders: Vec<OrderRow>,
    /// Give it back as `after` to go on; `null` = this was the last page.
    pub next: Option<String>,
}

/// Lists orders, most urgent first (by ship-by).
///
/// With `status`, orders of that status. Without it, all open orders that are ours (not `elsewhere`), one status after
/// another: `pending_review`, `ready`, `acknowledged`, `partly_dispatched`, `awaiting_payment`, `parked`; within each the most urgent first.
///
/// A page may hold fewer orders than `limit`, or none, and still have a `next`. Orders that come in while pages are
/// read move no other: each order that keeps its status and ship-by moment comes exactly once. An order that changes its
/// status meanwhile may come twice, or not at all; the next walk has it.
#[utoipa::path(
    get, path = "/orders", operation_id = "listOrders", tag = "desk",
    params(
        ("status" = inline(Option<OrderStatus>), Query, description = "Only this status; absent: all open ones that are ours"),
        ("reason" = inline(Option<Reason>), Query, description = "Why it waits for a person"),
        ("marketplace" = Option<String>, Query, pattern = "^([A-Z]{2}|A[A-Z0-9]{9,19})$", example = "UK", description = "Country code as Amazon writes it (UK), or Amazon's marketplace id"),
        ("connection" = inline(Option<ConnectionId>), Query, description = "Connection id"),
        ("term" = inline(Option<ShippingTerm>), Query, description = "Shipping term"),
        ("ship_by_before" = inline(Option<Timestamp>), Query, description = "Only orders to be shipped before this moment (RFC 3339); leaves out those without such a moment"),
        ("limit" = inline(Option<Limit<100>>), Query, description = "How many a page holds"),
        ("after" = Option<String>, Query, description = "`next` of the page before; all other parameters but `limit` as they were"),
    ),
    responses(
        (status = 200, body = Page),
        (status = 422, description = "A parameter is unknown or has a value that does not exist, or the cursor is another list's"),
    )
)]
pub async fn list(
    tenant: Tenant<scope::Desk>,
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Answer<Json<Page>> {
    let request = ListRequest::parse(&query.unwrap_or_default())?;
    let start = request
        .after
        .as_deref()
        .map(|cursor| Place::from_cursor(cursor, &tenant, &request))
        .transpose()?;
    let (rows, next) = read(&app.store, &tenant, &request, start).await?;
    Ok(Json(Page {
        orders: rows,
        next: next.map(|place| place.to_cursor(&tenant, &request)),
    }))
}

/// Reads one row more than wanted, so that a page says `next` only if something follows.
async fn read(
    store: &Store,
    tenant: &TenantId,
    request: &ListRequest,
    start: Option<Place>,
) -> Result<(Vec<OrderRow>, Option<Place>)> {
    let from = start.as_ref().map(|place| place.status);
    let mut key = start.and_then(|place| place.key);
    let statuses = request
        .statuses
        .iter()
        .skip_while(|status| from.is_some_and(|from| from != **status));
    let mut rows: Vec<OrderRow> = Vec::new();
    let mut reads = 0;
    for &status in statuses {
        loop {
            if reads == MOST_READS {
                return Ok((rows, Some(Place { status, key })));
            }
            let missing = request.limit + 1 - rows.len();
            let size = if narrows(&request.filter) {
                missing.max(FILTERED_READ)
            } else {
                missing
            };
            let page = store
                .orders_by_status(tenant, status, &request.filter, key.as_deref(), size as i32)
                .await?;
            reads += 1;
            rows.extend(page.rows);
            if rows.len() > request.limit {
                rows.truncate(request.limit);
                let next = rows.last().map(|row| Place {
                    status: row.status,
                    key: Some(row.place()),
                });
                return Ok((rows, next));
            }
            key = page.next;
            if key.is_none() {
                break;
            }
        }
    }
    Ok((rows, None))
}

/// Whether rows may be read that are not listed. The ship-by moment is part of the key and costs nothing.
fn narrows(filter: &OrderFilter) -> bool {
    let OrderFilter {
        reason,
        marketplace,
        connection,
        term,
        ship_by_before: _,
    } = filter;
    reason.is_some() || marketplace.is_some() || connection.is_some() || term.is_some()
}
