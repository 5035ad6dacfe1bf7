//! Cold start of `announce-changes`.

use announce_changes::{App, Bus, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use stallkeeper::cold_start::ColdStart;
use stallkeeper::env;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let start = ColdStart::begin().await;
    let app = App {
        bus: Bus::new(
            aws_sdk_eventbridge::Client::new(start.aws()),
            env::required("EVENT_BUS_NAME")?,
        ),
        schedules: start.schedules()?,
        store: start.store(),
        at_risk_before: start.at_risk_before()?,
        dispatches: start.queue("DISPATCHES_QUEUE_URL")?,
    };
    run(service_fn(|event: LambdaEvent<_>| {
        handle(&app, event.payload)
    }))
    .await
}
