//! Fetches one order by its id: it was too big for a message, was read before without all of its parts, or was named by a
//! notice.

use crate::intake::Reading;
use crate::skus::unknown_skus;
use crate::store_reading::store_reading;
use crate::{App, RulesOfBatch, reading};
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::ids::{ConnectionKey, OrderId};
use stallkeeper::domain::order::is_closed;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::queue::OrderMessage;
use stallkeeper::seller_session::{CallOutcome, SellerSession, Waiting};
use stallkeeper::sp_api::{self, Account, Dataset, Operation, RawOrder, Refusals, SpApi};
use stallkeeper::store::{BackFillJob, BackFillKind};
use std::time::Duration;
use tracing::warn;

/// When an order is asked for again that Amazon gave without something for the first time.
const ASK_AGAIN: Duration = Duration::from_secs(900);

/// How long to wait before an order is fetched for parts that Amazon left out or garbled: ever longer, then no more. It
/// waits for a person all the while, and the next change at Amazon brings it again.
const WAITS: [SignedDuration; 5] = [
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(8),
    SignedDuration::from_hours(24),
];

/// An order to fetch.
pub(crate) struct Fetch<'a> {
    pub(crate) connection: &'a ConnectionKey,
    pub(crate) order: &'a OrderId,
    pub(crate) updated_at: Timestamp,
    /// Not before this moment.
    pub(crate) due: Option<Timestamp>,
    /// How often it was fetched for its missing parts.
    pub(crate) tries: u32,
    /// Only a notice named it, as changed at `updated_at`.
    pub(crate) noticed: bool,
}

impl Fetch<'_> {
    /// Of an order that was just read without all of its parts.
    pub(crate) fn for_missing<'a>(
        connection: &'a ConnectionKey,
        reading: &'a Reading,
    ) -> Fetch<'a> {
        Fetch {
            connection,
            order: &reading.order.id,
            updated_at: reading.order.updated_at,
            due: None,
            tries: 0,
            noticed: false,
        }
    }

    /// Queues it for later, if it was not tried too often.
    pub(crate) async fn later(&self, app: &App) -> Result<()> {
        let now = Timestamp::now();
        let wait = usize::try_from(self.tries)
            .ok()
            .and_then(|tries| WAITS.get(tries));
        let Some(wait) = wait else { return Ok(()) };
        let due = now.saturating_add(*wait).unwrap_or(now);
        self.queue(app, due, self.tries + 1, now).await
    }

    /// A message can wait for 15 minutes at most.
    async fn queue(&self, app: &App, due: Timestamp, tries: u32, now: Timestamp) -> Result<()> {
        let message = OrderMessage::OrderId {
            connection: self.connection.clone(),
            order_id: self.order.clone(),
            updated_at: self.updated_at,
            due: Some(due),
            tries,
            noticed: false,
        };
        let delay = due.duration_since(now).as_secs().clamp(0, 900);
        let delay = u32::try_from(delay).unwrap_or(900);
        app.orders.send(self.connection, message, delay).await
    }
}

/// Asks Amazon for an order.
pub(crate) async fn fetch_one(app: &App, rules: &RulesOfBatch, fetch: Fetch<'_>) -> Result<()> {
    let now = Timestamp::now();
    if let Some(due) = fetch.due.filter(|due| *due > now) {
        return fetch.queue(app, due, fetch.tries, now).await;
    }
    if fetch.noticed {
        return fetch_noticed(app, rules, &fetch).await;
    }
    if fetch.tries == 0 {
        return fetch_now(app, rules, &fetch).await;
    }
    let stored = app.store.order(fetch.connection, fetch.order).await?;
    if stored.is_none_or(|stored| is_closed(stored.status)) {
        return Ok(());
    }
    match fetch_now(app, rules, &fetch).await {
        // It is stored, and waits for a person; a refusal of this moment is no reason to give it up.
        Err(error) if error.class() == Class::Permanent => {
            warn!(
                connection.id = %fetch.connection.id, order.id = %fetch.order,
                error = error.chain(), "an order could not be fetched for its missing parts"
            );
            fetch.later(app).await
        }
        other => other,
    }
}

/// A notice is a hint: it costs no call if the change is stored by now, and that Amazon has no such order, or shows it to
/// nobody, is no failure. If it is one after all, the sweeps find it.
async fn fetch_noticed(app: &App, rules: &RulesOfBatch, fetch: &Fetch<'_>) -> Result<()> {
    let stored = app.store.order(fetch.connection, fetch.order).await?;
    if stored.is_some_and(|stored| stored.version.updated_at >= fetch.updated_at) {
        return Ok(());
    }
    match fetch_now(app, rules, fetch).await {
        Err(error) if is_refused(&error) => {
            warn!(
                connection.id = %fetch.connection.id, error = error.chain(),
                "an order that a notice named cannot be fetched; it is left to the sweeps"
            );
            Ok(())
        }
        other => other,
    }
}

fn is_refused(error: &Error) -> bool {
    let refusal = sp_api::refusal(error);
    error.class() == Class::Permanent
        && refusal.is_some_and(|it| it.operation == Operation::GetOrder.name())
}

async fn fetch_now(app: &App, rules: &RulesOfBatch, fetch: &Fetch<'_>) -> Result<()> {
    let Fetch {
        connection,
        order,
        updated_at,
        ..
    } = *fetch;
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
    let mut reading = reading(app, &raw, &answered, Timestamp::now())?;
    let key = connection.key();
    reading.unknown_skus = unknown_skus(app, rules, &key, &reading.order).await?;
    if reading.lacks_parts() {
        fetch.later(app).await?;
    }
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
