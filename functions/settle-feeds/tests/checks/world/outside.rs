//! The outside: what Amazon answers, what the queues are sent, and a stop at the n-th call.

use super::*;

/// What Amazon answers, and what the queues were sent.
pub(crate) struct Heard {
    pub(crate) status: &'static str,
    pub(crate) has_report: bool,
    pub(crate) report: String,
    /// The status of every answer of the Feeds API.
    pub(crate) answer: u16,
    pub(crate) revoked: bool,
    /// Messages by queue, with their delay.
    pub(crate) messages: Vec<(String, Value, i64)>,
    pub(crate) asked: u32,
}

#[derive(Clone)]
pub(crate) struct StandIn(pub(crate) Arc<Mutex<Heard>>);

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

impl Respond for StandIn {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut heard = self.0.lock().unwrap();
        let target = request.headers.get("x-amz-target");
        let target = target.and_then(|it| it.to_str().ok()).unwrap_or_default();
        let base = format!("http://{}", request.headers["host"].to_str().unwrap());
        match (target, request.url.path()) {
            ("TrentService.Decrypt", _) => {
                ok(json!({"Plaintext": STANDARD.encode("Atzr|refresh"), "KeyId": "key"}))
            }
            ("secretsmanager.GetSecretValue", _) => {
                let secret = json!({"application_id": "x", "client_id": "x", "client_secret": "x"});
                ok(json!({"SecretString": secret.to_string(), "CreatedDate": 1_790_000_000}))
            }
            ("AmazonSQS.ChangeMessageVisibility", _) => ok(json!({})),
            ("AmazonSQS.SendMessage", _) => heard.send(&request.body),
            (_, "/auth/o2/token") if heard.revoked => {
                ResponseTemplate::new(400).set_body_json(json!({"error": "invalid_grant"}))
            }
            (_, "/auth/o2/token") => ok(json!({
                "access_token": "Atza|x", "token_type": "bearer", "expires_in": 3600,
                "refresh_token": "Atzr|refresh",
            })),
            (_, path) if path.starts_with("/feeds/2021-06-30/feeds/") => heard.feed(),
            (_, path) if path.starts_with("/feeds/2021-06-30/documents/") => {
                ok(json!({"feedDocumentId": "doc", "url": format!("{base}/report")}))
            }
            (_, "/report") => ResponseTemplate::new(200).set_body_string(heard.report.clone()),
            other => panic!("nobody answers {other:?}"),
        }
    }
}

impl Heard {
    pub(super) fn new() -> Self {
        Self {
            status: "DONE",
            has_report: true,
            report: report(0, &[]),
            answer: 200,
            revoked: false,
            messages: Vec::new(),
            asked: 0,
        }
    }

    fn send(&mut self, body: &[u8]) -> ResponseTemplate {
        let body: Value = serde_json::from_slice(body).unwrap();
        let queue = body["QueueUrl"].as_str().unwrap();
        let queue = queue.rsplit('/').next().unwrap().to_owned();
        let message = serde_json::from_str(body["MessageBody"].as_str().unwrap()).unwrap();
        let delay = body["DelaySeconds"].as_i64().unwrap_or_default();
        self.messages.push((queue, message, delay));
        ok(json!({"MessageId": "m", "MD5OfMessageBody": "x"}))
    }

    fn feed(&mut self) -> ResponseTemplate {
        self.asked += 1;
        if self.answer != 200 {
            let refusal = json!({"errors": [{"code": "NotNow", "message": "no"}]});
            return ResponseTemplate::new(self.answer).set_body_json(refusal);
        }
        let mut feed = json!({
            "feedId": "9001", "feedType": "JSON_LISTINGS_FEED", "createdTime": at(20).to_string(),
            "processingStatus": self.status,
        });
        if self.status == "DONE" {
            feed["processingEndTime"] = json!(at(120).to_string());
            if self.has_report {
                feed["resultFeedDocumentId"] = json!("doc");
            }
        }
        ok(feed)
    }
}

/// Stops the function at a call of DynamoDB: before it, or after it was done.
#[derive(Debug, Clone)]
pub(crate) struct Stops {
    pub(crate) left: Arc<AtomicI64>,
    pub(crate) after: bool,
}

impl Stops {
    fn here(&self) -> Result<(), BoxError> {
        match self.left.fetch_sub(1, Ordering::SeqCst) {
            0 => Err("stopped".into()),
            _ => Ok(()),
        }
    }
}

impl Intercept for Stops {
    fn name(&self) -> &'static str {
        "Stops"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.after { Ok(()) } else { self.here() }
    }

    fn read_before_deserialization(
        &self,
        _: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.after { self.here() } else { Ok(()) }
    }
}
