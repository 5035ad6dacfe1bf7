//! `/operator/orders`: the desk of whoever runs the deployment, over all tenants. Every use is in the audit log, also one that
//! is refused.

use crate::App;
use crate::hold::released;
use crate::list::{Listed, page};
use crate::outcome::{NamesOrder, Outcome, Reads, Results, check_count, each};
use crate::query::{ListRequest, Reach};
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::{Deserialize, Serialize};
use stallkeeper::api::{Answer, Body, Limit, OperatorCall, Text};
use stallkeeper::domain::courier::{CourierCode, Reason};
use stallkeeper::domain::ids::{AmazonSku, ConnectionId, OrderId, TenantId};
use stallkeeper::domain::order::OrderStatus;
use stallkeeper::domain::shipping_term::ShippingTerm;
use stallkeeper::store::ListedOrder;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of orders of all tenants.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OperatorOrderList)]
pub struct Page {
    pub orders: Vec<OrderOfAnyTenant>,
    /// Give it back as `after` to go on; `null` = this was the last page.
    pub next: Option<String>,
}

/// An order of the list, with its tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderOfAnyTenant {
    #[schema(value_type = String)]
    pub tenant: TenantId,
    #[serde(flatten)]
    pub order: Listed,
}

impl From<ListedOrder> for OrderOfAnyTenant {
    fn from(ListedOrder { tenant, row }: ListedOrder) -> Self {
        let order = Listed::from(row);
        Self { tenant, order }
    }
}

/// Lists the open orders of all tenants, the most urgent of all first. Holds no buyer data.
///
/// Open are those that the merchant ships and that are `pending_review`, `ready`, `acknowledged`, `partly_dispatched`,
/// `awaiting_payment` or `parked`. Each order that keeps its ship-by moment and stays open comes exactly once. A page may hold
/// fewer orders than `limit`, or none, and still have a `next`.
#[utoipa::path(
    get, path = "/operator/orders", operation_id = "listOrdersOfAllTenants", tag = "operator",
    params(
        ("tenant" = inline(Option<TenantId>), Query, description = "Only this tenant's"),
        ("status" = inline(Option<OrderStatus>), Query, description = "Only this status, which must be an open one"),
        ("reason" = inline(Option<Reason>), Query, description = "Why it waits for a person"),
        ("marketplace" = Option<String>, Query, pattern = "^([A-Z]{2}|A[A-Z0-9]{9,19})$", example = "UK", description = "Country code as Amazon writes it (UK), or Amazon's marketplace id"),
        ("connection" = inline(Option<ConnectionId>), Query, description = "Connection id"),
        ("order_id" = inline(Option<OrderId>), Query, description = "Amazon's order id, if the order is open"),
        ("sku" = inline(Option<AmazonSku>), Query, description = "Only orders with a line of this SKU, exactly as on Amazon"),
        ("courier" = inline(Option<CourierCode>), Query, description = "Courier: whichever of its services carries it"),
        ("term" = inline(Option<ShippingTerm>), Query, description = "Shipping term"),
        ("ship_by_from" = inline(Option<Timestamp>), Query, description = "Only orders to be shipped at this moment (RFC 3339) or later"),
        ("ship_by_before" = inline(Option<Timestamp>), Query, description = "Only orders to be shipped before this moment (RFC 3339); leaves out those without such a moment"),
        ("at_risk" = Option<bool>, Query, description = "`true`: only orders that are to be shipped soon, or late already"),
        ("auto_cancel_soon" = Option<bool>, Query, description = "`true`: only orders that are still to be shipped and that Amazon cancels by itself within two days, seven days after their ship-by moment"),
        ("limit" = inline(Option<Limit<100>>), Query, description = "How many a page holds"),
        ("after" = Option<String>, Query, description = "`next` of the page before; all other parameters but `limit` as they were"),
    ),
    responses(
        (status = 200, body = Page),
        (status = 422, description = "A parameter is unknown or has a value that does not exist, or the cursor is another list's"),
    )
)]
pub async fn list(
    call: OperatorCall,
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Answer<Json<Page>> {
    let request = ListRequest::parse(&query.unwrap_or_default(), Reach::AllTenants);
    let tenant = request
        .as_ref()
        .ok()
        .and_then(|it| it.filter.tenant.as_ref());
    let operator = call.allowed("list orders", tenant)?;
    let request = request?;
    let (orders, next) = page(&app, &operator, &request).await?;
    let orders = orders.into_iter().map(Into::into).collect();
    Ok(Json(Page { orders, next }))
}

/// The orders that an operator releases.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OperatorReleaseRequest)]
pub struct ReleaseRequest {
    #[schema(min_items = 1, max_items = 100)]
    orders: Vec<OrderOfTenant>,
    /// For the audit log and the order's history.
    reason: Text<100>,
}

/// An order of a tenant, by its ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderOfTenant {
    tenant: TenantId,
    connection: ConnectionId,
    /// Amazon's order id.
    id: OrderId,
}

impl NamesOrder for OrderOfTenant {
    fn ids(&self) -> (&str, &str) {
        (self.connection.as_str(), self.id.as_str())
    }

    fn tenant(&self) -> Option<&TenantId> {
        Some(&self.tenant)
    }
}

/// Releases orders of any tenants that a person holds.
///
/// Each row is for itself: its order goes where its tenant's rules put it today. One that is not held is `already`. Each row is in the audit log before anything is written.
#[utoipa::path(
    post, path = "/operator/orders/release", operation_id = "releaseOrdersOfAnyTenant", tag = "operator",
    request_body = ReleaseRequest,
    responses(
        (status = 200, body = Results),
        (status = 422, description = "No order, or more than 100; what is no id; no reason, or a long one"),
    )
)]
pub async fn release(
    call: OperatorCall,
    State(app): State<Arc<App>>,
    request: Answer<Body<ReleaseRequest>>,
) -> Answer<Json<Results>> {
    let operator = call.allowed("release orders", None)?;
    let Body(ReleaseRequest { orders, reason }) = request?;
    let reason = reason.checked("/reason")?;
    check_count(&orders)?;
    for OrderOfTenant {
        tenant,
        connection,
        id,
    } in &orders
    {
        let what = format!("order `{id}` of connection `{connection}`");
        call.record("order_released", Some(tenant), &what, &reason);
    }
    let how = (Outcome::Released, Reads::Settings);
    let note = format!("an operator released the order: {reason}");
    each(&app, &operator, orders, how, |_, stored, settings, now| {
        released(stored, settings, &note, now)
    })
    .await
}
