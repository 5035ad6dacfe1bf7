//! Whether anything may be sent for a connection now, and with which settings. It decides nothing else.

use crate::domain::connection::Connection;
use crate::domain::ids::ConnectionKey;
use crate::domain::marketplace::Marketplace;
use crate::domain::stock_settings::{Published, StockSettings};
use crate::error::Result;
use crate::store::Store;
use tracing::info;

/// A connection whose stock is to be sent: active, published, and no brake pulled.
#[derive(Debug, Clone)]
pub struct Sending {
    pub connection: Connection,
    pub published: Published,
}

impl Sending {
    /// `None` if nothing may be sent. Three reads.
    pub async fn load(store: &Store, key: &ConnectionKey) -> Result<Option<Self>> {
        let Some(connection) = store.connection(key).await? else {
            return Ok(None);
        };
        if !connection.status.sends() {
            return Ok(None);
        }
        let plan = store.stock_plan(key).await?;
        let Some(published) = plan.in_force().cloned() else {
            return Ok(None);
        };
        if plan.frozen.is_some() || store.deployment_freeze().await?.is_some() {
            info!(connection.id = %key, "sending from connection `{key}` is frozen");
            return Ok(None);
        }
        Ok(Some(Self {
            connection,
            published,
        }))
    }

    pub fn settings(&self) -> &StockSettings {
        &self.published.settings
    }

    /// Everything is computed and shown, and nothing sent.
    pub fn shadow(&self) -> bool {
        self.published.shadow
    }

    /// The marketplace that feeds name, for all that is listed there.
    pub fn home(&self) -> Marketplace {
        self.settings().home.unwrap_or(self.connection.marketplace)
    }
}
