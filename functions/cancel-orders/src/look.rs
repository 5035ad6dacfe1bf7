//! Cancellations that a feed of unknown outcome may have carried out: Amazon's order says whether it did.

use crate::App;
use crate::feed::Sending;
use jiff::Timestamp;
use stallkeeper::cancelling;
use stallkeeper::domain::cancellation::{Cancellation, CancellationState};
use stallkeeper::domain::feed::CancelLine;
use stallkeeper::domain::order::{Order, OrderPart};
use stallkeeper::error::{Class, Result};
use stallkeeper::seller_session::Waiting;
use stallkeeper::sp_api::{Account, Dataset, Operation, SpApi, read_order};
use tracing::warn;

/// What is read of an order: no buyer data.
const DATASETS: [Dataset; 2] = [Dataset::Fulfillment, Dataset::Cancellation];

/// Whether our copy of the order shows it as cancelled already. Sent again it would be refused.
pub(crate) async fn is_shown(
    app: &App,
    cancellation: &Cancellation,
    now: Timestamp,
) -> Result<bool> {
    if cancellation.tries == 0 {
        return Ok(false);
    }
    let (connection, order) = (&cancellation.connection_key(), &cancellation.order_id);
    let Some(order) = app.store.order(connection, order).await? else {
        return Ok(false);
    };
    if cancellation.state_in(&order) != CancellationState::Cancelled {
        return Ok(false);
    }
    let shown = cancellation.shown(now);
    let _ = app.store.replace_cancellation(&shown).await?;
    Ok(true)
}

/// Asks Amazon for the order of a cancellation whose refusal is doubted, and settles it by what Amazon shows: its lines are
/// cancelled, or open again. When to look again, if Amazon does not say.
///
/// # Errors
/// As Amazon and the tables answer; what Amazon refuses for good is asked for again later.
pub(crate) async fn look(
    sending: &Sending<'_>,
    cancellation: &Cancellation,
) -> Result<Option<Timestamp>> {
    let (store, now) = (&sending.app.store, Timestamp::now());
    let shown = match ask(sending, cancellation).await {
        Ok(shown) => shown,
        Err(error) if error.class() == Class::Permanent => {
            warn!(order.id = %cancellation.order_id, error = error.chain(), "the order of a doubted cancellation cannot be read");
            None
        }
        Err(error) => return Err(error),
    };
    if let Some(shown) = shown {
        let (connection, line) = (&cancellation.connection_key(), &line(cancellation));
        let settled =
            cancelling::settle_cancellation_as(store, connection, line, |cancellation, order| {
                cancellation.settle_by_order(order, &shown, now)
            });
        if settled.await?.is_some() {
            return Ok(None);
        }
    }
    let note = "Amazon refuses it, a feed before may have cancelled it, and Amazon's order does not say so: it is read again, look in Seller Central";
    let later = cancellation.not_shown(note.to_owned(), now);
    // If somebody settled it meanwhile, that stays.
    let _ = store.replace_cancellation(&later).await?;
    Ok(Some(later.due_at))
}

/// The order as Amazon shows it, if that says what became of its lines.
async fn ask(sending: &Sending<'_>, cancellation: &Cancellation) -> Result<Option<Order>> {
    let get = async |amazon: &SpApi, account: Account<'_>| {
        amazon
            .order(&account, &cancellation.order_id, &DATASETS)
            .await
    };
    let answer = sending
        .seller
        .call(Operation::GetOrder, Waiting::No, get)
        .await?;
    let read = read_order(&answer.or_throttled()?.value)?;
    let says = read.given.contains(&OrderPart::LineFulfilment)
        && read.given.contains(&OrderPart::Fulfilment);
    Ok(says.then_some(read.order))
}

fn line(cancellation: &Cancellation) -> CancelLine {
    CancelLine {
        order: cancellation.order_id.clone(),
        cancellation: cancellation.id.clone(),
    }
}
