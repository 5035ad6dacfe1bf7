//! The carrier names of a tenant's courier services, by marketplace.

use super::Store;
use super::item::{item, value};
use super::key::{self, Key};
use crate::domain::courier::{CarrierName, CourierServiceId, NamedService};
use crate::domain::ids::TenantId;
use crate::domain::marketplace::Marketplace;
use crate::error::Result;

impl Store {
    /// The carrier name of a courier service on a marketplace, if somebody has said; else
    /// [`CarrierName::assumed`] is what there is.
    pub async fn carrier_name(
        &self,
        tenant: &TenantId,
        marketplace: Marketplace,
        service: &CourierServiceId,
    ) -> Result<Option<CarrierName>> {
        let key = Key::carrier_name(tenant, marketplace, service);
        let named: Option<NamedService> = self.get(&self.tables.connections, key).await?;
        Ok(named.map(|named| named.carrier))
    }

    /// All that a tenant has said, by marketplace and service.
    pub async fn carrier_names(&self, tenant: &TenantId) -> Result<Vec<NamedService>> {
        let pk = key::tenant_pk(tenant);
        let (table, prefix) = (&self.tables.connections, key::CARRIER_NAME);
        let items = self.between(table, pk, prefix, prefix).await?;
        items.into_iter().map(value).collect()
    }

    /// Writes the carrier name of a courier service. Idempotent.
    pub async fn put_carrier_name(&self, tenant: &TenantId, named: &NamedService) -> Result<()> {
        let key = Key::carrier_name(tenant, named.marketplace, &named.service);
        let fields = item(key, named)?;
        self.put_fields("write a carrier name", &self.tables.connections, fields)
            .await
    }

    pub async fn delete_carrier_name(
        &self,
        tenant: &TenantId,
        marketplace: Marketplace,
        service: &CourierServiceId,
    ) -> Result<()> {
        let key = Key::carrier_name(tenant, marketplace, service);
        self.delete(&self.tables.connections, key).await
    }
}
