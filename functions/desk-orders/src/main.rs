//! Cold start of `desk-orders`.

use desk_orders::{App, router};
use stallkeeper::cold_start::ColdStart;
use stallkeeper::env;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    let start = ColdStart::begin().await;
    let app = App {
        store: start.store(),
        vault: start.vault()?,
        dispatches: start.queue("DISPATCHES_QUEUE_URL")?,
        cancellations: start.queue("CANCELLATIONS_QUEUE_URL")?,
        at_risk_before: start.at_risk_before()?,
        tenant_claim: env::required("TENANT_CLAIM")?,
    };
    lambda_http::run(router(Arc::new(app))).await
}
