//! `GET /orders`: pages of orders without buyer data, the most urgent first; with `include`, whole orders.

use crate::App;
use crate::answer::OrderLine;
use crate::audit::{self, Look};
use crate::place::Place;
use crate::query::{Extra, ListRequest, Reach, Sort};
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use stallkeeper::api::{Answer, Caller, Limit, Scope, Tenant, scope};
use stallkeeper::domain::courier::{CourierCode, Reason};
use stallkeeper::domain::ids::{AmazonSku, ConnectionId, ConnectionKey, OrderId, TenantId};
use stallkeeper::domain::order::{OrderStatus, StoredOrder};
use stallkeeper::domain::shipping_term::ShippingTerm;
use stallkeeper::error::{Error, Result};
use stallkeeper::fan_out;
use stallkeeper::store::{ListedOrder, MergedOrders, OrderPartition, OrderReader, OrderRow};
use std::sync::Arc;
use utoipa::ToSchema;

/// How many whole orders are read side by side.
const AT_ONCE: usize = 10;

/// A page of orders.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderList)]
pub struct Page {
    pub orders: Vec<Listed>,
    /// Give it back as `after` to go on; `null` = this was the last page.
    pub next: Option<String>,
}

/// An order of a list, with what was asked for besides.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderOfList)]
pub struct Listed {
    #[serde(flatten)]
    pub row: OrderRow,
    /// When Amazon cancels it by itself, without charging the buyer, unless a dispatch of it is confirmed before: seven days after
    /// `ship_by`. `null` if there is nothing to confirm.
    pub auto_cancel_at: Option<Timestamp>,
    /// With `include=items`: its lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub items: Option<Vec<OrderLine>>,
    /// With `include=recipient`: whom the parcel goes to, a JSON object in the shape of Amazon's `recipient`; `null` if there is
    /// no buyer data (any more).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, required = false)]
    pub recipient: Option<Value>,
}

impl From<OrderRow> for Listed {
    fn from(row: OrderRow) -> Self {
        Self {
            auto_cancel_at: row.auto_cancel_at(),
            row,
            items: None,
            recipient: None,
        }
    }
}

/// Lists orders, most urgent first (by ship-by).
///
/// With `status`, orders of that status. Without it, all open orders that are ours (not `elsewhere`): with `sort=status` one
/// status after another: `pending_review`, `ready`, `acknowledged`, `partly_dispatched`, `awaiting_payment`, `parked`; with
/// `sort=ship_by` the most urgent of all first.
///
/// `order_id` finds one order, whatever its status, and `sku` those with a line of that SKU; without `status` only open ones.
/// By its buyer's postcode an order is found by `POST /orders/search`.
///
/// `include=items,recipient` hands whole orders out: each order's lines as they are now, and whom its parcel goes to. The
/// recipient needs scope `buyer` besides `desk`; every look is in the audit log, also one that is refused, and the answer must
/// not be stored.
///
/// A page may hold fewer orders than `limit`, or none, and still have a `next`: what one page reads is bounded, however many
/// orders there are. Orders that come in while pages are read move no other: each order that keeps its status and ship-by
/// moment comes exactly once; with `sort=ship_by`, each that keeps its ship-by moment and stays open. With `sort=status` an
/// order that changes its status meanwhile may come twice, or not at all; the next walk has it.
#[utoipa::path(
    get, path = "/orders", operation_id = "listOrders", tag = "desk",
    params(
        ("status" = inline(Option<OrderStatus>), Query, description = "Only this status; absent: all open ones that are ours"),
        ("reason" = inline(Option<Reason>), Query, description = "Why it waits for a person"),
        ("marketplace" = Option<String>, Query, pattern = "^([A-Z]{2}|A[A-Z0-9]{9,19})$", example = "UK", description = "Country code as Amazon writes it (UK), or Amazon's marketplace id"),
        ("connection" = inline(Option<ConnectionId>), Query, description = "Connection id"),
        ("order_id" = inline(Option<OrderId>), Query, description = "Amazon's order id: this order, of whichever connection and status. Goes with `connection`, `include` and `limit` alone"),
        ("sku" = inline(Option<AmazonSku>), Query, description = "Only orders with a line of this SKU, exactly as on Amazon"),
        ("courier" = inline(Option<CourierCode>), Query, description = "Courier: whichever of its services carries it"),
        ("term" = inline(Option<ShippingTerm>), Query, description = "Shipping term"),
        ("ship_by_from" = inline(Option<Timestamp>), Query, description = "Only orders to be shipped at this moment (RFC 3339) or later"),
        ("ship_by_before" = inline(Option<Timestamp>), Query, description = "Only orders to be shipped before this moment (RFC 3339); leaves out those without such a moment"),
        ("at_risk" = Option<bool>, Query, description = "`true`: only orders that are still to be shipped, and to be shipped within the hours that the deployment calls at risk (12 unless it says otherwise), or late already"),
        ("auto_cancel_soon" = Option<bool>, Query, description = "`true`: only orders that are still to be shipped and that Amazon cancels by itself within two days, seven days after their ship-by moment"),
        ("sort" = inline(Option<Sort>), Query, description = "Order of a list of several statuses"),
        ("include" = inline(Option<Vec<Extra>>), Query, explode = false, description = "What to add to each order, separated by commas"),
        ("limit" = inline(Option<Limit<100>>), Query, description = "How many a page holds"),
        ("after" = Option<String>, Query, description = "`next` of the page before; all other parameters but `limit` and `include` as they were"),
    ),
    responses(
        (status = 200, body = Page),
        (status = 422, description = "A parameter is unknown or has a value that does not exist, or the cursor is another list's"),
    )
)]
pub async fn list(
    tenant: Tenant<scope::Desk>,
    caller: Caller,
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Answer<impl IntoResponse> {
    let request = ListRequest::parse(&query.unwrap_or_default(), Reach::OneTenant)?;
    if request.include.contains(&Extra::Recipient)
        && let Err(problem) = caller.require(Scope::Buyer)
    {
        audit::list_refused(&tenant, caller.author());
        return Err(problem);
    }
    let (orders, next) = page(&app, &tenant, &request).await?;
    let now = Timestamp::now();
    let orders = fan_out(orders, AT_ONCE, |order| {
        with_extras(&app, &caller, order, &request.include, now)
    })
    .await?;
    let page = Page { orders, next };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(page)))
}

