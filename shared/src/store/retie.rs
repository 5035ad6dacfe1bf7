//! What a listing that is being tied to another product was tied to before. It is kept with the new tie until all that
//! follows from the old one has been moved, so that a run after a crash can finish.

use super::item::{deflated, item, n};
use super::key::Key;
use super::listings::nested;
use super::reservations::{PARTS, key_of};
use super::{Store, Written};
use crate::domain::ids::{ListingKey, Sku, TenantId};
use crate::domain::product::Part;
use crate::domain::stock::Reservation;
use crate::error::{Error, Result};
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

/// A product that a listing was tied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerTie {
    pub product: Sku,
    /// Units of it in one unit of the listing.
    pub units: u32,
}

impl Store {
    /// As [`Self::tie`], with what the listing was tied to before; a plain tie forgets that. Idempotent.
    pub async fn tie_after(
        &self,
        product: &Sku,
        listing: &ListingKey,
        units: u32,
        former: &[FormerTie],
    ) -> Result<()> {
        let former = former.iter().map(nested).collect::<Result<Vec<_>>>()?;
        let mut fields = Key::listed(product, listing).into_map();
        fields.insert("units".into(), n(units));
        fields.insert("former".into(), AttributeValue::L(former));
        self.put_fields(
            "tie a listing to its product",
            &self.tables.catalogue,
            fields,
        )
        .await
    }

    /// What a listing was tied to before it was tied to this product, if not all of it has been moved yet.
    pub async fn former_ties(&self, product: &Sku, listing: &ListingKey) -> Result<Vec<FormerTie>> {
        let key = Key::listed(product, listing);
        let item = self.get_item(&self.tables.catalogue, key).await?;
        let Some(former) = item.and_then(|mut item| item.remove("former")) else {
            return Ok(Vec::new());
        };
        serde_dynamo::from_attribute_value(former)
            .map_err(|error| Error::permanent("read what a listing was tied to", error))
    }

    /// As [`Self::put_bundle_reservation`], if the line was moved from another SKU or is counted in other units now:
    /// also replaces what the same revision of the order says here. No parts if the SKU is no bundle.
    pub async fn move_reservation(
        &self,
        tenant: &TenantId,
        sku: &Sku,
        reservation: &Reservation,
        parts: &[Part],
    ) -> Result<Written> {
        let key = key_of(tenant, sku, reservation);
        let mut fields = item(key, reservation)?;
        fields.retain(|_, value| !value.is_null());
        if !parts.is_empty() {
            fields.insert(PARTS.into(), deflated(&parts)?);
        }
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.catalogue)
            .set_item(Some(fields))
            .condition_expression("attribute_not_exists(pk) OR revision <= :revision")
            .expression_attribute_values(":revision", n(reservation.revision));
        Written::from_result("move a reservation", put.send().await)
    }
}
