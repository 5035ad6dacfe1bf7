//! Lists of orders, from two indexes over their current state. Both lag a little behind the table.

use super::item::{Item, failure, s, text};
use super::key;
use super::{OrderRow, Store};
use crate::domain::ids::{ConnectionId, ConnectionKey, OrderId, TenantId};
use crate::domain::order::{OrderStatus, StoredOrder};
use crate::domain::shipping_term::ShippingTerm;
use crate::error::{Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What a list is narrowed to, beyond tenant and status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    pub reason: Option<String>,
    pub marketplace: Option<String>,
    pub connection: Option<ConnectionId>,
    pub term: Option<String>,
    pub ship_by_before: Option<Timestamp>,
}

/// A page of a list. `next` continues after it; a page may be empty and still have a next one.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderPage {
    pub rows: Vec<OrderRow>,
    pub next: Option<String>,
}

/// A kind of orders that a change of settings may move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingKind {
    /// They wait for a person.
    #[default]
    PendingReview,
    /// Rules gave them a courier service, and nobody has taken them yet.
    Ready,
    /// They were bought before the take-over moment.
    Elsewhere,
}

impl WaitingKind {
    /// As for [`Self::default`].
    pub(crate) fn is_pending_review(&self) -> bool {
        *self == Self::PendingReview
    }

    /// What an order counts as, if as anything.
    pub(super) fn of(stored: &StoredOrder) -> Option<Self> {
        match stored.status {
            OrderStatus::PendingReview => Some(Self::PendingReview),
            OrderStatus::Elsewhere => Some(Self::Elsewhere),
            _ if stored.is_ready() && !stored.decision.by_person => Some(Self::Ready),
            _ => None,
        }
    }
}

/// Some of the orders of a connection that wait for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingPage {
    pub orders: Vec<OrderId>,
    pub next: Option<String>,
}

impl Store {
    /// A page of a tenant's orders of one status, the most urgent first. `after` is the `next` of the page before, or a
    /// row's [`place`](OrderRow::place). Reads at most `limit` rows, however few of them the filter accepts.
    pub async fn orders_by_status(
        &self,
        tenant: &TenantId,
        status: OrderStatus,
        filter: &OrderFilter,
        after: Option<&str>,
        limit: i32,
    ) -> Result<OrderPage> {
        let mut query = self
            .db
            .query()
            .table_name(&self.tables.orders)
            .index_name("by_status")
            .limit(limit)
            .expression_attribute_values(":pk", s(key::status_pk(tenant, status)));
        query = match filter.ship_by_before {
            None => query.key_condition_expression("status_pk = :pk"),
            Some(moment) => query
                .key_condition_expression("status_pk = :pk AND status_sk < :before")
                .expression_attribute_values(":before", s(key::sortable(moment))),
        };
        let wanted = [
            ("reason", &filter.reason),
            ("marketplace", &filter.marketplace),
            ("term", &filter.term),
        ];
        let connection = filter
            .connection
            .as_ref()
            .map(|connection| connection.as_str().to_owned());
        let mut conditions = Vec::new();
        for (name, wanted) in wanted.into_iter().chain([("connection", &connection)]) {
            if let Some(wanted) = wanted {
                conditions.push(format!("#{name} = :{name}"));
                query = query
                    .expression_attribute_names(format!("#{name}"), name)
                    .expression_attribute_values(format!(":{name}"), s(wanted));
            }
        }
        if !conditions.is_empty() {
            query = query.filter_expression(conditions.join(" AND "));
        }
        let start = after
            .map(|sort_key| start_of(tenant, status, sort_key))
            .transpose()?;
        let answer = query
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| failure("list orders", error))?;
        let next = answer
            .last_evaluated_key()
            .and_then(|key| text(key, "status_sk"));
        let rows = answer
            .items
            .unwrap_or_default()
            .into_iter()
            .map(row)
            .collect::<Result<_>>()?;
        Ok(OrderPage { rows, next })
    }

    /// Orders of a connection and kind that a mapping of `term` may fit (all if it is absent). The index lags a little
    /// behind the table.
    pub async fn waiting_orders(
        &self,
        connection: &ConnectionKey,
        kind: WaitingKind,
        term: Option<&ShippingTerm>,
        after: Option<&str>,
        limit: i32,
    ) -> Result<WaitingPage> {
        let pk = key::waiting_pk(connection, kind);
        let mut query = self
            .db
            .query()
            .table_name(&self.tables.orders)
            .index_name("waiting")
            .limit(limit)
            .expression_attribute_values(":pk", s(pk.clone()));
        query = match term {
            None => query.key_condition_expression("waiting_pk = :pk"),
            Some(term) => query
                .key_condition_expression("waiting_pk = :pk AND begins_with(waiting_sk, :term)")
                .expression_attribute_values(":term", s(key::encoded(&term.waiting_prefix()))),
        };
        let start = after.map(|after| {
            let (pk_of_order, waiting_sk) = after.split_once('\n').unwrap_or_default();
            HashMap::from([
                ("pk".to_owned(), s(pk_of_order)),
                ("sk".to_owned(), s(key::ORDER)),
                ("waiting_pk".to_owned(), s(pk.clone())),
                ("waiting_sk".to_owned(), s(waiting_sk)),
            ])
        });
        let answer = query
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| failure("list waiting orders", error))?;
        let next = answer.last_evaluated_key().and_then(|key| {
            Some(format!(
                "{}\n{}",
                text(key, "pk")?,
                text(key, "waiting_sk")?
            ))
        });
        let orders = answer
            .items()
            .iter()
            .filter_map(|item| key::order_id_of(&text(item, "waiting_sk")?))
            .collect();
        Ok(WaitingPage { orders, next })
    }
}

fn start_of(tenant: &TenantId, status: OrderStatus, sort_key: &str) -> Result<Item> {
    let pk = key::order_pk_of(sort_key)
        .ok_or_else(|| Error::permanent("continue a list", "the cursor is malformed"))?;
    Ok(HashMap::from([
        ("pk".to_owned(), s(pk)),
        ("sk".to_owned(), s(key::ORDER)),
        ("status_pk".to_owned(), s(key::status_pk(tenant, status))),
        ("status_sk".to_owned(), s(sort_key)),
    ]))
}

fn row(item: Item) -> Result<OrderRow> {
    serde_dynamo::from_item(item)
        .map_err(|_| Error::permanent("read a row", "it does not have the expected fields"))
}
