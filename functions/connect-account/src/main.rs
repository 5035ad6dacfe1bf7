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
        orders: start.queue("ORDERS")?,
        ticks: start.queue("ORDER_TICKS")?,
        listing_jobs: start.queue("LISTING_JOBS")?,
        stock_ticks: start.queue("STOCK_TICKS")?,
        config: Config::from_env()?,
    };
    lambda_http::run(router(Arc::new(app))).await
}
