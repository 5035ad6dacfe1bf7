//! Rows that came by the queue and were refused, or not taken as they came: each is noted on its SKU, since nobody waits for
//! an answer.

use jiff::Timestamp;
use serde_json::Value;
use stallkeeper::domain::ids::{Sku, TenantId};
use stallkeeper::error::Result;
use stallkeeper::intake::{ReadRow, Refusal, sku_of};
use stallkeeper::store::Store;
use tracing::warn;

/// The rows of a message that can be read; the others are noted, and keep none of these out.
pub(crate) async fn readable<T>(
    store: &Store,
    tenant: &TenantId,
    rows: Vec<Value>,
    read: impl Fn(&Value) -> Result<ReadRow<T>, Refusal>,
    now: Timestamp,
) -> Result<Vec<ReadRow<T>>> {
    let mut readable = Vec::with_capacity(rows.len());
    for row in rows {
        match (read(&row), sku_of(&row)) {
            (Ok(read), _) => readable.push(read),
            (Err(refusal), Some(sku)) => note(store, tenant, &sku, &[refusal], "", now).await?,
            (Err(refusal), None) => {
                let field = refusal.field.unwrap_or_default();
                warn!(tenant.id = %tenant, row.field = %field, reason = %refusal.detail, "a row without a readable SKU came by the queue and was refused");
            }
        }
    }
    Ok(readable)
}

/// Notes what is to be said of a row. `more`: what else helps to find it.
pub(crate) async fn note(
    store: &Store,
    tenant: &TenantId,
    sku: &Sku,
    remarks: &[Refusal],
    more: &str,
    now: Timestamp,
) -> Result<()> {
    let remarks = remarks.iter().map(|remark| match &remark.field {
        Some(field) => format!("{field}: {}", remark.detail),
        None => remark.detail.clone(),
    });
    let reason = remarks.collect::<Vec<_>>().join(" ") + more;
    store.note_rejected(tenant, sku, &reason, now).await
}
