//! Keys of cancellations, and of the index of those that wait for a feed.

use super::{Key, connection_pk, decoded, encoded, order_pk, sortable};
use crate::domain::cancellation::{Cancellation, CancellationId};
use crate::domain::ids::{ConnectionId, ConnectionKey, OrderId};

pub(crate) const CANCELLATION: &str = "CANCELLATION#";

impl Key {
    pub(crate) fn cancellation(
        connection: &ConnectionId,
        order: &OrderId,
        id: &CancellationId,
    ) -> Self {
        let sk = format!("{CANCELLATION}{}", encoded(id.as_str()));
        Self::new(order_pk(connection, order), sk)
    }

    pub(crate) fn cancellation_lease(connection: &ConnectionKey) -> Self {
        Self::new(connection_pk(connection), "CANCELLATIONS")
    }
}

/// Index `waiting`: the cancellations of a connection that no feed carries yet.
pub(crate) fn pending_cancellations_pk(connection: &ConnectionKey) -> String {
    format!("{}#cancellations", connection_pk(connection))
}

/// Index `waiting`: the cancellation that is due first.
pub(crate) fn pending_cancellation_sk(cancellation: &Cancellation) -> String {
    format!(
        "{}#{}#{}",
        sortable(cancellation.due_at),
        encoded(cancellation.order_id.as_str()),
        encoded(cancellation.id.as_str())
    )
}

/// The order and the cancellation that a sort key of pending cancellations ends with.
pub(crate) fn cancellation_of(pending_sk: &str) -> Option<(OrderId, CancellationId)> {
    let (rest, id) = pending_sk.rsplit_once('#')?;
    let (_, order) = rest.rsplit_once('#')?;
    Some((decoded(order)?.parse().ok()?, decoded(id)?.parse().ok()?))
}
