//! Reservations: what orders hold of a SKU, beside its levels.

use super::item::{condition_failed, deflated, failure, inflated, item, n, s, value};
use super::key::Key;
use super::{Store, Written};
use crate::domain::ids::{ConnectionKey, OrderId, Sku, TenantId};
use crate::domain::product::Part;
use crate::domain::stock::Reservation;
use crate::error::Result;
use jiff::Timestamp;

/// Beside a bundle's reservation: the parts that its line holds.
pub(super) const PARTS: &str = "parts";

/// A reservation as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    pub reservation: Reservation,
    /// If the SKU is a bundle: what it was made of as the order came.
    pub parts: Vec<Part>,
}

impl Store {
    /// What an order line holds of a SKU, read strongly.
    pub async fn reserved(
        &self,
        connection: &ConnectionKey,
        sku: &Sku,
        order: &OrderId,
        line: &str,
    ) -> Result<Option<Reserved>> {
        let key = Key::reserved(connection, sku, order, line);
        let Some(fields) = self.get_item(&self.tables.catalogue, key).await? else {
            return Ok(None);
        };
        let parts = match fields.contains_key(PARTS) {
            true => inflated(&fields, PARTS)?,
            false => Vec::new(),
        };
        Ok(Some(Reserved {
            reservation: value(fields)?,
            parts,
        }))
    }

    /// Stores what an order line holds of a SKU, unless a newer revision of the order said so already. The generation is
    /// then to be raised. Idempotent.
    pub async fn put_reservation(
        &self,
        tenant: &TenantId,
        sku: &Sku,
        reservation: &Reservation,
    ) -> Result<Written> {
        self.put_bundle_reservation(tenant, sku, reservation, &[])
            .await
    }

    /// As [`Self::put_reservation`], of a bundle, with the parts that its line holds.
    pub async fn put_bundle_reservation(
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
            .condition_expression("attribute_not_exists(pk) OR revision < :revision")
            .expression_attribute_values(":revision", n(reservation.revision));
        Written::from_result("reserve", put.send().await)
    }

    /// Notes units that are no longer reserved although no count reflects them; only the first note of an order line is kept.
    pub async fn note_given_up(
        &self,
        tenant: &TenantId,
        sku: &Sku,
        reservation: &Reservation,
        units: u32,
        at: Timestamp,
    ) -> Result<()> {
        let connection = ConnectionKey::new(tenant, &reservation.connection);
        let (order, line) = (&reservation.order, &reservation.line);
        let mut fields = Key::given_up(&connection, sku, order, line).into_map();
        fields.insert("tenant".into(), s(tenant.as_str()));
        fields.insert("sku".into(), s(sku.as_str()));
        fields.insert("connection".into(), s(reservation.connection.as_str()));
        fields.insert("order".into(), s(order.as_str()));
        fields.insert("units".into(), n(units));
        fields.insert("at".into(), s(at.to_string()));
        fields.insert("v".into(), n(super::item::VERSION));
        fields.insert("expires_at".into(), n(at.as_second() + 30 * 86_400));
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.catalogue)
            .set_item(Some(fields))
            .condition_expression("attribute_not_exists(pk)");
        Written::from_result("note units that were given up", put.send().await).map(|_| ())
    }

    /// Forgets a reservation that is over, unless it changed since it was read. Idempotent.
    pub async fn forget_reservation(
        &self,
        tenant: &TenantId,
        sku: &Sku,
        reservation: &Reservation,
    ) -> Result<()> {
        let key = key_of(tenant, sku, reservation);
        let deleted = self
            .db
            .delete_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(key.into_map()))
            .condition_expression("attribute_not_exists(pk) OR revision = :revision")
            .expression_attribute_values(":revision", n(reservation.revision))
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("forget a reservation", error)),
        }
    }
}

pub(super) fn key_of(tenant: &TenantId, sku: &Sku, reservation: &Reservation) -> Key {
    let connection = ConnectionKey::new(tenant, &reservation.connection);
    Key::reserved(&connection, sku, &reservation.order, &reservation.line)
}
