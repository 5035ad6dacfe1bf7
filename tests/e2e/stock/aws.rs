//! The rest of AWS for one stall: queues whose messages a test hands over in the order it likes, key, secret, event bus.
//! It answers as AWS does as far as the functions ask. Delays are noted and not waited for.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A message that waits in a queue.
#[derive(Debug, Clone)]
pub struct Waiting {
    pub body: String,
    /// How often it was handed over.
    pub received: u32,
}

type Queues = Arc<Mutex<BTreeMap<String, VecDeque<Waiting>>>>;

pub struct Aws {
    pub url: String,
    queues: Queues,
    server: JoinHandle<()>,
}

impl Drop for Aws {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Aws {
    pub async fn start() -> Self {
        let queues = Queues::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(queues.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            url,
            queues,
            server,
        }
    }

    /// The messages of a queue, to look at, double or reorder.
    pub fn queue(&self, name: &str) -> QueueGuard<'_> {
        QueueGuard {
            name: name.to_owned(),
            queues: self.queues.lock().unwrap(),
        }
    }

    /// Bodies that lie in dead-letter queues.
    pub fn dead_letters(&self) -> Vec<String> {
        let queues = self.queues.lock().unwrap();
        let dead = queues.iter().filter(|(name, _)| name.starts_with("dead-"));
        dead.flat_map(|(_, messages)| messages.iter().map(|message| message.body.clone()))
            .collect()
    }
}

/// A queue, while nobody else touches it.
pub struct QueueGuard<'a> {
    name: String,
    queues: MutexGuard<'a, BTreeMap<String, VecDeque<Waiting>>>,
}

impl QueueGuard<'_> {
    pub fn messages(&mut self) -> &mut VecDeque<Waiting> {
        self.queues.entry(self.name.clone()).or_default()
    }

    pub fn put(&mut self, body: &Value) {
        self.messages().push_back(Waiting {
            body: body.to_string(),
            received: 0,
        });
    }

    pub fn take(&mut self, most: usize) -> Vec<Waiting> {
        let messages = self.messages();
        let count = messages.len().min(most);
        messages.drain(..count).collect()
    }
}

async fn answer(
    State(queues): State<Queues>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers.get("x-amz-target").map(|it| it.to_str().unwrap());
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let said = match target.unwrap_or_default() {
        "TrentService.Encrypt" => json!({ "CiphertextBlob": body["Plaintext"], "KeyId": "key" }),
        "TrentService.Decrypt" => json!({ "Plaintext": body["CiphertextBlob"], "KeyId": "key" }),
        "secretsmanager.GetSecretValue" => app_secret(),
        "AmazonSQS.SendMessage" => {
            send(&queues, &body["QueueUrl"], &body["MessageBody"]);
            json!({ "MessageId": "m", "MD5OfMessageBody": "x" })
        }
        "AmazonSQS.SendMessageBatch" => send_batch(&queues, &body),
        "AmazonSQS.ChangeMessageVisibility" => json!({}),
        "AWSEvents.PutEvents" => {
            let entries = body["Entries"].as_array().unwrap().iter();
            let entries: Vec<Value> = entries.map(|_| json!({ "EventId": "e" })).collect();
            json!({ "FailedEntryCount": 0, "Entries": entries })
        }
        // The clock: no schedule exists, and each that is put is accepted.
        "" if method == Method::GET => return StatusCode::NOT_FOUND.into_response(),
        "" => {
            json!({ "ScheduleArn": "arn:aws:scheduler:eu-west-1:000000000000:schedule/none/none" })
        }
        other => panic!("nobody answers {other}"),
    };
    Json(said).into_response()
}

fn send(queues: &Queues, url: &Value, body: &Value) {
    let name = url.as_str().unwrap().rsplit('/').next().unwrap();
    let message = Waiting {
        body: body.as_str().unwrap().to_owned(),
        received: 0,
    };
    let mut queues = queues.lock().unwrap();
    queues
        .entry(name.to_owned())
        .or_default()
        .push_back(message);
}

fn send_batch(queues: &Queues, body: &Value) -> Value {
    let entries = body["Entries"].as_array().unwrap();
    let taken = |entry: &Value| {
        send(queues, &body["QueueUrl"], &entry["MessageBody"]);
        json!({ "Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "x" })
    };
    json!({ "Successful": entries.iter().map(taken).collect::<Vec<_>>(), "Failed": [] })
}

fn app_secret() -> Value {
    let secret = json!({
        "application_id": sandbox::APPLICATION_ID,
        "client_id": sandbox::CLIENT_ID,
        "client_secret": sandbox::CLIENT_SECRET,
    });
    json!({ "SecretString": secret.to_string(), "CreatedDate": 1_790_000_000 })
}
