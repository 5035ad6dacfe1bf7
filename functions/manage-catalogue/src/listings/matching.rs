//! The counts of a connection's listings, and matching on demand.

use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use stallkeeper::api::scope::Catalogue;
use stallkeeper::api::{Answer, Problem, TenantConnection};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::queue::{ListingJob, MatchReason};
use stallkeeper::store::{HeldReport, MarketplaceReports, Matching, Round};
use std::sync::Arc;
use tracing::info;
use utoipa::ToSchema;

/// How long no report is held after a person released one.
const RELEASED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How many listings have which state, by the last matching, and what the last round did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Counts {
    matched: u64,
    case_mismatch: u64,
    fulfilled_by_amazon: u64,
    not_on_amazon: u64,
    unknown_here: u64,
    closed_elsewhere: u64,
    multi_location: u64,
    /// Those that show another quantity on one marketplace than on another, whatever their state.
    differing: u64,
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
    /// What the reports of each marketplace came to.
    marketplaces: Vec<MarketplaceReportsAnswer>,
}

/// What Amazon's reports of one marketplace came to. If one fails, or may not be whole, what is known of that marketplace
/// stays, and the others are matched without it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MarketplaceReports)]
struct MarketplaceReportsAnswer {
    marketplace: Marketplace,
    /// When Amazon made the last one that was read.
    read_at: Option<Timestamp>,
    /// Listings that are known there.
    listings: u64,
    /// Why the last one came to nothing, or why what it lacks is not taken as gone.
    failed: Option<String>,
    /// How often in a row.
    failures: u32,
    /// It is not asked for before, unless by POST …/listings/match.
    next_at: Option<Timestamp>,
    /// The last one lost many listings and waits for a person: POST …/listings/reports/release.
    held: Option<HeldReport>,
}

impl MarketplaceReportsAnswer {
    fn of(reports: MarketplaceReports) -> Self {
        Self {
            marketplace: reports.marketplace,
            read_at: reports.read_at,
            listings: reports.listings,
            failed: reports.failed,
            failures: reports.failures,
            next_at: reports.next_at,
            held: reports.held,
        }
    }
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
            closed_elsewhere: counts.closed_elsewhere,
            multi_location: counts.multi_location,
            differing: counts.differing,
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
                marketplaces: matching
                    .marketplaces
                    .into_iter()
                    .map(MarketplaceReportsAnswer::of)
                    .collect(),
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
    why: MatchReason,
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
    app.match_on_demand(&connection).await
}

/// Say that what a held report lacks is gone from Amazon. For a day no report is held; the listings are matched now.
#[utoipa::path(post, path = "/connections/{connection}/listings/reports/release", operation_id = "releaseReports", tag = "listings",
    responses(
        (status = 202, description = "Released, now or within the last day; the matching is queued", body = Matched),
        (status = 409, description = "No report is held, or Amazon cannot be asked in the seller's name"),
    ))]
pub(crate) async fn release(
    connection: TenantConnection<Catalogue>,
    State(app): State<Arc<App>>,
) -> Answer<(StatusCode, Json<Matched>)> {
    let (key, now) = (&connection.key(), Timestamp::now());
    let matching = app.store.matching(key).await?;
    let held = matching.marketplaces.iter().any(|it| it.held.is_some());
    let released = app.store.report_release(key).await?;
    if !held && released.is_none_or(|release| release.until <= now) {
        return Err(Problem::conflict(
            "nothing-held",
            "No report is held.",
            "GET /connections/{connection}/listings/counts shows what each marketplace's report came to.",
        ));
    }
    let until = now.saturating_add(RELEASED_FOR).unwrap_or(now);
    app.store.release_reports(key, until).await?;
    info!(audit = "reports_released", tenant.id = %connection.tenant, connection.id = %connection.id, "held reports of connection `{}` are released", connection.id);
    app.match_on_demand(&connection).await
}

impl App {
    async fn match_on_demand(
        &self,
        connection: &Connection,
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
        self.listing_jobs.send(&connection.id, job, 0).await?;
        info!(connection.id = %connection.id, "the listings of connection `{}` are to be matched", connection.id);
        let answer = Matched {
            connection: connection.id.to_string(),
            why: MatchReason::OnDemand,
        };
        Ok((StatusCode::ACCEPTED, Json(answer)))
    }
}
