//! Fetches one order by its id, if it was too big for a message.

use crate::{App, RulesOfBatch, reading, store_reading};
use jiff::Timestamp;
use stallkeeper::domain::ids::{ConnectionKey, OrderId};
use stallkeeper::error::{Class, Result};
use stallkeeper::seller_session::{CallOutcome, SellerSession, Waiting};
use stallkeeper::sp_api::{Account, Dataset, Operation, SpApi};

/// Asks Amazon for an order that was too big for a message.
pub(crate) async fn fetch_one(
    app: &App,
    rules: &RulesOfBatch,
    connection: &ConnectionKey,
    order: &OrderId,
    updated_at: Timestamp,
) -> Result<()> {
    let Some(connection) = app.store.connection(connection).await? else {
        return Ok(());
    };
    if !connection.status.fetches_orders() {
        // Switched on again, it sweeps from before this order on.
        return app
            .store
            .rewind_order_cursor(&connection.key(), updated_at)
            .await;
    }
    let cursor = app.store.order_cursor(&connection.key()).await?;
    let refused = cursor
        .map(|cursor| cursor.state.refused)
        .unwrap_or_default();
    let datasets: Vec<Dataset> = Dataset::ORDERS
        .into_iter()
        .filter(|dataset| !refused.contains(dataset))
        .collect();
    let session = SellerSession::new(&app.store, &app.vault, &app.amazon, &connection);
    let get =
        async |amazon: &SpApi, account: Account<'_>| amazon.order(&account, order, &datasets).await;
    let answer = session
        .call(Operation::GetOrder, Waiting::No, get)
        .await
        .and_then(CallOutcome::or_throttled);
    if let Err(error) = &answer
        && error.class() == Class::AuthRevoked
    {
        app.store
            .rewind_order_cursor(&connection.key(), updated_at)
            .await?;
    }
    let reading = reading(app, &answer?.value, &datasets, Timestamp::now())?;
    store_reading(app, rules, &connection.key(), reading).await
}
