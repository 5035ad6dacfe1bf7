//! Judges products that arrive, against the rules, one another and what is stored. Decides; writes nothing.

use super::rules::{Fault, digest, fault};
use crate::changes::CONCURRENCY;
use futures::{StreamExt as _, TryStreamExt as _};
use stallkeeper::domain::ids::{Sku, TenantId};
use stallkeeper::domain::product::Product;
use stallkeeper::error::Result;
use stallkeeper::store::Store;
use std::collections::{HashMap, HashSet};

/// What is to become of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Differs from what is stored.
    Changed,
    Unchanged,
    Refused(Fault),
}

/// Judges products, in their order.
pub(crate) async fn judge(
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
            (Some(fault), _) => Verdict::Refused(fault),
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

fn twice() -> Fault {
    let detail =
        "This SKU stands in the same call before, with other content; that row was looked at.";
    Fault::new("sku", "sku_twice", detail)
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
    let refused: Vec<(usize, Option<Fault>)> = futures::stream::iter(changed)
        .map(|index| {
            let (product, bundles) = (&products[index], &bundles);
            async move {
                if let Some(fault) = nested(product, |part| bundles.contains(part)) {
                    return Ok((index, Some(fault)));
                }
                let inputs = store.sku_inputs(tenant, &product.sku).await?;
                Ok((index, is_part(&inputs.part_of)))
            }
        })
        .buffer_unordered(CONCURRENCY)
        .try_collect::<Vec<_>>()
        .await?;
    for (index, fault) in refused {
        if let Some(fault) = fault {
            verdicts[index] = Verdict::Refused(fault);
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

/// The fault of a bundle that has a bundle as a part.
pub(super) fn nested(product: &Product, is_bundle: impl Fn(&Sku) -> bool) -> Option<Fault> {
    let index = product.parts.iter().position(|part| is_bundle(&part.sku))?;
    let detail = "This part is a bundle itself. Name that bundle's own parts instead.";
    Some(Fault::new(
        format!("parts[{index}].sku"),
        "nested_bundle",
        detail,
    ))
}

/// The fault of a part that would become a bundle.
pub(super) fn is_part(part_of: &[Sku]) -> Option<Fault> {
    let bundle = part_of.first()?;
    let detail = format!("This SKU is a part of {bundle}, so it cannot be a bundle itself.");
    Some(Fault::new("parts", "nested_bundle", detail))
}
