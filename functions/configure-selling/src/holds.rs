//! Holds: a person's word on one listing, at once, whatever is being computed or sent; and the list of them.

mod change;
pub(crate) mod rows;

use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{
    Answer, Author, Body, Limit, PageFormat, Parameters, Problem, TenantConnection, Text,
    csv_answer, decode_cursor, encode_cursor, foreign_cursor, must_not_be_disconnected, wants_csv,
};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::{AmazonSku, Sku};
use stallkeeper::domain::listing::{HoldMode, Listing, ListingHold, ListingState};
use std::sync::Arc;
use tracing::info;
use utoipa::{IntoParams, ToSchema};

/// Where the next page of a CSV begins.
const NEXT: &str = "next-page";
/// The first four are what [`rows`] reads.
const COLUMNS: [&str; 8] = [
    "sku", "mode", "reason", "until", "state", "product", "author", "since",
];

/// Which listing.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldParams {
    /// The Amazon SKU, to the letter, percent-encoded.
    #[param(inline)]
    sku: AmazonSku,
}

/// How a listing is to be held, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ListingHoldRequest)]
pub(crate) struct HoldRequest {
    mode: HoldMode,
    /// For colleagues; 1 to 200 characters.
    #[schema(example = "a recall")]
    reason: Text<200>,
    /// When it ends; absent: once somebody releases it.
    until: Option<Timestamp>,
}

impl HoldRequest {
    fn checked(self, Author(author): Author, now: Timestamp) -> Answer<ListingHold> {
        if self.until.is_some_and(|until| until <= now) {
            return Err(Problem::invalid("/until", "must be in the future"));
        }
        Ok(ListingHold {
            mode: self.mode,
            reason: self.reason.checked("/reason")?,
            until: self.until,
            author,
            since: now,
        })
    }
}

/// A listing that a person holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HeldListing {
    /// The Amazon SKU, to the letter.
    sku: AmazonSku,
    state: ListingState,
    /// The product that it is tied to.
    product: Option<Sku>,
    mode: HoldMode,
    reason: String,
    /// When it ends; `null`: once somebody releases it.
    until: Option<Timestamp>,
    /// Who held it, as the token named them.
    author: Option<String>,
    since: Timestamp,
}

impl HeldListing {
    /// `None` if it is not held.
    fn of(listing: Listing) -> Option<Self> {
        let hold = listing.hold?;
        Some(Self {
            sku: listing.amazon_sku,
            state: listing.state,
            product: listing.product,
            mode: hold.mode,
            reason: hold.reason,
            until: hold.until,
            author: hold.author,
            since: hold.since,
        })
    }

    fn cells(&self) -> [String; 8] {
        [
            self.sku.to_string(),
            self.mode.as_str().to_owned(),
            self.reason.clone(),
            self.until
                .map(|until| until.to_string())
                .unwrap_or_default(),
            self.state.as_str().to_owned(),
            self.product
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            self.author.clone().unwrap_or_default(),
            self.since.to_string(),
        ]
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParams {
    /// How many a page holds.
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit<100>,
    /// `next` of the page before.
    after: Option<String>,
    #[param(inline)]
    format: Option<PageFormat>,
}

/// A page of held listings; those whose hold ends first come first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HoldList {
    holds: Vec<HeldListing>,
    /// Give it back as `after` to go on; `null` = this was the last page.
    next: Option<String>,
}

/// Where a list goes on. Holds the connection, so that a cursor is refused by any other list.
#[derive(Serialize, Deserialize)]
struct Place {
    connection: String,
    held_after: String,
}

/// Hold a listing, whatever stock, settings, prices or matching say of it.
///
/// `leave`: nothing is sent of it, neither quantity nor price. `zero`: zero is sent and stays, and no price. What is at
/// Amazon already, or on its way there at this moment, is not recalled. It survives matching, publishing and a new
/// authorisation. It ends when it is released, or at `until`: with the next stock level that comes after that, and at the
/// latest with the next round. Then the listing is sent what is wanted of it. Holding it again replaces the hold.
#[utoipa::path(put, path = "/connections/{connection}/holds", operation_id = "holdListing", tag = "listings", request_body = HoldRequest,
    params(HoldParams),
    responses(
        (status = 200, description = "It is held, by this request or before; what follows from it is queued", body = HeldListing),
        (status = 404, description = "There is no such connection or listing"),
        (status = 409, description = "The connection is disconnected, or somebody else changed the listing at the same time"),
        (status = 422, description = "No reason, a long one, or an end that has passed"),
    ))]
