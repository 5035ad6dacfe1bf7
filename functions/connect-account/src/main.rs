//! Cold start of `connect-account`.

use connect_account::{App, Config, router};
use stallkeeper::cold_start::ColdStart;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    let start = ColdStart::begin().await;
    let app = App {
        store: start.store(),
        vault: start.vault()?,
        amazon: start.amazon()?,
        schedules: start.schedules()?,
        orders: start.queue("ORDERS_QUEUE_URL")?,
        ticks: start.queue("ORDER_TICKS_QUEUE_URL")?,
        listing_jobs: start.queue("LISTING_JOBS_QUEUE_URL")?,
        stock_ticks: start.queue("STOCK_TICKS_QUEUE_URL")?,
        config: Config::from_env()?,
    };
    lambda_http::run(router(Arc::new(app))).await
}
