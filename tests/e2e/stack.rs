//! The deployed stack, as those see it who live with it: a platform that calls the API, a seller at Amazon, a consumer of
//! the bus, and an operator who may look into everything.
//!
//! All tests share one stack and one sandbox and run side by side, so each has a tenant and a seller of its own. It never
//! calls our code but through AWS.

pub mod browser;
pub mod bus;
pub mod operator;
pub mod seller;
pub mod shop;
pub mod tenant;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::Credentials;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// All scopes of a tenant's staff but the one for buyer data.
pub const STAFF: &str = "connections catalogue desk";
pub const STAFF_WITH_BUYERS: &str = "connections catalogue desk buyer";
/// What nothing takes unless it will never happen; the machine may be busy with other things.
const PATIENCE: Duration = Duration::from_secs(90);
const LOOK_AGAIN: Duration = Duration::from_millis(150);

/// Where everything is; `cargo dev test` writes it down.
#[derive(Debug, Deserialize)]
pub struct Stack {
    endpoint: String,
    region: String,
    access_key_id: String,
    secret_access_key: String,
    pub api_url: String,
    pub sandbox_url: String,
    issuer_url: String,
    outputs: BTreeMap<String, String>,
    logs: PathBuf,
}

impl Stack {
    pub fn running() -> &'static Self {
        static RUNNING: OnceLock<Stack> = OnceLock::new();
        RUNNING.get_or_init(|| {
            let file = std::env::var("STALLKEEPER_LOCAL").expect(
                "STALLKEEPER_LOCAL is not set: it names the file that says where the local cloud is. Run the tests by `cargo dev test`, which starts one",
            );
            let text =
                std::fs::read(&file).unwrap_or_else(|error| panic!("cannot read {file}: {error}"));
            serde_json::from_slice(&text).unwrap()
        })
    }

    /// An output of the deployed stack.
    pub fn output(&self, name: &str) -> &str {
        self.outputs
            .get(name)
            .unwrap_or_else(|| panic!("the stack has no output `{name}`"))
    }

    /// The outputs whose names end so, by name.
    fn outputs_that_end<'a>(&'a self, end: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let outputs = self.outputs.iter();
        outputs
            .filter(move |(name, _)| name.ends_with(end))
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub async fn aws(&self) -> SdkConfig {
        let key = Credentials::new(
            &self.access_key_id,
            &self.secret_access_key,
            None,
            None,
            "local cloud",
        );
        aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(&self.endpoint)
            .region(Region::new(self.region.clone()))
            .credentials_provider(key)
            .load()
            .await
    }

    /// A token of the platform's for a tenant; with a negative time it is over already.
    pub async fn token(&self, tenant: &str, scope: &str, valid_for: i64) -> String {
        let bearer = json!({"tenant": tenant, "scope": scope, "valid_for": valid_for});
        let request = http().post(format!("{}/token", self.issuer_url));
        let answer = request.json(&bearer).send().await.unwrap();
        let answer: Value = answer.error_for_status().unwrap().json().await.unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// What the schedule does every five minutes, longer than any test may last.
    pub async fn tick(&self, tenant: &str, connection: &str) {
        self.tick_on("OrderTicksQueueUrl", tenant, connection).await;
    }

    /// The same for rounds of stock, every fifteen minutes.
    pub async fn stock_tick(&self, tenant: &str, connection: &str) {
        self.tick_on("StockTicksQueueUrl", tenant, connection).await;
    }

    async fn tick_on(&self, queue: &str, tenant: &str, connection: &str) {
        let tick =
            json!({"v": 1, "kind": "tick", "tenant": tenant, "connection": connection, "hop": 0});
        self.send(queue, &tick).await;
    }

    /// Puts a message on a queue, as a function of the stack does it later.
    pub async fn send(&self, queue: &str, message: &Value) {
        let sqs = aws_sdk_sqs::Client::new(&self.aws().await);
        let send = sqs.send_message().message_body(message.to_string());
        send.queue_url(self.output(queue)).send().await.unwrap();
    }
}

/// A client that follows no redirect by itself and knows no proxy.
pub fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// Letters and digits that no other test has.
pub fn unique() -> String {
    ulid::Ulid::generate().to_string()[13..].to_owned()
}

/// Looks again and again until there is something to see.
#[track_caller]
pub fn until<T, F>(what: &str, look: F) -> impl Future<Output = T>
where
    F: AsyncFnMut() -> Option<T>,
{
    let caller = std::panic::Location::caller();
    wait(what, caller, look)
}

async fn wait<T>(
    what: &str,
    caller: &std::panic::Location<'_>,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let started = Instant::now();
    let mut clock = tokio::time::interval(LOOK_AGAIN);
    loop {
        clock.tick().await;
        if let Some(seen) = look().await {
            return seen;
        }
        let waited = started.elapsed();
        assert!(
            waited < PATIENCE,
            "{caller}: after {waited:?} still not: {what}"
        );
    }
}
