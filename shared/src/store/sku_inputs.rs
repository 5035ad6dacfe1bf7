//! All that is known of a SKU, from the items of its partition.

use super::item::{Item, number, text, value};
use super::key;
use super::levels::read_levels;
use super::products::{GENERATION, HASH, deleted};
use super::{SkuLevels, Store};
use crate::domain::ids::{AmazonSku, ConnectionId, Sku, TenantId};
use crate::domain::product::{DeletedProduct, Part, Product};
use crate::domain::stock::{Reservation, SkuStock};
use crate::error::Result;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

/// All that is known of a SKU, read strongly, the generation first: the rest is at least as new as the generation says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SkuInputs {
    pub levels: SkuLevels,
    pub product: Option<Product>,
    /// What is left of a product that was deleted.
    pub deleted: Option<DeletedProduct>,
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

impl Store {
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
            deleted: self.deleted,
            levels: &self.levels.levels,
            reservations: &self.reservations,
            sold_out_at: self.levels.sold_out_at,
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
            match self.hash.is_some() {
                true => self.product = Some(value(fields)?),
                false => self.deleted = Some(deleted(&fields)),
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
