//! Dispatches, and those that wait for Amazon.

use super::beside_order::{BesideOrder, at_most};
use super::key::{self, Key};
use super::orders::expires;
use super::{Store, Written};
use crate::domain::dispatch::{
    Dispatch, DispatchRefusal, DispatchState, HandOverRequest, ParcelId,
};
use crate::domain::ids::{ConnectionKey, OrderId, TenantId};
use crate::domain::order::{HistoryEntry, StoredOrder};
use crate::error::Result;
use jiff::Timestamp;

/// A dispatch that waits for Amazon, as far as the index says. The most urgent is the least.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PendingDispatch {
    /// As late as can be if its order has no such moment.
    pub ship_by: Timestamp,
    pub due_at: Timestamp,
    pub handed_over_at: Timestamp,
    pub order: OrderId,
    pub parcel: ParcelId,
}

impl PendingDispatch {
    pub fn of(dispatch: &Dispatch) -> Self {
        Self {
            ship_by: dispatch.ship_by.unwrap_or(Timestamp::MAX),
            due_at: dispatch.due_at,
            handed_over_at: dispatch.hand_over.handed_over_at,
            order: dispatch.order_id.clone(),
            parcel: dispatch.parcel.clone(),
        }
    }
}

impl BesideOrder for Dispatch {
    const PREFIX: &'static str = key::DISPATCH;
    const STORE: &'static str = "store a dispatch";

    fn key(&self) -> Key {
        Key::dispatch(&self.connection, &self.order_id, &self.parcel)
    }

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn waiting(&self) -> Option<(String, String)> {
        let by_amazon = !self.is_confirmed_by_us();
        let waits = match self.state {
            DispatchState::Unknown => !by_amazon,
            _ => self.is_pending(),
        };
        waits.then(|| {
            (
                key::pending_dispatches_pk(&self.connection_key(), by_amazon),
                key::pending_dispatch_sk(self),
            )
        })
    }
}

impl Store {
    /// The dispatches of an order, by parcel.
    pub async fn dispatches(
        &self,
        connection: &ConnectionKey,
        order: &OrderId,
    ) -> Result<Vec<Dispatch>> {
        self.all_beside(connection, order).await
    }

    /// One dispatch, read strongly.
    pub async fn dispatch(
        &self,
        connection: &ConnectionKey,
        order: &OrderId,
        parcel: &ParcelId,
    ) -> Result<Option<Dispatch>> {
        let key = Key::dispatch(&connection.id, order, parcel);
        self.one_beside(connection, key).await
    }

    /// Writes a dispatch and its order with the changed claims, all or nothing, if nobody changed either since they were
    /// read. The order's revision keeps two dispatches, or a dispatch and a cancellation, from having the same units.
    pub async fn write_dispatch(
        &self,
        dispatch: &Dispatch,
        order: &StoredOrder,
        entry: &HistoryEntry,
    ) -> Result<Written> {
        self.write_beside(dispatch, expires(order), order, entry)
            .await
    }

    /// Replaces a dispatch that leaves its order as it is, if nobody changed it since it was read.
    pub async fn replace_dispatch(
        &self,
        dispatch: &Dispatch,
        order: &StoredOrder,
    ) -> Result<Written> {
        self.replace_beside(dispatch, expires(order)).await
    }

    /// Notes a hand-over that was refused after its sender had an answer: as a refused dispatch, or in words on the one that
    /// is there, unless that is newer. Idempotent.
    pub async fn note_refused_hand_over(
        &self,
        order: &StoredOrder,
        request: &HandOverRequest,
        refusal: &DispatchRefusal,
        now: Timestamp,
    ) -> Result<()> {
        let connection = &order.connection_key();
        for () in Written::attempts_among_many() {
            let before = self
                .dispatch(connection, &order.order.id, &request.parcel)
                .await?;
            let is_unchanged = |before: &Dispatch| before.is_unchanged_by(request);
            if before.as_ref().is_some_and(is_unchanged) {
                return Ok(());
            }
            let noted = Dispatch::refused_outright(order, before, request, refusal, now);
            if self.replace_dispatch(&noted, order).await? == Written::Done {
                return Ok(());
            }
        }
        Err(Written::given_up("note a refused dispatch"))
    }

    /// The dispatches of a connection that Amazon does not know of yet, the most urgent first, until `most` of them are due by
    /// `now`: those that are not due yet never hide one that is. The index lags a little behind the table.
    pub async fn pending_dispatches(
        &self,
        connection: &ConnectionKey,
        now: Timestamp,
        most: i32,
    ) -> Result<Vec<PendingDispatch>> {
        let pk = key::pending_dispatches_pk(connection, false);
        let mut enough = at_most(most);
        let is_due = |sk: &str| pending(sk).is_some_and(|it| it.due_at <= now);
        let more = |sk: &str| !is_due(sk) || enough(sk);
        let keys = self.waiting_keys(pk, None, most, more).await?;
        Ok(keys.iter().filter_map(|sk| pending(sk)).collect())
    }

    /// The parcels with Amazon's label that its packages should have shown by `now`; at most `most`.
    pub async fn overdue_labels(
        &self,
        connection: &ConnectionKey,
        now: Timestamp,
        most: i32,
    ) -> Result<Vec<(OrderId, ParcelId)>> {
        let pk = key::pending_dispatches_pk(connection, true);
        let keys = self
            .waiting_keys(pk, Some(now), most, at_most(most))
            .await?;
        Ok(keys.iter().filter_map(|sk| key::parcel_of(sk)).collect())
    }

    /// Whether a wake-up of a connection would find something to do.
    pub async fn has_pending_dispatches(
        &self,
        connection: &ConnectionKey,
        now: Timestamp,
    ) -> Result<bool> {
        let pk = key::pending_dispatches_pk(connection, false);
        let pending = self.waiting_keys(pk, None, 1, at_most(1)).await?;
        Ok(!pending.is_empty() || !self.overdue_labels(connection, now, 1).await?.is_empty())
    }

    /// Takes the lease under which a connection's dispatches are confirmed, so that they go in their order. `false`: another
    /// run has it.
    pub async fn lease_dispatches(
        &self,
        connection: &ConnectionKey,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool> {
        let key = Key::dispatch_lease(connection);
        Ok(self.lease(key, owner, now, until, &[]).await?.is_some())
    }

    /// Gives that lease back.
    pub async fn release_dispatches(&self, connection: &ConnectionKey, owner: &str) -> Result<()> {
        self.release(Key::dispatch_lease(connection), owner).await
    }
}

fn pending(sk: &str) -> Option<PendingDispatch> {
    let (order, parcel) = key::parcel_of(sk)?;
    let (ship_by, due_at, handed_over_at) = key::moments_of(sk)?;
    Some(PendingDispatch {
        ship_by: ship_by.unwrap_or(Timestamp::MAX),
        due_at,
        handed_over_at,
        order,
        parcel,
    })
}
