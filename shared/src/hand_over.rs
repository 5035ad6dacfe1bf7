//! A parcel that was handed over, stored: decided by `domain::dispatch`, written with its order. Both who answers a request
//! and who works through many rows do it here.

use crate::domain::connection::Connection;
use crate::domain::dispatch::{
    Dispatch, DispatchDecision, DispatchRefusal, HandOverRequest, decide,
};
use crate::domain::ids::OrderId;
use crate::domain::order::StoredOrder;
use crate::error::Result;
use crate::queue::{DispatchMessage, ParcelOfOrder, Queue};
use crate::store::{Store, Written};
use jiff::Timestamp;

/// What became of a hand-over.
#[derive(Debug)]
pub enum HandedOver {
    NoOrder,
    /// The order is as it was.
    Refused(DispatchRefusal, Box<StoredOrder>),
    /// The dispatch as it is now: new, edited, or as it was if the hand-over changes nothing; and its order.
    Stored(Box<Dispatch>, Box<StoredOrder>),
}

/// Stores a hand-over. Idempotent: the same again, or one that comes after a newer one, changes nothing.
///
/// # Errors
/// Retryable if the order is changed all the time.
pub async fn store_hand_over(
    store: &Store,
    connection: &Connection,
    order: &OrderId,
    request: &HandOverRequest,
    now: Timestamp,
) -> Result<HandedOver> {
    let key = &connection.key();
    for () in Written::attempts_among_many() {
        let Some(stored) = store.order(key, order).await? else {
            return Ok(HandedOver::NoOrder);
        };
        let others = store.dispatches(key, order).await?;
        match decide(&stored, &others, request, connection.confirm_at, now) {
            DispatchDecision::Same(dispatch) => {
                return Ok(HandedOver::Stored(dispatch, Box::new(stored)));
            }
            DispatchDecision::Refused(refusal) => {
                return Ok(HandedOver::Refused(refusal, Box::new(stored)));
            }
            DispatchDecision::Write {
                dispatch,
                order: changed,
                entry,
            } => {
                if store.write_dispatch(&dispatch, &changed, &entry).await? == Written::Conflict {
                    continue;
                }
                if let Some(until) = changed.buyer_until {
                    store.expire_buyer(&connection.id, order, until).await?;
                }
                return Ok(HandedOver::Stored(dispatch, changed));
            }
        }
    }
    Err(Written::given_up("store a dispatch"))
}

impl Queue {
    /// To `dispatches`: confirm a dispatch once it is due.
    ///
    /// # Errors
    /// As [`Queue::send`].
    pub async fn confirm(&self, dispatch: &Dispatch, now: Timestamp) -> Result<()> {
        let connection = dispatch.connection_key();
        let message = DispatchMessage::Confirm {
            new: Some(ParcelOfOrder {
                order_id: dispatch.order_id.clone(),
                parcel: dispatch.parcel.clone(),
            }),
            connection,
            hop: 0,
        };
        // Rounded up: a wake-up that comes before its parcel is due finds nothing to do.
        let wait = dispatch.due_at.duration_since(now).as_millis().max(0);
        let wait = wait.unsigned_abs().div_ceil(1_000);
        // What is due later than a message can wait is found by the connection's ticks.
        let wait = u32::try_from(wait).unwrap_or(u32::MAX);
        self.send(&dispatch.connection, message, wait).await
    }
}
