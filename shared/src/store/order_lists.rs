//! Lists of orders, from the indexes over their current state. They lag a little behind the table.

use super::item::{Item, failure, s, text};
use super::key;
use super::{OrderRow, Store};
use crate::domain::courier::CourierCode;
use crate::domain::ids::{AmazonSku, ConnectionId, ConnectionKey, OrderId, TenantId};
use crate::domain::order::{OrderStatus, StoredOrder};
use crate::domain::shipping_term::ShippingTerm;
use crate::error::{Error, Result};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Before and after every sort key of a list.
const FIRST: &str = "0";
const LAST: &str = "~";

/// What a list is narrowed to, beyond its partition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only these; none: whatever the partition holds.
    pub statuses: Vec<OrderStatus>,
    pub tenant: Option<TenantId>,
    pub reason: Option<String>,
    pub marketplace: Option<String>,
    pub connection: Option<ConnectionId>,
    pub order_id: Option<OrderId>,
    /// A line has it, to the letter.
    pub sku: Option<AmazonSku>,
    pub term: Option<String>,
    /// Whichever of its services carries it.
    pub courier: Option<CourierCode>,
    pub ship_by_from: Option<Timestamp>,
    pub ship_by_before: Option<Timestamp>,
}

/// Where a list reads: the orders of one partition of an index, the most urgent first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderPartition {
    /// A tenant's orders of one status.
    Status(TenantId, OrderStatus),
    /// One shard of what a desk must see of all tenants.
    Open(u8),
}

impl OrderPartition {
    /// The partitions of what a desk must see of all tenants; of one order, by Amazon's id, only the one that it is in.
    pub fn open(order: Option<&OrderId>) -> Vec<Self> {
        match order {
            Some(order) => vec![Self::Open(key::open_shard_of(order))],
            None => (0..key::OPEN_SHARDS).map(Self::Open).collect(),
        }
    }

    /// The names of its index's keys.
    fn keys(&self) -> [&'static str; 2] {
        match self {
            Self::Status(..) => ["status_pk", "status_sk"],
            Self::Open(_) => ["open_pk", "open_sk"],
        }
    }

    fn pk(&self) -> String {
        match self {
            Self::Status(tenant, status) => key::status_pk(tenant, *status),
            Self::Open(shard) => key::open_pk(*shard),
        }
    }
}

/// A page of a list. `next` continues after it; a page may be empty and still have a next one.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderPage {
    pub rows: Vec<ListedOrder>,
    pub next: Option<String>,
}

/// An order in a list, with its tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ListedOrder {
    #[schema(value_type = String)]
    pub tenant: TenantId,
    #[serde(flatten)]
    pub row: OrderRow,
}

/// A kind of orders that a change of settings may move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingKind {
    /// They wait for a person.
    #[default]
    PendingReview,
    /// They have a courier service, and some or all of their units are still to go.
    Ready,
    /// They were bought before the take-over moment.
    Elsewhere,
}

impl WaitingKind {
    /// As for [`Self::default`].
    pub(crate) fn is_pending_review(&self) -> bool {
        *self == Self::PendingReview
    }

