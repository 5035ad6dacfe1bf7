//! Stock levels, and the generation of a SKU that never falls. All levels of a SKU are in one item with its generation, so
//! that a level and the raise of the generation are one write.

use super::Store;
use super::item::{Item, condition_failed, failure, n, number, s};
use super::key::{self, Key};
use crate::domain::ids::{Sku, TenantId, WarehouseCode};
use crate::domain::stock::{Arrival, Levels, StockLevel};
use crate::error::Result;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use std::collections::HashMap;

/// The item of levels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SkuLevels {
    /// Raised with each change of an input; 0 if the SKU is unknown.
    pub generation: u64,
    pub levels: Levels,
    /// Whether a reservation may be open: then the same quantity, measured later, may change what is wanted.
    pub reserving: bool,
    /// When an order was cancelled because there was none left; in milliseconds.
    pub sold_out_at: Option<Timestamp>,
}

impl SkuLevels {
    /// Whether a level counted for nothing, since a cancellation said after it that there was none left.
    fn was_void(&self, level: &StockLevel) -> bool {
        self.sold_out_at.is_some_and(|at| !level.is_after(at))
    }
}

/// The outcome of storing a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelWritten {
    /// Stored; what is wanted may be another now.
    Changed,
    /// Stored, since it is lower than what was stored for the same moment: see [`Arrival::Lower`].
    Lowered(StockLevel),
    /// Stored; only its moment is new, and nothing is wanted otherwise for it.
    Remeasured,
    /// Not stored: see [`Arrival`]. With what is stored.
    Refused(Arrival, Option<StockLevel>),
}

pub(super) fn read_levels(item: &Item) -> SkuLevels {
    let levels = item.iter().filter_map(|(name, value)| {
        let warehouse = name.strip_prefix(key::LEVEL)?.parse().ok()?;
        Some((warehouse, read_level(value)?))
    });
    SkuLevels {
        generation: generation(item),
        levels: levels.collect(),
        reserving: matches!(item.get("reserving"), Some(AttributeValue::Bool(true))),
        sold_out_at: number(item, "sold_out_ms")
            .and_then(|ms| Timestamp::from_millisecond(ms).ok()),
    }
}

fn generation(item: &Item) -> u64 {
    number(item, "generation")
        .and_then(|generation| u64::try_from(generation).ok())
        .unwrap_or_default()
}

fn read_level(value: &AttributeValue) -> Option<StockLevel> {
    let fields = value.as_m().ok()?;
    let moment = |name: &str| Timestamp::from_millisecond(number(fields, name)?).ok();
    Some(StockLevel {
        quantity: u32::try_from(number(fields, "quantity")?).ok()?,
        measured_at: moment("measured_at")?,
        received_at: moment("received_at")?,
    })
}

fn level_value(level: &StockLevel) -> AttributeValue {
    AttributeValue::M(HashMap::from([
        ("quantity".to_owned(), n(level.quantity)),
        (
            "measured_at".to_owned(),
            n(level.measured_at.as_millisecond()),
        ),
        (
            "received_at".to_owned(),
            n(level.received_at.as_millisecond()),
        ),
    ]))
}

impl Store {
    /// The levels of many SKUs in batches (eventually consistent, half a read unit each); absent if there is none.
    pub async fn batch_get_levels(
        &self,
        tenant: &TenantId,
        skus: &[Sku],
    ) -> Result<HashMap<Sku, SkuLevels>> {
        let keys = skus.iter().map(|sku| Key::levels(tenant, sku)).collect();
        let items = self.batch_get(&self.tables.catalogue, keys).await?;
        let by_pk: HashMap<String, &Sku> = skus
            .iter()
            .map(|sku| (key::sku_pk(tenant, sku), sku))
            .collect();
        Ok(items
            .into_iter()
            .filter_map(|item| {
                let sku = by_pk.get(item.get("pk")?.as_s().ok()?)?;
                Some(((*sku).clone(), read_levels(&item)))
            })
            .collect())
    }

