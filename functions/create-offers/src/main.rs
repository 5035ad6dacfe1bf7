//! Cold start of `create-offers`.

use create_offers::{App, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use stallkeeper::cold_start::ColdStart;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let start = ColdStart::begin().await;
    let app = App {
        store: start.store(),
        vault: start.vault()?,
        amazon: start.amazon()?,
        jobs: start.queue("OFFER_JOBS_QUEUE_URL")?,
        checks: start.queue("FEED_CHECKS_QUEUE_URL")?,
        listings: start.queue("LISTING_JOBS_QUEUE_URL")?,
        inbox: start.inbox("OFFER_JOBS_QUEUE_URL", "OFFER_JOBS_DEAD_LETTER_QUEUE_URL")?,
    };
    run(service_fn(|event: LambdaEvent<_>| {
        let deadline = event.context.deadline();
        handle(&app, event.payload, deadline)
    }))
    .await
}
