//! What lies beside an order: dispatches and cancellations. Each is an item of the order's partition with a revision of its
//! own. It is written with the order whenever the order's claims change, and index `waiting` finds it while it waits for
//! Amazon.

use super::item::{Item, failure, item, n, s, text, value};
use super::key::{self, Key};
use super::{Store, Written};
use crate::domain::ids::{ConnectionKey, OrderId, TenantId};
use crate::domain::order::{HistoryEntry, StoredOrder};
use crate::error::Result;
use aws_sdk_dynamodb::types::Put;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One that was read must be as it was; one that is new must not exist.
const UNCHANGED: &str = "attribute_not_exists(pk) OR revision = :read";

/// A kind of items beside an order.
pub(super) trait BesideOrder: Serialize + DeserializeOwned {
    /// What their sort keys begin with.
    const PREFIX: &'static str;
    /// Completes "failed to".
    const STORE: &'static str;

    fn key(&self) -> Key;
    fn tenant(&self) -> &TenantId;
    /// Rises by one with every write.
    fn revision(&self) -> u64;
    /// Its keys in index `waiting`, while it waits.
    fn waiting(&self) -> Option<(String, String)>;
}

impl Store {
    /// All of a kind that an order has, read strongly.
    pub(super) async fn all_beside<T: BesideOrder>(
        &self,
        connection: &ConnectionKey,
        order: &OrderId,
    ) -> Result<Vec<T>> {
        let pk = key::order_pk(&connection.id, order);
        let table = &self.tables.orders;
        let items = self.between(table, pk, T::PREFIX, T::PREFIX).await?;
        let all: Result<Vec<T>> = items.into_iter().map(value).collect();
        let all = all?.into_iter();
        Ok(all.filter(|it| *it.tenant() == connection.tenant).collect())
    }

    /// One of them, read strongly.
    pub(super) async fn one_beside<T: BesideOrder>(
        &self,
        connection: &ConnectionKey,
        key: Key,
    ) -> Result<Option<T>> {
        let found: Option<T> = self.get(&self.tables.orders, key).await?;
        Ok(found.filter(|it| *it.tenant() == connection.tenant))
    }

    /// Writes one and its order with the changed claims, all or nothing, if nobody changed either since they were read.
    pub(super) async fn write_beside<T: BesideOrder>(
        &self,
        beside: &T,
        expires_at: i64,
        order: &StoredOrder,
        entry: &HistoryEntry,
    ) -> Result<Written> {
        let put = Put::builder()
            .table_name(&self.tables.orders)
            .set_item(Some(fields(beside, expires_at)?))
            .condition_expression(UNCHANGED)
            .expression_attribute_values(":read", n(beside.revision().saturating_sub(1)));
        self.replace_order_with(order, entry, put).await
    }

    /// Replaces one that leaves its order as it is, if nobody changed it since it was read.
    pub(super) async fn replace_beside<T: BesideOrder>(
        &self,
        beside: &T,
        expires_at: i64,
    ) -> Result<Written> {
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.orders)
            .set_item(Some(fields(beside, expires_at)?))
            .condition_expression(UNCHANGED)
            .expression_attribute_values(":read", n(beside.revision().saturating_sub(1)));
        Written::from_result(T::STORE, put.send().await)
    }

    /// Sort keys of a partition of index `waiting`, in their order and before a moment, for as long as `more` asks for one
    /// more. The index lags a little behind the table.
    pub(super) async fn waiting_keys(
        &self,
        pk: String,
        before: Option<Timestamp>,
        page: i32,
        mut more: impl FnMut(&str) -> bool,
    ) -> Result<Vec<String>> {
        let query = self
            .db
            .query()
            .table_name(&self.tables.orders)
            .index_name("waiting")
            .limit(page)
            .expression_attribute_values(":pk", s(pk));
        let query = match before {
            None => query.key_condition_expression("waiting_pk = :pk"),
            Some(moment) => query
                .key_condition_expression("waiting_pk = :pk AND waiting_sk < :before")
                .expression_attribute_values(":before", s(key::sortable(moment))),
        };
        let mut items = query.into_paginator().items().send();
        let mut keys = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| failure("list what waits for Amazon", error))?;
            let Some(sk) = text(&item, "waiting_sk") else {
                continue;
            };
            let goes_on = more(&sk);
            keys.push(sk);
            if !goes_on {
                break;
            }
        }
        Ok(keys)
    }
}

fn fields<T: BesideOrder>(beside: &T, expires_at: i64) -> Result<Item> {
    let mut fields = item(beside.key(), beside)?;
    fields.retain(|_, value| !value.is_null());
    fields.insert("expires_at".into(), n(expires_at));
    if let Some((pk, sk)) = beside.waiting() {
        fields.insert("waiting_pk".into(), s(pk));
        fields.insert("waiting_sk".into(), s(sk));
    }
    Ok(fields)
}

/// For [`Store::waiting_keys`]: so many.
pub(super) fn at_most(count: i32) -> impl FnMut(&str) -> bool {
    let mut left = count;
    move |_| {
        left -= 1;
        left > 0
    }
}
