//! Cold start of `sync-stock`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use stallkeeper::cold_start::ColdStart;
use sync_stock::{App, PATCH_MOST, handle};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let start = ColdStart::begin().await;
    let app = App {
        store: start.store(),
        vault: start.vault()?,
        amazon: start.amazon()?,
        ticks: start.queue("STOCK_TICKS_QUEUE_URL")?,
        checks: start.queue("FEED_CHECKS_QUEUE_URL")?,
        offer_jobs: start.queue("OFFER_JOBS_QUEUE_URL")?,
        inbox: start.inbox("STOCK_TICKS_QUEUE_URL", "STOCK_TICKS_DEAD_LETTER_QUEUE_URL")?,
        patch_most: PATCH_MOST,
    };
    run(service_fn(|event: LambdaEvent<_>| {
        let deadline = event.context.deadline();
        handle(&app, event.payload, deadline)
    }))
    .await
}
