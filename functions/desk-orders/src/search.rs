//! `POST /orders/search`: orders by the postcode on a parcel. A postcode is buyer data, so it travels in a body and never in a
//! URL, which logs keep.

use crate::App;
use crate::audit::{self, Look};
use crate::list::{Listed, Page};
use crate::place::check_of;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::{
    Answer, Body, Caller, Limit, Problem, Tenant, Text, decode_cursor, encode_cursor,
    foreign_cursor, scope,
};
use stallkeeper::domain::ids::TenantId;
use stallkeeper::domain::order::{Postcode, PostcodeDigest};
use stallkeeper::store::OrderPage;
use std::sync::Arc;
use utoipa::ToSchema;

/// What orders are searched by.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderSearch)]
pub struct SearchRequest {
    /// Of delivery, in any spelling: letter case, blanks and hyphens do not count.
    #[schema(example = "SW1A 1AA")]
    postcode: Text<32>,
    /// How many a page holds.
    limit: Option<Limit<100>>,
    /// `next` of the page before, with the same postcode.
    after: Option<String>,
}

/// Where a search goes on: no postcode, and no digest that leads to one.
#[derive(Serialize, Deserialize)]
struct Cursor {
    place: String,
    /// Of the place and the search, which must be the same.
    check: String,
}

impl Cursor {
    fn new(place: String, tenant: &TenantId, digest: &PostcodeDigest) -> Self {
        let check = check_of((&place, tenant, digest));
        Self { place, check }
    }

    fn open(text: &str, tenant: &TenantId, digest: &PostcodeDigest) -> Answer<String> {
        let Self { place, check } = decode_cursor(text)?;
        match check == check_of((&place, tenant, digest)) {
            true => Ok(place),
            false => Err(foreign_cursor()),
        }
    }
}

/// Finds orders by the postcode of delivery, of any connection and status, the latest first.
///
/// Needs scope `buyer` besides `desk`; every search and each order that it finds is in the audit log, also a search that is
/// refused. An order is found while its buyer data is kept. Orders that were stored before this release, and not changed since, are not
/// found. A page may hold fewer orders than `limit` and still have a `next`.
#[utoipa::path(
    post, path = "/orders/search", operation_id = "searchOrdersByPostcode", tag = "desk",
    request_body = SearchRequest,
    responses(
        (status = 200, body = Page),
        (status = 422, description = "No postcode, or one that cannot be any; or the cursor is another list's"),
    )
)]
pub async fn search(
    allowed: Result<Tenant<scope::DeskAndBuyer>, Problem>,
    caller: Caller,
    State(app): State<Arc<App>>,
    Body(request): Body<SearchRequest>,
) -> Answer<impl IntoResponse> {
    let refused = |_: &Problem| audit::list_refused(&caller.tenant, caller.author());
    let tenant = allowed.inspect_err(refused)?;
    let postcode = request.postcode.checked("/postcode")?;
    let postcode: Result<Postcode, _> = postcode.parse();
    let postcode = postcode.map_err(|error| Problem::invalid("/postcode", error.to_string()))?;
    let found = find(&app, &tenant, &postcode, &request).await?;
    audit::searched(&tenant, caller.author(), found.rows.len());
    for order in &found.rows {
        let (connection, id) = (order.row.connection.as_str(), order.row.order_id.as_str());
        audit::look(
            &tenant,
            caller.author(),
            connection,
            id,
            Look::BuyerDataMatched,
        );
    }
    let orders = found.rows.into_iter().map(|order| Listed::from(order.row));
    let page = Page {
        orders: orders.collect(),
        next: found.next,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(page)))
}

/// A page of them, with the cursor of the next; none if no order of the tenant ever had a postcode.
async fn find(
    app: &App,
    tenant: &TenantId,
    postcode: &Postcode,
    request: &SearchRequest,
) -> Answer<OrderPage> {
    let Some(key) = app.vault.postcode_key(&app.store, tenant).await? else {
        return Ok(OrderPage {
            rows: Vec::new(),
            next: None,
        });
    };
    let digest = key.digest(postcode);
    let open = |text| Cursor::open(text, tenant, &digest);
    let after = request.after.as_deref().map(open).transpose()?;
    let limit = i32::from(request.limit.unwrap_or_default().get());
    let now = Timestamp::now();
    let search = app
        .store
        .orders_by_postcode(tenant, &digest, after.as_deref(), limit, now);
    let OrderPage { rows, next } = search.await?;
    let next = next.map(|place| encode_cursor(&Cursor::new(place, tenant, &digest)));
    Ok(OrderPage { rows, next })
}
