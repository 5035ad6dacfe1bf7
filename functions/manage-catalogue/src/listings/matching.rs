//! The counts of a connection's listings, and matching on demand.

use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use stallkeeper::api::scope::Catalogue;
use stallkeeper::api::{Answer, Problem, TenantConnection};
use stallkeeper::queue::{ListingJob, MatchReason};
use stallkeeper::store::{Matching, Round};
use std::sync::Arc;
use tracing::info;
use utoipa::ToSchema;

/// How many listings have which state, by the last matching, and what the last round did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Counts {
    matched: u64,
    case_mismatch: u64,
    fulfilled_by_amazon: u64,
    not_on_amazon: u64,
    unknown_here: u64,
    matching: MatchingAnswer,
    last_round: LastRound,
}

/// The matching with Amazon's listings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Matching)]
struct MatchingAnswer {
    /// When the last one was finished.
    done_at: Option<Timestamp>,
    /// When Amazon made the oldest of the reports that it read.
    observed_at: Option<Timestamp>,
    started_at: Option<Timestamp>,
    /// Whether reports are requested and not read yet.
    waiting_for_reports: bool,
    /// Lines of the reports that could not be read.
    unreadable_lines: u64,
    /// Why the last one failed.
    failed: Option<String>,
}

/// What the last round of sending did.
#[derive(Debug, Serialize, ToSchema)]
struct LastRound {
    at: Option<Timestamp>,
    /// Listings and prices that were looked at.
    looked_at: u64,
    patched: u64,
    /// Sent in feeds.
    fed: u64,
    refused: u64,
    /// Increases that wait for a sweep of orders, and what waits for a feed.
    waiting: u64,
    /// What would have been sent, in shadow mode.
    shadowed: u64,
    /// A round waits for a person: POST …/rounds/release.
    held: bool,
}

impl Counts {
    fn new(matching: Matching, round: &Round) -> Self {
        let (counts, last) = (&matching.counts, &round.last);
        Self {
            matched: counts.matched,
            case_mismatch: counts.case_mismatch,
            fulfilled_by_amazon: counts.fulfilled_by_amazon,
            not_on_amazon: counts.not_on_amazon,
            unknown_here: counts.unknown_here,
            last_round: LastRound {
                at: last.at,
                looked_at: last.looked_at,
                patched: last.patched,
                fed: last.fed,
                refused: last.refused,
                waiting: last.waiting,
                shadowed: last.shadowed,
                held: round.held.is_some(),
            },
            matching: MatchingAnswer {
                done_at: matching.done_at,
                observed_at: matching.observed_at,
                started_at: matching.started_at,
                waiting_for_reports: !matching.reports.is_empty(),
                unreadable_lines: matching.unreadable_lines,
                failed: matching.failed,
            },
        }
    }
}

/// Count the listings by state.
#[utoipa::path(get, path = "/connections/{connection}/listings/counts", operation_id = "countListings", tag = "listings",
    responses(
        (status = 200, body = Counts),
    ))]
pub(crate) async fn counts(
    connection: TenantConnection<Catalogue>,
    State(app): State<Arc<App>>,
) -> Answer<Json<Counts>> {
    let matching = app.store.matching(&connection.key()).await?;
    let round = app.store.round(&connection.key()).await?;
    Ok(Json(Counts::new(matching.state, &round)))
}

/// What will happen.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Matched {
    connection: String,
    /// It takes some minutes: Amazon makes its reports first.
    #[schema(example = "on_demand")]
    why: &'static str,
}

/// Match the listings with Amazon's now, rather than with the daily matching.
#[utoipa::path(post, path = "/connections/{connection}/listings/match", operation_id = "matchListings", tag = "listings",
    responses(
        (status = 202, description = "Queued", body = Matched),
        (status = 409, description = "Amazon cannot be asked in the seller's name"),
    ))]
pub(crate) async fn run(
    connection: TenantConnection<Catalogue>,
    State(app): State<Arc<App>>,
) -> Answer<(StatusCode, Json<Matched>)> {
    if !connection.status.is_authorised() {
        return Err(Problem::conflict(
            "not-authorised",
            format!(
                "The connection is `{}`, so Amazon cannot be asked for its listings.",
                connection.status.as_str()
            ),
            "GET /connections/{connection}/setup lists what is missing.",
        ));
    }
    let job = ListingJob::Match {
        connection: connection.key(),
        why: MatchReason::OnDemand,
        hop: 0,
    };
    app.listing_jobs.send(&connection.id, job, 0).await?;
    info!(connection.id = %connection.id, "the listings of connection `{}` are to be matched", connection.id);
    let answer = Matched {
        connection: connection.id.to_string(),
        why: "on_demand",
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}
