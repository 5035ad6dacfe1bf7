//! Cold start of `connect-account`.

use connect_account::{App, Config, router};
use stallkeeper::env;
use stallkeeper::queue::Queue;
use stallkeeper::schedule::Schedules;
use stallkeeper::sp_api::{Endpoints, SpApi};
use stallkeeper::store::{Store, Tables};
use stallkeeper::vault::Vault;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_http::tracing::init_default_subscriber();
    let aws = aws_config::load_from_env().await;
    let sqs = aws_sdk_sqs::Client::new(&aws);
    let app = App {
        store: Store::new(aws_sdk_dynamodb::Client::new(&aws), Tables::from_env()),
        vault: Vault::new(
            aws_sdk_kms::Client::new(&aws),
            env::required("DATA_KEY_ARN")?,
            aws_sdk_secretsmanager::Client::new(&aws),
            env::required("LWA_SECRET_ARN")?,
        ),
        amazon: SpApi::new(Endpoints::from_env()?)?,
        schedules: Schedules::from_env(aws_sdk_scheduler::Client::new(&aws))?,
        orders: Queue::new(sqs.clone(), env::required("ORDERS_QUEUE_URL")?),
        ticks: Queue::new(sqs.clone(), env::required("ORDER_TICKS_QUEUE_URL")?),
        listing_jobs: Queue::new(sqs.clone(), env::required("LISTING_JOBS_QUEUE_URL")?),
        stock_ticks: Queue::new(sqs, env::required("STOCK_TICKS_QUEUE_URL")?),
        config: Config::from_env()?,
    };
    lambda_http::run(router(Arc::new(app))).await
}
