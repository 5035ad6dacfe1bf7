//! The marks of parked orders: how far to rewind when a marketplace is switched on.

use super::Store;
use super::item::{condition_failed, failure, item, n, value};
use super::key::{self, Key};
use crate::domain::ids::ConnectionKey;
use crate::error::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The oldest order parked for a marketplace that is not switched on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedMark {
    pub marketplace_id: String,
    /// A number in the table, so that the condition compares moments and not their spellings.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub oldest_updated_at: Timestamp,
}

impl Store {
    /// Notes that an order of a marketplace that is not switched on was parked, so that switching it on knows how far to
    /// rewind. Written before the order itself; only ever moves back. Idempotent.
    pub async fn mark_parked(&self, connection: &ConnectionKey, mark: &ParkedMark) -> Result<()> {
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.connections)
            .set_item(Some(item(
                Key::parked(connection, &mark.marketplace_id),
                mark,
            )?))
            .condition_expression("attribute_not_exists(pk) OR oldest_updated_at > :at")
            .expression_attribute_values(":at", n(mark.oldest_updated_at.as_millisecond()))
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("mark a parked order", error)),
        }
    }

    /// The oldest parked order of each marketplace of a connection.
    pub async fn parked_marks(&self, connection: &ConnectionKey) -> Result<Vec<ParkedMark>> {
        self.between(
            &self.tables.connections,
            key::connection_pk(connection),
            key::PARKED,
            key::PARKED,
        )
        .await?
        .into_iter()
        .map(value)
        .collect()
    }

    /// Forgets a mark once the cursor has been rewound to it; a mark that moved back meanwhile stays.
    pub async fn forget_parked(&self, connection: &ConnectionKey, mark: &ParkedMark) -> Result<()> {
        let delete = self
            .db
            .delete_item()
            .table_name(&self.tables.connections)
            .set_key(Some(
                Key::parked(connection, &mark.marketplace_id).into_map(),
            ))
            .condition_expression("oldest_updated_at = :at")
            .expression_attribute_values(":at", n(mark.oldest_updated_at.as_millisecond()))
            .send()
            .await;
        match delete {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("forget a parked order's mark", error)),
        }
    }
}
