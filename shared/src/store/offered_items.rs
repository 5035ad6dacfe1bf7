//! Which SKU offers an item of Amazon's catalogue on a marketplace: one at a time, so that no two become offers of one product.

use super::Store;
use super::item::{VERSION, condition_failed, failure, n, s, text};
use super::key::Key;
use super::levels::old_item;
use crate::domain::ids::{Asin, ConnectionKey, Sku};
use crate::domain::marketplace::Marketplace;
use crate::error::Result;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;

/// Who has an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemTaken {
    /// The SKU that asked, now or before.
    Ours,
    /// Another one, which must let it go first.
    By(Sku),
}

impl Store {
    /// Takes an item for a SKU, unless another SKU has it; `from`: one that is known to have let it go. One write unit.
    /// Idempotent.
    pub async fn take_offered_item(
        &self,
        connection: &ConnectionKey,
        (marketplace, asin): (Marketplace, &Asin),
        sku: &Sku,
        from: Option<&Sku>,
    ) -> Result<ItemTaken> {
        let key = Key::offered_item(connection, marketplace, asin);
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(key.into_map()))
            .update_expression("SET sku = :sku, v = :v")
            .condition_expression("attribute_not_exists(pk) OR sku IN (:sku, :from)")
            .expression_attribute_values(":sku", s(sku.as_str()))
            .expression_attribute_values(":v", n(VERSION))
            .expression_attribute_values(":from", s(from.unwrap_or(sku).as_str()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match update {
            Ok(_) => Ok(ItemTaken::Ours),
            Err(error) if condition_failed(&error) => {
                let old = old_item(error.as_service_error());
                let other = old.and_then(|old| text(old, "sku")?.parse().ok());
                match other {
                    Some(other) => Ok(ItemTaken::By(other)),
                    None => Err(failure("take an item that is to be offered", error)),
                }
            }
            Err(error) => Err(failure("take an item that is to be offered", error)),
        }
    }
}
