//! Answers as KMS, Secrets Manager and SQS do, as far as the function asks. Shares no types with the code under test.

use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

pub(crate) struct StandIn {
    server: MockServer,
    heard: Heard,
}

/// Messages by the last part of their queue's address, with their delay.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<(String, Value, i64)>>>);

impl StandIn {
    pub(crate) async fn start() -> Self {
        let server = MockServer::start().await;
        let heard = Heard::default();
        let all = Mock::given(any()).respond_with(heard.clone());
        all.mount(&server).await;
        Self { server, heard }
    }

    pub(crate) fn url(&self) -> String {
        self.server.uri()
    }

    pub(crate) fn sent(&self, queue: &str) -> Vec<(Value, i64)> {
        let mut heard = self.heard.0.lock().unwrap();
        let mine: Vec<_> = heard.extract_if(.., |(to, _, _)| to == queue).collect();
        mine.into_iter()
            .map(|(_, message, delay)| (message, delay))
            .collect()
    }
}

impl Respond for Heard {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let target = request.headers.get("x-amz-target");
        let target = target.and_then(|target| target.to_str().ok());
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        match target.unwrap_or_default() {
            "TrentService.Encrypt" => {
                ok(json!({ "CiphertextBlob": body["Plaintext"], "KeyId": "key" }))
            }
            "TrentService.Decrypt" => {
                ok(json!({ "Plaintext": body["CiphertextBlob"], "KeyId": "key" }))
            }
            "secretsmanager.GetSecretValue" => app_secret(),
            "AmazonSQS.SendMessage" => self.send(&body),
            "AmazonSQS.ChangeMessageVisibility" => ok(json!({})),
            other => panic!("nobody answers {other}"),
        }
    }
}

impl Heard {
    fn send(&self, body: &Value) -> ResponseTemplate {
        let queue = body["QueueUrl"].as_str().unwrap();
        let queue = queue.rsplit('/').next().unwrap().to_owned();
        let message = serde_json::from_str(body["MessageBody"].as_str().unwrap()).unwrap();
        let delay = body["DelaySeconds"].as_i64().unwrap_or_default();
        self.0.lock().unwrap().push((queue, message, delay));
        ok(json!({ "MessageId": "m", "MD5OfMessageBody": "x" }))
    }
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn app_secret() -> ResponseTemplate {
    let secret = json!({
        "application_id": sandbox::APPLICATION_ID,
        "client_id": sandbox::CLIENT_ID,
        "client_secret": sandbox::CLIENT_SECRET,
    });
    ok(json!({ "SecretString": secret.to_string(), "CreatedDate": 1_790_000_000 }))
}
