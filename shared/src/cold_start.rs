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
use serde_json::json;
use std::io::Write as _;
use std::panic::PanicHookInfo;

/// A start under way: credentials and region are known, and what is logged is seen.
pub struct ColdStart {
    aws: SdkConfig,
    sqs: aws_sdk_sqs::Client,
}

impl ColdStart {
    pub async fn begin() -> Self {
        lambda_runtime::tracing::init_default_subscriber();
        std::panic::set_hook(Box::new(report_crash));
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

/// Writes one JSON line that says where the function crashed, as the log's other errors look.
///
/// A release aborts on a panic, so that Lambda reports `Runtime.ExitError` and the function's `Errors` alarm rises; this
/// line is all that the log then has. A panic's message may quote data and is never written.
fn report_crash(panic: &PanicHookInfo<'_>) {
    let place = panic
        .location()
        .map_or("an unknown place".to_owned(), |at| {
            format!("{}:{}:{}", at.file(), at.line(), at.column())
        });
    let line = json!({
        "level": "ERROR",
        "fields": {"message": format!("the function crashed at {place}"), "panic.location": place},
    });
    // Written directly: the crash may have been within the logging itself.
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    const CHILD: &str = "CRASH_HERE";

    #[test]
    fn a_crash_is_one_json_line_with_its_place_and_without_its_message() {
        if std::env::var_os(CHILD).is_some() {
            std::panic::set_hook(Box::new(report_crash));
            panic!("Jane Doe, 1 High Street");
        }
        let name =
            "cold_start::tests::a_crash_is_one_json_line_with_its_place_and_without_its_message";
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        assert!(!child.status.success());
        let log = String::from_utf8(child.stderr).unwrap();
        let line: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
        assert_eq!(line["level"], "ERROR");
        let place = line["fields"]["panic.location"].as_str().unwrap();
        assert!(place.starts_with("shared/src/cold_start.rs:"), "{place}");
        assert!(!log.contains("Jane"), "{log}");
    }
}
