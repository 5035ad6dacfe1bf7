//! Whether anything may be sent for a connection now, and with which settings. It decides nothing else.

use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock_settings::{Published, StockSettings};
use stallkeeper::error::Result;
use stallkeeper::store::Store;
use tracing::info;

/// A connection whose stock is to be sent: active, published, and no brake pulled.
#[derive(Debug, Clone)]
pub(crate) struct Sending {
    pub(crate) connection: Connection,
    pub(crate) published: Published,
}

impl Sending {
    /// `None` if nothing may be sent. Three reads.
    pub(crate) async fn load(store: &Store, key: &ConnectionKey) -> Result<Option<Self>> {
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

    pub(crate) fn settings(&self) -> &StockSettings {
        &self.published.settings
    }

    /// Everything is computed and shown, and nothing sent.
    pub(crate) fn shadow(&self) -> bool {
        self.published.shadow
    }

    /// The marketplace that feeds name, for all that is listed there.
    pub(crate) fn home(&self) -> Marketplace {
        self.settings().home.unwrap_or(self.connection.marketplace)
    }
}
