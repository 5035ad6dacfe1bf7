//! Cold start of `settle-feeds`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use settle_feeds::{App, handle};
use stallkeeper::env;
use stallkeeper::lambda::Inbox;
use stallkeeper::store::{Store, Tables};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let aws = aws_config::load_from_env().await;
    let app = App {
        store: Store::new(aws_sdk_dynamodb::Client::new(&aws), Tables::from_env()),
        inbox: Inbox::new(
            aws_sdk_sqs::Client::new(&aws),
            env::required("FEED_CHECKS_QUEUE_URL")?,
            env::required("FEED_CHECKS_DEAD_LETTER_QUEUE_URL")?,
        ),
    };
    run(service_fn(|event: LambdaEvent<_>| {
        let deadline = event.context.deadline();
        handle(&app, event.payload, deadline)
    }))
    .await
}
