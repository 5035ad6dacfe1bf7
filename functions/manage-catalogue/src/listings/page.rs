//! `GET /connections/{connection}/listings`: a page of listings by state, in JSON or CSV; or one, explained.

use super::explain::Explanation;
use super::rows::{COLUMNS, ListingRow};
use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Catalogue;
use stallkeeper::api::{
    Answer, Limit, PageFormat, Parameters, TenantConnection, csv_answer, decode_cursor,
    encode_cursor, foreign_cursor, wants_csv,
};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::feed::Feed;
use stallkeeper::domain::ids::{AmazonSku, FeedId};
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Products and feeds that are read at a time.
const AT_ONCE: usize = 16;
/// The header in which CSV, which has no other place for it, carries the cursor of the next page.
const NEXT: &str = "next-page";

/// Which listings to list, or the one to explain.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParams {
    /// The Amazon SKU, exactly, percent-encoded: this one, explained.
    #[param(inline)]
    sku: Option<AmazonSku>,
    /// Only this state.
    #[param(inline)]
    state: Option<ListingState>,
    /// How many a page holds.
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit<500>,
    /// `next` of the page before.
    after: Option<String>,
    #[param(inline)]
    format: Option<PageFormat>,
}

/// A page of listings, by state and SKU.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListingList {
    listings: Vec<ListingRow>,
    /// Give it back as `after` to go on; `null` = this was the last page.
    next: Option<String>,
}

/// A page, or the one that was asked for.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ListingsOrExplanation)]
enum ListingsAnswer {
    Page(ListingList),
    One(Box<Explanation>),
}

/// Where a list goes on. Holds the connection, so that a cursor is refused by any other list.
#[derive(Serialize, Deserialize)]
struct Place {
    connection: String,
    state: Option<ListingState>,
    after: String,
}

/// List listings, or explain one.
///
/// With `sku`: all that is known of this listing, and where each number came from. Without: a page, in order of state and
/// SKU. As CSV if `Accept` is `text/csv` or `format` is `csv`; then the header `next-page` is the `after` of the next page.
#[utoipa::path(get, path = "/connections/{connection}/listings", operation_id = "listListings", tag = "listings",
    params(ListParams),
    responses(
        (status = 200, description = "A page, or the listing that was asked for", content(
            (ListingsAnswer = "application/json"),
            (String = "text/csv"),
        )),
        (status = 404, description = "There is no such connection or listing"),
    ))]
pub(crate) async fn list(
    connection: TenantConnection<Catalogue>,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Parameters(params): Parameters<ListParams>,
) -> Answer<Response> {
    if let Some(sku) = &params.sku {
        let explanation = Box::pin(app.explain(&connection, sku)).await?;
        let one = ListingsAnswer::One(Box::new(explanation));
        return Ok(Json(one).into_response());
    }
    let as_csv = wants_csv(&headers, params.format);
    let page = app.page(&connection, &params).await?;
    if !as_csv {
        return Ok(Json(ListingsAnswer::Page(page)).into_response());
    }
    let mut response = csv_answer(&COLUMNS, page.listings.iter().map(ListingRow::cells))?;
    if let Some(next) = page.next.and_then(|next| next.parse().ok()) {
        response.headers_mut().insert(NEXT, next);
    }
    Ok(response)
}

impl App {
    async fn page(&self, connection: &Connection, params: &ListParams) -> Answer<ListingList> {
        let state = params.state;
        let place: Option<Place> = params.after.as_deref().map(decode_cursor).transpose()?;
        let id = connection.id.as_str();
        if place
            .as_ref()
            .is_some_and(|place| place.connection != id || place.state != state)
        {
            return Err(foreign_cursor());
        }
        let after = place.as_ref().map(|place| place.after.as_str());
        let limit = i32::from(params.limit.get());
        let page = self
            .store
            .listing_page(&connection.key(), state, after, limit)
            .await?;
        let skus: Vec<AmazonSku> = page.listings.into_iter().map(|(_, sku)| sku).collect();
        let mut found = self
            .store
            .batch_get_listings(&connection.key(), &skus)
            .await?;
        let listings: Vec<Listing> = skus.iter().filter_map(|sku| found.remove(sku)).collect();
        Ok(ListingList {
            listings: self.rows(connection, listings).await?,
            next: page.next.map(|after| {
                encode_cursor(&Place {
                    connection: id.to_owned(),
                    state,
                    after,
                })
            }),
        })
    }

    async fn rows(
        &self,
        connection: &Connection,
        listings: Vec<Listing>,
    ) -> Result<Vec<ListingRow>> {
        let feeds = &self.feeds_of(connection, &listings).await?;
        fan_out(listings, AT_ONCE, |listing| async move {
            let feed = listing.sent_in_feed().and_then(|id| feeds.get(id));
            let reservations = match &listing.product {
                Some(product) => {
                    let inputs = self.store.sku_inputs(&connection.tenant, product);
                    inputs.await?.reservations
                }
                None => Vec::new(),
            };
            Ok(ListingRow::new(&listing, feed, &reservations))
        })
        .await
    }

    /// The feeds that carried what was sent last, each once.
    async fn feeds_of(
        &self,
        connection: &Connection,
        listings: &[Listing],
    ) -> Result<HashMap<FeedId, Feed>> {
        let ids = listings.iter().filter_map(Listing::sent_in_feed);
        let ids: BTreeSet<FeedId> = ids.cloned().collect();
        let feed = |id| async move { self.store.feed(&connection.key(), &id).await };
        let feeds = fan_out(ids, AT_ONCE, feed).await?;
        let feeds = feeds.into_iter().flatten();
        Ok(feeds.map(|feed| (feed.id.clone(), feed)).collect())
    }
}
