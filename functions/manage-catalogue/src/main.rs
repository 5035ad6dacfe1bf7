//! Cold start of `manage-catalogue`.

use manage_catalogue::{App, router};
use stallkeeper::cold_start::ColdStart;
use stallkeeper::env;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    let start = ColdStart::begin().await;
    let app = App {
        store: start.store(),
        stock_changes: start.queue("STOCK_CHANGES_QUEUE_URL")?,
        stock_ticks: start.queue("STOCK_TICKS_QUEUE_URL")?,
        listing_jobs: start.queue("LISTING_JOBS_QUEUE_URL")?,
        tenant_claim: env::required("TENANT_CLAIM")?,
    };
    lambda_http::run(router(Arc::new(app))).await
}
