//! Cold start of `announce-changes`.

use announce_changes::{App, Bus, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use stallkeeper::env;
use stallkeeper::queue::Queue;
use stallkeeper::schedule::Schedules;
use stallkeeper::store::{Store, Tables};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let aws = aws_config::load_from_env().await;
    let app = App {
        bus: Bus::new(
            aws_sdk_eventbridge::Client::new(&aws),
            env::required("EVENT_BUS_NAME")?,
        ),
        schedules: Schedules::from_env(aws_sdk_scheduler::Client::new(&aws))?,
        store: Store::new(aws_sdk_dynamodb::Client::new(&aws), Tables::from_env()),
        changes: Queue::new(
            aws_sdk_sqs::Client::new(&aws),
            env::required("STOCK_CHANGES_QUEUE_URL")?,
        ),
    };
    run(service_fn(|event: LambdaEvent<_>| {
        handle(&app, event.payload)
    }))
    .await
}
