//! The clock: one schedule for each connection that fetches orders.
//!
//! Names are deterministic, so putting, repairing and
//! deleting are idempotent; the connections table says what should be, a schedule only follows.

use crate::domain::connection::Connection;
use crate::domain::ids::{ConnectionId, TenantId};
use crate::error::{Class, Error, Result};
use crate::queue::{TickMessage, Versioned};
use crate::store::Store;
use aws_sdk_scheduler::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_scheduler::types::{
    FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, ScheduleState, Target,
};

/// Just above what Amazon's limit of searchOrders refills: one call in 179 seconds.
const EVERY: &str = "rate(5 minutes)";
/// A tick that is older than the next one is not worth delivering.
const OLDEST_TICK_SECONDS: i32 = 300;
/// How often the table is read before somebody else is left to follow it.
const MOST_READS: usize = 5;

#[derive(Clone)]
pub struct Schedules {
    scheduler: aws_sdk_scheduler::Client,
    group: String,
    /// May send to the queue of ticks, and nothing else.
    role_arn: String,
    ticks_arn: String,
}

impl Schedules {
    pub fn new(
        scheduler: aws_sdk_scheduler::Client,
        group: String,
        role_arn: String,
        ticks_arn: String,
    ) -> Self {
        Self {
            scheduler,
            group,
            role_arn,
            ticks_arn,
        }
    }

    /// From the environment of a function.
    ///
    /// # Errors
    /// Permanent, naming the variable that is missing.
    pub fn from_env(scheduler: aws_sdk_scheduler::Client) -> Result<Self> {
        let variable = crate::env::required;
        Ok(Self::new(
            scheduler,
            variable("SCHEDULE_GROUP")?,
            variable("SCHEDULE_ROLE_ARN")?,
            variable("ORDER_TICKS_QUEUE_ARN")?,
        ))
    }

    /// Makes the schedule what the table says of a connection, and reads the table once more after it: whoever acted on
    /// a reading that was outdated meanwhile, and so undid what another had just done, finds out and mends it.
    ///
    /// # Errors
    /// Retryable where the status changes faster than the schedule follows.
    pub async fn follow_latest(
        &self,
        store: &Store,
        tenant: &TenantId,
        id: &ConnectionId,
    ) -> Result<()> {
        let mut done = None;
        for _ in 0..MOST_READS {
            let read = store.connection(tenant, id).await?;
            let wanted = read.filter(|connection| connection.status.fetches_orders());
            if done == Some(wanted.is_some()) {
                return Ok(());
            }
            match &wanted {
                Some(connection) => self.follow(connection).await?,
                None => self.delete(id).await?,
            }
            done = Some(wanted.is_some());
        }
        let error = "the status changes faster than the schedule follows";
        Err(Error::retryable("follow a connection", error))
    }

    /// Makes the schedule what the connection's status wants: there and enabled where orders are fetched, deleted where
    /// not. Idempotent. It believes what it is given: see [`Self::follow_latest`].
    pub async fn follow(&self, connection: &Connection) -> Result<()> {
        if !connection.status.fetches_orders() {
            return self.delete(&connection.id).await;
        }
        let target = self.target(connection)?;
        let window = FlexibleTimeWindow::builder()
            .mode(FlexibleTimeWindowMode::Off)
            .build()
            .map_err(|error| Error::permanent("build a schedule", error))?;
        let created = self
            .scheduler
            .create_schedule()
            .name(name(&connection.id))
            .group_name(&self.group)
            .schedule_expression(EVERY)
            .state(ScheduleState::Enabled)
            .flexible_time_window(window.clone())
            .target(target.clone())
            .send()
            .await;
        match created {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ConflictException") => {
                self.scheduler
                    .update_schedule()
                    .name(name(&connection.id))
                    .group_name(&self.group)
                    .schedule_expression(EVERY)
                    .state(ScheduleState::Enabled)
                    .flexible_time_window(window)
                    .target(target)
                    .send()
                    .await
                    .map_err(|error| failure("update a schedule", error))?;
                Ok(())
            }
            Err(error) => Err(failure("create a schedule", error)),
        }
    }

    /// Deletes a connection's schedule. Idempotent.
    pub async fn delete(&self, connection: &ConnectionId) -> Result<()> {
        let deleted = self
            .scheduler
            .delete_schedule()
            .name(name(connection))
            .group_name(&self.group)
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(()),
            Err(error) => Err(failure("delete a schedule", error)),
        }
    }

    fn target(&self, connection: &Connection) -> Result<Target> {
        let tick = TickMessage::Tick {
            tenant: connection.tenant.clone(),
            connection: connection.id.clone(),
            hop: 0,
        };
        let input = serde_json::to_string(&Versioned::new(tick))
            .map_err(|error| Error::permanent("encode a tick", error))?;
        Target::builder()
            .arn(&self.ticks_arn)
            .role_arn(&self.role_arn)
            .input(input)
            .retry_policy(
                RetryPolicy::builder()
                    .maximum_event_age_in_seconds(OLDEST_TICK_SECONDS)
                    .maximum_retry_attempts(3)
                    .build(),
            )
            .build()
            .map_err(|error| Error::permanent("build a schedule", error))
    }
}

fn name(connection: &ConnectionId) -> String {
    format!("orders-{connection}")
}

fn failure<E>(doing: &'static str, error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let class = match error.code() {
        Some("ThrottlingException") => Class::Throttled { retry_after: None },
        Some("ValidationException" | "AccessDeniedException" | "ServiceQuotaExceededException") => {
            Class::Permanent
        }
        _ => Class::Retryable,
    };
    Error::new(class, doing, error)
}
