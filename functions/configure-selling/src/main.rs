//! Cold start of `configure-selling`.

use configure_selling::{App, router};
use stallkeeper::cold_start::ColdStart;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    let start = ColdStart::begin().await;
    let app = App {
        store: start.store(),
        schedules: start.schedules()?,
        listing_jobs: start.queue("LISTING_JOBS_QUEUE_URL")?,
        stock_changes: start.queue("STOCK_CHANGES_QUEUE_URL")?,
        stock_ticks: start.queue("STOCK_TICKS_QUEUE_URL")?,
        offer_jobs: start.queue("OFFER_JOBS_QUEUE_URL")?,
        tenant_claim: stallkeeper::env::required("TENANT_CLAIM")?,
    };
    lambda_http::run(router(Arc::new(app))).await
}
