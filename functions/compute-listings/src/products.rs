//! Writes products that came by the queue, and returns which SKUs are to be recomputed.

use crate::{App, CONCURRENCY, refused};
use jiff::Timestamp;
use serde_json::Value;
use stallkeeper::domain::ids::{Sku, TenantId};
use stallkeeper::domain::product::{
    Category, Product, digest, fault, nested_bundle, part_as_bundle,
};
use stallkeeper::domain::row::RowCode;
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::intake::{ReadRow, Refusal, Verdict, queue_products, read_product};
use stallkeeper::store::{ProductWritten, SkuInputs, Store, Written};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Compares products that the platform queued itself with what is stored, and queues those that differ, as the API does.
/// What is refused, or not taken as it came, is noted, since nobody waits for an answer.
pub(crate) async fn compare(
    app: &App,
    tenant: &TenantId,
    rows: Vec<Value>,
    now: Timestamp,
) -> Result<()> {
    let (store, queue) = (&app.store, &app.stock_changes);
    let read = refused::readable(store, tenant, rows, read_product, now).await?;
    let (products, remarks): (Vec<Product>, Vec<_>) = read
        .into_iter()
        .map(|ReadRow { row, remarks }| (row, remarks))
        .unzip();
    let skus: Vec<Sku> = products.iter().map(|product| product.sku.clone()).collect();
    let verdicts = queue_products(store, queue, tenant, products, now).await?;
    for ((sku, mut remarks), verdict) in skus.iter().zip(remarks).zip(verdicts) {
        if let Verdict::Refused(refusal) = verdict {
            remarks.push(refusal);
        }
        if !remarks.is_empty() {
            refused::note(store, tenant, sku, &remarks, "", now).await?;
        }
    }
    Ok(())
}

/// Stores products that are newer than what is stored. Returns the SKUs to recompute.
pub(crate) async fn write(
    store: &Store,
    tenant: &TenantId,
    products: Vec<Product>,
    sent_at: Timestamp,
    now: Timestamp,
) -> Result<BTreeSet<Sku>> {
    let mut by_sku: BTreeMap<Sku, Vec<Product>> = BTreeMap::new();
    for product in products {
        by_sku.entry(product.sku.clone()).or_default().push(product);
    }
    let touched: Vec<Option<Sku>> = fan_out(by_sku, CONCURRENCY, |(sku, products)| async move {
        let mut touched = false;
        for product in products {
            touched |= write_one(store, tenant, &product, sent_at, now).await?;
        }
        Ok(touched.then_some(sku))
    })
    .await?;
    Ok(touched.into_iter().flatten().collect())
}

/// Whether the SKU is to be recomputed: also for what is stored already, since an earlier try may have written it and
/// stopped.
async fn write_one(
    store: &Store,
    tenant: &TenantId,
    product: &Product,
    sent_at: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let sku = &product.sku;
    let hash = digest(product)?;
    for () in Written::attempts() {
        let read = store.sku_inputs(tenant, sku).await?;
        let stored = read.reported_at.map(Timestamp::as_millisecond);
        let sent = Some(sent_at.as_millisecond());
        if stored > sent {
            return Ok(false);
        }
        if stored == sent && read.hash.as_ref() == Some(&hash) {
            return Ok(true);
        }
        if let Some(refusal) = strongly_refused(store, tenant, product, &read).await? {
            refused::note(store, tenant, sku, &[refusal], "", now).await?;
            return Ok(false);
        }
        if read.product.is_none() {
            store.remember_spelling(tenant, sku).await?;
        }
        note_category(store, tenant, product, &read, now).await?;
        let freed = store.freed_by(tenant, &read, &product.parts).await?;
        let written = store
            .put_product(tenant, product, &hash, sent_at, &read, freed)
            .await?;
        if written == ProductWritten::Done {
            return Ok(true);
        }
    }
    Err(Written::given_up("store a product"))
}

/// Notes the category of a product that had another one, before the product is stored: whoever sees the product sees since
/// when its category is known.
async fn note_category(
    store: &Store,
    tenant: &TenantId,
    product: &Product,
    read: &SkuInputs,
    now: Timestamp,
) -> Result<()> {
    let category = |product: &Product| product.category.as_deref()?.parse::<Category>().ok();
    let before = read.product.as_ref().and_then(category);
    match category(product).filter(|it| Some(it) != before.as_ref()) {
        Some(category) => store.note_category(tenant, &category, now).await,
        None => Ok(()),
    }
}

/// As the API judges, on what is read strongly.
async fn strongly_refused(
    store: &Store,
    tenant: &TenantId,
    product: &Product,
    read: &SkuInputs,
) -> Result<Option<Refusal>> {
    if let Some(fault) = fault(product) {
        return Ok(Some(fault.into()));
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
    Ok(nested_bundle(product, |part| bundles.contains(part))
        .or_else(|| part_as_bundle(&read.part_of))
        .map(Into::into)
        .or_else(|| too_many_exchanged(product, read)))
}

fn too_many_exchanged(product: &Product, read: &SkuInputs) -> Option<Refusal> {
    let new: HashSet<&Sku> = product.parts.iter().map(|part| &part.sku).collect();
    let old: HashSet<&Sku> = read.parts().iter().map(|part| &part.sku).collect();
    (new.symmetric_difference(&old).count() > Store::MOST_PARTS_EXCHANGED).then(|| {
        let detail = format!(
            "At most {} parts can come and go at once. Take parts out first, and put the new ones in then.",
            Store::MOST_PARTS_EXCHANGED
        );
        Refusal {
            field: Some("parts".to_owned()),
            code: RowCode::TooManyPartsExchanged,
            detail,
        }
    })
}
