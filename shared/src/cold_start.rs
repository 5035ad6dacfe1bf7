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

    /// The queue whose address `<name>_QUEUE_URL` holds.
    ///
    /// # Errors
    /// Permanent, naming the variable that is not set.
    pub fn queue(&self, name: &str) -> Result<Queue> {
        Ok(Queue::new(self.sqs.clone(), url(name)?))
    }

    /// The same queue to be woken by, with its dead-letter queue in `<name>_DEAD_LETTER_QUEUE_URL`.
    ///
    /// # Errors
    /// Permanent, naming the variable that is not set.
    pub fn inbox(&self, name: &str) -> Result<Inbox> {
        let dead_letters = url(&format!("{name}_DEAD_LETTER"))?;
        Ok(Inbox::new(self.sqs.clone(), url(name)?, dead_letters))
    }
}

fn url(queue: &str) -> Result<String> {
    env::required(&format!("{queue}_QUEUE_URL"))
}
