//! Items with a revision: replaced only by a caller that read the last one.

use super::item::{item, n};
use super::key::Key;
use super::{Store, Written};
use crate::error::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;

impl Store {
    /// What a connection has under a key; the default if nobody wrote it yet.
    pub(super) async fn or_default<T: DeserializeOwned + Default>(&self, key: Key) -> Result<T> {
        let kept = self.get(&self.tables.connections, key).await?;
        Ok(kept.unwrap_or_default())
    }

    /// Puts a value whose field `revision` is one more than when it was read; 1 for one that is new.
    pub(super) async fn put_revised<T: Serialize>(
        &self,
        doing: &'static str,
        table: &str,
        key: Key,
        value: &T,
        revision: u64,
    ) -> Result<Written> {
        let mut fields = item(key, value)?;
        fields.retain(|_, value| !value.is_null());
        self.put_fields_revised(doing, table, fields, revision)
            .await
    }

    pub(super) async fn put_fields_revised(
        &self,
        doing: &'static str,
        table: &str,
        fields: super::item::Item,
        revision: u64,
    ) -> Result<Written> {
        let put = self
            .db
            .put_item()
            .table_name(table)
            .set_item(Some(fields))
            .condition_expression("attribute_not_exists(pk) OR revision = :read")
            .expression_attribute_values(":read", n(revision.saturating_sub(1)));
        Written::from_result(doing, put.send().await)
    }
}
