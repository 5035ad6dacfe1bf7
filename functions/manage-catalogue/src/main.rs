//! Cold start of `manage-catalogue`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use manage_catalogue::{App, entry, handle, router};
use stallkeeper::env;
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::Queue;
use stallkeeper::store::{Store, Tables};
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let aws = aws_config::load_from_env().await;
    let sqs = aws_sdk_sqs::Client::new(&aws);
    let queue = |variable| Ok::<_, Error>(Queue::new(sqs.clone(), env::required(variable)?));
    let app = Arc::new(App {
        store: Store::new(aws_sdk_dynamodb::Client::new(&aws), Tables::from_env()),
        inbox: Inbox::new(
            sqs.clone(),
            env::required("STOCK_CHANGES_QUEUE_URL")?,
            env::required("STOCK_CHANGES_DEAD_LETTER_QUEUE_URL")?,
        ),
        stock_changes: queue("STOCK_CHANGES_QUEUE_URL")?,
        stock_ticks: queue("STOCK_TICKS_QUEUE_URL")?,
        listing_jobs: queue("LISTING_JOBS_QUEUE_URL")?,
        tenant_claim: env::required("TENANT_CLAIM")?,
    });
    let router = &router(app.clone());
    run(service_fn(|event: LambdaEvent<entry::Event>| {
        entry::answer(event, router.clone(), |batch| handle(&app, batch))
    }))
    .await
}
