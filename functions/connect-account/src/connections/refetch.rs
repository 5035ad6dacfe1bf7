//! Reading orders again from a moment in the past: cures an expired dead-letter queue, a restored table, a bug.

use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, Body, Problem, TenantConnection};
use stallkeeper::domain::connection::Connection;
use stallkeeper::store::{BackFillJob, BackFillKind};
use std::sync::Arc;
use tracing::info;
use utoipa::ToSchema;

/// How far back orders are read again. Amazon would return older ones, but their buyer data would have to go at once.
/// Neither is what was parked longer ago, when its marketplace is switched on.
pub(crate) const FURTHEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Since when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefetchRequest {
    /// Orders that changed at Amazon since this moment are read again; at most 30 days back.
    #[schema(format = DateTime, example = "2026-11-01T00:00:00Z")]
    since: String,
}

/// What will happen.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefetchSummary {
    /// From where orders are read again, beside the new ones; `GET /connections/{connection}/setup` shows how far it is.
    since: Timestamp,
}

/// Read orders again, beside the new ones, which do not wait for it; whatever Amazon refused of them is asked for again.
/// Harmless: what is stored already is not stored twice.
#[utoipa::path(post, path = "/connections/{connection}/orders/refetch", operation_id = "refetchOrders", tag = "connections", request_body = RefetchRequest,
    responses(
        (status = 202, description = "Queued", body = RefetchSummary),
        (status = 409, description = "The connection fetches no orders"),
        (status = 422, description = "In the future, or too far back"),
    ))]
pub(crate) async fn refetch(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
    Body(RefetchRequest { since }): Body<RefetchRequest>,
) -> Answer<(StatusCode, Json<RefetchSummary>)> {
    let since = checked(&since, Timestamp::now())?;
    app.read_again(&connection, since).await
}

impl App {
    /// Queues that the orders of a connection are read again that changed since a moment. Twice, they are read again twice.
    ///
    /// # Errors
    /// 409 if the connection fetches no orders.
    pub(crate) async fn read_again(
        &self,
        connection: &Connection,
        since: Timestamp,
    ) -> Answer<(StatusCode, Json<RefetchSummary>)> {
        must_fetch(connection)?;
        let key = &connection.key();
        // What Amazon refused is asked for first, so that the orders come whole.
        self.store.ask_for_refused_again(key).await?;
        let job = BackFillJob::of_changes(BackFillKind::Refetch, since, Timestamp::now());
        self.store.add_back_fill(key, job).await?;
        self.tick(connection).await?;
        info!(connection.id = %connection.id, %since, "orders of connection `{}` are read again", connection.id);
        Ok((StatusCode::ACCEPTED, Json(RefetchSummary { since })))
    }
}

pub(crate) fn must_fetch(connection: &Connection) -> Answer<()> {
    if connection.status.fetches_orders() {
        return Ok(());
    }
    Err(Problem::conflict(
        "not-fetching",
        format!(
            "The connection is `{}`, so it fetches no orders.",
            connection.status.as_str()
        ),
        "Switch it on first: PATCH /connections/{connection} with {\"status\":\"active\"}.",
    ))
}

pub(crate) fn checked(since: &str, now: Timestamp) -> Answer<Timestamp> {
    let since: Timestamp = since
        .parse()
        .map_err(|_| Problem::invalid("/since", "must be a moment such as 2026-11-01T00:00:00Z"))?;
    if since > now {
        return Err(Problem::invalid("/since", "must not be in the future"));
    }
    if now.duration_since(since) > FURTHEST {
        return Err(Problem::invalid("/since", "must be at most 30 days ago"));
    }
    Ok(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_thirty_days_are_read_again() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        for (since, good) in [
            ("2026-11-21T12:00:00Z", true),
            ("2026-11-21T13:00:00+01:00", true),
            ("2026-10-22T12:00:00Z", true),
            ("2026-10-22T11:59:59Z", false),
            ("2026-11-21T12:00:01Z", false),
            ("2026-11-20", false),
            ("yesterday", false),
        ] {
            assert_eq!(checked(since, now).is_ok(), good, "{since}");
        }
    }
}
