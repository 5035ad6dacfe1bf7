//! `GET /orders/pick-list`: what is to be taken from the shelves, as CSV for people's spreadsheets.

use crate::App;
use crate::list::{lines, page};
use crate::query::{Extra, ListRequest, Reach, Sort};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use stallkeeper::api::{Answer, Limit, Problem, Tenant, csv_answer, scope};
use stallkeeper::domain::courier::{CourierCode, Reason};
use stallkeeper::domain::ids::{AmazonSku, ConnectionId, ConnectionKey, OrderId};
use stallkeeper::domain::order::{OrderStatus, StoredOrder};
use stallkeeper::domain::shipping_term::ShippingTerm;
use stallkeeper::fan_out;
use stallkeeper::store::ListedOrder;
use std::sync::Arc;

/// How many whole orders are read side by side.
const AT_ONCE: usize = 10;
const COLUMNS: [&str; 10] = [
    "ship_by",
    "status",
    "connection",
    "order_id",
    "service",
    "order_item_id",
    "sku",
    "asin",
    "title",
    "quantity",
];

/// Lists what is to be packed, as CSV: a row for each line with open units, the most urgent order first.
///
/// The same lists as `GET /orders`, without buyer data. One page holds the lines of up to `limit` orders; if more follow, the
/// header `Link` has the next page's address (`rel="next"`). What a spreadsheet would take for a formula has an apostrophe
/// before it.
#[utoipa::path(
    get, path = "/orders/pick-list", operation_id = "listPicks", tag = "desk",
    params(
        ("status" = inline(Option<OrderStatus>), Query, description = "Only this status; absent: `ready` orders"),
        ("reason" = inline(Option<Reason>), Query, description = "Why it waits for a person"),
        ("marketplace" = Option<String>, Query, pattern = "^([A-Z]{2}|A[A-Z0-9]{9,19})$", example = "UK", description = "Country code as Amazon writes it (UK), or Amazon's marketplace id"),
        ("connection" = inline(Option<ConnectionId>), Query, description = "Connection id"),
        ("order_id" = inline(Option<OrderId>), Query, description = "Amazon's order id: this order, of whichever connection and status. Goes with `connection` and `limit` alone"),
        ("sku" = inline(Option<AmazonSku>), Query, description = "Only orders with a line of this SKU, exactly as on Amazon"),
        ("courier" = inline(Option<CourierCode>), Query, description = "Courier: whichever of its services carries it"),
        ("term" = inline(Option<ShippingTerm>), Query, description = "Shipping term"),
        ("ship_by_from" = inline(Option<Timestamp>), Query, description = "Only orders to be shipped at this moment (RFC 3339) or later"),
        ("ship_by_before" = inline(Option<Timestamp>), Query, description = "Only orders to be shipped before this moment (RFC 3339); leaves out those without such a moment"),
        ("at_risk" = Option<bool>, Query, description = "`true`: only orders that are to be shipped soon, or late already"),
        ("auto_cancel_soon" = Option<bool>, Query, description = "`true`: only orders that are still to be shipped and that Amazon cancels by itself within two days, seven days after their ship-by moment"),
        ("sort" = inline(Option<Sort>), Query, description = "Order of a list of several statuses"),
        ("limit" = inline(Option<Limit<100>>), Query, description = "Of how many orders a page holds the lines"),
        ("after" = Option<String>, Query, description = "Where to go on, as the header `Link` has it; all other parameters but `limit` as they were"),
    ),
    responses(
        (status = 200, description = "Columns `ship_by`, `status`, `connection`, `order_id`, `service`, `order_item_id`, `sku`, `asin`, `title`, `quantity` (open units)", content_type = "text/csv", body = String),
        (status = 422, description = "A parameter is unknown or has a value that does not exist, or the cursor is another list's"),
    )
)]
pub async fn pick_list(
    tenant: Tenant<scope::Desk>,
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    let query = query.unwrap_or_default();
    let mut request = ListRequest::parse(&query, Reach::OneTenant)?;
    if request.include.contains(&Extra::Recipient) || request.include.contains(&Extra::Items) {
        return Err(Problem::invalid(
            "include",
            "a pick list holds its lines and nothing else",
        ));
    }
    if !named(&query).any(|name| name == "status") {
        request.statuses = vec![OrderStatus::Ready];
    }
    let (orders, next) = page(&app, &tenant, &request).await?;
    let whole = fan_out(orders, AT_ONCE, |order: ListedOrder| {
        let app = &app;
        async move {
            let key = ConnectionKey::new(&order.tenant, &order.row.connection);
            app.store.order(&key, &order.row.order_id).await
        }
    })
    .await?;
    let rows = whole.iter().flatten().flat_map(rows);
    let mut answer = csv_answer(&COLUMNS, rows)?;
    if let Some(next) = next
        && let Ok(link) = HeaderValue::from_str(&link(&query, &next))
    {
        answer.headers_mut().insert(header::LINK, link);
    }
    Ok(answer)
}

fn named(query: &str) -> impl Iterator<Item = String> {
    let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
    pairs
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, _)| name)
}

/// The address of the next page, relative to the API's.
fn link(query: &str, next: &str) -> String {
    let kept = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "after");
    let mut next_query = url::form_urlencoded::Serializer::new(String::new());
    next_query.extend_pairs(kept).append_pair("after", next);
    format!("</orders/pick-list?{}>; rel=\"next\"", next_query.finish())
}

fn rows(stored: &StoredOrder) -> Vec<[String; 10]> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let service = stored.decision.service.as_ref();
    let service = service.map(ToString::to_string).unwrap_or_default();
    let open = lines(stored)
        .into_iter()
        .filter(|line| line.open_quantity > 0);
    let row = |line: crate::answer::OrderLine| {
        [
            stored
                .order
                .ship_by
                .map(|at| at.to_string())
                .unwrap_or_default(),
            stored.status.as_str().to_owned(),
            stored.connection.to_string(),
            stored.order.id.to_string(),
            service.clone(),
            line.item.id.clone(),
            text(&line.item.sku),
            text(&line.item.asin),
            text(&line.item.title),
            line.open_quantity.to_string(),
        ]
    };
    open.map(row).collect()
}
