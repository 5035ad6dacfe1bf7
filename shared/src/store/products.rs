//! Products and bundles.

mod write;

pub use write::ProductWritten;

use super::Store;
use super::item::{Item, failure, s, text, value};
use super::key::{self, Key};
use crate::domain::ids::{Sku, TenantId};
use crate::domain::product::{DeletedProduct, ListingsOfDeleted, Product};
use crate::error::Result;
use std::collections::{HashMap, HashSet};

pub(super) const HASH: &str = "hash";
pub(super) const GENERATION: &str = "generation";
/// Attributes of the tombstone of a product that was deleted.
pub(super) const LISTINGS: &str = "listings";
pub(super) const BUNDLE: &str = "bundle";

/// What the tombstone of a product says; one of an older release leaves its listings as they are.
pub(super) fn deleted(tombstone: &Item) -> DeletedProduct {
    let listings = text(tombstone, LISTINGS).and_then(|listings| listings.parse().ok());
    let bundle = tombstone.get(BUNDLE).and_then(|it| it.as_bool().ok());
    DeletedProduct {
        listings: listings.unwrap_or_default(),
        bundle: bundle.copied().unwrap_or_default(),
    }
}

impl Store {
    /// What is known of many products: their content's digest, by SKU.
    pub async fn product_hashes(
        &self,
        tenant: &TenantId,
        skus: &[Sku],
    ) -> Result<HashMap<Sku, String>> {
        let items = self.batch_get_products(tenant, skus).await?;
        Ok(items
            .into_iter()
            .filter_map(|(sku, item)| Some((sku, text(&item, HASH)?)))
            .collect())
    }

    /// Many products in batches (eventually consistent).
    pub async fn products(&self, tenant: &TenantId, skus: &[Sku]) -> Result<HashMap<Sku, Product>> {
        let items = self.batch_get_products(tenant, skus).await?;
        items
            .into_iter()
            .map(|(sku, item)| Ok((sku, value(item)?)))
            .collect()
    }

    async fn batch_get_products(
        &self,
        tenant: &TenantId,
        skus: &[Sku],
    ) -> Result<Vec<(Sku, Item)>> {
        let mut items = self.batch_get_product_items(tenant, skus).await?;
        items.retain(|(_, item)| item.contains_key(HASH));
        Ok(items)
    }

    /// Those of these SKUs whose product was deleted so that its listings go to zero, in batches (eventually consistent).
    pub async fn zeroed_products(&self, tenant: &TenantId, skus: &[Sku]) -> Result<HashSet<Sku>> {
        let items = self
            .batch_get_product_items(tenant, skus)
            .await?
            .into_iter();
        let is_zeroed = |item: &Item| deleted(item).listings == ListingsOfDeleted::Zero;
        let zeroed = items.filter(|(_, item)| !item.contains_key(HASH) && is_zeroed(item));
        Ok(zeroed.map(|(sku, _)| sku).collect())
    }

    /// Products and tombstones.
    async fn batch_get_product_items(
        &self,
        tenant: &TenantId,
        skus: &[Sku],
    ) -> Result<Vec<(Sku, Item)>> {
        let keys = skus.iter().map(|sku| Key::product(tenant, sku)).collect();
        let items = self.batch_get(&self.tables.catalogue, keys).await?;
        Ok(items
            .into_iter()
            .filter_map(|item| Some((text(&item, "sku")?.parse().ok()?, item)))
            .collect())
    }

    /// A page of a tenant's SKUs in alphabetical order; `after` is the `next` of the page before.
    pub async fn product_page(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        limit: i32,
    ) -> Result<(Vec<Sku>, Option<String>)> {
        let mut query = self
            .db
            .query()
            .table_name(&self.tables.catalogue)
            .index_name("by_tenant")
            .limit(limit)
            .expression_attribute_values(":pk", s(key::tenant_pk(tenant)));
        query = match after {
            None => query.key_condition_expression("product_pk = :pk"),
            Some(after) => query
                .key_condition_expression("product_pk = :pk AND product_sk > :after")
                .expression_attribute_values(":after", s(after)),
        };
        let answer = query
            .send()
            .await
            .map_err(|error| failure("list products", error))?;
        let keys: Vec<String> = answer
            .items()
            .iter()
            .filter_map(|item| text(item, "product_sk"))
            .collect();
        let next = answer
            .last_evaluated_key()
            .and_then(|_| keys.last().cloned());
        Ok((
            keys.iter().filter_map(|key| key::sku_of(key)).collect(),
            next,
        ))
    }
}
