//! When categories of a merchant's products appeared. Nothing is noted of a category that products had before this was kept.

use super::Store;
use super::item::{condition_failed, failure, item};
use super::key::Key;
use crate::domain::ids::TenantId;
use crate::domain::product::Category;
use crate::error::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A category, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Appeared {
    category: Category,
    at: Timestamp,
}

impl Store {
    /// When a product of this category was first known; `None`: before that was noted, or there is none.
    pub async fn category_appeared(
        &self,
        tenant: &TenantId,
        category: &Category,
    ) -> Result<Option<Timestamp>> {
        let key = Key::category(tenant, category);
        let appeared: Option<Appeared> = self.get(&self.tables.catalogue, key).await?;
        Ok(appeared.map(|it| it.at))
    }

    /// Notes that a category appeared, unless that is noted. One read unit, and one write unit if it is new. Idempotent.
    pub async fn note_category(
        &self,
        tenant: &TenantId,
        category: &Category,
        at: Timestamp,
    ) -> Result<()> {
        if self.category_appeared(tenant, category).await?.is_some() {
            return Ok(());
        }
        let appeared = Appeared {
            category: category.clone(),
            at,
        };
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.catalogue)
            .set_item(Some(item(Key::category(tenant, category), &appeared)?))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("note a category", error)),
        }
    }
}
