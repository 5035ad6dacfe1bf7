//! Cancellations, and those that wait for a feed.

use super::beside_order::{BesideOrder, at_most};
use super::key::{self, Key};
use super::{Store, Written};
use crate::domain::cancellation::{Cancellation, CancellationId};
use crate::domain::ids::{ConnectionKey, OrderId, TenantId};
use crate::domain::order::{HistoryEntry, StoredOrder};
use crate::error::Result;
use jiff::Timestamp;

/// So long a cancellation is kept after it was asked for, in seconds: 18 months, as its order.
const KEPT: i64 = 548 * 86_400;

impl BesideOrder for Cancellation {
    const PREFIX: &'static str = key::CANCELLATION;
    const STORE: &'static str = "store a cancellation";

    fn key(&self) -> Key {
        Key::cancellation(&self.connection, &self.order_id, &self.id)
    }

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn waiting(&self) -> Option<(String, String)> {
        self.is_waiting().then(|| {
            (
                key::pending_cancellations_pk(&self.connection_key()),
                key::pending_cancellation_sk(self),
            )
        })
    }
}

impl Store {
    /// The cancellations of an order, in the order of their ids.
    pub async fn cancellations(
        &self,
        connection: &ConnectionKey,
        order: &OrderId,
    ) -> Result<Vec<Cancellation>> {
        self.all_beside(connection, order).await
    }

    /// One cancellation, read strongly.
    pub async fn cancellation(
        &self,
        connection: &ConnectionKey,
        order: &OrderId,
        id: &CancellationId,
    ) -> Result<Option<Cancellation>> {
        let key = Key::cancellation(&connection.id, order, id);
        self.one_beside(connection, key).await
    }

    /// Writes a cancellation and its order with the changed claims, all or nothing, if nobody changed either since they were
    /// read. The order's revision keeps a cancellation and a dispatch from having the same units.
    pub async fn write_cancellation(
        &self,
        cancellation: &Cancellation,
        order: &StoredOrder,
        entry: &HistoryEntry,
    ) -> Result<Written> {
        let expires_at = expires(cancellation);
        self.write_beside(cancellation, expires_at, order, entry)
            .await
    }

    /// Replaces a cancellation that leaves its order as it is, if nobody changed it since it was read.
    pub async fn replace_cancellation(&self, cancellation: &Cancellation) -> Result<Written> {
        self.replace_beside(cancellation, expires(cancellation))
            .await
    }

    /// The cancellations of a connection that wait for a feed, those that are due first; at most `most`. The index lags a
    /// little behind the table.
    pub async fn pending_cancellations(
        &self,
        connection: &ConnectionKey,
        most: i32,
    ) -> Result<Vec<(OrderId, CancellationId)>> {
        let pk = key::pending_cancellations_pk(connection);
        let keys = self.waiting_keys(pk, None, most, at_most(most)).await?;
        let found = keys.iter().filter_map(|sk| key::cancellation_of(sk));
        Ok(found.collect())
    }

    /// Whether a cancellation of a connection has been due for its feed since before this moment.
    pub async fn has_due_cancellations(
        &self,
        connection: &ConnectionKey,
        moment: Timestamp,
    ) -> Result<bool> {
        let pk = key::pending_cancellations_pk(connection);
        let first = self.waiting_keys(pk, Some(moment), 1, at_most(1)).await?;
        Ok(!first.is_empty())
    }

    /// Takes the lease under which a connection's cancellations are sent, so that none is in two feeds. `false`: another run
    /// has it.
    pub async fn lease_cancellations(
        &self,
        connection: &ConnectionKey,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool> {
        let key = Key::cancellation_lease(connection);
        Ok(self.lease(key, owner, now, until, &[]).await?.is_some())
    }

    /// Gives that lease back.
    pub async fn release_cancellations(
        &self,
        connection: &ConnectionKey,
        owner: &str,
    ) -> Result<()> {
        self.release(Key::cancellation_lease(connection), owner)
            .await
    }
}

fn expires(cancellation: &Cancellation) -> i64 {
    cancellation.created_at.as_second() + KEPT
}
