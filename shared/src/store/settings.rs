//! What decides an order's courier: marketplaces, couriers, mappings; and the marks of parked orders.

use super::Store;
use super::item::{condition_failed, failure, item, n, text, value};
use super::key::{self, Key};
use crate::domain::connection::MarketplaceSettings;
use crate::domain::courier::{Courier, CourierCode, Mapping};
use crate::domain::ids::{ConnectionId, TenantId};
use crate::domain::marketplace::Marketplace;
use crate::domain::shipping_term::ShippingTerm;
use crate::error::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// All that decides the courier of a connection's orders.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    pub marketplaces: Vec<MarketplaceSettings>,
    pub couriers: Vec<Courier>,
    pub mappings: Vec<Mapping>,
}

impl Settings {
    /// The settings of a store that is switched on.
    pub fn active(&self, marketplace: Marketplace) -> Option<&MarketplaceSettings> {
        self.marketplaces
            .iter()
            .find(|settings| settings.marketplace == marketplace && settings.active)
    }
}

/// The oldest order parked for a store that is not switched on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedMark {
    pub marketplace_id: String,
    /// A number in the table, so that the condition compares moments and not their spellings.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub oldest_updated_at: Timestamp,
}

impl Store {
    /// All that decides the courier of a connection's orders: two strongly consistent queries.
    pub async fn settings(&self, tenant: &TenantId, connection: &ConnectionId) -> Result<Settings> {
        let own = self.between(
            &self.tables.connections,
            key::connection_pk(tenant, connection),
            key::MAPPING,
            key::MARKETPLACE,
        );
        let shared = self.between(
            &self.tables.connections,
            key::tenant_pk(tenant),
            key::COURIER,
            key::MAPPING,
        );
        let (own, shared) = futures::try_join!(own, shared)?;
        let mut settings = Settings::default();
        for fields in own.into_iter().chain(shared) {
            let sk = text(&fields, "sk").unwrap_or_default();
            if sk.starts_with(key::MAPPING) {
                settings.mappings.push(value(fields)?);
            } else if sk.starts_with(key::MARKETPLACE) {
                settings.marketplaces.push(value(fields)?);
            } else if sk.starts_with(key::COURIER) {
                settings.couriers.push(value(fields)?);
            }
        }
        Ok(settings)
    }

    /// How a store of a connection is run; the defaults where nobody has said.
    pub async fn marketplace(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        marketplace: Marketplace,
    ) -> Result<MarketplaceSettings> {
        let stored = self
            .get(
                &self.tables.connections,
                Key::marketplace(tenant, connection, marketplace),
            )
            .await?;
        Ok(stored.unwrap_or_else(|| MarketplaceSettings::new(marketplace)))
    }

    /// All stores of a connection that somebody has set.
    pub async fn marketplaces(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
    ) -> Result<Vec<MarketplaceSettings>> {
        self.between(
            &self.tables.connections,
            key::connection_pk(tenant, connection),
            key::MARKETPLACE,
            key::MARKETPLACE,
        )
        .await?
        .into_iter()
        .map(value)
        .collect()
    }

    /// Writes how a store is run. Idempotent.
    pub async fn put_marketplace(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        settings: &MarketplaceSettings,
    ) -> Result<()> {
        self.put(
            "write a marketplace",
            Key::marketplace(tenant, connection, settings.marketplace),
            settings,
        )
        .await
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

    /// The mappings of a tenant, or those narrowed to one connection.
    pub async fn mappings(
        &self,
        tenant: &TenantId,
        connection: Option<&ConnectionId>,
    ) -> Result<Vec<Mapping>> {
        let pk = connection.map_or_else(
            || key::tenant_pk(tenant),
            |connection| key::connection_pk(tenant, connection),
        );
        self.between(&self.tables.connections, pk, key::MAPPING, key::MAPPING)
            .await?
            .into_iter()
            .map(value)
            .collect()
    }

    /// Writes a mapping. Idempotent.
    pub async fn put_mapping(
        &self,
        tenant: &TenantId,
        connection: Option<&ConnectionId>,
        mapping: &Mapping,
    ) -> Result<()> {
        self.put(
            "write a mapping",
            Key::mapping(tenant, connection, &mapping.term),
            mapping,
        )
        .await
    }

    pub async fn delete_mapping(
        &self,
        tenant: &TenantId,
        connection: Option<&ConnectionId>,
        term: &ShippingTerm,
    ) -> Result<()> {
        self.delete(
            &self.tables.connections,
            Key::mapping(tenant, connection, term),
        )
        .await
    }

    /// Notes that an order of a store that is not switched on was parked, so that switching it on knows how far to
    /// rewind. Written before the order itself; only ever moves back. Idempotent.
    pub async fn mark_parked(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        mark: &ParkedMark,
    ) -> Result<()> {
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.connections)
            .set_item(Some(item(
                Key::parked(tenant, connection, &mark.marketplace_id),
                mark,
            )?))
            .condition_expression("attribute_not_exists(pk) OR oldest_updated_at > :at")
            .expression_attribute_values(":at", n(mark.oldest_updated_at.as_millisecond()))
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("mark a parked order", error)),
        }
    }

    /// The oldest parked order of each store of a connection.
    pub async fn parked_marks(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
    ) -> Result<Vec<ParkedMark>> {
        self.between(
            &self.tables.connections,
            key::connection_pk(tenant, connection),
            key::PARKED,
            key::PARKED,
        )
        .await?
        .into_iter()
        .map(value)
        .collect()
    }

    /// Forgets a mark once the cursor has been rewound to it; a mark that moved back meanwhile stays.
    pub async fn forget_parked(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        mark: &ParkedMark,
    ) -> Result<()> {
        let delete = self
            .db
            .delete_item()
            .table_name(&self.tables.connections)
            .set_key(Some(
                Key::parked(tenant, connection, &mark.marketplace_id).into_map(),
            ))
            .condition_expression("oldest_updated_at = :at")
            .expression_attribute_values(":at", n(mark.oldest_updated_at.as_millisecond()))
            .send()
            .await;
        match delete {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("forget a parked order's mark", error)),
        }
    }

    async fn put<T: Serialize>(&self, doing: &'static str, key: Key, value: &T) -> Result<()> {
        self.db
            .put_item()
            .table_name(&self.tables.connections)
            .set_item(Some(item(key, value)?))
            .send()
            .await
            .map_err(|error| failure(doing, error))?;
        Ok(())
    }
}
