//! `match-listings`: reads Amazon's listings report, matches it with the catalogue and settles what is observed; shows
//! what publishing settings would do, and has every listing computed again once they are published.
//!
//! It owns a listing's state, its marketplaces and what is observed of it, and the job of a matching. It never
//! computes what a listing is to have, and never changes anything on Amazon: both follow from the messages it queues.

mod preview;
mod recompute;
mod run;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use preview::PreviewJob;
use recompute::recompute_all;
use run::{MatchJob, match_listings};
use stallkeeper::domain::ids::{ConnectionKey, Sku};
use stallkeeper::domain::stock_settings::Effect;
use stallkeeper::error::Result;
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::{ListingJob, Queue, StockChange};
use stallkeeper::sp_api::SpApi;
use stallkeeper::store::Store;
use stallkeeper::vault::Vault;
use std::time::{Duration, SystemTime};

/// What the work between two looks at the clock may need.
const STEP_TIME: Duration = Duration::from_secs(45);

/// What the function works with.
pub struct App {
    pub store: Store,
    pub vault: Vault,
    pub amazon: SpApi,
    pub jobs: Queue,
    pub stock_changes: Queue,
    pub inbox: Inbox,
}

/// Works on a batch of jobs; one that is not done when `deadline` is near goes on in a message to ourselves.
pub async fn handle(app: &App, event: SqsEvent, deadline: SystemTime) -> Result<SqsBatchResponse> {
    let work = |job| work(app, job, deadline);
    Ok(app.inbox.each_message(event, work).await)
}

async fn work(app: &App, job: ListingJob, deadline: SystemTime) -> Result<()> {
    match job {
        ListingJob::Match {
            connection,
            why,
            hop,
        } => {
            let job = MatchJob {
                connection,
                why,
                hop,
            };
            match_listings(app, job, deadline).await
        }
        ListingJob::Preview {
            connection,
            revision,
            hop,
        } => {
            let job = preview_job(connection, revision, hop);
            job.matched_first(app, deadline).await
        }
        ListingJob::PreviewFrom {
            connection,
            revision,
            after,
            so_far,
            hop,
        } => {
            let job = PreviewJob {
                after: Some(after),
                so_far,
                ..preview_job(connection, revision, hop)
            };
            job.compute(app, deadline).await
        }
        ListingJob::RecomputeAll {
            connection,
            after,
            hop,
        } => recompute_all(app, &connection, after, hop, deadline).await,
    }
}

fn preview_job(connection: ConnectionKey, revision: u64, hop: u32) -> PreviewJob {
    PreviewJob {
        connection,
        revision,
        after: None,
        so_far: Effect::default(),
        hop,
    }
}

/// Queues these SKUs to be computed again. `raise`: an input of theirs was written.
async fn queue_recompute(
    app: &App,
    connection: &ConnectionKey,
    raise: bool,
    skus: impl IntoIterator<Item = Sku>,
) -> Result<()> {
    let messages = StockChange::recompute(&connection.tenant, raise, skus)?;
    app.stock_changes.send_all(&connection.id, messages).await
}

/// Whether there is no time for another step.
fn is_late(deadline: SystemTime) -> bool {
    deadline
        .duration_since(SystemTime::now())
        .unwrap_or_default()
        < STEP_TIME
}

#[cfg(test)]
mod tests {
    use super::*;
    use stallkeeper::queue::Versioned;

    #[test]
    fn the_sample_event_holds_one_job_of_each_kind() {
        let event: SqsEvent =
            serde_json::from_str(include_str!("../../../events/match-listings.json")).unwrap();
        let jobs: Vec<ListingJob> = event
            .records
            .iter()
            .map(|record| {
                serde_json::from_str::<Versioned<_>>(record.body.as_deref().unwrap())
                    .unwrap()
                    .open()
                    .unwrap()
            })
            .collect();
        assert!(matches!(jobs[0], ListingJob::Match { hop: 0, .. }));
        assert!(matches!(jobs[1], ListingJob::Preview { revision: 3, .. }));
        assert!(matches!(
            jobs[2],
            ListingJob::RecomputeAll { after: None, .. }
        ));
        assert!(
            matches!(&jobs[3], ListingJob::PreviewFrom { so_far, .. } if so_far.matched == 1000)
        );
    }
}
