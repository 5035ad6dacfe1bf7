//! Notices: what a connection has arranged with Amazon, whose a notice is, and how many come.
//!
//! How many come is one small item a connection: of each minute it knows the first few changes, which are fetched at once,
//! and for the others when the next early sweep is due.

use super::item::{condition_failed, failure, item, n, number, s};
use super::key::Key;
use super::{Store, Written};
use crate::domain::ids::{ConnectionKey, OrderId};
use crate::domain::marketplace::Region;
use crate::domain::notice::{NoticeSettings, Workflow};
use crate::error::Result;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How many changes a minute and seller are fetched one by one.
const FETCHED_A_MINUTE: usize = 3;

/// A destination of Amazon's, as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownDestination {
    /// Amazon's.
    pub id: String,
    /// The queue's; of an event source, the queue that gets its events.
    pub queue_arn: String,
}

/// What is to be done about a change in a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearing {
    /// It is one of the first of its minute.
    Fetch,
    /// Too many came.
    Storm,
}

/// When the sweep is due that reads the changes of a storm of notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarlySweep {
    /// It is to be queued, for this moment.
    Due(Timestamp),
    /// It is queued already, for this moment.
    Queued(Timestamp),
}

impl Store {
    /// What a connection has arranged with Amazon for its notices; nothing if it never tried.
    pub async fn notice_settings(&self, connection: &ConnectionKey) -> Result<NoticeSettings> {
        self.or_default(Key::notices(connection)).await
    }

    /// Changes what is kept of a connection's notices; decides again if somebody else was quicker.
    pub async fn change_notice_settings(
        &self,
        connection: &ConnectionKey,
        change: impl Fn(&mut NoticeSettings),
    ) -> Result<NoticeSettings> {
        for () in Written::attempts() {
            let read = self.notice_settings(connection).await?;
            let mut changed = read.clone();
            change(&mut changed);
            if changed == read {
                return Ok(read);
            }
            changed.revision = read.revision + 1;
            let written = self.put_revised(
                "keep what is arranged for notices",
                &self.tables.connections,
                Key::notices(connection),
                &changed,
                changed.revision,
            );
            if written.await? == Written::Done {
                return Ok(changed);
            }
        }
        Err(Written::given_up("keep what is arranged for notices"))
    }

    /// Forgets what a connection arranged and heard. Idempotent.
    pub async fn forget_notices(&self, connection: &ConnectionKey) -> Result<()> {
        let table = &self.tables.connections;
        let settings = self.notice_settings(connection).await?;
        for subscription in settings.subscriptions.values() {
            self.delete(table, Key::subscription(subscription)).await?;
        }
        self.delete(table, Key::heard(connection)).await?;
        self.delete(table, Key::notices(connection)).await
    }

    /// Where Amazon sends the notices of an app in a region, if that was arranged.
    pub async fn destination(
        &self,
        region: Region,
        client_id: &str,
        workflow: Workflow,
    ) -> Result<Option<KnownDestination>> {
        let key = Key::destination(region, client_id, workflow);
        self.get(&self.tables.connections, key).await
    }

    /// Remembers a destination in place of the one before.
    pub async fn put_destination(
        &self,
        region: Region,
        client_id: &str,
        workflow: Workflow,
        destination: &KnownDestination,
    ) -> Result<()> {
        let fields = item(Key::destination(region, client_id, workflow), destination)?;
        self.put_fields(
            "remember a destination of notices",
            &self.tables.connections,
            fields,
        )
        .await
    }

    /// Remembers whose a subscription is. Idempotent.
    pub async fn put_subscriber(
        &self,
        subscription: &str,
        connection: &ConnectionKey,
    ) -> Result<()> {
        let fields = item(Key::subscription(subscription), connection)?;
        let table = &self.tables.connections;
        self.put_fields("remember a subscription", table, fields)
            .await
    }

    /// Whose a subscription is.
    pub async fn subscriber(&self, subscription: &str) -> Result<Option<ConnectionKey>> {
        let key = Key::subscription(subscription);
        self.get(&self.tables.connections, key).await
    }

    /// When the last notice of an order of a connection came.
    pub async fn heard_at(&self, connection: &ConnectionKey) -> Result<Option<Timestamp>> {
        let heard = self.get_item(&self.tables.connections, Key::heard(connection));
        let milliseconds = heard.await?.and_then(|item| number(&item, "heard_ms"));
        Ok(milliseconds.and_then(|it| Timestamp::from_millisecond(it).ok()))
    }

