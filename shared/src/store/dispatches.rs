//! Dispatches: an item beside their order, written with it whenever the order's claims change, and a sparse index of those
//! that wait for Amazon.

use super::item::{Item, failure, item, n, s, text, value};
use super::key::{self, Key};
use super::{Store, Written};
use crate::domain::dispatch::{Dispatch, DispatchRefusal, DispatchState, HandOver, ParcelId};
use crate::domain::ids::{ConnectionKey, OrderId};
use crate::domain::order::{HistoryEntry, StoredOrder};
use crate::error::Result;
use aws_sdk_dynamodb::types::Put;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use jiff::Timestamp;

/// A dispatch that waits for Amazon, as far as the index says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PendingDispatch {
    pub order: OrderId,
    pub parcel: ParcelId,
    pub due_at: Timestamp,
    pub handed_over_at: Timestamp,
}

impl Store {
    /// The dispatches of an order, by parcel.
    pub async fn dispatches(
        &self,
        connection: &ConnectionKey,
        order: &OrderId,
    ) -> Result<Vec<Dispatch>> {
        let pk = key::order_pk(&connection.id, order);
        let items = self
            .between(&self.tables.orders, pk, key::DISPATCH, key::DISPATCH)
            .await?;
        let all: Result<Vec<Dispatch>> = items.into_iter().map(read).collect();
        let all = all?.into_iter();
        Ok(all.filter(|it| it.tenant == connection.tenant).collect())
    }

    /// One dispatch, read strongly.
    pub async fn dispatch(
        &self,
        connection: &ConnectionKey,
        order: &OrderId,
        parcel: &ParcelId,
    ) -> Result<Option<Dispatch>> {
        let key = Key::dispatch(&connection.id, order, parcel);
        let found = self.get_item(&self.tables.orders, key).await?;
        let found: Option<Dispatch> = found.map(read).transpose()?;
        Ok(found.filter(|it| it.tenant == connection.tenant))
    }

    /// Writes a dispatch and its order with the changed claims, all or nothing, if nobody changed either since they were
    /// read. The order's revision keeps two dispatches, or a dispatch and a cancellation, from having the same units.
    pub async fn write_dispatch(
        &self,
        dispatch: &Dispatch,
        order: &StoredOrder,
        entry: &HistoryEntry,
    ) -> Result<Written> {
        let put = self.dispatch_put(dispatch, super::orders::expires(order))?;
        self.replace_order_with(order, entry, Vec::from([put]))
            .await
    }

    /// Replaces a dispatch that leaves its order as it is, if nobody changed it since it was read.
    pub async fn replace_dispatch(
        &self,
        dispatch: &Dispatch,
        order: &StoredOrder,
    ) -> Result<Written> {
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.orders)
            .set_item(Some(fields(dispatch, super::orders::expires(order))?))
            .condition_expression(UNCHANGED)
            .expression_attribute_values(":read", n(dispatch.revision.saturating_sub(1)));
        Written::from_result("store a dispatch", put.send().await)
    }

    /// Notes a hand-over that was refused after its sender had an answer: as a refused dispatch, or in words on the one that
    /// is there. Idempotent.
    pub async fn note_refused_hand_over(
        &self,
        order: &StoredOrder,
        parcel: &ParcelId,
        hand_over: &HandOver,
        refusal: &DispatchRefusal,
        now: Timestamp,
    ) -> Result<()> {
        let connection = &order.connection_key();
        for () in Written::attempts_among_many() {
            let before = self.dispatch(connection, &order.order.id, parcel).await?;
            let noted = Dispatch::refused_outright(order, before, parcel, hand_over, refusal, now);
            if self.replace_dispatch(&noted, order).await? == Written::Done {
                return Ok(());
            }
        }
        Err(Written::given_up("note a refused dispatch"))
    }

    /// The dispatches of a connection that Amazon is still to be told of, the most urgent first; at most `most`. The index lags
    /// a little behind the table.
    pub async fn pending_dispatches(
        &self,
        connection: &ConnectionKey,
        most: i32,
    ) -> Result<Vec<PendingDispatch>> {
        let pk = key::pending_dispatches_pk(connection, false);
        let pending = |sk: &str| {
            let (order, parcel) = key::parcel_of(sk)?;
            let (due_at, handed_over_at) = key::moments_of(sk)?;
            Some(PendingDispatch {
                order,
                parcel,
                due_at,
                handed_over_at,
            })
        };
        let keys = self.pending_keys(pk, None, most).await?;
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
        let keys = self.pending_keys(pk, Some(now), most).await?;
        Ok(keys.iter().filter_map(|sk| key::parcel_of(sk)).collect())
    }

    /// Whether a wake-up of a connection would find something to do.
    pub async fn has_pending_dispatches(
        &self,
        connection: &ConnectionKey,
        now: Timestamp,
    ) -> Result<bool> {
        let pk = key::pending_dispatches_pk(connection, false);
        let pending = self.pending_keys(pk, None, 1).await?;
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

    async fn pending_keys(
        &self,
        pk: String,
        before: Option<Timestamp>,
        most: i32,
    ) -> Result<Vec<String>> {
        let query = self
            .db
            .query()
            .table_name(&self.tables.orders)
            .index_name("waiting")
            .limit(most)
            .expression_attribute_values(":pk", s(pk));
        let query = match before {
            None => query.key_condition_expression("waiting_pk = :pk"),
            Some(moment) => query
                .key_condition_expression("waiting_pk = :pk AND waiting_sk < :before")
                .expression_attribute_values(":before", s(key::sortable(moment))),
        };
        let answer = query.send().await;
        let answer = answer.map_err(|error| failure("list pending dispatches", error))?;
        let items = answer.items.unwrap_or_default();
        Ok(items
            .iter()
            .filter_map(|it| text(it, "waiting_sk"))
            .collect())
    }

    fn dispatch_put(&self, dispatch: &Dispatch, expires_at: i64) -> Result<PutBuilder> {
        let put = Put::builder()
            .table_name(&self.tables.orders)
            .set_item(Some(fields(dispatch, expires_at)?))
            .condition_expression(UNCHANGED)
            .expression_attribute_values(":read", n(dispatch.revision.saturating_sub(1)));
        Ok(put)
    }
}

/// A dispatch that was read must be as it was; one that is new must not exist.
const UNCHANGED: &str = "attribute_not_exists(pk) OR revision = :read";

fn fields(dispatch: &Dispatch, expires_at: i64) -> Result<Item> {
    let key = Key::dispatch(&dispatch.connection, &dispatch.order_id, &dispatch.parcel);
    let mut fields = item(key, dispatch)?;
    fields.retain(|_, value| !value.is_null());
    fields.insert("expires_at".into(), n(expires_at));
    let by_amazon = !dispatch.is_confirmed_by_us();
    let waits = match dispatch.state {
        DispatchState::Unknown => !by_amazon,
        _ => dispatch.is_pending(),
    };
    if waits {
        let pk = key::pending_dispatches_pk(&dispatch.connection_key(), by_amazon);
        fields.insert("waiting_pk".into(), s(pk));
        fields.insert("waiting_sk".into(), s(key::pending_dispatch_sk(dispatch)));
    }
    Ok(fields)
}

fn read(item: Item) -> Result<Dispatch> {
    value(item)
}
