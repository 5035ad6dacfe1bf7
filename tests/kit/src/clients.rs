//! A function's clients of the outside, all at one address, without retries.

use crate::Calls;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::Queue;
use stallkeeper::schedule::{Schedules, Targets};
use stallkeeper::sp_api::{Endpoints, SpApi};
use stallkeeper::vault::Vault;

/// Makes clients that call one address, each call counted by `calls`.
#[derive(Debug, Clone)]
pub struct Clients {
    url: String,
    calls: Calls,
}

macro_rules! client {
    ($sdk:ident, $clients:expr) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::from_static("eu-west-1"))
                .credentials_provider(Credentials::new("test", "test", None, None, "test"))
                .http_client(tables::plain_http())
                .retry_config(RetryConfig::disabled())
                .interceptor($clients.calls.clone())
                .endpoint_url(&$clients.url)
                .build(),
        )
    };
}

impl Clients {
    pub fn new(url: &str, calls: &Calls) -> Self {
        Self {
            url: url.to_owned(),
            calls: calls.clone(),
        }
    }

    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        client!(aws_sdk_dynamodb, self)
    }

    pub fn eventbridge(&self) -> aws_sdk_eventbridge::Client {
        client!(aws_sdk_eventbridge, self)
    }

    pub fn vault(&self) -> Vault {
        Vault::new(
            client!(aws_sdk_kms, self),
            "key".into(),
            client!(aws_sdk_secretsmanager, self),
            "secret".into(),
        )
    }

    pub fn schedules(&self) -> Schedules {
        let targets = Targets {
            order_ticks: "arn:order-ticks".into(),
            stock_ticks: "arn:stock-ticks".into(),
            listing_jobs: "arn:listing-jobs".into(),
        };
        let scheduler = client!(aws_sdk_scheduler, self);
        Schedules::new(scheduler, "stalls".into(), "arn:role".into(), targets)
    }

    pub fn queue(&self, name: &str) -> Queue {
        Queue::new(client!(aws_sdk_sqs, self), self.queue_url(name))
    }

    /// The queue of a name, whose dead letters go to the queue `dead`.
    pub fn inbox(&self, name: &str) -> Inbox {
        let sqs = client!(aws_sdk_sqs, self);
        Inbox::new(sqs, self.queue_url(name), self.queue_url("dead"))
    }

    fn queue_url(&self, name: &str) -> String {
        format!("{}/000000000000/{name}", self.url)
    }

    /// Slow to make: a world's fifth.
    pub fn amazon(&self) -> SpApi {
        SpApi::new(Endpoints::all_at(&self.url.parse().unwrap())).unwrap()
    }
}
