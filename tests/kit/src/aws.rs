//! Answers as KMS, Secrets Manager, SQS, EventBridge and its scheduler do, as far as the functions ask. Written from
//! their documents; shares no types with the code under test.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wiremock::{Request, ResponseTemplate};

/// The services and what they were sent.
#[derive(Debug)]
pub struct Aws {
    /// The application's id, client id and client secret, as the secret holds them.
    application: [&'static str; 3],
    /// Messages by the last part of their queue's address, with their delay in seconds.
    pub messages: Vec<(String, Value, i64)>,
    /// The entries of each request to the bus.
    pub events: Vec<Vec<Value>>,
    /// The schedules by name.
    pub schedules: BTreeMap<String, Value>,
    /// What the scheduler was asked: method and path.
    pub scheduled: Vec<String>,
    /// Whether SQS fails.
    pub queues_down: bool,
    /// What the bus answers, if it is not well: status and body.
    pub bus_answer: Option<(u16, Value)>,
}

impl Default for Aws {
    fn default() -> Self {
        Self::new(["app", "our-client", "our-secret"])
    }
}

impl Aws {
    /// Nothing sent yet; the secret holds this id, client id and client secret.
    pub fn new(application: [&'static str; 3]) -> Self {
        Self {
            application,
            messages: Vec::new(),
            events: Vec::new(),
            schedules: BTreeMap::new(),
            scheduled: Vec::new(),
            queues_down: false,
            bus_answer: None,
        }
    }

    /// `None` if none of these services is asked.
    ///
    /// # Panics
    /// If one is asked for something it does not answer here.
    pub fn answer(&mut self, request: &Request) -> Option<ResponseTemplate> {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if let Some(name) = request.url.path().strip_prefix("/schedules/") {
            return Some(self.schedule(request.method.as_str(), name, body));
        }
        let target = request.headers.get("x-amz-target")?.to_str().ok()?;
        Some(match target {
            "TrentService.Encrypt" => encrypt(&body),
            "TrentService.Decrypt" => decrypt(&body),
            "secretsmanager.GetSecretValue" => self.application_secret(),
            "AWSEvents.PutEvents" => self.put_events(&body),
            _ if self.queues_down => ResponseTemplate::new(503),
            "AmazonSQS.SendMessage" => self.send(&body["QueueUrl"], &body),
            "AmazonSQS.SendMessageBatch" => self.send_batch(&body),
            "AmazonSQS.ChangeMessageVisibility" => ok(json!({})),
            other => panic!("nobody answers {other}"),
        })
    }

    fn application_secret(&self) -> ResponseTemplate {
        let [application_id, client_id, client_secret] = self.application;
        let secret = json!({
            "application_id": application_id, "client_id": client_id, "client_secret": client_secret,
        });
        ok(json!({"SecretString": secret.to_string(), "CreatedDate": 1_790_000_000}))
    }

    fn put_events(&mut self, body: &Value) -> ResponseTemplate {
        self.events
            .push(body["Entries"].as_array().unwrap().clone());
        match &self.bus_answer {
            Some((status, answer)) => ResponseTemplate::new(*status).set_body_json(answer),
            None => ok(json!({"FailedEntryCount": 0, "Entries": []})),
        }
    }

    fn schedule(&mut self, method: &str, name: &str, body: Value) -> ResponseTemplate {
        self.scheduled.push(format!("{method} /schedules/{name}"));
        let refused = |status: u16, code: &str| {
            ResponseTemplate::new(status)
                .insert_header("x-amzn-errortype", code)
                .set_body_json(json!({"Message": "no"}))
        };
        match (method, self.schedules.contains_key(name)) {
            ("POST", true) => return refused(409, "ConflictException"),
            ("DELETE" | "PUT", false) => return refused(404, "ResourceNotFoundException"),
            ("DELETE", true) => drop(self.schedules.remove(name)),
            _ => drop(self.schedules.insert(name.to_owned(), body)),
        }
        ok(json!({"ScheduleArn": "arn"}))
    }

    fn send(&mut self, queue: &Value, message: &Value) -> ResponseTemplate {
        let queue = queue.as_str().unwrap().rsplit('/').next().unwrap();
        let body = serde_json::from_str(message["MessageBody"].as_str().unwrap()).unwrap();
        let delay = message["DelaySeconds"].as_i64().unwrap_or_default();
        self.messages.push((queue.to_owned(), body, delay));
        ok(json!({"MessageId": "m", "MD5OfMessageBody": "x"}))
    }

    fn send_batch(&mut self, body: &Value) -> ResponseTemplate {
        let entries = body["Entries"].as_array().unwrap();
        assert!((1..=10).contains(&entries.len()), "as SQS takes them");
        let mut sent = Vec::new();
        for entry in entries {
            self.send(&body["QueueUrl"], entry);
            sent.push(json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "x"}));
        }
        ok(json!({"Successful": sent, "Failed": []}))
    }

    /// Takes out what was sent to a queue: each message with its delay in seconds.
    pub fn take(&mut self, queue: &str) -> Vec<(Value, i64)> {
        let mine = self.messages.extract_if(.., |(to, _, _)| to == queue);
        mine.map(|(_, message, delay)| (message, delay)).collect()
    }
}

/// An answer that all is well.
pub fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// Base64 of the context and the plaintext backwards: a search for the plaintext does not find it.
fn encrypt(body: &Value) -> ResponseTemplate {
    let plain: String = body["Plaintext"].as_str().unwrap().chars().rev().collect();
    let sealed = json!([body["EncryptionContext"], plain]).to_string();
    ok(json!({"CiphertextBlob": STANDARD.encode(sealed), "KeyId": "key"}))
}

fn decrypt(body: &Value) -> ResponseTemplate {
    let sealed = STANDARD.decode(body["CiphertextBlob"].as_str().unwrap());
    let [context, plain]: [Value; 2] = serde_json::from_slice(&sealed.unwrap()).unwrap();
    if context != body["EncryptionContext"] {
        let refused = json!({"__type": "InvalidCiphertextException"});
        return ResponseTemplate::new(400).set_body_json(refused);
    }
    let plain: String = plain.as_str().unwrap().chars().rev().collect();
    ok(json!({"Plaintext": plain, "KeyId": "key"}))
}
