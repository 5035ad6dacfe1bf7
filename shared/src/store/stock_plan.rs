//! A connection's stock settings, and the brakes.

use super::item::{failure, item};
use super::key::Key;
use super::{Store, Written};
use crate::domain::ids::ConnectionKey;
use crate::domain::stock_settings::{Freeze, StockPlan};
use crate::error::Result;

impl Store {
    /// A connection's stock settings; the defaults if nobody has set them.
    pub async fn stock_plan(&self, connection: &ConnectionKey) -> Result<StockPlan> {
        self.or_default(Key::stock_plan(connection)).await
    }

    /// Stores stock settings whose revision is one more than when they were read.
    pub async fn save_stock_plan(
        &self,
        connection: &ConnectionKey,
        plan: &StockPlan,
    ) -> Result<Written> {
        self.put_revised(
            "store stock settings",
            &self.tables.connections,
            Key::stock_plan(connection),
            plan,
            plan.revision,
        )
        .await
    }

    /// Whether nothing may be sent for a connection: its own brake is pulled, or that of the whole deployment. Two reads.
    pub async fn is_frozen(&self, connection: &ConnectionKey) -> Result<bool> {
        let plan = self.stock_plan(connection).await?;
        Ok(plan.frozen.is_some() || self.deployment_freeze().await?.is_some())
    }

    /// The brake of the whole deployment, if it is pulled.
    pub async fn deployment_freeze(&self) -> Result<Option<Freeze>> {
        self.get(&self.tables.connections, Key::deployment_freeze())
            .await
    }

    /// Pulls or releases the brake of the whole deployment. Idempotent.
    pub async fn set_deployment_freeze(&self, freeze: Option<&Freeze>) -> Result<()> {
        let Some(freeze) = freeze else {
            return self
                .delete(&self.tables.connections, Key::deployment_freeze())
                .await;
        };
        self.db
            .put_item()
            .table_name(&self.tables.connections)
            .set_item(Some(item(Key::deployment_freeze(), freeze)?))
            .send()
            .await
            .map_err(|error| failure("freeze the deployment", error))?;
        Ok(())
    }
}
