//! Cold start of `poll-orders`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use poll_orders::{App, NoticesInbox, Storms, handle};
use stallkeeper::cold_start::ColdStart;
use stallkeeper::env;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let start = ColdStart::begin().await;
    let app = App {
        store: start.store(),
        vault: start.vault()?,
        amazon: start.amazon()?,
        schedules: start.schedules()?,
        orders: start.queue("ORDERS_QUEUE_URL")?,
        ticks: start.queue("ORDER_TICKS_QUEUE_URL")?,
        dispatches: start.queue("DISPATCHES_QUEUE_URL")?,
        feed_checks: start.queue("FEED_CHECKS_QUEUE_URL")?,
        cancellations: start.queue("CANCELLATIONS_QUEUE_URL")?,
        at_risk_before: start.at_risk_before()?,
        inbox: start.inbox("ORDER_TICKS_QUEUE_URL", "ORDER_TICKS_DEAD_LETTER_QUEUE_URL")?,
        notices: Some(NoticesInbox {
            inbox: start.inbox("NOTICES_QUEUE_URL", "NOTICES_DEAD_LETTER_QUEUE_URL")?,
            queue_arn: env::required("NOTICES_DESTINATION_ARN")?,
            listing_notices: env::parsed("LISTING_NOTICES", false)?,
        }),
        storms: Storms::default(),
    };
    run(service_fn(|event: LambdaEvent<_>| {
        let deadline = event.context.deadline();
        handle(&app, event.payload, deadline)
    }))
    .await
}
