//! The clock: up to three schedules for each connection, one each for fetching orders, sending stock and matching.
//!
//! Names are deterministic, so putting, repairing and deleting are idempotent; the connections table says what should
//! be, a schedule only follows.

mod clock;

use crate::domain::ids::{ConnectionId, ConnectionKey};
use crate::error::{Class, Error, Result};
use crate::store::Store;
use aws_sdk_scheduler::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_scheduler::types::{
    FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, ScheduleState, Target,
};
use clock::{Clock, Rhythm, Wanted};

/// How often the table is read before somebody else is left to follow it.
const MOST_READS: usize = 5;

/// The queues that schedules send to, by ARN.
#[derive(Debug, Clone)]
pub struct Targets {
    pub order_ticks: String,
    pub stock_ticks: String,
    pub listing_jobs: String,
}

#[derive(Clone)]
pub struct Schedules {
    scheduler: aws_sdk_scheduler::Client,
    group: String,
    /// May send to the queues of `targets`, and nothing else.
    role_arn: String,
    targets: Targets,
}

impl Schedules {
    pub fn new(
        scheduler: aws_sdk_scheduler::Client,
        group: String,
        role_arn: String,
        targets: Targets,
    ) -> Self {
        Self {
            scheduler,
            group,
            role_arn,
            targets,
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
            Targets {
                order_ticks: variable("ORDER_TICKS_QUEUE_ARN")?,
                stock_ticks: variable("STOCK_TICKS_QUEUE_ARN")?,
                listing_jobs: variable("LISTING_JOBS_QUEUE_ARN")?,
            },
        ))
    }

    /// Makes the schedules what the table says of a connection. Reads the table once more after it: a caller that acted
    /// on a reading that was outdated meanwhile, and so undid what another had just done, finds out and mends it.
    ///
    /// # Errors
    /// Retryable if the table changes faster than the schedules follow.
    pub async fn follow_latest(&self, store: &Store, key: &ConnectionKey) -> Result<()> {
        let mut done = None;
        for _ in 0..MOST_READS {
            let connection = store.connection(key).await?;
            let plan = store.stock_plan(key).await?;
            let wanted = Wanted::of(connection.as_ref(), &plan);
            if done.as_ref() == Some(&wanted) {
                return Ok(());
            }
            for (clock, rhythm) in wanted.clocks() {
                match rhythm {
                    Some(rhythm) => self.put_schedule(key, clock, rhythm).await?,
                    None => self.take_away(&key.id, clock).await?,
                }
            }
            done = Some(wanted);
        }
        let error = "the table changes faster than the schedules follow";
        Err(Error::retryable("follow a connection", error))
    }

    /// Deletes a connection's schedules. Idempotent.
    pub async fn delete_schedules(&self, connection: &ConnectionId) -> Result<()> {
        for (clock, _) in Wanted::default().clocks() {
            self.take_away(connection, clock).await?;
        }
        Ok(())
    }

    /// Creates a schedule, or changes the existing one. Idempotent.
    async fn put_schedule(
        &self,
        connection: &ConnectionKey,
        clock: Clock,
        rhythm: Rhythm,
    ) -> Result<()> {
        let target = self.target(connection, clock, rhythm)?;
        let window = FlexibleTimeWindow::builder()
            .mode(FlexibleTimeWindowMode::Off)
            .build()
            .map_err(|error| Error::permanent("build a schedule", error))?;
        let created = self
            .scheduler
            .create_schedule()
            .name(clock.name(&connection.id))
            .group_name(&self.group)
            .schedule_expression(rhythm.expression())
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
                    .name(clock.name(&connection.id))
                    .group_name(&self.group)
                    .schedule_expression(rhythm.expression())
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

    /// Idempotent.
    async fn take_away(&self, connection: &ConnectionId, clock: Clock) -> Result<()> {
        let deleted = self
            .scheduler
            .delete_schedule()
            .name(clock.name(connection))
            .group_name(&self.group)
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(()),
            Err(error) => Err(failure("delete a schedule", error)),
        }
    }

    fn target(&self, connection: &ConnectionKey, clock: Clock, rhythm: Rhythm) -> Result<Target> {
        let arn = match clock {
            Clock::Orders => &self.targets.order_ticks,
            Clock::Stock => &self.targets.stock_ticks,
            Clock::Matching => &self.targets.listing_jobs,
        };
        Target::builder()
            .arn(arn)
            .role_arn(&self.role_arn)
            .input(clock.message(connection.clone())?)
            .retry_policy(
                RetryPolicy::builder()
                    .maximum_event_age_in_seconds(rhythm.oldest_message_seconds())
                    .maximum_retry_attempts(3)
                    .build(),
            )
            .build()
            .map_err(|error| Error::permanent("build a schedule", error))
    }
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
