//! Fetches one order by its id, if it was too big for a message.

use crate::{App, RulesOfBatch, reading, store_reading};
use jiff::Timestamp;
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::ids::{ConnectionKey, OrderId};
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::seller_session::{CallOutcome, SellerSession, Waiting};
use stallkeeper::sp_api::{self, Account, Dataset, Operation, RawOrder, Refusals, SpApi};
use stallkeeper::store::{BackFillJob, BackFillKind};
use std::time::Duration;

/// When an order is asked for again that Amazon gave without something for the first time.
const ASK_AGAIN: Duration = Duration::from_secs(900);

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
        return read_later(app, &connection, updated_at).await;
    }
    let cursor = app.store.order_cursor(&connection.key()).await?;
    let refusals = cursor
        .map(|cursor| cursor.state.refusals)
        .unwrap_or_default();
    let wanted = refusals.given_datasets();
    let answer = match ask(app, &connection, order, &refusals, wanted.clone()).await {
        Ok(answer) => answer,
        Err(error) => {
            if error.class() == Class::AuthRevoked {
                read_later(app, &connection, updated_at).await?;
            }
            return Err(error);
        }
    };
    let (raw, answered) = answer;
    let reading = reading(app, &raw, &answered, Timestamp::now())?;
    store_reading(app, rules, &connection.key(), reading).await?;
    if answered.len() < wanted.len() {
        // Its refusal may have been one of the moment: what it lacks is asked for again, as every message that waits.
        let why = "Amazon refuses a part of it that it gives of others";
        let retry_after = Some(ASK_AGAIN);
        let class = Class::Throttled { retry_after };
        return Err(Error::new(class, "get an order whole", why));
    }
    Ok(())
}

/// The order, and the datasets that Amazon gave it with: as in a sweep, a dataset is left out only if a second, different
/// question is answered.
async fn ask(
    app: &App,
    connection: &Connection,
    order: &OrderId,
    refusals: &Refusals,
    wanted: Vec<Dataset>,
) -> Result<(RawOrder, Vec<Dataset>)> {
    let session = SellerSession::new(&app.store, &app.vault, &app.amazon, connection);
    let mut datasets = wanted;
    loop {
        let get = async |amazon: &SpApi, account: Account<'_>| {
            amazon.order(&account, order, &datasets).await
        };
        let answer = session
            .call(Operation::GetOrder, Waiting::No, get)
            .await
            .and_then(CallOutcome::or_throttled);
        let error = match answer {
            Ok(answer) => return Ok((answer.value, datasets)),
            Err(error) => error,
        };
        // Each question asks for less than the one before.
        match fewer(refusals, &datasets, &error) {
            Some(next) => datasets = next,
            None => return Err(error),
        }
    }
}

fn fewer(refusals: &Refusals, asked: &[Dataset], error: &Error) -> Option<Vec<Dataset>> {
    let refusal = sp_api::refusal(error)
        .filter(|it| it.operation == Operation::GetOrder.name())
        .filter(|_| error.class() == Class::Permanent)?;
    refusals.second_question(asked, refusal.status)
}

/// Switched on or authorised again, the connection reads what changed since this order did.
async fn read_later(app: &App, connection: &Connection, updated_at: Timestamp) -> Result<()> {
    if connection.status == ConnectionStatus::Disconnected {
        return Ok(());
    }
    let job = BackFillJob::of_changes(BackFillKind::CatchUp, updated_at, Timestamp::now());
    app.store.add_back_fill(&connection.key(), job).await
}