/// A page of a tenant's list, and the cursor of the next.
pub async fn page(
    app: &App,
    tenant: &TenantId,
    request: &ListRequest,
) -> Answer<(Vec<ListedOrder>, Option<String>)> {
    if request.reach == Reach::OneTenant
        && let Some(id) = &request.filter.order_id
    {
        let connection = request.filter.connection.as_ref();
        let orders = app.store.orders_by_id(tenant, id, connection).await?;
        return Ok((orders, None));
    }
    if request.statuses.is_empty() {
        return Ok((Vec::new(), None));
    }
    let start = request
        .after
        .as_deref()
        .map(|cursor| Place::from_cursor(cursor, tenant, request))
        .transpose()?;
    let (orders, next) = read(app, tenant, request, start).await?;
    let next = next.map(|place| place.to_cursor(tenant, request));
    Ok((orders, next))
}

/// Reads one row more than wanted, so that a page says `next` only if something follows.
async fn read(
    app: &App,
    tenant: &TenantId,
    request: &ListRequest,
    start: Option<Place>,
) -> Result<(Vec<ListedOrder>, Option<Place>)> {
    let filter = request.filter_at(Timestamp::now(), app.at_risk_before);
    let mut reader = OrderReader::new(&app.store, &filter);
    let partition = |status: &OrderStatus| OrderPartition::Status(tenant.clone(), *status);
    let all: Vec<OrderPartition> = match request.reach {
        Reach::OneTenant => request.statuses.iter().map(partition).collect(),
        Reach::AllTenants => OrderPartition::open(request.filter.order_id.as_ref()),
    };
    let groups: Vec<(Option<OrderStatus>, &[OrderPartition])> = match (request.reach, request.sort)
    {
        (Reach::AllTenants, _) | (_, Sort::ShipBy) => vec![(None, &all[..])],
        (Reach::OneTenant, Sort::Status) => {
            let statuses = request.statuses.iter().copied().map(Some);
            statuses.zip(all.chunks(1)).collect()
        }
    };
    let from = start.as_ref().map(|place| place.status);
    let mut key = start.and_then(|place| place.key);
    let groups = groups
        .into_iter()
        .skip_while(|(status, _)| from.is_some_and(|from| from != *status));
    let mut orders: Vec<ListedOrder> = Vec::new();
    for (status, partitions) in groups {
        let missing = request.limit + 1 - orders.len();
        let MergedOrders {
            orders: found,
            next,
        } = reader.merge(partitions, key.as_deref(), missing).await?;
        orders.extend(found);
        if orders.len() > request.limit {
            orders.truncate(request.limit);
            let next = orders.last().map(|order| Place {
                status: status.map(|_| order.row.status),
                key: Some(order.row.place()),
            });
            return Ok((orders, next));
        }
        key = next;
        if key.is_some() {
            return Ok((orders, Some(Place { status, key })));
        }
    }
    Ok((orders, None))
}

/// The order with its lines and its recipient, if they are wanted.
async fn with_extras(
    app: &App,
    caller: &Caller,
    order: ListedOrder,
    include: &[Extra],
    now: Timestamp,
) -> Result<Listed, Error> {
    let ListedOrder { tenant, row } = order;
    let key = ConnectionKey::new(&tenant, &row.connection);
    let items = match include.contains(&Extra::Items) {
        true => {
            let stored = app.store.order(&key, &row.order_id).await?;
            Some(stored.map_or_else(Vec::new, |stored| lines(&stored)))
        }
        false => None,
    };
    let recipient = match include.contains(&Extra::Recipient) {
        true => {
            let buyer = app.store.buyer(&key, &row.order_id, now).await?;
            let recipient = buyer.and_then(|buyer| buyer.expose().get("recipient").cloned());
            let look = match recipient {
                Some(_) => Look::BuyerDataShown,
                None => Look::BuyerDataMissing,
            };
            let (connection, id) = (row.connection.as_str(), row.order_id.as_str());
            audit::look(&tenant, caller.author(), connection, id, look);
            Some(recipient.unwrap_or(Value::Null))
        }
        false => None,
    };
    Ok(Listed {
        items,
        recipient,
        ..Listed::from(row)
    })
}

/// The lines of an order, with what of each is still to be shipped.
pub fn lines(stored: &StoredOrder) -> Vec<OrderLine> {
    let lines = stored.order.items.iter();
    let lines = lines.map(|item| OrderLine {
        open_quantity: stored.open_quantity(item),
        cancelling: stored.cancelling(item).cloned().map(String::from),
        item: item.clone(),
    });
    lines.collect()
}