    /// Stores a level if it is newer than what is stored, or lower at the same moment, and raises the SKU's generation with it: one write unit.
    /// Idempotent: the same level again is [`Arrival::Repeated`].
    pub async fn write_level(
        &self,
        tenant: &TenantId,
        sku: &Sku,
        warehouse: &WarehouseCode,
        level: &StockLevel,
    ) -> Result<LevelWritten> {
        if level.arrival(None, level.received_at) == Arrival::Ahead {
            return Ok(LevelWritten::Refused(Arrival::Ahead, None));
        }
        let name = key::level_name(warehouse);
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(Key::levels(tenant, sku).into_map()))
            .update_expression("SET #level = :level, v = :v ADD #generation :one")
            .condition_expression(
                "attribute_not_exists(#level) OR #level.measured_at < :measured \
                 OR (#level.measured_at = :measured AND #level.quantity > :quantity)",
            )
            .expression_attribute_names("#level", &name)
            .expression_attribute_names("#generation", "generation")
            .expression_attribute_values(":level", level_value(level))
            .expression_attribute_values(":measured", n(level.measured_at.as_millisecond()))
            .expression_attribute_values(":quantity", n(level.quantity))
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":v", n(super::item::VERSION))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match update {
            Ok(answer) => {
                let old = answer.attributes.unwrap_or_default();
                let known = read_levels(&old);
                let stored = known.levels.get(warehouse);
                let same = stored.is_some_and(|stored| stored.quantity == level.quantity);
                Ok(match stored {
                    Some(stored)
                        if level.arrival(Some(stored), level.received_at) == Arrival::Lower =>
                    {
                        LevelWritten::Lowered(*stored)
                    }
                    Some(stored) if same && !known.reserving && !known.was_void(stored) => {
                        LevelWritten::Remeasured
                    }
                    _ => LevelWritten::Changed,
                })
            }
            Err(error) if condition_failed(&error) => {
                let stored =
                    old_item(error.as_service_error()).and_then(|old| read_level(old.get(&name)?));
                let arrival = level.arrival(stored.as_ref(), level.received_at);
                Ok(LevelWritten::Refused(arrival, stored))
            }
            Err(error) => Err(failure("store a stock level", error)),
        }
    }

    /// Raises the generation of a SKU after one of its inputs was written. `reserving`: the input was a reservation.
    pub async fn raise_counter(
        &self,
        tenant: &TenantId,
        sku: &Sku,
        by: u64,
        reserving: bool,
    ) -> Result<u64> {
        let mut update = self
            .db
            .update_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(Key::levels(tenant, sku).into_map()))
            .expression_attribute_names("#generation", "generation")
            .expression_attribute_values(":by", n(by.max(1)))
            .expression_attribute_values(":v", n(super::item::VERSION))
            .return_values(ReturnValue::UpdatedNew);
        update = if reserving {
            update
                .update_expression("SET v = :v, reserving = :yes ADD #generation :by")
                .expression_attribute_values(":yes", AttributeValue::Bool(true))
        } else {
            update.update_expression("SET v = :v ADD #generation :by")
        };
        let answer = update
            .send()
            .await
            .map_err(|error| failure("raise a generation", error))?;
        Ok(generation(&answer.attributes.unwrap_or_default()))
    }

    /// Notes that an order was cancelled at `at` because there was none left of a SKU, and raises its generation with it, in
    /// one write. Idempotent: what is known already, or something later, changes nothing.
    pub async fn note_sold_out(&self, tenant: &TenantId, sku: &Sku, at: Timestamp) -> Result<()> {
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(Key::levels(tenant, sku).into_map()))
            .update_expression("SET sold_out_ms = :at, v = :v ADD #generation :one")
            .condition_expression("attribute_not_exists(sold_out_ms) OR sold_out_ms < :at")
            .expression_attribute_names("#generation", "generation")
            .expression_attribute_values(":at", n(at.as_millisecond()))
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":v", n(super::item::VERSION))
            .send()
            .await;
        match update {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("note that a SKU is sold out", error)),
        }
    }

    /// Notes that no reservation of a SKU is open any more, unless anything changed since `generation` was read.
    pub async fn no_longer_reserving(&self, tenant: &TenantId, sku: &Sku, read: u64) -> Result<()> {
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(Key::levels(tenant, sku).into_map()))
            .update_expression("REMOVE reserving")
            .condition_expression("#generation = :read")
            .expression_attribute_names("#generation", "generation")
            .expression_attribute_values(":read", n(read))
            .send()
            .await;
        match update {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("note that nothing is reserved", error)),
        }
    }

    /// Notes that a stock level of a tenant came, at most once a minute.
    pub async fn note_stock_seen(&self, tenant: &TenantId, now: Timestamp) -> Result<()> {
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(Key::stock_seen(tenant).into_map()))
            .update_expression("SET seen_ms = :now, v = :v")
            .condition_expression("attribute_not_exists(seen_ms) OR seen_ms < :before")
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":before", n(now.as_millisecond() - 60_000))
            .expression_attribute_values(":v", n(super::item::VERSION))
            .send()
            .await;
        match update {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("note that stock levels came", error)),
        }
    }

    /// When the last stock level of a tenant came, to the minute.
    pub async fn stock_seen(&self, tenant: &TenantId) -> Result<Option<Timestamp>> {
        let item = self
            .get_item(&self.tables.connections, Key::stock_seen(tenant))
            .await?;
        Ok(item
            .and_then(|item| number(&item, "seen_ms"))
            .and_then(|ms| Timestamp::from_millisecond(ms).ok()))
    }

    /// Leaves a note of a row that came by the queue and was refused; the last one of a SKU is kept.
    pub async fn note_rejected(
        &self,
        tenant: &TenantId,
        sku: &Sku,
        reason: &str,
        at: Timestamp,
    ) -> Result<()> {
        let mut fields = Key::rejected(tenant, sku).into_map();
        fields.insert("tenant".into(), s(tenant.as_str()));
        fields.insert("sku".into(), s(sku.as_str()));
        fields.insert("reason".into(), s(reason));
        fields.insert("at".into(), s(at.to_string()));
        fields.insert("expires_at".into(), n(at.as_second() + 30 * 86_400));
        self.put_fields("note a refused row", &self.tables.catalogue, fields)
            .await
    }
}

/// What prevented a conditional update.
pub(super) fn old_item(error: Option<&UpdateItemError>) -> Option<&Item> {
    match error? {
        UpdateItemError::ConditionalCheckFailedException(failed) => failed.item(),
        _ => None,
    }
}
