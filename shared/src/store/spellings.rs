//! Our SKUs by their folded spelling, for listings whose SKU only looks like one of ours.

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
        for folded in foldings(sku) {
            let key = Key::folded(tenant, &folded, sku);
            self.delete(&self.tables.catalogue, key).await?;
        }
        Ok(())
    }

    /// Our SKUs that look like this one, itself included. Also those that the release before remembered, if they differ
    /// only in letter case and outer spaces.
    pub async fn spellings(&self, tenant: &TenantId, sku: &Sku) -> Result<Vec<Sku>> {
        let mut found = Vec::new();
        for folded in foldings(sku) {
            let answer = self
                .db
                .query()
                .table_name(&self.tables.catalogue)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", s(key::folded_pk(tenant, &folded)))
                .limit(10)
                .send()
                .await
                .map_err(|error| failure("look for other spellings", error))?;
            let spelt = answer.items().iter().filter_map(|it| text(it, "sk"));
            found.extend(spelt.filter_map(|sk| key::sku_of(&sk)));
        }
        Ok(found)
    }
}

/// The spellings under which a SKU is found: as it is folded now, and as it was by the release before.
fn foldings(sku: &Sku) -> Vec<String> {
    let mut foldings = vec![sku.folded(), sku.in_lower_case()];
    foldings.dedup();
    foldings
}
