//! Cold starts: what functions work with, each made from the variables that the template sets. A missing one names itself
//! and stops the start.

use crate::env;
use crate::error::{Class, Result};
use crate::lambda::Inbox;
use crate::queue::Queue;
use crate::schedule::Schedules;
use crate::sp_api::{Endpoints, SpApi};
use crate::store::{Store, Tables};
use crate::vault::Vault;
use aws_config::SdkConfig;
use jiff::SignedDuration;
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

    /// How long before its ship-by moment an order is at risk.
    ///
    /// # Errors
    /// Permanent, naming the variable that is malformed.
    pub fn at_risk_before(&self) -> Result<SignedDuration> {
        Ok(SignedDuration::from_hours(env::parsed(
            "AT_RISK_HOURS",
            12,
        )?))
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
/// line is all that the log then has. The messages come again, as after a retryable failure. A panic's message may quote
/// data and is never written.
fn report_crash(panic: &PanicHookInfo<'_>) {
    let place = panic
        .location()
        .map_or("an unknown place".to_owned(), |at| {
            format!("{}:{}:{}", at.file(), at.line(), at.column())
        });
    let line = json!({
        "level": "ERROR",
        "fields": {"message": format!("the function crashed at {place}"), "error.class": Class::Retryable.name(), "panic.location": place},
    });
    // Written directly: the crash may have been within the logging itself.
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::routing::get;
    use lambda_runtime::{Error, LambdaEvent, run, service_fn};
    use serde_json::Value;
    use tokio::net::TcpListener;
    use tokio::process::Command;

    const CHILD: &str = "CRASH_HERE";
    const NAME: &str =
        "cold_start::tests::a_crash_is_one_json_line_with_its_place_and_without_its_message";

    /// A function whose handler panics.
    async fn crash() {
        let _start = ColdStart::begin().await;
        // A release aborts after the hook; a test would unwind.
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            hook(panic);
            std::process::abort();
        }));
        let handler = async |_: LambdaEvent<Value>| -> Result<(), Error> {
            panic!("Jane Doe, 1 High Street")
        };
        run(service_fn(handler)).await.unwrap();
    }

    /// Lambda's runtime API, which gives every caller an event.
    async fn runtime_api() -> String {
        let headers = [
            ("lambda-runtime-aws-request-id", "1"),
            ("lambda-runtime-deadline-ms", "9999999999999"),
            ("lambda-runtime-invoked-function-arn", "arn"),
        ];
        let next = "/2018-06-01/runtime/invocation/next";
        let router: Router = Router::new().route(next, get(move || async move { (headers, "{}") }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    #[tokio::test]
    async fn a_crash_is_one_json_line_with_its_place_and_without_its_message() {
        if std::env::var_os(CHILD).is_some() {
            return crash().await;
        }
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--nocapture"])
            .env(CHILD, "1")
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api().await)
            .env("AWS_LAMBDA_FUNCTION_NAME", "crash")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "log")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "log")
            .env("AWS_REGION", "eu-west-1")
            .output()
            .await
            .unwrap();
        assert_eq!(child.status.code(), None, "it was ended by a signal");
        let log = String::from_utf8(child.stderr).unwrap();
        let line: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
        assert_eq!(line["level"], "ERROR");
        assert_eq!(line["fields"]["error.class"], "retryable");
        let place = line["fields"]["panic.location"].as_str().unwrap();
        assert!(place.starts_with("shared/src/cold_start.rs:"), "{place}");
        let said = log + &String::from_utf8_lossy(&child.stdout);
        assert!(!said.contains("Jane"), "{said}");
    }
}
