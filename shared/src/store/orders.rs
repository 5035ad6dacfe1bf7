//! Orders: the current state as one item, what happened to it as items beside it, two indexes over the state.

use super::connections::failed_condition;
use super::item::{Item, deflated, failure, inflated, item, n, s, text, value};
use super::key::{self, Key};
use super::{Store, Written};
use crate::domain::ids::{ConnectionId, OrderId, TenantId};
use crate::domain::order::{HistoryEntry, OrderStatus, StoredOrder};
use crate::domain::shipping_term::ShippingTerm;
use crate::error::{Error, Result};
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Non-personal data is kept for 18 months.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 548);

/// A line of a list: what the index holds of an order. Never buyer data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRow {
    pub connection: ConnectionId,
    pub order_id: OrderId,
    pub status: OrderStatus,
    pub reason: Option<String>,
    /// Country code as Amazon writes it, or Amazon's id where we do not know the store.
    pub marketplace: Option<String>,
    pub term: Option<String>,
    pub service: Option<String>,
    pub amazon_status: Option<String>,
    pub ship_by: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub revision: u64,
}

/// One thing that happened to an order, with the revision it made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRecord {
    pub revision: u64,
    #[serde(flatten)]
    pub entry: HistoryEntry,
}

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

/// Some of the orders of a connection that wait for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingPage {
    pub orders: Vec<OrderId>,
    pub next: Option<String>,
}

impl Store {
    /// An order of a tenant, read strongly; another tenant's does not exist.
    pub async fn order(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        order: &OrderId,
    ) -> Result<Option<StoredOrder>> {
        let Some(item) = self
            .get_item(&self.tables.orders, Key::order(connection, order))
            .await?
        else {
            return Ok(None);
        };
        let stored: StoredOrder = inflated(&item, "body")?;
        Ok((stored.tenant == *tenant).then_some(stored))
    }

    /// What happened to an order, oldest first, after the entry that its state carries.
    pub async fn order_history(&self, stored: &StoredOrder) -> Result<Vec<HistoryRecord>> {
        let pk = key::order_pk(&stored.connection, &stored.order.id);
        self.between(&self.tables.orders, pk, key::HISTORY, key::HISTORY)
            .await?
            .into_iter()
            .map(value)
            .collect()
    }

    /// Stores an order that is new. This is the commit point of its intake.
    pub async fn insert_order(&self, order: &StoredOrder) -> Result<Written> {
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.orders)
            .set_item(Some(order_item(order)?))
            .condition_expression("attribute_not_exists(pk)");
        Written::from_result("store an order", put.send().await)
    }

    /// Replaces an order, where nobody changed it since it was read (its revision must be one more than then), and
    /// adds to its history, all or nothing.
    pub async fn replace_order(
        &self,
        order: &StoredOrder,
        entry: &HistoryEntry,
    ) -> Result<Written> {
        let record = HistoryRecord {
            revision: order.revision,
            entry: entry.clone(),
        };
        let mut history = item(
            Key::history(
                &order.connection,
                &order.order.id,
                order.revision,
                entry.kind,
            ),
            &record,
        )?;
        history.insert("expires_at".into(), n(expires(order)));
        let state = Put::builder()
            .table_name(&self.tables.orders)
            .set_item(Some(order_item(order)?))
            .condition_expression("revision = :read")
            .expression_attribute_values(":read", n(order.revision.saturating_sub(1)));
        let history = Put::builder()
            .table_name(&self.tables.orders)
            .set_item(Some(history));
        let mut request = self.db.transact_write_items();
        for put in [state, history] {
            let put = put
                .build()
                .map_err(|error| Error::permanent("build a transaction", error))?;
            request = request.transact_items(TransactWriteItem::builder().put(put).build());
        }
        match request.send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) if failed_condition(error.as_service_error()).is_some() => {
                Ok(Written::Conflict)
            }
            Err(error) => Err(failure("replace an order", error)),
        }
    }

    /// A page of a tenant's orders of one status, the most urgent first; at most `limit` rows. `after` is the `next`
    /// of the page before. A page reads at most a few times `limit` rows, however little the filter lets through.
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

    /// Orders of a connection that wait for a person and that a mapping of `term` may fit (all where it is absent).
    /// The index lags a little behind the table.
    pub async fn waiting_orders(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        term: Option<&ShippingTerm>,
        after: Option<&str>,
        limit: i32,
    ) -> Result<WaitingPage> {
        let pk = key::waiting_pk(tenant, connection);
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
                ("sk".to_owned(), s("ORDER")),
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
        ("sk".to_owned(), s("ORDER")),
        ("status_pk".to_owned(), s(key::status_pk(tenant, status))),
        ("status_sk".to_owned(), s(sort_key)),
    ]))
}

fn row(item: Item) -> Result<OrderRow> {
    serde_dynamo::from_item(item)
        .map_err(|_| Error::permanent("read a row", "it does not have the expected fields"))
}

fn expires(order: &StoredOrder) -> i64 {
    order
        .order
        .updated_at
        .saturating_add(KEPT)
        .unwrap_or(Timestamp::MAX)
        .as_second()
}

/// The item of an order: what lists and streams need stands beside the deflated whole.
fn order_item(stored: &StoredOrder) -> Result<Item> {
    let order = &stored.order;
    let decision = &stored.decision;
    let row = OrderRow {
        connection: stored.connection.clone(),
        order_id: order.id.clone(),
        status: stored.status,
        reason: decision.reason.as_ref().map(ToString::to_string),
        marketplace: order
            .marketplace()
            .map(|marketplace| marketplace.country().to_owned())
            .or(order.marketplace_id.clone()),
        term: decision.term.as_ref().map(ToString::to_string),
        service: decision.service.as_ref().map(ToString::to_string),
        amazon_status: order.amazon_status.clone().map(String::from),
        ship_by: order.ship_by,
        created_at: order.created_at,
        updated_at: order.updated_at,
        revision: stored.revision,
    };
    let mut fields = item(Key::order(&stored.connection, &order.id), &row)?;
    fields.retain(|_, value| !matches!(value, AttributeValue::Null(_)));
    fields.insert("tenant".into(), s(stored.tenant.as_str()));
    fields.insert("version".into(), s(key::version(&stored.version)));
    fields.insert("body".into(), deflated(stored)?);
    fields.insert("expires_at".into(), n(expires(stored)));
    fields.insert(
        "status_pk".into(),
        s(key::status_pk(&stored.tenant, stored.status)),
    );
    fields.insert(
        "status_sk".into(),
        s(key::status_sk(order.ship_by, &stored.connection, &order.id)),
    );
    if stored.status == OrderStatus::PendingReview {
        fields.insert(
            "waiting_pk".into(),
            s(key::waiting_pk(&stored.tenant, &stored.connection)),
        );
        fields.insert(
            "waiting_sk".into(),
            s(key::waiting_sk(decision.term.as_ref(), &order.id)),
        );
    }
    Ok(fields)
}
