//! Our SKUs by their folded spelling, for listings whose SKU differs only in case or outer spaces.

use super::Store;
use super::item::{failure, s, text};
use super::key::{self, Key};
use crate::domain::ids::{Sku, TenantId};
use crate::error::Result;

impl Store {
    /// Lets another spelling of a SKU be found. Idempotent.
    pub async fn remember_spelling(&self, tenant: &TenantId, sku: &Sku) -> Result<()> {
        let fields = Key::folded(tenant, &sku.folded(), sku).into_map();
        self.put_fields("remember a spelling", &self.tables.catalogue, fields)
            .await
    }

    /// Forgets a spelling. Idempotent.
    pub async fn forget_spelling(&self, tenant: &TenantId, sku: &Sku) -> Result<()> {
        self.delete(
            &self.tables.catalogue,
            Key::folded(tenant, &sku.folded(), sku),
        )
        .await
    }

    /// Our SKUs that differ from `folded` only in case and outer spaces.
    pub async fn spellings(&self, tenant: &TenantId, folded: &str) -> Result<Vec<Sku>> {
        let answer = self
            .db
            .query()
            .table_name(&self.tables.catalogue)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(key::folded_pk(tenant, folded)))
            .limit(10)
            .send()
            .await
            .map_err(|error| failure("look for other spellings", error))?;
        Ok(answer
            .items()
            .iter()
            .filter_map(|item| key::sku_of(&text(item, "sk")?))
            .collect())
    }
}
