//! The feeds of a connection: what each carried and what became of it.

use crate::App;
use crate::access::Keeper;
use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stallkeeper::api::{Answer, Parameters, Problem, decode_cursor, encode_cursor};
use stallkeeper::domain::feed::{Feed, FeedKind};
use stallkeeper::domain::ids::FeedId;
use std::sync::Arc;
use utoipa::ToSchema;

const USUAL_LIMIT: u16 = 50;
const MOST: u16 = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    limit: Option<u16>,
    after: Option<String>,
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
    #[schema(value_type = String, example = "quantity")]
    kind: FeedKind,
    /// The marketplace that it names.
    #[schema(example = "UK")]
    marketplace: &'static str,
    /// `building` and `claimed`: not at Amazon yet; `submitting`: being submitted; `submitted`: Amazon is processing it;
    /// `settled`: each line is accepted or refused; `returned`: nothing came of it, and its lines are sent again.
    #[schema(example = "settled")]
    state: &'static str,
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
            marketplace: feed.marketplace.country(),
            state: feed.state.as_str(),
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
    params(
        ("connection" = String, Path),
        ("limit" = Option<u16>, Query, description = "1 to 100, default 50"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, body = FeedList),
        (status = 404, description = "There is no such connection", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    Keeper { tenant }: Keeper,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Parameters(asked): Parameters<Asked>,
) -> Answer<Json<FeedList>> {
    let connection = app.connection(&tenant, &id).await?;
    let limit = asked.limit.unwrap_or(USUAL_LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::invalid("limit", format!("1 to {MOST}")));
    }
    let after: Option<FeedId> = asked.after.as_deref().map(decode_cursor).transpose()?;
    let after = after.as_ref().map(FeedId::as_str);
    let page = app
        .store
        .feed_page(&connection.key(), after, i32::from(limit))
        .await?;
    Ok(Json(FeedList {
        feeds: page.feeds.into_iter().map(Into::into).collect(),
        next: page.next.map(|next| encode_cursor(&next)),
    }))
}

/// Show a feed.
#[utoipa::path(get, path = "/connections/{connection}/feeds/{feed}", operation_id = "showFeed", tag = "listings",
    params(("connection" = String, Path), ("feed" = String, Path, description = "Our id of it")),
    responses(
        (status = 200, body = FeedRow),
        (status = 404, description = "There is no such connection or feed", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(
    Keeper { tenant }: Keeper,
    State(app): State<Arc<App>>,
    Path((id, feed)): Path<(String, String)>,
) -> Answer<Json<FeedRow>> {
    let connection = app.connection(&tenant, &id).await?;
    let missing = || Problem::not_found("feed");
    let feed: FeedId = feed.parse().map_err(|_| missing())?;
    let feed = app.store.feed(&connection.key(), &feed).await?;
    Ok(Json(feed.ok_or_else(missing)?.into()))
}
