//! What changed of the catalogue: levels, products, and what follows from them.

use super::{BATCH_BYTES, json_text};
use crate::domain::ids::{Sku, TenantId, WarehouseCode};
use crate::domain::product::Product;
use crate::domain::stock::StockLevel;
use crate::error::{Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many SKUs go into one message: what a recompute reads of connections and feeds is shared among them.
const MOST_SKUS: usize = 100;
/// How much of a message they may take, in bytes of JSON.
const MOST_BYTES: usize = BATCH_BYTES * 3 / 4;

/// On queue `stock-changes`. Platforms may send `levels` and `products` to it themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StockChange {
    Levels {
        tenant: TenantId,
        /// Whether they were compared with what is stored: then each is worth a write.
        #[serde(default)]
        checked: bool,
        /// Each a [`LevelRow`], but for what platforms write: one that cannot be read keeps no other out.
        levels: Vec<Value>,
    },
    Products {
        tenant: TenantId,
        /// When the platform sent them, so that older ones never replace newer ones; absent: as they are read.
        #[serde(default)]
        at: Option<Timestamp>,
        /// Each a [`Product`], but for what platforms write.
        products: Vec<Value>,
    },
    /// An input of these SKUs was written; what follows from it is to be computed.
    Recompute {
        tenant: TenantId,
        /// Whether the generations are still to be raised for it.
        raise: bool,
        skus: Vec<Sku>,
    },
}

/// Units of a SKU in a warehouse, as the platform sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = StockLevelRow)]
pub struct LevelRow {
    /// Kept to the letter: case and spaces count.
    #[schema(value_type = String, example = "MUG-BLUE")]
    pub sku: Sku,
    #[schema(value_type = String, example = "LON")]
    pub warehouse: WarehouseCode,
    pub quantity: u32,
    /// When it was counted, not when it was sent; to the millisecond.
    pub measured_at: Timestamp,
}

impl LevelRow {
    /// The level of a row that arrives at `now`.
    pub fn level(&self, now: Timestamp) -> StockLevel {
        StockLevel {
            quantity: self.quantity,
            measured_at: self.measured_at,
            received_at: now,
        }
    }
}

impl StockChange {
    /// Messages of levels that were compared with what is stored; all rows of a SKU are in one if they fit.
    ///
    /// # Errors
    /// Permanent if a row is no JSON.
    pub fn levels(tenant: &TenantId, mut rows: Vec<LevelRow>) -> Result<Vec<Self>> {
        rows.sort_by(|a, b| a.sku.cmp(&b.sku));
        let runs = runs(rows, |row| &row.sku)?.into_iter();
        runs.map(|levels| {
            Ok(Self::Levels {
                tenant: tenant.clone(),
                checked: true,
                levels: json(levels)?,
            })
        })
        .collect()
    }

    /// Messages of products as the platform sent them at `at`.
    ///
    /// # Errors
    /// Permanent if a product is no JSON.
    pub fn products(tenant: &TenantId, at: Timestamp, products: Vec<Product>) -> Result<Vec<Self>> {
        let runs = runs(products, |product| &product.sku)?.into_iter();
        runs.map(|products| {
            Ok(Self::Products {
                tenant: tenant.clone(),
                at: Some(at),
                products: json(products)?,
            })
        })
        .collect()
    }

    /// Messages that have these SKUs computed again. `raise`: an input of theirs was written, and their generations are not
    /// raised for it yet.
    ///
    /// # Errors
    /// Permanent if a SKU is no JSON.
    pub fn recompute(
        tenant: &TenantId,
        raise: bool,
        skus: impl IntoIterator<Item = Sku>,
    ) -> Result<Vec<Self>> {
        let runs = runs(skus.into_iter().collect(), |sku| sku)?.into_iter();
        Ok(runs
            .map(|skus| Self::Recompute {
                tenant: tenant.clone(),
                raise,
                skus,
            })
            .collect())
    }
}

fn json<T: Serialize>(rows: Vec<T>) -> Result<Vec<Value>> {
    let rows: serde_json::Result<Vec<Value>> = rows.into_iter().map(serde_json::to_value).collect();
    rows.map_err(|error| Error::permanent("encode a change", error))
}

/// Splits into runs that each fit a message. Neighbours of one SKU stay together if they fit.
fn runs<T: Serialize>(items: Vec<T>, sku: impl Fn(&T) -> &Sku) -> Result<Vec<Vec<T>>> {
    let mut runs: Vec<Vec<T>> = Vec::new();
    let (mut bytes, mut skus) = (0, 0);
    for item in items {
        let text = json_text(&item).map_err(|error| Error::permanent("encode a change", error))?;
        let size = text.len() + 1;
        let open = runs.last_mut();
        let last = open.as_ref().and_then(|run| run.last());
        let is_another = last.is_none_or(|last| sku(last) != sku(&item));
        match open {
            Some(run)
                if skus + usize::from(is_another) <= MOST_SKUS && bytes + size <= MOST_BYTES =>
            {
                bytes += size;
                skus += usize::from(is_another);
                run.push(item);
            }
            _ => {
                (bytes, skus) = (size, 1);
                runs.push(vec![item]);
            }
        }
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(sku: usize, warehouse: usize, long: bool) -> LevelRow {
        let pad = if long {
            "\u{1f4e6}".repeat(20)
        } else {
            String::new()
        };
        LevelRow {
            sku: format!("S{sku:05}{pad}").parse().unwrap(),
            warehouse: format!("W{warehouse}").parse().unwrap(),
            quantity: 7,
            measured_at: Timestamp::UNIX_EPOCH,
        }
    }

    proptest! {
        #[test]
        fn every_row_goes_once_in_messages_that_fit_and_no_sku_in_two(
            rows in prop::collection::vec((0usize..400, 0usize..40, any::<bool>()), 0..1_200),
        ) {
            let tenant: TenantId = "north".parse().unwrap();
            let rows: Vec<LevelRow> = rows.into_iter().map(|(sku, at, long)| row(sku, at, long)).collect();
            let mut seen = Vec::new();
            let mut skus = std::collections::BTreeSet::new();
            for message in StockChange::levels(&tenant, rows.clone()).unwrap() {
                prop_assert!(json_text(&message).unwrap().len() < BATCH_BYTES);
                let StockChange::Levels { levels, .. } = message else { panic!("not levels") };
                let levels: Vec<LevelRow> = serde_json::from_value(Value::Array(levels)).unwrap();
                let its: std::collections::BTreeSet<Sku> = levels.iter().map(|row| row.sku.clone()).collect();
                prop_assert!(its.len() <= MOST_SKUS);
                prop_assert!(its.iter().all(|sku| skus.insert(sku.clone())));
                seen.extend(levels);
            }
            let mut sorted = rows;
            sorted.sort_by(|a, b| a.sku.cmp(&b.sku));
            prop_assert_eq!(seen, sorted);
        }
    }

    #[test]
    fn what_one_sku_alone_makes_too_large_is_split_all_the_same() {
        let tenant: TenantId = "north".parse().unwrap();
        let rows: Vec<LevelRow> = (0..5_000).map(|at| row(1, at, true)).collect();
        let messages = StockChange::levels(&tenant, rows).unwrap();
        assert!(messages.len() > 1);
        let fits = |it: &StockChange| json_text(it).unwrap().len() < BATCH_BYTES;
        assert!(messages.iter().all(fits));
    }
}
