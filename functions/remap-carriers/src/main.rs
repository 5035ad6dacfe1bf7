//! Cold start of `remap-carriers`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use remap_carriers::{App, handle};
use stallkeeper::cold_start::ColdStart;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let start = ColdStart::begin().await;
    let app = App {
        store: start.store(),
        vault: start.vault()?,
        amazon: start.amazon()?,
        orders: start.queue("ORDERS_QUEUE_URL")?,
        inbox: start.inbox("ORDERS_QUEUE_URL", "ORDERS_DEAD_LETTER_QUEUE_URL")?,
        logged_unknown: Default::default(),
        terms: Default::default(),
    };
    run(service_fn(|event: LambdaEvent<_>| {
        let deadline = event.context.deadline();
        handle(&app, event.payload, deadline)
    }))
    .await
}
