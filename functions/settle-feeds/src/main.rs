//! Cold start of `settle-feeds`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use settle_feeds::{App, handle};
use stallkeeper::cold_start::ColdStart;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let start = ColdStart::begin().await;
    let app = App {
        store: start.store(),
        vault: start.vault()?,
        amazon: start.amazon()?,
        checks: start.queue("FEED_CHECKS_QUEUE_URL")?,
        ticks: start.queue("STOCK_TICKS_QUEUE_URL")?,
        cancellations: start.queue("CANCELLATIONS_QUEUE_URL")?,
        offer_jobs: start.queue("OFFER_JOBS_QUEUE_URL")?,
        inbox: start.inbox("FEED_CHECKS_QUEUE_URL", "FEED_CHECKS_DEAD_LETTER_QUEUE_URL")?,
    };
    run(service_fn(|event: LambdaEvent<_>| {
        let deadline = event.context.deadline();
        handle(&app, event.payload, deadline)
    }))
    .await
}
