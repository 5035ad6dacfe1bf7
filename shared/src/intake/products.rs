//! Products and bundles: judged by the rules, against one another and against what is stored.

use super::{CONCURRENCY, Refusal, Verdict};
use crate::domain::ids::{Sku, TenantId};
use crate::domain::product::{Fault, Product, digest, fault, nested_bundle, part_as_bundle};
use crate::domain::row::RowCode;
use crate::error::Result;
use crate::fan_out;
use crate::queue::{Queue, StockChange};
use crate::store::Store;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};

/// Judges products and queues those that differ from what is stored; returns once all are queued. The verdicts are in the
/// order of the products.
pub async fn queue_products(
    store: &Store,
    stock_changes: &Queue,
    tenant: &TenantId,
    products: Vec<Product>,
    now: Timestamp,
) -> Result<Vec<Verdict>> {
    let verdicts = product_verdicts(store, tenant, &products).await?;
    let judged = products.into_iter().zip(&verdicts);
    let changed = judged.filter(|(_, verdict)| **verdict == Verdict::Changed);
    let changed = changed.map(|(product, _)| product).collect();
    let messages = StockChange::products(tenant, now, changed)?;
    stock_changes.send_all(tenant, messages).await?;
    Ok(verdicts)
}

async fn product_verdicts(
    store: &Store,
    tenant: &TenantId,
    products: &[Product],
) -> Result<Vec<Verdict>> {
    let skus: Vec<Sku> = products.iter().map(|product| product.sku.clone()).collect();
    let stored = store.product_hashes(tenant, &skus).await?;
    let mut first: HashMap<&Sku, String> = HashMap::new();
    let mut verdicts = Vec::with_capacity(products.len());
    for product in products {
        let digest = digest(product)?;
        let verdict = match (fault(product), first.get(&product.sku)) {
            (Some(fault), _) => Verdict::Refused(fault.into()),
            (None, Some(other)) if *other == digest => Verdict::Unchanged,
            (None, Some(_)) => Verdict::Refused(twice()),
            (None, None) if stored.get(&product.sku) == Some(&digest) => Verdict::Unchanged,
            (None, None) => Verdict::Changed,
        };
        if !matches!(verdict, Verdict::Refused(_)) {
            first.entry(&product.sku).or_insert(digest);
        }
        verdicts.push(verdict);
    }
    judge_bundles(store, tenant, products, &mut verdicts).await?;
    Ok(verdicts)
}

fn twice() -> Refusal {
    let detail =
        "This SKU is in the same call before, with other content; only that row was looked at.";
    Refusal {
        field: Some("sku".to_owned()),
        code: RowCode::SkuTwice,
        detail: detail.to_owned(),
    }
}

/// A part must be no bundle, neither stored nor in the same call; and what is a part cannot become a bundle.
async fn judge_bundles(
    store: &Store,
    tenant: &TenantId,
    products: &[Product],
    verdicts: &mut [Verdict],
) -> Result<()> {
    let changed: Vec<usize> = (0..products.len())
        .filter(|&index| verdicts[index] == Verdict::Changed && products[index].is_bundle())
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let bundles = bundles_among_parts(store, tenant, products, &changed).await?;
    let refused: Vec<(usize, Option<Fault>)> = fan_out(changed, CONCURRENCY, |index| {
        let (product, bundles) = (&products[index], &bundles);
        async move {
            if let Some(fault) = nested_bundle(product, |part| bundles.contains(part)) {
                return Ok((index, Some(fault)));
            }
            let inputs = store.sku_inputs(tenant, &product.sku).await?;
            Ok((index, part_as_bundle(&inputs.part_of)))
        }
    })
    .await?;
    for (index, fault) in refused {
        if let Some(fault) = fault {
            verdicts[index] = Verdict::Refused(fault.into());
        }
    }
    Ok(())
}

async fn bundles_among_parts(
    store: &Store,
    tenant: &TenantId,
    products: &[Product],
    changed: &[usize],
) -> Result<HashSet<Sku>> {
    let parts: Vec<Sku> = changed
        .iter()
        .flat_map(|&index| &products[index].parts)
        .map(|part| part.sku.clone())
        .collect();
    let stored = store.products(tenant, &parts).await?.into_values();
    let here = products.iter().cloned();
    Ok(stored
        .chain(here)
        .filter(Product::is_bundle)
        .map(|bundle| bundle.sku)
        .collect())
}
