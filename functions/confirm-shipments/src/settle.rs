//! What a call led to, written down: with the order if its units are open again.

use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::dispatch::{Dispatch, DispatchWords, Settled};
use stallkeeper::domain::order::StoredOrder;
use stallkeeper::error::Result;
use stallkeeper::store::{Store, Written};
use std::time::Duration;
use tracing::{info, warn};

/// What a call led to.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Confirmed {
        not_counted: Option<String>,
    },
    Refused(DispatchWords),
    /// Amazon has the parcel as it was before an edit, and refuses the edit.
    EditRefused(DispatchWords),
    /// Nobody knows.
    Lost(DispatchWords),
    /// Amazon did not take it.
    PutOff {
        words: Option<DispatchWords>,
        wait: Duration,
    },
}

/// Settles a dispatch that was `marked` for a call; returns it as it is then. If it was edited meanwhile, its new content is
/// still to be confirmed.
pub(crate) async fn settle(
    store: &Store,
    marked: &Dispatch,
    outcome: Outcome,
) -> Result<Option<Dispatch>> {
    let key = &marked.connection_key();
    for () in Written::attempts_among_many() {
        let now = Timestamp::now();
        let current = store
            .dispatch(key, &marked.order_id, &marked.parcel)
            .await?;
        let order = store.order(key, &marked.order_id).await?;
        let (Some(current), Some(order)) = (current, order) else {
            return Ok(None);
        };
        if current.changed_at != marked.changed_at {
            let was_confirmed =
                matches!(outcome, Outcome::Confirmed { .. } | Outcome::EditRefused(_));
            let edited = current.edited_meanwhile(was_confirmed, now);
            if store.replace_dispatch(&edited, &order).await? == Written::Done {
                return Ok(Some(edited));
            }
            continue;
        }
        if let Some(settled) = write(store, &current, &order, outcome.clone(), now).await? {
            log_outcome(&settled);
            return Ok(Some(settled));
        }
    }
    Err(Written::given_up("settle a dispatch"))
}

/// `None`: somebody else wrote first.
async fn write(
    store: &Store,
    current: &Dispatch,
    order: &StoredOrder,
    outcome: Outcome,
    now: Timestamp,
) -> Result<Option<Dispatch>> {
    let after = match outcome {
        Outcome::Confirmed { not_counted } => current.confirmed(not_counted, now),
        Outcome::Lost(words) => current.lost(words, now),
        Outcome::PutOff { words, wait } => {
            let wait = SignedDuration::try_from(wait).unwrap_or_default();
            current.put_off(words, now.saturating_add(wait).unwrap_or(now))
        }
        Outcome::Refused(words) => {
            return write_refused(store, current.refused(order, words, now)).await;
        }
        Outcome::EditRefused(words) => {
            return write_refused(store, current.edit_refused(order, words, now)).await;
        }
    };
    let written = store.replace_dispatch(&after, order).await?;
    Ok((written == Written::Done).then_some(after))
}

async fn write_refused(store: &Store, settled: Settled) -> Result<Option<Dispatch>> {
    let (dispatch, order) = (settled.dispatch, settled.order);
    let written = store.write_dispatch(&dispatch, &order, &settled.entry);
    Ok((written.await? == Written::Done).then_some(dispatch))
}

fn log_outcome(dispatch: &Dispatch) {
    let (parcel, state) = (&dispatch.parcel, dispatch.state.as_str());
    let code = dispatch.words.as_ref().map(|words| words.code.as_str());
    match code {
        None => {
            info!(connection.id = %dispatch.connection, order.id = %dispatch.order_id, parcel = %parcel, state, "parcel `{parcel}` is {state}")
        }
        Some(code) => {
            warn!(connection.id = %dispatch.connection, order.id = %dispatch.order_id, parcel = %parcel, state, code, "parcel `{parcel}` is {state}")
        }
    }
}
