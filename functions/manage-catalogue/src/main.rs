//! Cold start of `manage-catalogue`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use manage_catalogue::{App, entry, handle, router};
use stallkeeper::cold_start::ColdStart;
use stallkeeper::env;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let start = ColdStart::begin().await;
    let app = Arc::new(App {
        store: start.store(),
        inbox: start.inbox(
            "STOCK_CHANGES_QUEUE_URL",
            "STOCK_CHANGES_DEAD_LETTER_QUEUE_URL",
        )?,
        stock_changes: start.queue("STOCK_CHANGES_QUEUE_URL")?,
        stock_ticks: start.queue("STOCK_TICKS_QUEUE_URL")?,
        listing_jobs: start.queue("LISTING_JOBS_QUEUE_URL")?,
        tenant_claim: env::required("TENANT_CLAIM")?,
    });
    let router = &router(app.clone());
    run(service_fn(|event: LambdaEvent<entry::Event>| {
        entry::answer(event, router.clone(), |batch| handle(&app, batch))
    }))
    .await
}
