//! Cold start of `match-listings`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use match_listings::{App, handle};
use stallkeeper::cold_start::ColdStart;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let start = ColdStart::begin().await;
    let app = App {
        store: start.store(),
        vault: start.vault()?,
        amazon: start.amazon()?,
        jobs: start.queue("LISTING_JOBS_QUEUE_URL")?,
        stock_changes: start.queue("STOCK_CHANGES_QUEUE_URL")?,
        inbox: start.inbox(
            "LISTING_JOBS_QUEUE_URL",
            "LISTING_JOBS_DEAD_LETTER_QUEUE_URL",
        )?,
    };
    run(service_fn(|event: LambdaEvent<_>| {
        let deadline = event.context.deadline();
        handle(&app, event.payload, deadline)
    }))
    .await
}
