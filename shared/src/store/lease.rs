//! Leases: one run at a time has what a key names, until it gives it back or the time is up.

use super::Store;
use super::item::{Item, condition_failed, failure, n, s};
use super::key::Key;
use crate::error::Result;
use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;

impl Store {
    /// Takes or prolongs a lease, and counts its item's revision up; the item as it is then. `None`: another run has it.
    pub(super) async fn lease(
        &self,
        key: Key,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Item>> {
        let leased = self
            .db
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(key.into_map()))
            .update_expression(
                "SET #owner = :owner, leased_until_ms = :until, v = :v ADD revision :one",
            )
            .condition_expression(
                "attribute_not_exists(leased_until_ms) OR leased_until_ms <= :now OR #owner = :owner",
            )
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", s(owner))
            .expression_attribute_values(":until", n(until.as_millisecond()))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":v", n(super::item::VERSION))
            .expression_attribute_values(":one", n(1))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match leased {
            Ok(answer) => Ok(answer.attributes),
            Err(error) if condition_failed(&error) => Ok(None),
            Err(error) => Err(failure("take a lease", error)),
        }
    }
}
