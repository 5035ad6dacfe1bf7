//! Cancellations: an item beside their order, written with it whenever the order's claims change, and a sparse index of those
//! that wait for Amazon.

use super::item::{Item, failure, item, n, s, text, value};
use super::key::{self, Key};
use super::{Store, Written};
use crate::domain::cancellation::{Cancellation, CancellationId};
use crate::domain::ids::{ConnectionKey, OrderId};
use crate::domain::order::{HistoryEntry, StoredOrder};
use crate::error::Result;
use aws_sdk_dynamodb::types::Put;
use jiff::Timestamp;

impl Store {
    /// The cancellations of an order, in the order of their ids.
    pub async fn cancellations(
        &self,
        connection: &ConnectionKey,
        order: &OrderId,
    ) -> Result<Vec<Cancellation>> {
        let pk = key::order_pk(&connection.id, order);
        let items = self
            .between(
                &self.tables.orders,
                pk,
                key::CANCELLATION,
                key::CANCELLATION,
            )
            .await?;
        let all: Result<Vec<Cancellation>> = items.into_iter().map(value).collect();
        let all = all?.into_iter();
        Ok(all.filter(|it| it.tenant == connection.tenant).collect())
    }

    /// One cancellation, read strongly.
    pub async fn cancellation(
        &self,
        connection: &ConnectionKey,
        order: &OrderId,
        id: &CancellationId,
    ) -> Result<Option<Cancellation>> {
        let key = Key::cancellation(&connection.id, order, id);
        let found = self.get_item(&self.tables.orders, key).await?;
        let found: Option<Cancellation> = found.map(value).transpose()?;
        Ok(found.filter(|it| it.tenant == connection.tenant))
    }

    /// Writes a cancellation and its order with the changed claims, all or nothing, if nobody changed either since they were
    /// read. The order's revision keeps a cancellation and a dispatch from having the same units.
    pub async fn write_cancellation(
        &self,
        cancellation: &Cancellation,
        order: &StoredOrder,
        entry: &HistoryEntry,
    ) -> Result<Written> {
        let put = Put::builder()
            .table_name(&self.tables.orders)
            .set_item(Some(fields(cancellation)?))
            .condition_expression(UNCHANGED)
            .expression_attribute_values(":read", n(cancellation.revision.saturating_sub(1)));
        self.replace_order_with(order, entry, vec![put]).await
    }

    /// Replaces a cancellation that leaves its order as it is, if nobody changed it since it was read.
    pub async fn replace_cancellation(&self, cancellation: &Cancellation) -> Result<Written> {
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.orders)
            .set_item(Some(fields(cancellation)?))
            .condition_expression(UNCHANGED)
            .expression_attribute_values(":read", n(cancellation.revision.saturating_sub(1)));
        Written::from_result("store a cancellation", put.send().await)
    }

    /// The cancellations of a connection that wait for Amazon, those that are due first; at most `most`. The index lags a
    /// little behind the table.
    pub async fn pending_cancellations(
        &self,
        connection: &ConnectionKey,
        most: i32,
    ) -> Result<Vec<(OrderId, CancellationId)>> {
        let answer = self
            .db
            .query()
            .table_name(&self.tables.orders)
            .index_name("waiting")
            .limit(most)
            .key_condition_expression("waiting_pk = :pk")
            .expression_attribute_values(":pk", s(key::pending_cancellations_pk(connection)))
            .send()
            .await
            .map_err(|error| failure("list pending cancellations", error))?;
        let items = answer.items.unwrap_or_default();
        let keys = items.iter().filter_map(|it| text(it, "waiting_sk"));
        Ok(keys.filter_map(|sk| key::cancellation_of(&sk)).collect())
    }

    /// Whether a cancellation of a connection has been due for its feed since before this moment.
    pub async fn has_due_cancellations(
        &self,
        connection: &ConnectionKey,
        moment: Timestamp,
    ) -> Result<bool> {
        let answer = self
            .db
            .query()
            .table_name(&self.tables.orders)
            .index_name("waiting")
            .limit(1)
            .key_condition_expression("waiting_pk = :pk AND waiting_sk < :before")
            .expression_attribute_values(":pk", s(key::pending_cancellations_pk(connection)))
            .expression_attribute_values(":before", s(key::sortable(moment)))
            .send()
            .await
            .map_err(|error| failure("look for due cancellations", error))?;
        Ok(answer.items.is_some_and(|items| !items.is_empty()))
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

/// A cancellation that was read must be as it was; one that is new must not exist.
const UNCHANGED: &str = "attribute_not_exists(pk) OR revision = :read";

/// So long a cancellation is kept after it was asked for, in seconds: 18 months, as its order.
const KEPT: i64 = 548 * 86_400;

fn fields(cancellation: &Cancellation) -> Result<Item> {
    let of = cancellation;
    let key = Key::cancellation(&of.connection, &of.order_id, &of.id);
    let mut fields = item(key, cancellation)?;
    fields.retain(|_, value| !value.is_null());
    let expires_at = of.created_at.as_second() + KEPT;
    fields.insert("expires_at".into(), n(expires_at));
    if cancellation.is_waiting() {
        let pk = key::pending_cancellations_pk(&of.connection_key());
        fields.insert("waiting_pk".into(), s(pk));
        let sk = key::pending_cancellation_sk(cancellation);
        fields.insert("waiting_sk".into(), s(sk));
    }
    Ok(fields)
}
