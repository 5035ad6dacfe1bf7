//! What Amazon sends as an order and has no id to be kept by: set aside where a person finds it, without its content.

use super::Store;
use super::item::{failure, n, s, value};
use super::key::{self, Key};
use crate::domain::ids::ConnectionKey;
use crate::error::Result;
use crate::sp_api::NamelessOrder;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long it is kept after it was last seen.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Something that should be an order and has no usable id. Holds no buyer data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UnreadableOrder {
    /// Whatever is in the id's place; absent if that is no plain word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is wrong with it.
    #[schema(example = "it has no `orderId`")]
    pub why: String,
    pub first_seen_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// How often Amazon sent it.
    pub times: u64,
}

impl Store {
    /// Notes that Amazon sent it, for the first time or again. Twice noted, it is counted twice.
    pub async fn note_nameless_order(
        &self,
        connection: &ConnectionKey,
        nameless: &NamelessOrder,
        now: Timestamp,
    ) -> Result<()> {
        let expires_at = now.saturating_add(KEPT).unwrap_or(now);
        let mut update = self
            .db
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(
                Key::nameless_order(connection, &nameless.digest).into_map(),
            ))
            .expression_attribute_values(":why", s(&nameless.why))
            .expression_attribute_values(":now", s(now.to_string()))
            .expression_attribute_values(":expires", n(expires_at.as_second()))
            .expression_attribute_values(":v", n(1))
            .expression_attribute_values(":one", n(1));
        let mut set = "SET why = :why, first_seen_at = if_not_exists(first_seen_at, :now), \
                       last_seen_at = :now, expires_at = :expires, v = :v"
            .to_owned();
        if let Some(id) = &nameless.id {
            set.push_str(", id = :id");
            update = update.expression_attribute_values(":id", s(id));
        }
        update
            .update_expression(format!("{set} ADD times :one"))
            .send()
            .await
            .map_err(|error| failure("note an order without id", error))?;
        Ok(())
    }

    /// All that was set aside of a connection, the latest first.
    pub async fn unreadable_orders(
        &self,
        connection: &ConnectionKey,
    ) -> Result<Vec<UnreadableOrder>> {
        let mut all: Vec<UnreadableOrder> = self
            .between(
                &self.tables.connections,
                key::connection_pk(connection),
                key::UNREADABLE,
                key::UNREADABLE,
            )
            .await?
            .into_iter()
            .map(value)
            .collect::<Result<_>>()?;
        all.sort_by_key(|one| std::cmp::Reverse(one.last_seen_at));
        Ok(all)
    }
}
