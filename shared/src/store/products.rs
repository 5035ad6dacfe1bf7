//! Products and bundles, and all that is known of a SKU in one query.

use super::item::{Item, failure, item, n, number, s, text, value};
use super::key::{self, Key};
use super::levels::read_levels;
use super::{SkuLevels, Store};
use crate::domain::ids::{AmazonSku, ConnectionId, Sku, TenantId};
use crate::domain::product::{Part, Product};
use crate::domain::stock::{Reservation, SkuStock};
use crate::error::{Error, Result};
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};

const HASH: &str = "hash";
const GENERATION: &str = "generation";
/// What a part that leaves a bundle may have counted on meanwhile, in a recompute that read the bundle before: far more
/// than anybody can raise a generation while a function runs.
const MEANWHILE: u64 = 1 << 20;

/// All that is known of a SKU, read strongly, the generation first: the rest is at least as new as the generation says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SkuInputs {
    pub levels: SkuLevels,
    pub product: Option<Product>,
    /// The digest of the product's content.
    pub hash: Option<String>,
    /// Rises with each change of the product, its deletion included, by one and by the generations of the parts that it
    /// loses. Stored in the product's own item, so that a caller that reads other parts reads another number.
    pub product_generation: u64,
    /// When the platform sent what is stored of the product.
    pub reported_at: Option<Timestamp>,
    /// The listings that it feeds, with the units of it that one takes.
    pub listed: Vec<Listed>,
    /// The bundles that it is a part of.
    pub part_of: Vec<Sku>,
    pub reservations: Vec<Reservation>,
    /// Why the last row that came by the queue was refused, and when.
    pub rejected: Option<(String, String)>,
}

/// A listing that a SKU feeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub connection: ConnectionId,
    pub amazon_sku: AmazonSku,
    pub units: u32,
}

/// The outcome of storing a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductWritten {
    Done,
    /// It, or a pointer of it, is being changed by somebody else; read again.
    Conflict,
}

impl Store {
    /// How many parts of a bundle may come and go in one go: what one transaction takes beside the bundle itself.
    pub const MOST_PARTS_EXCHANGED: usize = 99;

    /// All that is known of a SKU: one strong query.
    pub async fn sku_inputs(&self, tenant: &TenantId, sku: &Sku) -> Result<SkuInputs> {
        let items = self
            .between(
                &self.tables.catalogue,
                key::sku_pk(tenant, sku),
                key::LEVELS,
                key::RESERVED,
            )
            .await?;
        let mut inputs = SkuInputs::default();
        for fields in items {
            inputs.take(fields)?;
        }
        Ok(inputs)
    }

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
        let keys = skus.iter().map(|sku| Key::product(tenant, sku)).collect();
        let items = self.batch_get(keys).await?;
        Ok(items
            .into_iter()
            .filter(|item| item.contains_key(HASH))
            .filter_map(|item| Some((text(&item, "sku")?.parse().ok()?, item)))
            .collect())
    }

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
    /// tombstone. As [`Self::put_product`].
    pub async fn delete_product(
        &self,
        tenant: &TenantId,
        sku: &Sku,
        reported_at: Timestamp,
        read: &SkuInputs,
        freed: u64,
    ) -> Result<ProductWritten> {
        let mut fields = Key::product(tenant, sku).into_map();
        fields.insert("v".into(), n(super::item::VERSION));
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
        Ok(
            match super::Written::from_result("store a product", answer)? {
                super::Written::Done => ProductWritten::Done,
                super::Written::Conflict => ProductWritten::Conflict,
            },
        )
    }

    fn point(&self, tenant: &TenantId, part: &Sku, bundle: &Sku) -> Result<TransactWriteItem> {
        let mut fields = Key::part_of(tenant, part, bundle).into_map();
        fields.insert("v".into(), n(super::item::VERSION));
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
            Err(error) if super::orders::lost(error.as_service_error()) => {
                Ok(ProductWritten::Conflict)
            }
            Err(error) => Err(failure("store a product", error)),
        }
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

impl SkuInputs {
    /// What it all counted to: the greater, the newer.
    pub fn generation(&self) -> u64 {
        self.levels
            .generation
            .saturating_add(self.product_generation)
    }

    /// What the SKU's quantity is counted from.
    pub fn stock<'a>(&'a self, sku: &'a Sku) -> SkuStock<'a> {
        SkuStock {
            sku,
            product: self.product.as_ref(),
            levels: &self.levels.levels,
            reservations: &self.reservations,
            levels_generation: self.levels.generation,
            product_generation: self.product_generation,
        }
    }

    /// What a bundle is made of.
    pub fn parts(&self) -> &[Part] {
        self.product
            .as_ref()
            .map(|product| product.parts.as_slice())
            .unwrap_or_default()
    }

    fn take(&mut self, fields: Item) -> Result<()> {
        let sk = text(&fields, "sk").unwrap_or_default();
        if sk == key::LEVELS {
            self.levels = read_levels(&fields);
        } else if sk == key::PRODUCT {
            self.hash = text(&fields, HASH);
            self.product_generation = number(&fields, GENERATION)
                .and_then(|found| u64::try_from(found).ok())
                .unwrap_or_default();
            self.reported_at = number(&fields, "reported_at_ms")
                .and_then(|reported_at| Timestamp::from_millisecond(reported_at).ok());
            // Without a digest it is the tombstone of a product that was deleted.
            if self.hash.is_some() {
                self.product = Some(value(fields)?);
            }
        } else if let Some((connection, amazon_sku)) = key::listed_of(&sk) {
            self.listed.push(Listed {
                connection,
                amazon_sku,
                units: units(&fields),
            });
        } else if let Some(bundle) = sk.strip_prefix(key::PART_OF).and_then(key::sku_of) {
            self.part_of.push(bundle);
        } else if sk == key::REJECTED {
            self.rejected = text(&fields, "reason").zip(text(&fields, "at"));
        } else if sk.starts_with(key::RESERVED) {
            self.reservations.push(value(fields)?);
        }
        Ok(())
    }
}

fn units(fields: &Item) -> u32 {
    let units = fields.get("units").and_then(|units| match units {
        AttributeValue::N(units) => units.parse().ok(),
        _ => None,
    });
    units.unwrap_or(1)
}
