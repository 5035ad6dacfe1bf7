//! Queues, key and secret, as little of them as the functions call: messages are kept until they are taken, and what is
//! sealed is only wrapped. It counts requests; nothing here is measured.

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};

/// Among them: events that were put onto the bus.
pub(crate) const EVENTS: &str = "events";
/// Takes up to ten messages of `?queue=`.
pub(crate) const TAKE: &str = "/_queues/take";
/// Requests by operation; `DELETE` resets them.
pub(crate) const COUNTS: &str = "/_queues/counts";

#[derive(Default)]
struct State_ {
    queues: HashMap<String, VecDeque<String>>,
    counts: BTreeMap<String, u64>,
}

type Shared = Arc<Mutex<State_>>;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Taken {
    pub(crate) bodies: Vec<String>,
}

#[derive(Deserialize)]
struct Which {
    queue: String,
    most: usize,
}

pub(crate) async fn serve() -> Result<String> {
    let shared = Shared::default();
    let router = Router::new()
        .route("/", post(call))
        .route(TAKE, post(take))
        .route(COUNTS, get(counts).delete(forget))
        .fallback(schedules)
        .with_state(shared);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

fn lock(shared: &Shared) -> std::sync::MutexGuard<'_, State_> {
    shared
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Schedules are made, and nothing comes of them: the phases have ticks of their own.
async fn schedules() -> axum::Json<Value> {
    axum::Json(json!({}))
}

async fn counts(State(shared): State<Shared>) -> axum::Json<BTreeMap<String, u64>> {
    axum::Json(lock(&shared).counts.clone())
}

async fn forget(State(shared): State<Shared>) {
    lock(&shared).counts.clear();
}

async fn take(State(shared): State<Shared>, Query(which): Query<Which>) -> axum::Json<Taken> {
    let mut state = lock(&shared);
    let queue = state.queues.entry(which.queue).or_default();
    let most = which.most.min(queue.len());
    let bodies: Vec<String> = queue.drain(..most).collect();
    if !bodies.is_empty() {
        // As Lambda does for us: one request brings a batch, another one takes it off the queue.
        *state.counts.entry("ReceiveMessage".into()).or_default() += 1;
        *state.counts.entry("DeleteMessageBatch".into()).or_default() += 1;
    }
    axum::Json(Taken { bodies })
}

async fn call(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> axum::Json<Value> {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let operation = target
        .and_then(|target| target.rsplit('.').next())
        .unwrap_or_default()
        .to_owned();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut state = lock(&shared);
    *state.counts.entry(operation.clone()).or_default() += 1;
    axum::Json(state.answer(&operation, &asked))
}

impl State_ {
    fn answer(&mut self, operation: &str, asked: &Value) -> Value {
        let url = asked["QueueUrl"].as_str().unwrap_or_default().to_owned();
        match operation {
            "SendMessage" => {
                self.keep(url, &asked["MessageBody"]);
                json!({"MessageId": "1"})
            }
            "SendMessageBatch" => {
                let entries = asked["Entries"].as_array().cloned().unwrap_or_default();
                for entry in &entries {
                    self.keep(url.clone(), &entry["MessageBody"]);
                }
                let sent: Vec<Value> = entries
                    .iter()
                    .map(|entry| json!({"Id": entry["Id"], "MessageId": "1"}))
                    .collect();
                json!({"Successful": sent, "Failed": []})
            }
            "PutEvents" => {
                let events = asked["Entries"].as_array().map_or(0, Vec::len);
                *self.counts.entry(EVENTS.into()).or_default() += events as u64;
                let put: Vec<Value> = (0..events)
                    .map(|n| json!({"EventId": n.to_string()}))
                    .collect();
                json!({"FailedEntryCount": 0, "Entries": put})
            }
            "Encrypt" => json!({"CiphertextBlob": asked["Plaintext"], "KeyId": "key"}),
            "Decrypt" => json!({"Plaintext": asked["CiphertextBlob"], "KeyId": "key"}),
            "GetSecretValue" => json!({
                "Name": "app",
                "SecretString": json!({
                    "application_id": sandbox::APPLICATION_ID,
                    "client_id": sandbox::CLIENT_ID,
                    "client_secret": sandbox::CLIENT_SECRET,
                }).to_string(),
            }),
            _ => json!({}),
        }
    }

    fn keep(&mut self, url: String, body: &Value) {
        let body = body.as_str().unwrap_or_default().to_owned();
        self.queues.entry(url).or_default().push_back(body);
    }
}
