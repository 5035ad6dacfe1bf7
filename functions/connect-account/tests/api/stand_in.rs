//! Answers as KMS, Secrets Manager, SQS, EventBridge Scheduler, Login with Amazon and the Sellers API do, as far as
//! the function asks. Written from their documents; shares no types with the code under test.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

/// What it was sent.
#[derive(Default)]
pub(crate) struct Heard {
    /// Messages by the last part of their queue's address, with their delay.
    pub(crate) messages: Vec<(String, Value, i64)>,
    pub(crate) schedules: BTreeSet<String>,
    /// Refresh tokens that Amazon does not take any more.
    pub(crate) revoked: BTreeSet<String>,
    /// Codes that were traded.
    codes: BTreeSet<String>,
    /// Marketplaces by seller; UK and DE if nothing is said.
    pub(crate) marketplaces: BTreeMap<String, Vec<&'static str>>,
    access_tokens: BTreeMap<String, String>,
    /// Requests that Amazon's APIs, not Login with Amazon, were sent.
    pub(crate) asked: usize,
    /// Whether SQS answers.
    pub(crate) queues_down: bool,
}

#[derive(Clone, Default)]
pub(crate) struct StandIn(pub(crate) Arc<Mutex<Heard>>);

impl StandIn {
    pub(crate) async fn start(&self) -> MockServer {
        let server = MockServer::start().await;
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
        let path = request.url.path().to_owned();
        heard.asked += usize::from(request.headers.contains_key("x-amz-access-token"));
        match (request.method.as_str(), target, path.as_str()) {
            (_, "TrentService.Encrypt", _) => encrypt(&body),
            (_, "TrentService.Decrypt", _) => decrypt(&body),
            (_, "secretsmanager.GetSecretValue", _) => app_secret(),
            (_, "AmazonSQS.SendMessage", _) => heard.send(&body),
            ("POST", _, "/auth/o2/token") => heard.token(&request.body),
            ("GET", _, "/sellers/v1/marketplaceParticipations") => heard.participations(request),
            ("GET", _, path) if path.starts_with("/listings/2021-08-01/items/") => {
                heard.listings_of(request)
            }
            (method, _, path) if path.starts_with("/schedules/") => heard.schedule(method, path),
            other => panic!("nobody answers {other:?}"),
        }
    }
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// Base64 of the context and the plaintext backwards: a search for the plaintext does not find it.
fn encrypt(body: &Value) -> ResponseTemplate {
    let plain: String = body["Plaintext"].as_str().unwrap().chars().rev().collect();
    let sealed = STANDARD.encode(json!([body["EncryptionContext"], plain]).to_string());
    ok(json!({"CiphertextBlob": sealed, "KeyId": "key"}))
}

fn decrypt(body: &Value) -> ResponseTemplate {
    let sealed = STANDARD
        .decode(body["CiphertextBlob"].as_str().unwrap())
        .unwrap();
    let [context, plain]: [Value; 2] = serde_json::from_slice(&sealed).unwrap();
    if context != body["EncryptionContext"] {
        return ResponseTemplate::new(400)
            .set_body_json(json!({"__type": "InvalidCiphertextException"}));
    }
    let plain: String = plain.as_str().unwrap().chars().rev().collect();
    ok(json!({"Plaintext": plain, "KeyId": "key"}))
}

fn app_secret() -> ResponseTemplate {
    let secret = json!({"application_id": "amzn1.sp.solution.x", "client_id": "our-client", "client_secret": "our-secret"});
    ok(json!({"SecretString": secret.to_string(), "CreatedDate": 1_790_000_000}))
}

impl Heard {
    fn send(&mut self, body: &Value) -> ResponseTemplate {
        if self.queues_down {
            return ResponseTemplate::new(503);
        }
        let queue = body["QueueUrl"]
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned();
        let message = serde_json::from_str(body["MessageBody"].as_str().unwrap()).unwrap();
        self.messages.push((
            queue,
            message,
            body["DelaySeconds"].as_i64().unwrap_or_default(),
        ));
        ok(json!({"MessageId": "m", "MD5OfMessageBody": "x"}))
    }

