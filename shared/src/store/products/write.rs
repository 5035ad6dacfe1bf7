//! Products and bundles, stored and deleted with the pointers of their parts: all or nothing.

use super::super::item::{Item, failure, item, n, s};
use super::super::key::{self, Key};
use super::super::orders::lost;
use super::super::{SkuInputs, Store, Written};
use super::{BUNDLE, GENERATION, HASH, LISTINGS};
use crate::domain::ids::{Sku, TenantId};
use crate::domain::product::{ListingsOfDeleted, Part, Product};
use crate::error::{Error, Result};
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use jiff::Timestamp;
use std::collections::HashSet;

/// The outcome of storing a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductWritten {
    Done,
    /// It, or a pointer of it, is being changed by somebody else; read again.
    Conflict,
}

/// What a part that leaves a bundle may have counted on meanwhile, in a recompute that read the bundle before: far more
/// than anybody can raise a generation while a function runs.
const MEANWHILE: u64 = 1 << 20;

impl Store {
    /// How many parts of a bundle may come and go in one go: what one transaction takes beside the bundle itself.
    pub const MOST_PARTS_EXCHANGED: usize = 99;

    /// Stores a product or bundle and its pointers, all or nothing, if the product is still as `read` says.
    /// `freed`: what the parts that it loses have counted to. A part of a bundle must not be a bundle, and a SKU that is
    /// a part cannot become one: the caller has checked that. At most [`Self::MOST_PARTS_EXCHANGED`] parts come and go.
    pub async fn put_product(
        &self,
        tenant: &TenantId,
        product: &Product,
        hash: &str,
        reported_at: Timestamp,
        read: &SkuInputs,
        freed: u64,
    ) -> Result<ProductWritten> {
        let mut fields = item(Key::product(tenant, &product.sku), product)?;
        fields.retain(|_, value| !value.is_null());
        fields.insert(HASH.into(), s(hash));
        fields.insert("product_pk".into(), s(key::tenant_pk(tenant)));
        fields.insert("product_sk".into(), s(key::encoded(product.sku.as_str())));
        self.replace_product(
            tenant,
            &product.sku,
            fields,
            &product.parts,
            reported_at,
            read,
            freed,
        )
        .await
    }

    /// Forgets a product and its pointers; levels, generation and what the product's changes counted to stay as its
    /// tombstone, with what becomes of its listings. As [`Self::put_product`].
    pub async fn delete_product(
        &self,
        tenant: &TenantId,
        sku: &Sku,
        listings: ListingsOfDeleted,
        reported_at: Timestamp,
        read: &SkuInputs,
        freed: u64,
    ) -> Result<ProductWritten> {
        let before = read.deleted.unwrap_or_default();
        let bundle = before.bundle || !read.parts().is_empty();
        let mut fields = Key::product(tenant, sku).into_map();
        fields.insert(LISTINGS.into(), s(listings.as_str()));
        fields.insert(BUNDLE.into(), AttributeValue::Bool(bundle));
        fields.insert("v".into(), n(super::super::item::VERSION));
        fields.insert("sku".into(), s(sku.as_str()));
        self.replace_product(tenant, sku, fields, &[], reported_at, read, freed)
            .await
    }

    /// What the parts that a bundle loses have counted to. The bundle counts it from then on, so that no result of its old
    /// parts is ever greater than one of its new ones.
    pub async fn freed_by(
        &self,
        tenant: &TenantId,
        read: &SkuInputs,
        parts: &[Part],
    ) -> Result<u64> {
        let kept: HashSet<&Sku> = parts.iter().map(|part| &part.sku).collect();
        let mut freed: u64 = 0;
        for part in read.parts().iter().filter(|part| !kept.contains(&part.sku)) {
            let generation = self.sku_inputs(tenant, &part.sku).await?.levels.generation;
            freed = freed.saturating_add(generation).saturating_add(MEANWHILE);
        }
        Ok(freed)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the one place where both ways of changing a product meet"
    )]
    async fn replace_product(
        &self,
        tenant: &TenantId,
        sku: &Sku,
        mut fields: Item,
        parts: &[Part],
        reported_at: Timestamp,
        read: &SkuInputs,
        freed: u64,
    ) -> Result<ProductWritten> {
        let generation = read
            .product_generation
            .saturating_add(freed)
            .saturating_add(1);
        fields.insert(GENERATION.into(), n(generation));
        fields.insert("reported_at_ms".into(), n(reported_at.as_millisecond()));
        let mut put = Put::builder()
            .table_name(&self.tables.catalogue)
            .set_item(Some(fields));
        put = match read.product_generation {
            0 => put.condition_expression("attribute_not_exists(pk)"),
            read => put
                .condition_expression("#generation = :read")
                .expression_attribute_names("#generation", GENERATION)
                .expression_attribute_values(":read", n(read)),
        };
        let put = put
            .build()
            .map_err(|error| Error::permanent("build a transaction", error))?;
        let new: HashSet<&Sku> = parts.iter().map(|part| &part.sku).collect();
        let old: HashSet<&Sku> = read.parts().iter().map(|part| &part.sku).collect();
        if new == old {
            // One write unit instead of two: nothing else changes with it.
            return self.put_alone(put).await;
        }
        let mut actions = vec![TransactWriteItem::builder().put(put).build()];
        for part in new.difference(&old) {
            actions.push(self.point(tenant, part, sku)?);
        }
        for part in old.difference(&new) {
            actions.push(self.unpoint(tenant, part, sku)?);
        }
        self.transact(actions).await
    }

    async fn put_alone(&self, put: Put) -> Result<ProductWritten> {
        let answer = self
            .db
            .put_item()
            .table_name(put.table_name)
            .set_item(Some(put.item))
            .set_condition_expression(put.condition_expression)
            .set_expression_attribute_names(put.expression_attribute_names)
            .set_expression_attribute_values(put.expression_attribute_values)
            .send()
            .await;
        Ok(match Written::from_result("store a product", answer)? {
            Written::Done => ProductWritten::Done,
            Written::Conflict => ProductWritten::Conflict,
        })
    }

    fn point(&self, tenant: &TenantId, part: &Sku, bundle: &Sku) -> Result<TransactWriteItem> {
        let mut fields = Key::part_of(tenant, part, bundle).into_map();
        fields.insert("v".into(), n(super::super::item::VERSION));
        let put = Put::builder()
            .table_name(&self.tables.catalogue)
            .set_item(Some(fields))
            .build();
        let put = put.map_err(|error| Error::permanent("build a transaction", error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn unpoint(&self, tenant: &TenantId, part: &Sku, bundle: &Sku) -> Result<TransactWriteItem> {
        let delete = Delete::builder()
            .table_name(&self.tables.catalogue)
            .set_key(Some(Key::part_of(tenant, part, bundle).into_map()))
            .build();
        let delete = delete.map_err(|error| Error::permanent("build a transaction", error))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    async fn transact(&self, actions: Vec<TransactWriteItem>) -> Result<ProductWritten> {
        let answer = self
            .db
            .transact_write_items()
            .set_transact_items(Some(actions))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(ProductWritten::Done),
            Err(error) if lost(error.as_service_error()) => Ok(ProductWritten::Conflict),
            Err(error) => Err(failure("store a product", error)),
        }
    }
}
