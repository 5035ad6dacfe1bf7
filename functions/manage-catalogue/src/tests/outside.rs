//! What surrounds the function: a stand-in for SQS, and a list of all calls that leave it, which can be stopped.

use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, ConfigBag, Credentials, Intercept, Region, RuntimeComponents,
};
use aws_sdk_dynamodb::error::BoxError;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// On which side of a call everything stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The call is not made any more.
    Before,
    /// The call is made, and its answer is lost.
    After,
}

#[derive(Debug, Default)]
struct Seen {
    names: Vec<String>,
    stop: Option<(usize, Side)>,
}

/// The calls that left the function. From the n-th on, none comes back, as if the function had been killed there.
#[derive(Debug, Clone, Default)]
pub(super) struct Calls(Arc<Mutex<Seen>>);

impl Calls {
    pub(super) fn dynamodb(&self, endpoint: &str) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .interceptor(self.clone())
            .endpoint_url(endpoint);
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// Stops at the n-th call from now on; the first is 1.
    pub(super) fn stop_at(&self, n: usize, side: Side) {
        *self.0.lock().unwrap() = Seen {
            names: Vec::new(),
            stop: Some((n, side)),
        };
    }

    pub(super) fn go_on(&self) {
        *self.0.lock().unwrap() = Seen::default();
    }

    /// The calls since the last look, by operation.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().names)
    }

    pub(super) fn stopped(&self) -> bool {
        let seen = self.0.lock().unwrap();
        seen.stop.is_some_and(|(n, _)| seen.names.len() >= n)
    }
}

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "calls"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target");
        let name = target.and_then(|target| target.rsplit('.').next());
        let mut seen = self.0.lock().unwrap();
        seen.names.push(name.unwrap_or_default().to_owned());
        let count = seen.names.len();
        match seen.stop {
            Some((n, Side::Before)) if count >= n => Err("stopped".into()),
            Some((n, Side::After)) if count > n => Err("stopped".into()),
            _ => Ok(()),
        }
    }

    fn read_after_deserialization(
        &self,
        _context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let seen = self.0.lock().unwrap();
        match seen.stop {
            Some((n, Side::After)) if seen.names.len() >= n => Err("stopped".into()),
            _ => Ok(()),
        }
    }
}

/// Messages with the last part of their queue's address.
type Messages = Arc<Mutex<Vec<(String, Value)>>>;

/// Takes messages as SQS does, as far as the function asks.
pub(super) struct Queues {
    endpoint: String,
    messages: Messages,
}

impl Queues {
    pub(super) async fn start() -> Self {
        let messages = Messages::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(take).with_state(messages.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { endpoint, messages }
    }

    pub(super) fn client(&self, calls: &Calls) -> aws_sdk_sqs::Client {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .interceptor(calls.clone())
            .endpoint_url(&self.endpoint);
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    pub(super) fn url(&self, name: &str) -> String {
        format!("{}/q/{name}", self.endpoint)
    }

    /// The messages of a queue since the last look.
    pub(super) fn take(&self, queue: &str) -> Vec<Value> {
        let mut messages = self.messages.lock().unwrap();
        let (mine, rest) = messages.drain(..).partition(|(name, _)| name == queue);
        *messages = rest;
        let mine: Vec<(String, Value)> = mine;
        mine.into_iter().map(|(_, message)| message).collect()
    }
}

async fn take(
    State(messages): State<Messages>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Json<Value> {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let queue = body["QueueUrl"].as_str().unwrap_or_default();
    let queue = queue.rsplit('/').next().unwrap_or_default().to_owned();
    let read = |text: &Value| serde_json::from_str::<Value>(text.as_str().unwrap()).unwrap();
    let target = headers["x-amz-target"].to_str().unwrap().to_owned();
    let mut messages = messages.lock().unwrap();
    match target.as_str() {
        "AmazonSQS.SendMessage" => {
            messages.push((queue, read(&body["MessageBody"])));
            Json(json!({"MessageId": "m", "MD5OfMessageBody": "x"}))
        }
        "AmazonSQS.SendMessageBatch" => {
            let entries = body["Entries"].as_array().unwrap();
            assert!((1..=10).contains(&entries.len()));
            let taken: Vec<Value> = entries
                .iter()
                .map(|entry| {
                    messages.push((queue.clone(), read(&entry["MessageBody"])));
                    json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "x"})
                })
                .collect();
            Json(json!({"Successful": taken, "Failed": []}))
        }
        _ => Json(json!({})),
    }
}
