//! Cold start of `desk-orders`.

use desk_orders::{App, router};
use stallkeeper::api::with_caller;
use stallkeeper::env;
use stallkeeper::store::{Store, Tables};
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_http::tracing::init_default_subscriber();
    let aws = aws_config::load_from_env().await;
    let app = App {
        store: Store::new(aws_sdk_dynamodb::Client::new(&aws), Tables::from_env()),
    };
    let tenant_claim = env::required("TENANT_CLAIM")?;
    lambda_http::run(with_caller(router(Arc::new(app)), tenant_claim)).await
}
