//! The latest orders of a status: for a look at what rules would do, never for the desk, whose lists begin with the most
//! urgent.

use super::item::{failure, s};
use super::key;
use super::{OrderRow, Store};
use crate::domain::ids::{ConnectionId, TenantId};
use crate::domain::order::OrderStatus;
use crate::error::{Error, Result};

/// Orders with the latest ship-by first.
#[derive(Debug, Clone, PartialEq)]
pub struct LatestOrders {
    pub rows: Vec<OrderRow>,
    /// There are more than were read.
    pub has_more: bool,
}

impl Store {
    /// A tenant's orders of one status, or one connection's of them, the latest ship-by first: one query that reads at most
    /// `limit` rows and at most 1 MB. The index lags a little behind the table.
    pub async fn latest_orders(
        &self,
        tenant: &TenantId,
        status: OrderStatus,
        connection: Option<&ConnectionId>,
        limit: i32,
    ) -> Result<LatestOrders> {
        let mut query = self
            .db
            .query()
            .table_name(&self.tables.orders)
            .index_name("by_status")
            .scan_index_forward(false)
            .limit(limit)
            .key_condition_expression("status_pk = :pk")
            .expression_attribute_values(":pk", s(key::status_pk(tenant, status)));
        if let Some(connection) = connection {
            query = query
                .filter_expression("#connection = :connection")
                .expression_attribute_names("#connection", "connection")
                .expression_attribute_values(":connection", s(connection.as_str()));
        }
        let answer = query.send().await;
        let answer = answer.map_err(|error| failure("list the latest orders", error))?;
        let has_more = answer.last_evaluated_key().is_some();
        let rows = answer.items.unwrap_or_default().into_iter();
        let rows = rows.map(|row| {
            serde_dynamo::from_item(row)
                .map_err(|_| Error::permanent("read a row", "it does not have the expected fields"))
        });
        Ok(LatestOrders {
            rows: rows.collect::<Result<_>>()?,
            has_more,
        })
    }
}