    fn schedule(&mut self, method: &str, path: &str) -> ResponseTemplate {
        let name = path.trim_start_matches("/schedules/").to_owned();
        let known = self.schedules.contains(&name);
        let refused = |status: u16, code: &str| {
            ResponseTemplate::new(status)
                .insert_header("x-amzn-errortype", code)
                .set_body_json(json!({"Message": "no"}))
        };
        match (method, known) {
            ("POST", true) => refused(409, "ConflictException"),
            ("DELETE" | "PUT", false) => refused(404, "ResourceNotFoundException"),
            ("DELETE", true) => {
                self.schedules.remove(&name);
                ok(json!({}))
            }
            _ => {
                self.schedules.insert(name);
                ok(json!({"ScheduleArn": "arn"}))
            }
        }
    }

    /// Codes are `code-<seller>-<n>` and work once; tokens are `Atzr|<seller>…`, of our app or, with `own` in them, of the
    /// seller's.
    fn token(&mut self, body: &[u8]) -> ResponseTemplate {
        let form: BTreeMap<String, String> =
            url::form_urlencoded::parse(body).into_owned().collect();
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        let refused = |code: &str| ResponseTemplate::new(400).set_body_json(json!({"error": code}));
        let client = (field("client_id"), field("client_secret"));
        let ours = client == ("our-client".into(), "our-secret".into());
        if !ours && client != ("own-client".into(), "own-secret".into()) {
            return refused("invalid_client");
        }
        let refresh = if field("grant_type") == "authorization_code" {
            assert!(field("redirect_uri").ends_with("/oauth/callback"));
            let code = field("code");
            match code.strip_prefix("code-") {
                Some(rest) if self.codes.insert(code.clone()) => format!("Atzr|{rest}"),
                _ => return refused("invalid_grant"),
            }
        } else {
            field("refresh_token")
        };
        let seller = refresh
            .strip_prefix("Atzr|")
            .map(|rest| rest.split('-').next().unwrap_or_default().to_owned());
        let Some(seller) =
            seller.filter(|_| ours != refresh.contains("own") && !self.revoked.contains(&refresh))
        else {
            return refused("invalid_grant");
        };
        let access = format!("Atza|{refresh}");
        self.access_tokens.insert(access.clone(), seller);
        ok(
            json!({"access_token": access, "refresh_token": refresh, "token_type": "bearer", "expires_in": 3600}),
        )
    }

    /// Nobody has the SKU that is asked for; who asks for another seller than the token's is refused.
    fn listings_of(&self, request: &Request) -> ResponseTemplate {
        let token = request.headers["x-amz-access-token"].to_str().unwrap();
        let seller = request.url.path().split('/').nth(4).unwrap();
        let (status, code) = match self.access_tokens[token] == seller {
            true => (404, "NOT_FOUND"),
            false => (403, "Unauthorized"),
        };
        ResponseTemplate::new(status)
            .set_body_json(json!({"errors": [{"code": code, "message": "no"}]}))
    }

    fn participations(&self, request: &Request) -> ResponseTemplate {
        let token = request.headers["x-amz-access-token"].to_str().unwrap();
        let seller = &self.access_tokens[token];
        let all = ["A1F83G8C2ARO7P", "A1PA6795UKMFR9", "A13V1IB3VIYZZH"];
        let marketplaces = self
            .marketplaces
            .get(seller)
            .cloned()
            .unwrap_or_else(|| all[..2].to_vec());
        let payload: Vec<Value> = all
            .iter()
            .map(|id| json!({"marketplace": {"id": id}, "participation": {"isParticipating": marketplaces.contains(id), "hasSuspendedListings": false}}))
            .collect();
        ok(json!({"payload": payload}))
    }
}
