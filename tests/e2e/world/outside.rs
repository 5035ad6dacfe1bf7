//! Where the outside of a function is: the running local cloud, and the clients that speak to it. It reads the one file
//! that `cargo dev test` writes; it starts nothing.

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::Credentials;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

/// What these tests need of the running local cloud.
#[derive(Debug, Deserialize)]
pub struct LocalCloud {
    pub endpoint: String,
    region: String,
    access_key_id: String,
    secret_access_key: String,
    outputs: BTreeMap<String, String>,
    pub models: PathBuf,
}

impl LocalCloud {
    pub fn running() -> &'static Self {
        static RUNNING: OnceLock<LocalCloud> = OnceLock::new();
        RUNNING.get_or_init(Self::read)
    }

    fn read() -> Self {
        let file = std::env::var("STALLKEEPER_LOCAL").expect(
            "STALLKEEPER_LOCAL is not set: it names the file that says where the local cloud is. Run the tests by `cargo dev test`, which starts one",
        );
        let text =
            std::fs::read(&file).unwrap_or_else(|error| panic!("cannot read {file}: {error}"));
        serde_json::from_slice(&text).unwrap()
    }

    /// An output of the deployed stack.
    pub fn output(&self, name: &str) -> &str {
        self.outputs
            .get(name)
            .unwrap_or_else(|| panic!("the stack has no output `{name}`"))
    }
}

/// The addresses that a function of one world calls.
#[derive(Debug, Clone)]
pub struct Outside {
    /// A DynamoDB of this world alone.
    pub dynamodb: String,
    /// The emulator: queues, key, secret, schedules.
    pub aws: String,
    /// The sandbox that plays Amazon.
    pub amazon: String,
}

impl Outside {
    /// For clients of the emulator's services. They never try again by themselves, so that one call is one call.
    pub async fn sdk(endpoint: &str) -> SdkConfig {
        let cloud = LocalCloud::running();
        let key = Credentials::new(
            &cloud.access_key_id,
            &cloud.secret_access_key,
            None,
            None,
            "local cloud",
        );
        aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(endpoint)
            .region(Region::new(cloud.region.clone()))
            .credentials_provider(key)
            .retry_config(RetryConfig::disabled())
            .load()
            .await
    }
}

/// A plain client for what tests do themselves. Making one takes as long as the rest of a world, so all share it; it
/// keeps no connection, since one lives no longer than the runtime of the test that opened it.
pub fn http() -> reqwest::Client {
    static HTTP: OnceLock<reqwest::Client> = OnceLock::new();
    let make = || {
        let plain = reqwest::Client::builder()
            .no_proxy()
            .no_gzip()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0);
        plain.build().unwrap()
    };
    HTTP.get_or_init(make).clone()
}
