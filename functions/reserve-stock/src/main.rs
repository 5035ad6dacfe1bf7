//! Cold start of `reserve-stock`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use reserve_stock::{App, handle};
use stallkeeper::cold_start::ColdStart;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let start = ColdStart::begin().await;
    let app = App {
        store: start.store(),
        changes: start.queue("STOCK_CHANGES_QUEUE_URL")?,
    };
    run(service_fn(|event: LambdaEvent<_>| {
        handle(&app, event.payload)
    }))
    .await
}
