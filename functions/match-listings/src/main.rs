//! Cold start of `match-listings`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use match_listings::{App, handle};
use stallkeeper::env;
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::Queue;
use stallkeeper::sp_api::{Endpoints, SpApi};
use stallkeeper::store::{Store, Tables};
use stallkeeper::vault::Vault;

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let aws = aws_config::load_from_env().await;
    let sqs = aws_sdk_sqs::Client::new(&aws);
    let jobs = env::required("LISTING_JOBS_QUEUE_URL")?;
    let app = App {
        store: Store::new(aws_sdk_dynamodb::Client::new(&aws), Tables::from_env()),
        vault: Vault::new(
            aws_sdk_kms::Client::new(&aws),
            env::required("DATA_KEY_ARN")?,
            aws_sdk_secretsmanager::Client::new(&aws),
            env::required("LWA_SECRET_ARN")?,
        ),
        amazon: SpApi::new(Endpoints::from_env()?)?,
        jobs: Queue::new(sqs.clone(), jobs.clone()),
        stock_changes: Queue::new(sqs.clone(), env::required("STOCK_CHANGES_QUEUE_URL")?),
        inbox: Inbox::new(
            sqs,
            jobs,
            env::required("LISTING_JOBS_DEAD_LETTER_QUEUE_URL")?,
        ),
    };
    run(service_fn(|event: LambdaEvent<_>| {
        let deadline = event.context.deadline();
        handle(&app, event.payload, deadline)
    }))
    .await
}
