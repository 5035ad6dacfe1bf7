//! Cold start of `compute-listings`.

use compute_listings::{App, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use stallkeeper::cold_start::ColdStart;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let start = ColdStart::begin().await;
    let app = App {
        store: start.store(),
        inbox: start.inbox(
            "STOCK_CHANGES_QUEUE_URL",
            "STOCK_CHANGES_DEAD_LETTER_QUEUE_URL",
        )?,
        stock_changes: start.queue("STOCK_CHANGES_QUEUE_URL")?,
        stock_ticks: start.queue("STOCK_TICKS_QUEUE_URL")?,
    };
    run(service_fn(|event: LambdaEvent<_>| {
        handle(&app, event.payload)
    }))
    .await
}
