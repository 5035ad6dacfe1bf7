//! What more than one function demands of a connection before it changes anything.

use super::{Answer, Problem};
use crate::domain::connection::{Connection, ConnectionStatus};
use crate::domain::stock_settings::StockPlan;
use crate::store::{Store, Written};

/// The seller's authorisation can be used.
///
/// # Errors
/// 409 that says what is missing.
pub fn must_be_authorised(connection: &Connection) -> Answer<()> {
    match connection.status {
        ConnectionStatus::Inactive | ConnectionStatus::Active | ConnectionStatus::Paused => Ok(()),
        ConnectionStatus::AwaitingAuthorisation => Err(Problem::conflict(
            "not-authorised",
            "No seller has authorised this connection yet.",
            "The seller must consent at Amazon and be confirmed here: GET /connections/{connection}/setup lists the steps.",
        )),
        ConnectionStatus::NeedsReauthorisation => Err(Problem::conflict(
            "authorisation-revoked",
            "Amazon no longer accepts the seller's authorisation.",
            "Authorise the connection again: POST /connections/{connection}/reauthorise. It then goes on where it stopped.",
        )),
        ConnectionStatus::Disconnected => Err(disconnected()),
    }
}

/// The connection still exists for changes.
///
/// # Errors
/// 409 if it was disconnected for good.
pub fn must_not_be_disconnected(connection: &Connection) -> Answer<()> {
    match connection.status {
        ConnectionStatus::Disconnected => Err(disconnected()),
        _ => Ok(()),
    }
}

/// A disconnected connection accepts nothing any more.
pub fn disconnected() -> Problem {
    Problem::conflict(
        "disconnected",
        "This connection was disconnected for good.",
        "Make a new one: POST /connections, with another `Idempotency-Key` if any.",
    )
}

/// Somebody else was quicker, again and again.
pub fn changed_meanwhile() -> Problem {
    Problem::conflict(
        "changed-meanwhile",
        "Somebody else changed this at the same time.",
        "Look at what is current, and send the request again if it still applies.",
    )
}

/// Changes the current stock settings of a connection; decides again if somebody else was quicker.
///
/// # Errors
/// What `change` answers; 409 if others were quicker every time.
pub async fn change_stock_plan(
    store: &Store,
    connection: &Connection,
    change: impl Fn(&mut StockPlan) -> Answer<()>,
) -> Answer<StockPlan> {
    let key = &connection.key();
    for () in Written::attempts() {
        let read = store.stock_plan(key).await?;
        let mut plan = read.clone();
        change(&mut plan)?;
        if plan == read {
            return Ok(read);
        }
        plan.revision += 1;
        if store.save_stock_plan(key, &plan).await? == Written::Done {
            return Ok(plan);
        }
    }
    Err(changed_meanwhile())
}
