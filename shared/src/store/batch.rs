//! Many items read at once.

use super::Store;
use super::item::{Item, failure};
use super::key::Key;
use crate::error::{Error, Result};
use crate::fan_out;
use aws_sdk_dynamodb::types::KeysAndAttributes;

/// What one `BatchGetItem` takes.
pub(super) const BATCH: usize = 100;
/// Batches read side by side.
const AT_ONCE: usize = 8;

impl Store {
    /// Items of a table, in no order, eventually consistent; keys that repeat are read once.
    pub(super) async fn batch_get(&self, table: &str, keys: Vec<Key>) -> Result<Vec<Item>> {
        self.batch_get_as(table, keys, false).await
    }

    /// As [`Self::batch_get`], but as they are now, for twice the read units.
    pub(super) async fn batch_get_now(&self, table: &str, keys: Vec<Key>) -> Result<Vec<Item>> {
        self.batch_get_as(table, keys, true).await
    }

    async fn batch_get_as(
        &self,
        table: &str,
        mut keys: Vec<Key>,
        is_strong: bool,
    ) -> Result<Vec<Item>> {
        keys.sort_by(|a, b| (&a.pk, &a.sk).cmp(&(&b.pk, &b.sk)));
        keys.dedup();
        let batches = keys.chunks(BATCH).map(<[Key]>::to_vec);
        let read = |batch| self.batch_get_once(table, batch, is_strong);
        let items = fan_out(batches, AT_ONCE, read).await?;
        Ok(items.into_iter().flatten().collect())
    }

    async fn batch_get_once(
        &self,
        table: &str,
        batch: Vec<Key>,
        is_strong: bool,
    ) -> Result<Vec<Item>> {
        let mut items = Vec::with_capacity(batch.len());
        let mut open: Vec<Item> = batch.into_iter().map(Key::into_map).collect();
        while !open.is_empty() {
            let keys = KeysAndAttributes::builder()
                .set_keys(Some(open))
                .consistent_read(is_strong);
            let keys = keys
                .build()
                .map_err(|error| Error::permanent("read many items", error))?;
            let answer = self
                .db
                .batch_get_item()
                .request_items(table, keys)
                .send()
                .await
                .map_err(|error| failure("read many items", error))?;
            items.extend(
                answer
                    .responses
                    .into_iter()
                    .flatten()
                    .flat_map(|(_, found)| found),
            );
            open = answer
                .unprocessed_keys
                .into_iter()
                .flatten()
                .flat_map(|(_, rest)| rest.keys)
                .collect();
        }
        Ok(items)
    }
}