pub(crate) async fn hold(
    connection: TenantConnection<Connections>,
    author: Author,
    State(app): State<Arc<App>>,
    Parameters(HoldParams { sku }): Parameters<HoldParams>,
    Body(request): Body<HoldRequest>,
) -> Answer<Json<HeldListing>> {
    must_not_be_disconnected(&connection)?;
    let hold = request.checked(author, Timestamp::now())?;
    let mode = hold.mode.as_str();
    let held = app.hold(&connection, &sku, hold).await?;
    info!(audit = "listing_held", tenant.id = %connection.tenant, connection.id = %connection.id, mode, "a listing of connection `{}` is held", connection.id);
    let held = HeldListing::of(held);
    Ok(Json(held.ok_or_else(|| Problem::not_found("hold"))?))
}

/// Release a listing that is held: it is sent what is wanted of it now.
#[utoipa::path(delete, path = "/connections/{connection}/holds", operation_id = "releaseListing", tag = "listings",
    params(HoldParams),
    responses(
        (status = 204, description = "It is not held any more, or was not; what follows from it is queued"),
        (status = 404, description = "There is no such connection or listing"),
        (status = 409, description = "Somebody else changed the listing at the same time"),
    ))]
pub(crate) async fn release(
    connection: TenantConnection<Connections>,
    Author(author): Author,
    State(app): State<Arc<App>>,
    Parameters(HoldParams { sku }): Parameters<HoldParams>,
) -> Answer<StatusCode> {
    app.release(&connection, &sku, author.as_deref()).await?;
    info!(audit = "listing_released", tenant.id = %connection.tenant, connection.id = %connection.id, "a listing of connection `{}` is not held any more", connection.id);
    Ok(StatusCode::NO_CONTENT)
}

/// List the listings that are held, those first whose hold ends first.
///
/// As CSV if `Accept` is `text/csv` or `format` is `csv`; then the header `next-page` is the `after` of the next page, and
/// `holdListings` takes it back.
#[utoipa::path(get, path = "/connections/{connection}/holds", operation_id = "listHolds", tag = "listings",
    params(ListParams),
    responses((status = 200, description = "A page of held listings", content(
        (HoldList = "application/json"),
        (String = "text/csv"),
    ))))]
pub(crate) async fn list(
    connection: TenantConnection<Connections>,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Parameters(params): Parameters<ListParams>,
) -> Answer<Response> {
    let ListParams {
        limit,
        after,
        format,
    } = params;
    let after = after.as_deref().map(decode_cursor::<Place>).transpose()?;
    let id = connection.id.as_str();
    if after.as_ref().is_some_and(|place| place.connection != id) {
        return Err(foreign_cursor());
    }
    let after = after.as_ref().map(|place| place.held_after.as_str());
    let list = app.holds(&connection, after, limit.get().into()).await?;
    if !wants_csv(&headers, format) {
        return Ok(Json(list).into_response());
    }
    let mut response = csv_answer(&COLUMNS, list.holds.iter().map(HeldListing::cells))?;
    if let Some(next) = list.next.and_then(|next| next.parse().ok()) {
        response.headers_mut().insert(NEXT, next);
    }
    Ok(response)
}

impl App {
    async fn holds(
        &self,
        connection: &Connection,
        after: Option<&str>,
        limit: i32,
    ) -> Answer<HoldList> {
        let key = &connection.key();
        let page = self.store.held_page(key, after, limit).await?;
        let mut found = self.store.batch_get_listings(key, &page.skus).await?;
        let listings = page.skus.iter().filter_map(|sku| found.remove(sku));
        Ok(HoldList {
            holds: listings.filter_map(HeldListing::of).collect(),
            next: page.next.map(|held_after| {
                encode_cursor(&Place {
                    connection: connection.id.to_string(),
                    held_after,
                })
            }),
        })
    }
}
