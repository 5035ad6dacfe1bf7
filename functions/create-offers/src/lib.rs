//! `create-offers`: makes offers of products that are not on Amazon yet: finds each in Amazon's catalogue, asks whether it may
//! be offered, and sends it with price and quantity by feed.
//!
//! It owns an offer from the moment it is wanted until Amazon has the feed that carries it; what Amazon says to it is found out
//! by `settle-feeds`. It never sends a SKU that has a listing, never picks one of several items, and changes no listing that
//! exists.

mod check;
mod feed;
mod follow;
mod make;
mod making;
mod other_sku;
mod run;
mod search;
mod selected;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use stallkeeper::error::Result;
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::{OfferJob, Queue};
use stallkeeper::sp_api::SpApi;
use stallkeeper::store::Store;
use stallkeeper::vault::Vault;
use std::time::SystemTime;

/// What the function works with.
pub struct App {
    pub store: Store,
    pub vault: Vault,
    pub amazon: SpApi,
    /// The queue that wakes it: what did not end within a run comes again.
    pub jobs: Queue,
    /// Where feeds are looked after once Amazon has them.
    pub checks: Queue,
    /// Woken for offers whose listings are to be matched.
    pub listings: Queue,
    pub inbox: Inbox,
}

/// Works on a batch of messages; stops between two calls of Amazon when `deadline` is near.
pub async fn handle(app: &App, event: SqsEvent, deadline: SystemTime) -> Result<SqsBatchResponse> {
    let work = |message| async move {
        let OfferJob::Run { connection, hop } = message;
        run::run(app, &connection, hop, deadline).await
    };
    Ok(app.inbox.each_message(event, work).await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stallkeeper::queue::Versioned;

    #[test]
    fn the_sample_event_holds_a_run() {
        let event: SqsEvent =
            serde_json::from_str(include_str!("../../../events/create-offers.json")).unwrap();
        let body = event.records[0].body.as_deref().unwrap();
        let message: Versioned<OfferJob> = serde_json::from_str(body).unwrap();
        assert!(matches!(
            message.open().unwrap(),
            OfferJob::Run { hop: 0, .. }
        ));
    }
}
