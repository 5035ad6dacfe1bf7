//! The feeds of a connection: what each carried and what became of it.

use crate::App;
use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Catalogue;
use stallkeeper::api::{
    Answer, Limit, Parameters, Problem, TenantConnection, decode_cursor, encode_cursor,
};
use stallkeeper::domain::feed::{Feed, FeedKind, FeedState};
use stallkeeper::domain::ids::FeedId;
use stallkeeper::domain::marketplace::Marketplace;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

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
}

/// What the path names within the connection.
#[derive(Debug, Deserialize)]
pub(crate) struct FeedPath {
    feed: String,
}

/// A page of feeds, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeedList {
    feeds: Vec<FeedRow>,
    /// Give it back as `after` to go on; `null` = this was the last page.
    next: Option<String>,
}

/// A feed: many values in one document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Feed)]
pub(crate) struct FeedRow {
    id: String,
    /// `quantity` or `price`.
    kind: FeedKind,
    /// The marketplace that it names.
    marketplace: Marketplace,
    /// `building` and `claimed`: not at Amazon yet; `submitting`: being submitted; `submitted`: Amazon is processing it;
    /// `set_aside`: Amazon did not bring it to an end in time, and its lines are sent again; `settled`: each line is
    /// accepted or refused; `returned`: nothing came of it, and its lines are sent again.
    state: FeedState,
    lines: u32,
    /// Known once it is settled.
    accepted: u32,
    refused: u32,
    /// Lines that were patched before it was submitted, and left out of it.
    overtaken: usize,
    /// Amazon's feed id.
    amazon_id: Option<String>,
    created_at: Timestamp,
    submitted_at: Option<Timestamp>,
    /// When Amazon had applied it.
    applied_at: Option<Timestamp>,
    /// Why it was returned, or what Amazon says about it.
    note: Option<String>,
    /// Amazon has taken longer than it should.
    stuck: bool,
}

impl From<Feed> for FeedRow {
    fn from(feed: Feed) -> Self {
        Self {
            id: feed.id.into(),
            kind: feed.kind,
            marketplace: feed.marketplace,
            state: feed.state,
            lines: feed.lines,
            accepted: feed.accepted,
            refused: feed.refused,
            overtaken: feed.overtaken.len(),
            amazon_id: feed.amazon_id,
            created_at: feed.created_at,
            submitted_at: feed.submitted_at,
            applied_at: feed.applied_at,
            note: feed.note,
            stuck: feed.stuck,
        }
    }
}

/// List the feeds, the newest first. Their lines are kept for 90 days.
#[utoipa::path(get, path = "/connections/{connection}/feeds", operation_id = "listFeeds", tag = "listings",
    params(ListParams),
    responses(
        (status = 200, body = FeedList),
    ))]
pub(crate) async fn list(
    connection: TenantConnection<Catalogue>,
    State(app): State<Arc<App>>,
    Parameters(params): Parameters<ListParams>,
) -> Answer<Json<FeedList>> {
    let after: Option<FeedId> = params.after.as_deref().map(decode_cursor).transpose()?;
    let after = after.as_ref().map(FeedId::as_str);
    let page = app
        .store
        .feed_page(&connection.key(), after, i32::from(params.limit.get()))
        .await?;
    Ok(Json(FeedList {
        feeds: page.feeds.into_iter().map(Into::into).collect(),
        next: page.next.map(|next| encode_cursor(&next)),
    }))
}

/// Show a feed.
#[utoipa::path(get, path = "/connections/{connection}/feeds/{feed}", operation_id = "showFeed", tag = "listings",
    responses(
        (status = 200, body = FeedRow),
        (status = 404, description = "There is no such connection or feed"),
    ))]
pub(crate) async fn show(
    connection: TenantConnection<Catalogue>,
    State(app): State<Arc<App>>,
    Path(FeedPath { feed }): Path<FeedPath>,
) -> Answer<Json<FeedRow>> {
    let missing = || Problem::not_found("feed");
    let feed: FeedId = feed.parse().map_err(|_| missing())?;
    let feed = app.store.feed(&connection.key(), &feed).await?;
    Ok(Json(feed.ok_or_else(missing)?.into()))
}
