//! Writes products that came by the queue, and tells which SKUs are to be recomputed.

use super::judge::{Verdict, is_part, judge, nested};
use super::queue;
use super::rules::{Fault, digest, fault};
use crate::App;
use crate::changes::CONCURRENCY;
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use stallkeeper::domain::ids::{Sku, TenantId};
use stallkeeper::domain::product::Product;
use stallkeeper::error::{Error, Result};
use stallkeeper::store::{ProductWritten, SkuInputs, Store};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// How often a product is looked at again because it was written at the same moment.
pub(super) const MOST_TRIES: usize = 5;
/// What a part that leaves a bundle may have counted on meanwhile, in a recompute that read the bundle before: far more
/// than anybody can raise a counter while a function runs.
const MEANWHILE: u64 = 1 << 20;

/// Compares products that the platform queued itself with what is stored, and queues those that differ: as the API does.
pub(crate) async fn sort_out(
    app: &App,
    tenant: &TenantId,
    products: Vec<Product>,
    now: Timestamp,
) -> Result<()> {
    let verdicts = judge(&app.store, tenant, &products).await?;
    let mut changed = Vec::new();
    for (product, verdict) in products.into_iter().zip(verdicts) {
        match verdict {
            Verdict::Changed => changed.push(product),
            Verdict::Unchanged => {}
            Verdict::Refused(fault) => {
                note_refused(&app.store, tenant, &product.sku, &fault, now).await?;
            }
        }
    }
    queue(app, tenant, now, changed).await
}

/// Stores products where they are newer than what is stored. The SKUs that a recompute is owed for.
pub(crate) async fn write(
    store: &Store,
    tenant: &TenantId,
    products: Vec<Product>,
    told_at: Timestamp,
    now: Timestamp,
) -> Result<BTreeSet<Sku>> {
    let mut by_sku: BTreeMap<Sku, Vec<Product>> = BTreeMap::new();
    for product in products {
        by_sku.entry(product.sku.clone()).or_default().push(product);
    }
    let touched: Vec<Option<Sku>> = futures::stream::iter(by_sku)
        .map(|(sku, products)| async move {
            let mut owed = false;
            for product in products {
                owed |= write_one(store, tenant, &product, told_at, now).await?;
            }
            Ok(owed.then_some(sku))
        })
        .buffer_unordered(CONCURRENCY)
        .try_collect::<Vec<_>>()
        .await?;
    Ok(touched.into_iter().flatten().collect())
}

/// Whether a recompute is owed: for what stands already, too, since an earlier try may have written it and stopped.
async fn write_one(
    store: &Store,
    tenant: &TenantId,
    product: &Product,
    told_at: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let sku = &product.sku;
    let hash = digest(product)?;
    for _ in 0..MOST_TRIES {
        let read = store.sku_inputs(tenant, sku).await?;
        let stands = read.told_at.map(Timestamp::as_millisecond);
        let told = Some(told_at.as_millisecond());
        if stands > told {
            return Ok(false);
        }
        if stands == told && read.hash.as_ref() == Some(&hash) {
            return Ok(true);
        }
        if let Some(fault) = strongly_refused(store, tenant, product, &read).await? {
            note_refused(store, tenant, sku, &fault, now).await?;
            return Ok(false);
        }
        if read.product.is_none() {
            store.remember_spelling(tenant, sku).await?;
        }
        let freed = freed_by(store, tenant, &read, product).await?;
        let written = store
            .put_product(tenant, product, &hash, told_at, &read, freed)
            .await?;
        if written == ProductWritten::Done {
            return Ok(true);
        }
    }
    Err(busy())
}

pub(super) fn busy() -> Error {
    let reason = "others change it at the same moment, again and again";
    Error::retryable("store a product", reason)
}

/// As the API judges, on what is read strongly.
async fn strongly_refused(
    store: &Store,
    tenant: &TenantId,
    product: &Product,
    read: &SkuInputs,
) -> Result<Option<Fault>> {
    if let Some(fault) = fault(product) {
        return Ok(Some(fault));
    }
    if !product.is_bundle() {
        return Ok(None);
    }
    let mut bundles = HashSet::new();
    for part in &product.parts {
        let inputs = store.sku_inputs(tenant, &part.sku).await?;
        if !inputs.parts().is_empty() {
            bundles.insert(part.sku.clone());
        }
    }
    Ok(nested(product, |part| bundles.contains(part))
        .or_else(|| is_part(&read.part_of))
        .or_else(|| too_many_exchanged(product, read)))
}

fn too_many_exchanged(product: &Product, read: &SkuInputs) -> Option<Fault> {
    let new: HashSet<&Sku> = product.parts.iter().map(|part| &part.sku).collect();
    let old: HashSet<&Sku> = read.parts().iter().map(|part| &part.sku).collect();
    (new.symmetric_difference(&old).count() > Store::MOST_PARTS_EXCHANGED).then(|| {
        let detail = format!(
            "At most {} parts can come and go at once. Take parts out first, and put the new ones in then.",
            Store::MOST_PARTS_EXCHANGED
        );
        Fault::new("parts", "too_many_parts_exchanged", detail)
    })
}

/// What the parts that a bundle loses have counted to. The bundle counts it from then on, so that no result of its old
/// parts is ever greater than one of its new ones.
pub(super) async fn freed_by(
    store: &Store,
    tenant: &TenantId,
    read: &SkuInputs,
    product: &Product,
) -> Result<u64> {
    let kept: HashSet<&Sku> = product.parts.iter().map(|part| &part.sku).collect();
    let mut freed: u64 = 0;
    for part in read.parts().iter().filter(|part| !kept.contains(&part.sku)) {
        let counter = store.sku_inputs(tenant, &part.sku).await?.levels.counter;
        freed = freed.saturating_add(counter).saturating_add(MEANWHILE);
    }
    Ok(freed)
}

async fn note_refused(
    store: &Store,
    tenant: &TenantId,
    sku: &Sku,
    fault: &Fault,
    now: Timestamp,
) -> Result<()> {
    let reason = format!("{}: {}", fault.field, fault.detail);
    store.note_rejected(tenant, sku, &reason, now).await
}
