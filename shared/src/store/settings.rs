//! What decides an order's courier: marketplaces, couriers, mappings.

use super::item::{Item, item, text, value};
use super::key::{self, Key};
use super::mappings::MappingItems;
use super::{Store, Written};
use crate::domain::connection::MarketplaceSettings;
use crate::domain::courier::{Courier, CourierCode, Mapping, MappingOwner};
use crate::domain::ids::{ConnectionKey, TenantId};
use crate::domain::marketplace::Marketplace;
use crate::error::{Error, Result};
use serde::Serialize;

/// All that decides the courier of a connection's orders.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    pub marketplaces: Vec<MarketplaceSettings>,
    pub couriers: Vec<Courier>,
    pub mappings: Vec<Mapping>,
}

impl Settings {
    /// The settings of a marketplace that is switched on.
    pub fn active(&self, marketplace: Marketplace) -> Option<&MarketplaceSettings> {
        self.marketplaces
            .iter()
            .find(|settings| settings.marketplace == marketplace && settings.active)
    }

    /// Takes the items of one owner.
    fn take(&mut self, items: Vec<Item>) -> Result<()> {
        let mut mappings = MappingItems::default();
        for fields in items {
            let sk = text(&fields, "sk").unwrap_or_default();
            if sk.starts_with(key::MARKETPLACE) {
                self.marketplaces.push(value(fields)?);
            } else if sk.starts_with(key::COURIER) {
                self.couriers.push(value(fields)?);
            } else if sk.starts_with(key::MAPPING_TABLE) {
                mappings.take(fields)?;
            }
        }
        let mappings = mappings.done().table.mappings;
        self.mappings.extend(mappings.into_values());
        Ok(())
    }
}

impl Store {
    /// All that decides the courier of a connection's orders: three strongly consistent reads.
    pub async fn settings(&self, connection: &ConnectionKey) -> Result<Settings> {
        let own = self.between(
            &self.tables.connections,
            key::connection_pk(connection),
            key::MAPPING_TABLE,
            key::MARKETPLACE,
        );
        let shared = self.between(
            &self.tables.connections,
            key::tenant_pk(&connection.tenant),
            key::COURIER,
            key::MAPPING,
        );
        let defaults = self.mappings(&MappingOwner::Deployment);
        let (own, shared, defaults) = futures::try_join!(own, shared, defaults)?;
        let mut settings = Settings {
            mappings: defaults,
            ..Settings::default()
        };
        for items in [own, shared] {
            settings.take(items)?;
        }
        Ok(settings)
    }

    /// How a marketplace of a connection is run; the defaults if nobody has set it.
    pub async fn marketplace(
        &self,
        connection: &ConnectionKey,
        marketplace: Marketplace,
    ) -> Result<MarketplaceSettings> {
        let stored = self
            .get(
                &self.tables.connections,
                Key::marketplace(connection, marketplace),
            )
            .await?;
        Ok(stored.unwrap_or_else(|| MarketplaceSettings::new(marketplace)))
    }

    /// All marketplaces of a connection that somebody has set.
    pub async fn marketplaces(
        &self,
        connection: &ConnectionKey,
    ) -> Result<Vec<MarketplaceSettings>> {
        self.between(
            &self.tables.connections,
            key::connection_pk(connection),
            key::MARKETPLACE,
            key::MARKETPLACE,
        )
        .await?
        .into_iter()
        .map(value)
        .collect()
    }

    /// Writes how a marketplace is run. Idempotent.
    pub async fn put_marketplace(
        &self,
        connection: &ConnectionKey,
        settings: &MarketplaceSettings,
    ) -> Result<()> {
        self.put(
            "write a marketplace",
            Key::marketplace(connection, settings.marketplace),
            settings,
        )
        .await
    }

    /// Writes how a marketplace is run, if that is still as it was read: two people may switch couriers at once.
    pub async fn replace_marketplace(
        &self,
        connection: &ConnectionKey,
        settings: &MarketplaceSettings,
        read: &MarketplaceSettings,
    ) -> Result<Written> {
        let key = Key::marketplace(connection, settings.marketplace);
        let before = item(key.clone(), read)?;
        let mut put = self
            .db
            .put_item()
            .table_name(&self.tables.connections)
            .set_item(Some(item(key, settings)?))
            .condition_expression(
                "attribute_not_exists(pk) OR (active = :active AND strategy = :strategy \
                 AND fba_orders = :fba_orders AND couriers = :couriers)",
            );
        for name in ["active", "strategy", "fba_orders", "couriers"] {
            let value = before
                .get(name)
                .ok_or_else(|| Error::permanent("write a marketplace", "a field is not stored"))?;
            put = put.expression_attribute_values(format!(":{name}"), value.clone());
        }
        Written::from_result("write a marketplace", put.send().await)
    }

    pub async fn couriers(&self, tenant: &TenantId) -> Result<Vec<Courier>> {
        self.between(
            &self.tables.connections,
            key::tenant_pk(tenant),
            key::COURIER,
            key::COURIER,
        )
        .await?
        .into_iter()
        .map(value)
        .collect()
    }

    pub async fn courier(
        &self,
        tenant: &TenantId,
        courier: &CourierCode,
    ) -> Result<Option<Courier>> {
        self.get(&self.tables.connections, Key::courier(tenant, courier))
            .await
    }

    /// Writes a courier. Idempotent.
    pub async fn put_courier(&self, tenant: &TenantId, courier: &Courier) -> Result<()> {
        self.put(
            "write a courier",
            Key::courier(tenant, &courier.code),
            courier,
        )
        .await
    }

    pub async fn delete_courier(&self, tenant: &TenantId, courier: &CourierCode) -> Result<()> {
        self.delete(&self.tables.connections, Key::courier(tenant, courier))
            .await
    }

    async fn put<T: Serialize>(&self, doing: &'static str, key: Key, value: &T) -> Result<()> {
        let fields = item(key, value)?;
        self.put_fields(doing, &self.tables.connections, fields)
            .await
    }
}
