//! Reservations: what orders hold of a SKU, beside its levels.

use super::item::{condition_failed, failure, item, n};
use super::key::Key;
use super::{Store, Written};
use crate::domain::ids::{Sku, TenantId};
use crate::domain::stock::Reservation;
use crate::error::Result;

impl Store {
    /// Stores what an order line holds of a SKU, unless a newer revision of the order said so already. The counter is
    /// then to be raised. Idempotent.
    pub async fn put_reservation(
        &self,
        tenant: &TenantId,
        sku: &Sku,
        reservation: &Reservation,
    ) -> Result<Written> {
        let key = Key::reserved(
            tenant,
            sku,
            &reservation.connection,
            &reservation.order,
            &reservation.line,
        );
        let mut fields = item(key, reservation)?;
        fields.retain(|_, value| !value.is_null());
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.catalogue)
            .set_item(Some(fields))
            .condition_expression("attribute_not_exists(pk) OR revision < :revision")
            .expression_attribute_values(":revision", n(reservation.revision));
        Written::from_result("reserve", put.send().await)
    }

    /// Forgets a reservation that is over, unless it changed since it was read. Idempotent.
    pub async fn forget_reservation(
        &self,
        tenant: &TenantId,
        sku: &Sku,
        reservation: &Reservation,
    ) -> Result<()> {
        let key = Key::reserved(
            tenant,
            sku,
            &reservation.connection,
            &reservation.order,
            &reservation.line,
        );
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
