//! Leases: one run at a time has what a key names, until it gives it back or the time is up.

use super::item::{Item, condition_failed, failure, item, n, number, s, text, value};
use super::key::{Key, LeasedState};
use super::{Store, Written};
use crate::domain::ids::ConnectionKey;
use crate::error::Result;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;
use std::ops::{Deref, DerefMut};

/// A state that one run at a time works on, with the optimistic lock and the lease of its item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leased<T> {
    pub state: T,
    /// Rises by one with every write, leases included.
    pub revision: u64,
    pub owner: Option<String>,
    /// Epoch milliseconds until which the owner has it to itself.
    pub leased_until_ms: i64,
}

impl<T> Deref for Leased<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.state
    }
}

impl<T> DerefMut for Leased<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.state
    }
}

/// A state that nobody has leased or written yet.
impl<T> From<T> for Leased<T> {
    fn from(state: T) -> Self {
        Self {
            state,
            revision: 0,
            owner: None,
            leased_until_ms: 0,
        }
    }
}

impl<T: LeasedState> Leased<T> {
    pub(super) fn of(mut fields: Item) -> Result<Self> {
        let revision = number(&fields, REVISION).and_then(|it| it.try_into().ok());
        let owner = text(&fields, OWNER);
        let leased_until_ms = number(&fields, LEASED_UNTIL).unwrap_or_default();
        fields.remove(OWNER);
        Ok(Self {
            revision: revision.unwrap_or_default(),
            owner,
            leased_until_ms,
            state: value(fields)?,
        })
    }
}

const REVISION: &str = "revision";
const OWNER: &str = "owner";
const LEASED_UNTIL: &str = "leased_until_ms";

impl Store {
    /// Saves what a run has leased, or what was read of it, and goes on with it. [`Written::Conflict`]: somebody leased or
    /// wrote it since.
    pub async fn save_leased<T: LeasedState>(
        &self,
        connection: &ConnectionKey,
        leased: &mut Leased<T>,
    ) -> Result<Written> {
        let (owner, until) = (leased.owner.clone(), leased.leased_until_ms);
        self.put_leased(connection, leased, owner, until).await
    }

    /// As [`Self::save_leased`], and gives the lease back with the same write.
    pub async fn give_back<T: LeasedState>(
        &self,
        connection: &ConnectionKey,
        leased: &mut Leased<T>,
    ) -> Result<Written> {
        self.put_leased(connection, leased, None, 0).await
    }

    async fn put_leased<T: LeasedState>(
        &self,
        connection: &ConnectionKey,
        leased: &mut Leased<T>,
        owner: Option<String>,
        leased_until_ms: i64,
    ) -> Result<Written> {
        let mut fields = item(Key::leased::<T>(connection), &leased.state)?;
        fields.retain(|_, value| !value.is_null());
        fields.insert(REVISION.into(), n(leased.revision + 1));
        fields.insert(LEASED_UNTIL.into(), n(leased_until_ms));
        fields.extend(owner.as_ref().map(|owner| (OWNER.into(), s(owner))));
        // What was deleted since it was read stays deleted.
        let unchanged = match leased.revision {
            0 => "attribute_not_exists(pk) OR revision = :read",
            _ => "revision = :read",
        };
        let put = self.db.put_item().table_name(&self.tables.connections);
        let put = put
            .set_item(Some(fields))
            .condition_expression(unchanged)
            .expression_attribute_values(":read", n(leased.revision));
        let written = Written::from_result("save what a run works on", put.send().await)?;
        leased.revision += 1;
        leased.owner = owner;
        leased.leased_until_ms = leased_until_ms;
        Ok(written)
    }

    /// What runs work on under a lease, as it is now.
    pub(super) async fn leased<T: LeasedState>(
        &self,
        connection: &ConnectionKey,
    ) -> Result<Option<Leased<T>>> {
        let found = self.get_item(&self.tables.connections, Key::leased::<T>(connection));
        found.await?.map(Leased::of).transpose()
    }

    /// Takes or prolongs a lease, and counts its item's revision up; the item as it is then. `None`: another run has it.
    /// `first`: fields of an item that this makes.
    pub(super) async fn lease(
        &self,
        key: Key,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
        first: &[(&str, AttributeValue)],
    ) -> Result<Option<Item>> {
        let mut set = "SET #owner = :owner, leased_until_ms = :until, v = :v".to_owned();
        for (name, _) in first {
            set.push_str(&format!(", {name} = if_not_exists({name}, :{name})"));
        }
        let mut update = self
            .db
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(key.into_map()))
            .update_expression(format!("{set} ADD revision :one"))
            .condition_expression(
                "attribute_not_exists(leased_until_ms) OR leased_until_ms <= :now OR #owner = :owner",
            )
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_values(":owner", s(owner))
            .expression_attribute_values(":until", n(until.as_millisecond()))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":v", n(super::item::VERSION))
            .expression_attribute_values(":one", n(1))
            .return_values(ReturnValue::AllNew);
        for (name, value) in first {
            update = update.expression_attribute_values(format!(":{name}"), value.clone());
        }
        match update.send().await {
            Ok(answer) => Ok(answer.attributes),
            Err(error) if condition_failed(&error) => Ok(None),
            Err(error) => Err(failure("take a lease", error)),
        }
    }

    /// Gives a lease back that holds nothing but itself; one that another run has by now is left to it.
    pub(super) async fn release(&self, key: Key, owner: &str) -> Result<()> {
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(key.into_map()))
            .update_expression("SET leased_until_ms = :past")
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_values(":owner", s(owner))
            .expression_attribute_values(":past", n(0))
            .send()
            .await;
        match update {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("give a lease back", error)),
        }
    }
}
