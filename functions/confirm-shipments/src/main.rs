//! Cold start of `confirm-shipments`.

use confirm_shipments::{App, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use stallkeeper::cold_start::ColdStart;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let start = ColdStart::begin().await;
    let app = App {
        store: start.store(),
        vault: start.vault()?,
        amazon: start.amazon()?,
        clock: Default::default(),
        dispatches: start.queue("DISPATCHES_QUEUE_URL")?,
        inbox: start.inbox("DISPATCHES_QUEUE_URL", "DISPATCHES_DEAD_LETTER_QUEUE_URL")?,
    };
    run(service_fn(|event: LambdaEvent<_>| {
        let deadline = event.context.deadline();
        handle(&app, event.payload, deadline)
    }))
    .await
}
