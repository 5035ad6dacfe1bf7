//! Fetching one order by its id, where it was too big for a message.

use crate::{App, RulesOfBatch, reading, store_reading};
use jiff::Timestamp;
use stallkeeper::domain::ids::{ConnectionId, OrderId, TenantId};
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::sp_api::{Dataset, Operation};
use stallkeeper::store::{Bucket, Permit};
use std::time::Duration;

/// Asks Amazon for an order that was too big for a message.
pub(crate) async fn fetch_one(
    app: &App,
    rules: &RulesOfBatch,
    tenant: &TenantId,
    connection: &ConnectionId,
    order: &OrderId,
    updated_at: Timestamp,
) -> Result<()> {
    let Some(connection) = app.store.connection(tenant, connection).await? else {
        return Ok(());
    };
    if !connection.status.fetches_orders() {
        // Switched on again, it sweeps from before this order on.
        return app
            .store
            .rewind_order_cursor(tenant, &connection.id, updated_at)
            .await;
    }
    let login = app.vault.seller_login(&app.store, &connection).await?;
    let bucket = Bucket {
        region: connection.region(),
        seller: &login.seller,
        operation: Operation::GetOrder,
        rate: None,
    };
    if let Permit::NotBefore(moment) = app.store.permit(bucket, Timestamp::now()).await? {
        let retry_after =
            Duration::try_from(moment.duration_since(Timestamp::now())).unwrap_or_default();
        return Err(Error::new(
            Class::Throttled {
                retry_after: Some(retry_after),
            },
            "fetch an order",
            "our share of Amazon's limit is used up",
        ));
    }
    let cursor = app.store.order_cursor(tenant, &connection.id).await?;
    let refused = cursor.map(|cursor| cursor.refused).unwrap_or_default();
    let datasets: Vec<Dataset> = Dataset::ORDERS
        .into_iter()
        .filter(|dataset| !refused.contains(dataset))
        .collect();
    match app.amazon.order(&login.account(), order, &datasets).await {
        Ok(answer) => {
            let reading = reading(app, &answer.value, &datasets, Timestamp::now())?;
            store_reading(app, rules, tenant, &connection.id, reading).await
        }
        Err(error) => {
            if error.is_throttled() {
                app.store.drain(bucket, Timestamp::now()).await?;
            }
            if error.class() == Class::AuthRevoked {
                app.store
                    .rewind_order_cursor(tenant, &connection.id, updated_at)
                    .await?;
                let _ = app.store.require_reauthorisation(&connection).await?;
            }
            Err(error)
        }
    }
}
