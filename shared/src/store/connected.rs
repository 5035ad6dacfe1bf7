//! The connections of all tenants that are not given up, from sparse index `connected`: for the operator. It lags a little
//! behind the table.
//!
//! The index has one partition, sorted by tenant and connection, so a connection keeps its place whatever becomes of it. More
//! partitions would help nobody: a connection is written when a person or Amazon changes it, never by a tick, and a partition
//! takes a thousand writes a second.

use super::item::{Item, condition_failed, failure, item, s, value};
use super::key::{self, Key};
use super::{Cursor, Leased, Store};
use crate::domain::connection::{Connection, ConnectionStatus};
use crate::domain::ids::{ConnectionKey, TenantId};
use crate::error::Result;
use std::collections::HashMap;

/// The names of the index's keys.
const PK: &str = "connected_pk";
const SK: &str = "connected_sk";

/// Where a list of connections goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectedAfter {
    /// After a connection, be it there or not.
    Connection(ConnectionKey),
    /// After all connections of a tenant.
    Tenant(TenantId),
}

/// Some connections, by tenant and id.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectedPage {
    pub connections: Vec<Connection>,
    /// No more follow.
    pub is_last: bool,
}

/// The item of a connection, with the keys of the index unless it is given up.
pub(super) fn connection_item(connection: &Connection) -> Result<Item> {
    let key = connection.key();
    let mut fields = item(Key::connection(&key), connection)?;
    if connection.status != ConnectionStatus::Disconnected {
        fields.insert(PK.into(), s(key::CONNECTED));
        fields.insert(SK.into(), s(key::connected_sk(&key)));
    }
    Ok(fields)
}

/// From where to where a list reads; `None`: nothing is left.
fn range(tenant: Option<&TenantId>, after: Option<&ConnectedAfter>) -> Option<(String, String)> {
    let (first, last) = key::connected_range(tenant);
    let from = match after {
        None => first,
        Some(ConnectedAfter::Connection(read)) => key::after_connected(read).max(first),
        Some(ConnectedAfter::Tenant(read)) => key::connected_range(Some(read)).1.max(first),
    };
    // DynamoDB refuses a range that ends before it begins.
    (from <= last).then_some((from, last))
}

impl Store {
    /// At most `limit` connections that are not given up, of all tenants or of one.
    pub async fn connected(
        &self,
        tenant: Option<&TenantId>,
        after: Option<&ConnectedAfter>,
        limit: i32,
    ) -> Result<ConnectedPage> {
        let Some((from, last)) = range(tenant, after) else {
            return Ok(ConnectedPage {
                connections: Vec::new(),
                is_last: true,
            });
        };
        let answer = self
            .db
            .query()
            .table_name(&self.tables.connections)
            .index_name("connected")
            .limit(limit)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :last")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":pk", s(key::CONNECTED))
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":last", s(last))
            .send()
            .await
            .map_err(|error| failure("list connections", error))?;
        let is_last = answer.last_evaluated_key().is_none();
        let items = answer.items.unwrap_or_default().into_iter();
        Ok(ConnectedPage {
            connections: items.map(value).collect::<Result<_>>()?,
            is_last,
        })
    }

    /// Puts a connection that a release before this one wrote into the index, unless it is there or was given up meanwhile.
    /// Idempotent.
    pub async fn list_as_connected(&self, connection: &ConnectionKey) -> Result<()> {
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(Key::connection(connection).into_map()))
            .update_expression("SET #pk = :pk, #sk = :sk")
            .condition_expression(
                "attribute_exists(pk) AND attribute_not_exists(#pk) AND #status <> :disconnected",
            )
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":pk", s(key::CONNECTED))
            .expression_attribute_values(":sk", s(key::connected_sk(connection)))
            .expression_attribute_values(
                ":disconnected",
                s(ConnectionStatus::Disconnected.as_str()),
            )
            .send()
            .await;
        match update {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("list a connection", error)),
        }
    }

    /// How far the orders of many connections are read, in batches (eventually consistent, half a read unit each at least);
    /// absent if a connection was never swept.
    pub async fn order_cursors(
        &self,
        connections: &[ConnectionKey],
    ) -> Result<HashMap<ConnectionKey, Cursor>> {
        let keys = connections.iter().map(Key::leased::<Cursor>).collect();
        let items = self.batch_get(&self.tables.connections, keys).await?;
        let mut cursors = HashMap::with_capacity(items.len());
        for item in items {
            let connection = super::item::text(&item, "pk").and_then(|pk| key::connection_of(&pk));
            if let Some(connection) = connection {
                cursors.insert(connection, Leased::<Cursor>::of(item)?.state);
            }
        }
        Ok(cursors)
    }
}
