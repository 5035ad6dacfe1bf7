//! `manage-catalogue`: products, bundles and stock levels in; recomputes the wanted side of the listings they touch.

pub mod entry;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use axum::Router;
use stallkeeper::api::{with_caller, with_problems};
use stallkeeper::error::Result;
use stallkeeper::lambda::Inbox;
use stallkeeper::store::Store;
use std::sync::Arc;

/// What the function works with.
pub struct App {
    pub store: Store,
    pub inbox: Inbox,
    /// Claim of a caller's token that holds the tenant.
    pub tenant_claim: String,
}

/// All routes of this function.
pub fn router(app: Arc<App>) -> Router {
    let tenant_claim = app.tenant_claim.clone();
    with_caller(with_problems(Router::new()), tenant_claim).with_state(app)
}

/// Works on a batch of changes.
pub async fn handle(app: &App, event: SqsEvent) -> Result<SqsBatchResponse> {
    Ok(app
        .inbox
        .each_message(event, |_: serde::de::IgnoredAny| async { Ok(()) })
        .await)
}
