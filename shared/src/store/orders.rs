//! Orders: the current state as one item, what happened to it as items beside it. The lists are `order_lists`'.

use super::item::{Item, failure, item, n, s, value};
use super::key::{self, Key};
use super::primed::{ORDER_VERSION, PRIMED, primed, unprimed};
use super::{Store, WaitingKind, Written};
use crate::domain::courier::{LabelSource, Reason};
use crate::domain::ids::{ConnectionId, ConnectionKey, OrderId};
use crate::domain::order::{
    AmazonStatus, CancelledBy, HistoryEntry, OrderStatus, StoredOrder, auto_cancel_at,
};
use crate::error::{Error, Result};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Non-personal data is kept for 18 months.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 548);

/// An order in a list: what the index holds of it. Never buyer data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderRow {
    #[schema(value_type = String)]
    pub connection: ConnectionId,
    /// Amazon's.
    #[schema(value_type = String)]
    pub order_id: OrderId,
    pub status: OrderStatus,
    /// Why it waits for a person.
    #[schema(value_type = Option<Reason>, example = "no_mapping")]
    pub reason: Option<String>,
    /// Country code as Amazon writes it, or Amazon's id of a marketplace that is unknown here.
    #[schema(example = "UK")]
    pub marketplace: Option<String>,
    #[schema(example = "STD UK DOM")]
    pub term: Option<String>,
    #[schema(example = "DPD/next-day")]
    pub service: Option<String>,
    /// Amazon's own status, whatever it says.
    #[schema(example = "UNSHIPPED")]
    pub amazon_status: Option<String>,
    pub ship_by: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Whose label goes on the parcel.
    #[serde(default, skip_serializing_if = "LabelSource::is_courier")]
    #[schema(required = false)]
    pub label_source: LabelSource,
    /// Units that are still to be shipped, while it is `partly_dispatched`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub open_units: Option<u32>,
    /// Who cancelled it, once it is `cancelled` and Amazon says who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub cancelled_by: Option<CancelledBy>,
    /// The buyer asks to cancel lines of it and waits for an answer: nothing of them is to be shipped meanwhile.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub cancel_requested: bool,
    /// Rises with every change.
    pub revision: u64,
}

impl OrderRow {
    /// The place from which a list continues after this row: what [`OrderPage::next`] would say if the page ended here.
    pub fn place(&self) -> String {
        key::status_sk(self.ship_by, &self.connection, &self.order_id)
    }

    /// See [`auto_cancel_at`].
    pub fn auto_cancel_at(&self) -> Option<Timestamp> {
        let amazon = self.amazon_status.clone().map(AmazonStatus::from);
        auto_cancel_at(self.status, amazon.as_ref(), self.ship_by)
    }
}

/// One thing that happened to an order, with the revision it made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = OrderHistoryEntry)]
pub struct HistoryRecord {
    pub revision: u64,
    #[serde(flatten)]
    pub entry: HistoryEntry,
}

impl Store {
    /// An order of a tenant, read strongly; another tenant's does not exist.
    pub async fn order(
        &self,
        connection: &ConnectionKey,
        order: &OrderId,
    ) -> Result<Option<StoredOrder>> {
        let Some(item) = self
            .get_item(&self.tables.orders, Key::order(&connection.id, order))
            .await?
        else {
            return Ok(None);
        };
        let stored: StoredOrder = unprimed(&item)?;
        Ok((stored.tenant == connection.tenant).then_some(stored))
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

    /// Replaces an order, if nobody changed it since it was read (its revision must be one more than then), and
    /// adds to its history, all or nothing.
    pub async fn replace_order(
        &self,
        order: &StoredOrder,
        entry: &HistoryEntry,
    ) -> Result<Written> {
        self.replace_order_with(order, entry, None).await
    }

    /// As [`Self::replace_order`], with further writes in the same transaction.
    pub(super) async fn replace_order_with(
        &self,
        order: &StoredOrder,
        entry: &HistoryEntry,
        beside: impl Into<Option<PutBuilder>>,
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
        for put in [state, history].into_iter().chain(beside.into()) {
            let put = put
                .build()
                .map_err(|error| Error::permanent("build a transaction", error))?;
            request = request.transact_items(TransactWriteItem::builder().put(put).build());
        }
        match request.send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) if lost(error.as_service_error()) => Ok(Written::Conflict),
            Err(error) => Err(failure("replace an order", error)),
        }
    }
}

/// Whether somebody else wrote first, be it before this transaction or at the same moment.
pub(super) fn lost(error: Option<&TransactWriteItemsError>) -> bool {
    let reasons = match error {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons()
        }
        _ => return false,
    };
    let others = ["ConditionalCheckFailed", "TransactionConflict"];
    reasons
        .iter()
        .filter_map(|reason| reason.code())
        .any(|code| others.contains(&code))
}

pub(super) fn expires(order: &StoredOrder) -> i64 {
    order
        .order
        .updated_at
        .saturating_add(KEPT)
        .unwrap_or(Timestamp::MAX)
        .as_second()
}

fn open_units(stored: &StoredOrder) -> Option<u32> {
    let lines = &stored.order.items;
    let open = lines.iter().map(|line| stored.open_quantity(line));
    (stored.status == OrderStatus::PartlyDispatched).then(|| open.fold(0, u32::saturating_add))
}

/// The item of an order: what lists and streams need is stored beside the deflated whole.
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
        ship_by: stored.ship_by(),
        created_at: order.created_at,
        updated_at: order.updated_at,
        label_source: stored.requirements.label_source(),
        open_units: open_units(stored),
        cancelled_by: stored.cancelled_by(),
        cancel_requested: stored.open_cancel_requests().next().is_some(),
        revision: stored.revision,
    };
    let mut fields = item(Key::order(&stored.connection, &order.id), &row)?;
    fields.retain(|_, value| !matches!(value, AttributeValue::Null(_)));
    fields.insert("tenant".into(), s(stored.tenant.as_str()));
    fields.insert("version".into(), s(key::version(&stored.version)));
    fields.insert("v".into(), n(ORDER_VERSION));
    fields.insert(PRIMED.into(), primed(stored)?);
    let skus: BTreeSet<_> = order
        .items
        .iter()
        .filter_map(|line| line.sku.clone())
        .collect();
    // DynamoDB knows no empty set.
    if !skus.is_empty() {
        let skus = skus.into_iter().collect();
        fields.insert("skus".into(), AttributeValue::Ss(skus));
    }
    fields.insert("expires_at".into(), n(expires(stored)));
    fields.insert(
        "status_pk".into(),
        s(key::status_pk(&stored.tenant, stored.status)),
    );
    fields.insert(
        "status_sk".into(),
        s(key::status_sk(
            stored.ship_by(),
            &stored.connection,
            &order.id,
        )),
    );
    if stored.needs_a_desk() {
        let shard = key::open_shard_of(&order.id);
        fields.insert("open_pk".into(), s(key::open_pk(shard)));
        fields.insert("open_sk".into(), fields["status_sk"].clone());
    }
    let waiting = WaitingKind::of(stored);
    if let Some(pk) = waiting.and_then(|kind| key::waiting_pk(&stored.connection_key(), kind)) {
        fields.insert("waiting_pk".into(), s(pk));
        fields.insert(
            "waiting_sk".into(),
            s(key::waiting_sk(decision.term.as_ref(), &order.id)),
        );
    }
    Ok(fields)
}
