//! When categories of a merchant's products appeared, and which connections asked about them. Nothing is noted of a category that
//! products had before this was kept.

use super::Store;
use super::item::{condition_failed, failure, item};
use super::key::Key;
use crate::domain::ids::{ConnectionId, ConnectionKey, TenantId};
use crate::domain::product::{Category, Product};
use crate::domain::selection::ProductRules;
use crate::domain::selling_rules::SellingRules;
use crate::error::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A category, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Appeared {
    category: Category,
    at: Timestamp,
}

/// A category that appeared after a connection's selection was drafted and that nothing there decides about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedCategory {
    pub tenant: TenantId,
    pub connection: ConnectionId,
    pub category: Category,
    pub at: Timestamp,
}

impl Store {
    /// When a product of this category was first known; `None`: before that was noted, or there is none.
    pub async fn category_appeared(
        &self,
        tenant: &TenantId,
        category: &Category,
    ) -> Result<Option<Timestamp>> {
        let key = Key::category(tenant, category);
        let appeared: Option<Appeared> = self.get(&self.tables.catalogue, key).await?;
        Ok(appeared.map(|it| it.at))
    }

    /// When the category appeared that rules have to look up for a product; no read, and `None`, if they have none to look up.
    pub async fn category_of(
        &self,
        tenant: &TenantId,
        rules: &SellingRules,
        product: &Product,
    ) -> Result<Option<Timestamp>> {
        match rules.category_to_look_up(product) {
            Some(category) => self.category_appeared(tenant, &category).await,
            None => Ok(None),
        }
    }

    /// What rules say of a product's stock. A read, if the age of its category decides something.
    pub async fn rules_of_product(
        &self,
        tenant: &TenantId,
        rules: &SellingRules,
        product: &Product,
    ) -> Result<ProductRules> {
        let appeared = self.category_of(tenant, rules, product).await?;
        Ok(rules.of_product(product, appeared))
    }

    /// Notes that a category appeared, unless that is noted. One read unit, and one write unit if it is new. Idempotent.
    pub async fn note_category(
        &self,
        tenant: &TenantId,
        category: &Category,
        at: Timestamp,
    ) -> Result<()> {
        if self.category_appeared(tenant, category).await?.is_some() {
            return Ok(());
        }
        let key = Key::category(tenant, category);
        let appeared = Appeared {
            category: category.clone(),
            at,
        };
        self.note_once("note a category", key, &appeared).await
    }

    /// Notes that a connection asks about a category, unless that is noted: the stream announces it once. One read unit, and
    /// one write unit if it is new. Idempotent.
    pub async fn note_asked_category(&self, asked: &AskedCategory) -> Result<()> {
        let connection = ConnectionKey::new(&asked.tenant, &asked.connection);
        let key = || Key::category_asks(&connection, &asked.category);
        let table = &self.tables.catalogue;
        let noted: Option<AskedCategory> = self.get(table, key()).await?;
        match noted {
            Some(_) => Ok(()),
            None => self.note_once("note an asked category", key(), asked).await,
        }
    }

    /// Of two writers at once, the first one's stays.
    async fn note_once<T: Serialize>(
        &self,
        doing: &'static str,
        key: Key,
        value: &T,
    ) -> Result<()> {
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.catalogue)
            .set_item(Some(item(key, value)?))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure(doing, error)),
        }
    }
}
