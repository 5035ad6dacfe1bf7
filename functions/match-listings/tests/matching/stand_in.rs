//! Answers as KMS, Secrets Manager, SQS, Login with Amazon and Amazon's reports do, as far as the function asks. Written
//! from their documents; shares no types with the code under test.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

/// A marketplace's report.
#[derive(Clone)]
pub(crate) struct Report {
    pub(crate) status: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) content_type: &'static str,
    pub(crate) made_at: String,
}

/// What it was sent, and what it answers.
#[derive(Default)]
pub(crate) struct Heard {
    url: String,
    /// Messages by the last part of their queue's address, with their delay.
    pub(crate) messages: Vec<(String, Value, i64)>,
    /// By the marketplace's id.
    pub(crate) reports: BTreeMap<&'static str, Report>,
    /// The marketplaces that reports were requested for, by their number.
    asked: Vec<String>,
    /// Amazon's operations that were called.
    pub(crate) calls: Vec<String>,
    /// Sellers that are not whom the token belongs to.
    pub(crate) foreign: Vec<String>,
    pub(crate) revoked: bool,
    pub(crate) forbidden: bool,
}

#[derive(Clone, Default)]
pub(crate) struct StandIn(pub(crate) Arc<Mutex<Heard>>);

impl StandIn {
    pub(crate) async fn start(&self) -> MockServer {
        let server = MockServer::builder()
            .disable_request_recording()
            .start()
            .await;
        self.0.lock().unwrap().url = server.uri();
        Mock::given(any())
            .respond_with(self.clone())
            .mount(&server)
            .await;
        server
    }
}

impl Respond for StandIn {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut heard = self.0.lock().unwrap();
        let target = request
            .headers
            .get("x-amz-target")
            .and_then(|target| target.to_str().ok())
            .unwrap_or_default();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        match target {
            "TrentService.Encrypt" => encrypt(&body),
            "TrentService.Decrypt" => decrypt(&body),
            "secretsmanager.GetSecretValue" => app_secret(),
            "AmazonSQS.SendMessage" => heard.send(&body["QueueUrl"], &body),
            "AmazonSQS.SendMessageBatch" => heard.send_batch(&body),
            "AmazonSQS.ChangeMessageVisibility" => ok(json!({})),
            "" => heard.amazon(request, &body),
            other => panic!("nobody answers {other:?}"),
        }
    }
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// Base64 of the context and the plaintext.
fn encrypt(body: &Value) -> ResponseTemplate {
    let sealed = json!([body["EncryptionContext"], body["Plaintext"]]).to_string();
    ok(json!({"CiphertextBlob": STANDARD.encode(sealed), "KeyId": "key"}))
}

fn decrypt(body: &Value) -> ResponseTemplate {
    let sealed = STANDARD.decode(body["CiphertextBlob"].as_str().unwrap());
    let [context, plain]: [Value; 2] = serde_json::from_slice(&sealed.unwrap()).unwrap();
    assert_eq!(context, body["EncryptionContext"]);
    ok(json!({"Plaintext": plain, "KeyId": "key"}))
}

fn app_secret() -> ResponseTemplate {
    let secret =
        json!({"application_id": "app", "client_id": "our-client", "client_secret": "our-secret"});
    ok(json!({"SecretString": secret.to_string(), "CreatedDate": 1_790_000_000}))
}

impl Heard {
    fn send(&mut self, queue: &Value, message: &Value) -> ResponseTemplate {
        let queue = queue.as_str().unwrap().rsplit('/').next().unwrap();
        let text = message["MessageBody"].as_str().unwrap();
        let delay = message["DelaySeconds"].as_i64().unwrap_or_default();
        let body = serde_json::from_str(text).unwrap();
        self.messages.push((queue.to_owned(), body, delay));
        ok(json!({"MessageId": "m", "MD5OfMessageBody": "x"}))
    }

    fn send_batch(&mut self, body: &Value) -> ResponseTemplate {
        let mut sent = Vec::new();
        for entry in body["Entries"].as_array().unwrap() {
            self.send(&body["QueueUrl"], entry);
            sent.push(json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "x"}));
        }
        ok(json!({"Successful": sent, "Failed": []}))
    }

    fn amazon(&mut self, request: &Request, body: &Value) -> ResponseTemplate {
        let path = request.url.path().to_owned();
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        self.calls.push(format!(
            "{} {}",
            request.method,
            parts[..3.min(parts.len())].join("/")
        ));
        match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["auth", "o2", "token"]) if self.revoked => {
                ResponseTemplate::new(400).set_body_json(json!({"error": "invalid_grant"}))
            }
            ("POST", ["auth", "o2", "token"]) => ok(
                json!({"access_token": "Atza|x", "refresh_token": "Atzr|x", "token_type": "bearer", "expires_in": 3600}),
            ),
            ("POST", ["reports", _, "reports"]) if self.forbidden => ResponseTemplate::new(403)
                .set_body_json(json!({"errors": [{"code": "Unauthorized", "message": "Access to requested resource is denied."}]})),
            ("POST", ["reports", _, "reports"]) => {
                let store = body["marketplaceIds"][0].as_str().unwrap();
                self.asked.push(store.to_owned());
                let id = (self.asked.len() - 1).to_string();
                ResponseTemplate::new(202).set_body_json(json!({ "reportId": id }))
            }
            ("GET", ["reports", _, "reports", id]) => self.status(id),
            ("GET", ["reports", _, "documents", id]) => {
                let url = format!("{}/download/{id}", self.url);
                ok(json!({"reportDocumentId": id, "url": url}))
            }
            ("GET", ["download", id]) => {
                let report = self.report(id);
                ResponseTemplate::new(200).set_body_raw(report.body, report.content_type)
            }
            ("GET", ["listings", _, "items", seller, sku]) => {
                if self.foreign.iter().any(|foreign| foreign == seller) {
                    return ResponseTemplate::new(404)
                        .set_body_json(json!({"errors": [{"code": "NOT_FOUND", "message": "no"}]}));
                }
                ok(json!({"sku": sku, "summaries": []}))
            }
            other => panic!("nobody answers {other:?}"),
        }
    }

    fn report(&self, id: &str) -> Report {
        let store = &self.asked[id.parse::<usize>().unwrap()];
        self.reports[store.as_str()].clone()
    }

    fn status(&self, id: &str) -> ResponseTemplate {
        let report = self.report(id);
        let mut status = json!({
            "reportId": id, "reportType": "GET_MERCHANT_LISTINGS_ALL_DATA",
            "createdTime": report.made_at, "processingStatus": report.status,
        });
        if report.status == "DONE" {
            status["processingEndTime"] = json!(report.made_at);
            status["reportDocumentId"] = json!(id);
        }
        ok(status)
    }
}
