//! Cold start of `configure-shipping`.

use configure_shipping::{App, router};
use stallkeeper::cold_start::ColdStart;
use stallkeeper::env;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    let start = ColdStart::begin().await;
    let app = App {
        store: start.store(),
        orders: start.queue("ORDERS_QUEUE_URL")?,
        tenant_claim: env::required("TENANT_CLAIM")?,
        rerun_delay_seconds: env::parsed("RERUN_DELAY_SECONDS", 120)?,
    };
    lambda_http::run(router(Arc::new(app))).await
}
