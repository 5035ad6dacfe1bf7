//! Cold starts: what functions work with, each made from the variables that the template sets. A missing one names itself
//! and stops the start.

use crate::env;
use crate::error::Result;
use crate::lambda::Inbox;
use crate::queue::Queue;
use crate::schedule::Schedules;
use crate::sp_api::{Endpoints, SpApi};
use crate::store::{Store, Tables};
use crate::vault::Vault;
use aws_config::SdkConfig;

/// A start under way: credentials and region are known, and what is logged is seen.
pub struct ColdStart {
    aws: SdkConfig,
    sqs: aws_sdk_sqs::Client,
}

impl ColdStart {
    pub async fn begin() -> Self {
        lambda_runtime::tracing::init_default_subscriber();
        let aws = aws_config::load_from_env().await;
        Self {
            sqs: aws_sdk_sqs::Client::new(&aws),
            aws,
        }
    }

    /// For clients that one function alone has.
    pub fn aws(&self) -> &SdkConfig {
        &self.aws
    }

    pub fn store(&self) -> Store {
        Store::new(aws_sdk_dynamodb::Client::new(&self.aws), Tables::from_env())
    }

    /// # Errors
    /// Permanent, naming the variable that is not set.
    pub fn vault(&self) -> Result<Vault> {
        Ok(Vault::new(
            aws_sdk_kms::Client::new(&self.aws),
            env::required("DATA_KEY_ARN")?,
            aws_sdk_secretsmanager::Client::new(&self.aws),
            env::required("LWA_SECRET_ARN")?,
        ))
    }

    /// # Errors
    /// Permanent, naming the variable that is malformed.
    pub fn amazon(&self) -> Result<SpApi> {
        SpApi::new(Endpoints::from_env()?)
    }

    /// # Errors
    /// Permanent, naming the variable that is not set.
    pub fn schedules(&self) -> Result<Schedules> {
        Schedules::from_env(aws_sdk_scheduler::Client::new(&self.aws))
    }

    /// The queue whose address this variable holds.
    ///
    /// # Errors
    /// Permanent, naming the variable that is not set.
    pub fn queue(&self, variable: &'static str) -> Result<Queue> {
        Ok(Queue::new(self.sqs.clone(), env::required(variable)?))
    }

    /// The queue to be woken by, and its dead-letter queue, whose addresses these variables hold.
    ///
    /// # Errors
    /// Permanent, naming the variable that is not set.
    pub fn inbox(&self, queue: &'static str, dead_letters: &'static str) -> Result<Inbox> {
        let (queue, dead_letters) = (env::required(queue)?, env::required(dead_letters)?);
        Ok(Inbox::new(self.sqs.clone(), queue, dead_letters))
    }
}