    /// What an order counts as in the index of waiting ones, if as anything; ready ones are found by their status.
    pub(super) fn of(stored: &StoredOrder) -> Option<Self> {
        match stored.status {
            OrderStatus::PendingReview => Some(Self::PendingReview),
            OrderStatus::Elsewhere => Some(Self::Elsewhere),
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
        let partition = OrderPartition::Status(tenant.clone(), status);
        let query = self.db.query().table_name(&self.tables.orders);
        let query = query.index_name("by_status").limit(limit);
        listed(query, &partition, filter, after).await
    }

    /// As [`Self::orders_by_status`], of one shard of what a desk must see of all tenants.
    pub async fn open_orders(
        &self,
        shard: u8,
        filter: &OrderFilter,
        after: Option<&str>,
        limit: i32,
    ) -> Result<OrderPage> {
        let query = self.db.query().table_name(&self.tables.orders);
        let query = query.index_name("open").limit(limit);
        listed(query, &OrderPartition::Open(shard), filter, after).await
    }

    /// A page of a partition.
    pub async fn orders_in(
        &self,
        partition: &OrderPartition,
        filter: &OrderFilter,
        after: Option<&str>,
        limit: i32,
    ) -> Result<OrderPage> {
        match partition {
            OrderPartition::Status(tenant, status) => {
                self.orders_by_status(tenant, *status, filter, after, limit)
                    .await
            }
            OrderPartition::Open(shard) => self.open_orders(*shard, filter, after, limit).await,
        }
    }

    /// Orders of a connection and kind that a mapping of `term` may fit (all if it is absent). Among ready ones are some that a
    /// person picked a service for. The index lags a little behind the table.
    pub async fn waiting_orders(
        &self,
        connection: &ConnectionKey,
        kind: WaitingKind,
        term: Option<&ShippingTerm>,
        after: Option<&str>,
        limit: i32,
    ) -> Result<WaitingPage> {
        let Some(pk) = key::waiting_pk(connection, kind) else {
            return self.ready_orders(connection, term, after, limit).await;
        };
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

    /// A connection's orders that are ready, then those of which a part is. Reads `limit` of its tenant's at most, whosever they
    /// are.
    async fn ready_orders(
        &self,
        connection: &ConnectionKey,
        term: Option<&ShippingTerm>,
        after: Option<&str>,
        limit: i32,
    ) -> Result<WaitingPage> {
        let [ready, part] =
            [OrderStatus::Ready, OrderStatus::PartlyDispatched].map(OrderStatus::as_str);
        let after = after.and_then(|after| after.split_once('\n'));
        // A place of the release before is of another index: it begins again.
        let after = after.filter(|(of, _)| [ready, part].contains(of));
        let (of, place) = after.unzip();
        let is_part = of == Some(part);
        let status = match is_part {
            true => OrderStatus::PartlyDispatched,
            false => OrderStatus::Ready,
        };
        let filter = OrderFilter {
            connection: Some(connection.id.clone()),
            ..OrderFilter::default()
        };
        let place = place.filter(|place| !place.is_empty());
        let tenant = &connection.tenant;
        let page = self
            .orders_by_status(tenant, status, &filter, place, limit)
            .await?;
        let next = match page.next {
            Some(place) => Some(format!("{}\n{place}", status.as_str())),
            None if is_part => None,
            None => Some(format!("{}\n", OrderStatus::PartlyDispatched.as_str())),
        };
        let prefix = term.map(ShippingTerm::waiting_prefix).unwrap_or_default();
        let fits = |row: &OrderRow| row.term.as_deref().unwrap_or_default().starts_with(&prefix);
        let rows = page.rows.into_iter().map(|listed| listed.row);
        Ok(WaitingPage {
            orders: rows.filter(fits).map(|row| row.order_id).collect(),
            next,
        })
    }
}

async fn listed(
    query: QueryFluentBuilder,
    partition: &OrderPartition,
    filter: &OrderFilter,
    after: Option<&str>,
) -> Result<OrderPage> {
    let [pk_name, sk_name] = partition.keys();
    let from = filter
        .ship_by_from
        .map_or_else(|| FIRST.to_owned(), key::sortable);
    // An order's key is longer than its moment, so that none is equal to this one.
    let before = filter
        .ship_by_before
        .map_or_else(|| LAST.to_owned(), key::sortable);
    // DynamoDB refuses a range that ends before it begins.
    if from > before {
        return Ok(OrderPage {
            rows: Vec::new(),
            next: None,
        });
    }
    let (conditions, values) = conditions(filter);
    let mut query = query
        .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :before")
        .expression_attribute_names("#pk", pk_name)
        .expression_attribute_names("#sk", sk_name)
        .expression_attribute_values(":pk", s(partition.pk()))
        .expression_attribute_values(":from", s(from))
        .expression_attribute_values(":before", s(before));
    for (name, value) in values {
        query = query
            .expression_attribute_names(format!("#{name}"), name)
            .expression_attribute_values(format!(":{name}"), s(value));
    }
    for (number, status) in filter.statuses.iter().enumerate() {
        query = query
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(format!(":status{number}"), s(status.as_str()));
    }
    if !conditions.is_empty() {
        query = query.filter_expression(conditions.join(" AND "));
    }
    let start = after
        .map(|sort_key| start_of(partition, sort_key))
        .transpose()?;
    let answer = query
        .set_exclusive_start_key(start)
        .send()
        .await
        .map_err(|error| failure("list orders", error))?;
    let next = answer
        .last_evaluated_key()
        .and_then(|key| text(key, sk_name));
    let rows = answer
        .items
        .unwrap_or_default()
        .into_iter()
        .map(|item| row(partition, item))
        .collect::<Result<_>>()?;
    Ok(OrderPage { rows, next })
}

/// What a filter demands of a row, and the values that it compares with, by the name of the attribute.
fn conditions(filter: &OrderFilter) -> (Vec<String>, Vec<(&'static str, String)>) {
    let equal = [
        ("reason", filter.reason.clone()),
        ("marketplace", filter.marketplace.clone()),
        ("term", filter.term.clone()),
        (
            "connection",
            filter.connection.as_ref().map(ToString::to_string),
        ),
        (
            "order_id",
            filter.order_id.as_ref().map(ToString::to_string),
        ),
        ("tenant", filter.tenant.as_ref().map(ToString::to_string)),
    ];
    let mut values: Vec<(&'static str, String)> = equal
        .into_iter()
        .filter_map(|(name, wanted)| Some((name, wanted?)))
        .collect();
    let mut conditions: Vec<String> = values
        .iter()
        .map(|(name, _)| format!("#{name} = :{name}"))
        .collect();
    if let Some(sku) = &filter.sku {
        conditions.push("contains(#skus, :skus)".to_owned());
        values.push(("skus", sku.to_string()));
    }
    if let Some(courier) = &filter.courier {
        conditions.push("begins_with(#service, :service)".to_owned());
        values.push(("service", format!("{courier}/")));
    }
    if !filter.statuses.is_empty() {
        let names: Vec<String> = (0..filter.statuses.len())
            .map(|n| format!(":status{n}"))
            .collect();
        conditions.push(format!("#status IN ({})", names.join(", ")));
    }
    (conditions, values)
}

fn start_of(partition: &OrderPartition, sort_key: &str) -> Result<Item> {
    let pk = key::order_pk_of(sort_key)
        .ok_or_else(|| Error::permanent("continue a list", "the cursor is malformed"))?;
    let [pk_name, sk_name] = partition.keys();
    Ok(HashMap::from([
        ("pk".to_owned(), s(pk)),
        ("sk".to_owned(), s(key::ORDER)),
        (pk_name.to_owned(), s(partition.pk())),
        (sk_name.to_owned(), s(sort_key)),
    ]))
}

fn row(partition: &OrderPartition, mut item: Item) -> Result<ListedOrder> {
    if let OrderPartition::Status(tenant, _) = partition {
        item.insert("tenant".to_owned(), s(tenant.as_str()));
    }
    listed_order(item)
}

/// The row that an order's item holds.
pub(super) fn listed_order(item: Item) -> Result<ListedOrder> {
    serde_dynamo::from_item(item)
        .map_err(|_| Error::permanent("read a row", "it does not have the expected fields"))
}
