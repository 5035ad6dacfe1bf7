//! Buyer data: a table of its own, kept only as long as the order needs it.
//!
//! What is erased on request leaves a mark without a version, a tenant, a body or a postcode's digest: nobody can read or find
//! it, and no reading of the order, however new, is newer than it.

use super::item::{deflated, failure, inflated, n, number, s};
use super::key::{self, Key};
use super::{Store, Written};
use crate::domain::ids::{ConnectionId, ConnectionKey, OrderId, TenantId};
use crate::domain::order::{BuyerData, PostcodeDigest, Version};
use crate::error::Result;
use jiff::{SignedDuration, Timestamp};

/// How long the mark of an erasure keeps buyer data out: as long as the order itself exists at most.
const ERASED_FOR: SignedDuration = SignedDuration::from_hours(24 * 548);

/// The buyer data of one order.
#[derive(Debug, Clone)]
pub struct BuyerRecord {
    pub tenant: TenantId,
    pub connection: ConnectionId,
    pub order_id: OrderId,
    pub version: Version,
    /// All that is known of it; a reading that has only a part is completed by what is there.
    pub data: BuyerData,
    /// Where it is found by the postcode of delivery; gone with the data.
    pub postcode: Option<PostcodeEntry>,
    /// After this moment it does not exist any more, whether or not the table has swept it yet.
    pub expires_at: Timestamp,
}

/// An entry of index `by_postcode`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostcodeEntry {
    pub digest: PostcodeDigest,
    pub ordered_at: Timestamp,
}

impl Store {
    /// Writes an order's buyer data, unless newer data is there that has not expired, or it was erased on request.
    /// Idempotent. Written before the order: an order never exists without the address it needs.
    pub async fn put_buyer(&self, record: &BuyerRecord, now: Timestamp) -> Result<()> {
        let mut fields = Key::buyer(&record.connection, &record.order_id).into_map();
        let version = key::version(&record.version);
        fields.insert("v".into(), n(1));
        fields.insert("tenant".into(), s(record.tenant.as_str()));
        fields.insert("version".into(), s(version.clone()));
        fields.insert("body".into(), deflated(&record.data)?);
        fields.insert("expires_at".into(), n(record.expires_at.as_second()));
        if let Some(PostcodeEntry { digest, ordered_at }) = &record.postcode {
            let pk = key::postcode_pk(&record.tenant, digest);
            fields.insert("postcode_pk".into(), s(pk));
            fields.insert("postcode_sk".into(), s(key::sortable(*ordered_at)));
        }
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.buyers)
            .set_item(Some(fields))
            .condition_expression(
                "attribute_not_exists(pk) OR #version <= :version OR expires_at <= :now",
            )
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", s(version))
            .expression_attribute_values(":now", n(now.as_second()));
        // Newer data is there, or none may be: which is just what was wanted.
        let (Written::Done | Written::Conflict) =
            Written::from_result("write buyer data", put.send().await)?;
        Ok(())
    }

    /// Lets an order's buyer data expire at `at`, if there is any and it would have lived longer. Idempotent.
    pub async fn expire_buyer(
        &self,
        connection: &ConnectionId,
        order: &OrderId,
        at: Timestamp,
    ) -> Result<()> {
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.buyers)
            .set_key(Some(Key::buyer(connection, order).into_map()))
            .update_expression("SET expires_at = :at")
            .condition_expression("attribute_exists(body) AND expires_at > :at")
            .expression_attribute_values(":at", n(at.as_second()));
        let (Written::Done | Written::Conflict) =
            Written::from_result("let buyer data expire", update.send().await)?;
        Ok(())
    }

    /// Erases an order's buyer data at once, of whatever version, and keeps it from coming again: readings that are on their
    /// way, or that are made later, leave no buyer data. Idempotent.
    pub async fn erase_buyer(
        &self,
        connection: &ConnectionId,
        order: &OrderId,
        now: Timestamp,
    ) -> Result<()> {
        let until = now.saturating_add(ERASED_FOR).unwrap_or(Timestamp::MAX);
        let mut mark = Key::buyer(connection, order).into_map();
        mark.insert("v".into(), n(1));
        mark.insert("expires_at".into(), n(until.as_second()));
        self.db
            .put_item()
            .table_name(&self.tables.buyers)
            .set_item(Some(mark))
            .send()
            .await
            .map_err(|error| failure("erase buyer data", error))?;
        Ok(())
    }

    /// An order's buyer data; none once it has expired, or for another tenant's order.
    pub async fn buyer(
        &self,
        connection: &ConnectionKey,
        order: &OrderId,
        now: Timestamp,
    ) -> Result<Option<BuyerData>> {
        let Some(item) = self
            .get_item(&self.tables.buyers, Key::buyer(&connection.id, order))
            .await?
        else {
            return Ok(None);
        };
        let owned =
            super::item::text(&item, "tenant").as_deref() == Some(connection.tenant.as_str());
        let alive = number(&item, "expires_at").is_some_and(|second| second > now.as_second());
        if owned && alive {
            inflated(&item, "body").map(Some)
        } else {
            Ok(None)
        }
    }
}