    /// Notes that a notice of an order came.
    pub async fn hear(&self, connection: &ConnectionKey, now: Timestamp) -> Result<()> {
        let update = self.db.update_item().table_name(&self.tables.connections);
        update
            .set_key(Some(Key::heard(connection).into_map()))
            .update_expression("SET heard_ms = :now")
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .send()
            .await
            .map_err(|error| failure("note a notice", error))?;
        Ok(())
    }

    /// Notes that a notice came, and whether its change is fetched at once. The same change again is one change.
    pub async fn hear_of_order(
        &self,
        connection: &ConnectionKey,
        order: &OrderId,
        changed_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Hearing> {
        let change = format!(
            "{order} {}",
            changed_at.map_or_else(String::new, |at| at.to_string())
        );
        // Others may begin the minute at the same moment: then there may be room in theirs.
        for begins in [false, true, false] {
            if self.note_change(connection, &change, begins, now).await? == Written::Done {
                return Ok(Hearing::Fetch);
            }
        }
        Ok(Hearing::Storm)
    }

    /// Adds a change to those of its minute, if they are few; or begins a minute with it.
    async fn note_change(
        &self,
        connection: &ConnectionKey,
        change: &str,
        begins: bool,
        now: Timestamp,
    ) -> Result<Written> {
        let changes = AttributeValue::Ss(vec![change.to_owned()]);
        let heard = self.db.update_item().table_name(&self.tables.connections);
        let heard = heard
            .set_key(Some(Key::heard(connection).into_map()))
            .expression_attribute_names("#minute", "minute")
            .expression_attribute_values(":changes", changes)
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":minute", n(now.as_second() / 60));
        let heard = match begins {
            false => heard
                .update_expression("SET heard_ms = :now ADD changes :changes")
                .condition_expression(
                    "#minute = :minute AND (size(changes) < :most OR contains(changes, :change))",
                )
                .expression_attribute_values(":most", n(FETCHED_A_MINUTE))
                .expression_attribute_values(":change", s(change)),
            true => heard
                .update_expression("SET heard_ms = :now, #minute = :minute, changes = :changes")
                .condition_expression("attribute_not_exists(#minute) OR #minute < :minute"),
        };
        Written::from_result("note a notice", heard.send().await)
    }

    /// Plans the sweep that reads what changed until `now`, which takes one that is due at least `lag` later. Two are never
    /// due closer together than that.
    pub async fn plan_early_sweep(
        &self,
        connection: &ConnectionKey,
        now: Timestamp,
        lag: SignedDuration,
    ) -> Result<EarlySweep> {
        let earliest = now.saturating_add(lag).unwrap_or(now);
        let mut due = earliest;
        let mut known = None;
        for () in Written::attempts() {
            let Some(other) = self.put_early_sweep(connection, known, due).await? else {
                return Ok(EarlySweep::Due(due));
            };
            if other >= earliest {
                return Ok(EarlySweep::Queued(other));
            }
            let after_it = other.saturating_add(lag).unwrap_or(other);
            due = if other < now { earliest } else { after_it };
            known = Some(other);
        }
        // Others plan one at this moment.
        Ok(EarlySweep::Queued(due))
    }

    /// Writes when a sweep is due, in place of `known`; if another one is there, that one.
    async fn put_early_sweep(
        &self,
        connection: &ConnectionKey,
        known: Option<Timestamp>,
        due: Timestamp,
    ) -> Result<Option<Timestamp>> {
        let known = known.map_or(0, Timestamp::as_millisecond);
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(Key::heard(connection).into_map()))
            .update_expression("SET sweep_ms = :due")
            .condition_expression("attribute_not_exists(sweep_ms) OR sweep_ms = :known")
            .expression_attribute_values(":due", n(due.as_millisecond()))
            .expression_attribute_values(":known", n(known))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match update.send().await {
            Ok(_) => Ok(None),
            Err(error) if condition_failed(&error) => {
                let there = error.as_service_error().and_then(|error| match error {
                    UpdateItemError::ConditionalCheckFailedException(old) => {
                        number(old.item()?, "sweep_ms")
                    }
                    _ => None,
                });
                let there = Timestamp::from_millisecond(there.unwrap_or_default());
                Ok(Some(there.unwrap_or(Timestamp::UNIX_EPOCH)))
            }
            Err(error) => Err(failure("plan an early sweep", error)),
        }
    }
}
