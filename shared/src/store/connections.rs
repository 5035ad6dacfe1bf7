//! Connections: making, changing and finding them; their credentials; the seller's uniqueness.

use super::connected::connection_item;
use super::item::{failure, item, n, s, value};
use super::key::{self, Key};
use super::{Store, Written};
use crate::domain::connection::{Connection, ConnectionStatus};
use crate::domain::ids::{ConnectionKey, SellerId, TenantId};
use crate::domain::marketplace::Region;
use crate::error::{Error, Result};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use serde::{Deserialize, Serialize};

/// A connection's secrets, as KMS encrypted them (base64).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedCredentials {
    pub refresh_token: String,
    pub own_client_id: Option<String>,
    pub own_client_secret: Option<String>,
}

/// What became of attaching a seller to a connection.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attached {
    Done,
    /// Another connection (of whichever tenant) has this seller in this region.
    SellerTaken,
    /// The connection was changed meanwhile; read it again.
    Conflict,
}

impl Store {
    /// Makes a connection that does not exist yet.
    pub async fn create_connection(&self, connection: &Connection) -> Result<Written> {
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.connections)
            .set_item(Some(connection_item(connection)?))
            .condition_expression("attribute_not_exists(pk)");
        Written::from_result("make a connection", put.send().await)
    }

    /// Replaces a connection, if nobody changed it since it was read; its revision must be one more than then.
    pub async fn replace_connection(&self, connection: &Connection) -> Result<Written> {
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.connections)
            .set_item(Some(connection_item(connection)?))
            .condition_expression("revision = :read")
            .expression_attribute_values(":read", n(connection.revision.saturating_sub(1)));
        Written::from_result("change a connection", put.send().await)
    }

    /// A tenant's connection, read strongly.
    pub async fn connection(&self, connection: &ConnectionKey) -> Result<Option<Connection>> {
        self.get(&self.tables.connections, Key::connection(connection))
            .await
    }

    /// All connections of a tenant, in the order they were made, read strongly.
    pub async fn connections(&self, tenant: &TenantId) -> Result<Vec<Connection>> {
        self.between(
            &self.tables.connections,
            key::tenant_pk(tenant),
            key::CONNECTION,
            key::CONNECTION,
        )
        .await?
        .into_iter()
        .map(value)
        .collect()
    }

    /// Stores a connection (revision one more than read) with its seller and credentials, all or nothing. The seller
    /// is claimed for the connection: a second connection of the same seller and region is turned away.
    pub async fn attach_seller(
        &self,
        connection: &Connection,
        seller: &SellerId,
        credentials: &SealedCredentials,
    ) -> Result<Attached> {
        let key = &connection.key();
        let table = &self.tables.connections;
        let seller_item = item(Key::seller(connection.region(), seller), key)?;
        let claim = Put::builder()
            .table_name(table)
            .set_item(Some(seller_item))
            .condition_expression(
                "attribute_not_exists(pk) OR (tenant = :tenant AND #connection = :connection)",
            )
            .expression_attribute_names("#connection", "connection")
            .expression_attribute_values(":tenant", s(key.tenant.as_str()))
            .expression_attribute_values(":connection", s(key.id.as_str()));
        let replace = Put::builder()
            .table_name(table)
            .set_item(Some(connection_item(connection)?))
            .condition_expression("attribute_not_exists(pk) OR revision = :read")
            .expression_attribute_values(":read", n(connection.revision.saturating_sub(1)));
        let seal = Put::builder()
            .table_name(table)
            .set_item(Some(item(Key::credentials(key), credentials)?));
        let writes = [claim, replace, seal];
        let mut request = self.db.transact_write_items();
        for put in writes {
            let put = put
                .build()
                .map_err(|error| Error::permanent("build a transaction", error))?;
            request = request.transact_items(TransactWriteItem::builder().put(put).build());
        }
        match request.send().await {
            Ok(_) => Ok(Attached::Done),
            Err(error) => match failed_condition(error.as_service_error()) {
                Some(0) => Ok(Attached::SellerTaken),
                Some(_) => Ok(Attached::Conflict),
                None => Err(failure("attach a seller to a connection", error)),
            },
        }
    }

    /// Notes that Amazon refuses a connection's token. Nothing happens if the connection was changed since it was
    /// read: it may have been authorised again meanwhile. The table's stream announces it, once.
    pub async fn require_reauthorisation(&self, read: &Connection) -> Result<Written> {
        if !read.status.fetches_orders() {
            return Ok(Written::Conflict);
        }
        let connection = Connection {
            status: ConnectionStatus::NeedsReauthorisation,
            resume: Some(read.status),
            revision: read.revision + 1,
            ..read.clone()
        };
        self.replace_connection(&connection).await
    }

    /// A connection's secrets, sealed.
    pub async fn credentials(
        &self,
        connection: &ConnectionKey,
    ) -> Result<Option<SealedCredentials>> {
        self.get(&self.tables.connections, Key::credentials(connection))
            .await
    }

    /// Erases a connection's secrets, cursor and overlap memory, and frees its seller, in one transaction.
    /// Doing it twice does no harm.
    pub async fn erase_credentials(&self, connection: &Connection) -> Result<()> {
        let key = &connection.key();
        let cursors = [
            Key::leased::<super::Cursor>(key),
            Key::back_fill(key),
            Key::order_overlap(key),
            Key::cancellation_lease(key),
        ];
        self.erase_claim(connection, cursors.into()).await
    }

    /// Frees a connection's seller and erases its secrets, in one transaction; how far its orders were read is kept. Doing
    /// it twice does no harm.
    pub async fn release_seller(&self, connection: &Connection) -> Result<()> {
        self.erase_claim(connection, Vec::new()).await
    }

    async fn erase_claim(&self, connection: &Connection, mut keys: Vec<Key>) -> Result<()> {
        let key = &connection.key();
        keys.push(Key::credentials(key));
        if let Some(seller) = &connection.seller {
            let holder = self.seller_holder(connection.region(), seller).await?;
            // Freed by an earlier try, the seller may be another connection's by now.
            if holder.is_some_and(|holder| holder == *key) {
                keys.push(Key::seller(connection.region(), seller));
            }
        }
        let mut request = self.db.transact_write_items();
        for key in keys {
            let delete = Delete::builder()
                .table_name(&self.tables.connections)
                .set_key(Some(key.into_map()))
                .build()
                .map_err(|error| Error::permanent("build a transaction", error))?;
            request = request.transact_items(TransactWriteItem::builder().delete(delete).build());
        }
        request
            .send()
            .await
            .map_err(|error| failure("erase a connection's secrets", error))?;
        Ok(())
    }

    /// Who holds a seller in a region.
    pub async fn seller_holder(
        &self,
        region: Region,
        seller: &SellerId,
    ) -> Result<Option<ConnectionKey>> {
        self.get(&self.tables.connections, Key::seller(region, seller))
            .await
    }
}

/// Which write of a transaction was turned down by its condition.
pub(super) fn failed_condition(error: Option<&TransactWriteItemsError>) -> Option<usize> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error else {
        return None;
    };
    cancelled
        .cancellation_reasons()
        .iter()
        .position(|reason| reason.code() == Some("ConditionalCheckFailed"))
}
