//! What plays Amazon and the rest of AWS in a test's world.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stallkeeper::domain::marketplace::Marketplace;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use wiremock::{Request, Respond, ResponseTemplate};

/// A search as Amazon sees it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Search(pub(crate) BTreeMap<String, String>);

impl Search {
    pub(crate) fn asks(&self, dataset: &str) -> bool {
        self.list("includedData").contains(&dataset)
    }

    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let list = self.0.get(name).map(String::as_str).unwrap_or_default();
        list.split(',').filter(|part| !part.is_empty()).collect()
    }

    /// Whether it is the back-fill lane's.
    pub(crate) fn reaches_back(&self, hours: i64, now: Timestamp) -> bool {
        let after = self
            .moment("lastUpdatedAfter")
            .or(self.moment("createdAfter"));
        now.duration_since(after.unwrap()) > SignedDuration::from_hours(hours)
    }

    pub(crate) fn moment(&self, name: &str) -> Option<Timestamp> {
        self.0.get(name).map(|it| it.parse().unwrap())
    }
}

type Refuses = Box<dyn FnMut(&Search) -> Option<u16> + Send>;

/// What plays Amazon, and what the queues were sent.
pub(crate) struct Heard {
    pub(crate) orders: Vec<Value>,
    pub(crate) refuses: Refuses,
    pub(crate) page_size: usize,
    /// The token of every next page, if Amazon loses count.
    pub(crate) endless: Option<Box<dyn FnMut() -> String + Send>>,
    /// Replaces the list of orders of the next answer.
    pub(crate) instead: Option<Value>,
    /// How far Amazon's clock is ahead, and how far the next dates are off.
    pub(crate) ahead: SignedDuration,
    pub(crate) odd_dates: Vec<i64>,
    /// As Amazon documents it: twenty at once, then one in three minutes.
    pub(crate) rate: &'static str,
    pub(crate) searches: Vec<Search>,
    /// Messages by queue.
    pub(crate) messages: Vec<(String, Value)>,
    /// Delays of the messages in seconds, in the same order.
    pub(crate) delays: Vec<i64>,
    /// What the Notifications API was asked, and the subscriptions that it holds, by kind.
    pub(crate) asked: Vec<String>,
    pub(crate) subscriptions: BTreeMap<String, String>,
    /// What it answers instead.
    pub(crate) refuses_notices: Option<u16>,
    /// A kind that the app lacks the role for.
    pub(crate) lacks_role_for: Option<&'static str>,
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
            ("AmazonSQS.SendMessageBatch", _) => heard.send_batch(&request.body),
            (_, "/auth/o2/token") => ok(json!({
                "access_token": "Atza|x", "token_type": "bearer", "expires_in": 3600,
                "refresh_token": "Atzr|refresh",
            })),
            (_, "/orders/2026-01-01/orders") => heard.search(request),
            (_, path) if path.starts_with("/notifications/v1/") => heard.notifications(request),
            other => panic!("nobody answers {other:?}"),
        }
    }
}

impl Heard {
    pub(crate) fn new() -> Self {
        Self {
            orders: Vec::new(),
            refuses: Box::new(|_| None),
            page_size: 100,
            endless: None,
            instead: None,
            ahead: SignedDuration::ZERO,
            odd_dates: Vec::new(),
            rate: "0.0056",
            searches: Vec::new(),
            messages: Vec::new(),
            delays: Vec::new(),
            asked: Vec::new(),
            subscriptions: BTreeMap::new(),
            refuses_notices: None,
            lacks_role_for: None,
        }
    }

    /// One destination, `d1`; each subscription has an id of its own.
    fn notifications(&mut self, request: &Request) -> ResponseTemplate {
        let path = request.url.path().trim_start_matches("/notifications/v1/");
        self.asked.push(format!("{} {path}", request.method));
        let lacks_role = self.lacks_role_for.is_some_and(|kind| path.ends_with(kind));
        if let Some(status) = self.refuses_notices.or(lacks_role.then_some(403)) {
            let errors = json!({"errors": [{"code": "Unauthorized", "message": "no"}]});
            return ResponseTemplate::new(status).set_body_json(errors);
        }
        let kind = path.split('/').nth(1).unwrap_or_default().to_owned();
        let subscription = |id: &String| {
            ok(
                json!({"payload": {"subscriptionId": id, "destinationId": "d1", "payloadVersion": "1.0"}}),
            )
        };
        match (request.method.as_str(), path.split('/').next().unwrap()) {
            ("POST", "destinations") => {
                ok(json!({"payload": {"destinationId": "d1", "name": "x", "resource": {}}}))
            }
            ("POST", _) => {
                let id = format!("{kind}-{}", self.asked.len());
                let answer = subscription(&id);
                self.subscriptions.insert(kind, id);
                answer
            }
            ("DELETE", _) => {
                self.subscriptions.remove(&kind);
                ok(json!({}))
            }
            _ => match self.subscriptions.get(&kind) {
                Some(id) => subscription(id),
                None => ResponseTemplate::new(404)
                    .set_body_json(json!({"errors": [{"code": "NotFound", "message": "none"}]})),
            },
        }
    }

    fn queue(body: &Value) -> String {
        let queue = body["QueueUrl"].as_str().unwrap();
        queue.rsplit('/').next().unwrap().to_owned()
    }

    fn send(&mut self, body: &[u8]) -> ResponseTemplate {
        let body: Value = serde_json::from_slice(body).unwrap();
        let message = serde_json::from_str(body["MessageBody"].as_str().unwrap()).unwrap();
        self.messages.push((Self::queue(&body), message));
        self.delays
            .push(body["DelaySeconds"].as_i64().unwrap_or_default());
        ok(json!({"MessageId": "m", "MD5OfMessageBody": "x"}))
    }

    fn send_batch(&mut self, body: &[u8]) -> ResponseTemplate {
        let body: Value = serde_json::from_slice(body).unwrap();
        let mut taken = Vec::new();
        for entry in body["Entries"].as_array().unwrap() {
            let message = serde_json::from_str(entry["MessageBody"].as_str().unwrap()).unwrap();
            self.messages.push((Self::queue(&body), message));
            self.delays.push(0);
            taken.push(json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "x"}));
        }
        ok(json!({"Successful": taken, "Failed": []}))
    }

    fn search(&mut self, request: &Request) -> ResponseTemplate {
        let search = Search(request.url.query_pairs().into_owned().collect());
        self.searches.push(search.clone());
        let odd = match self.odd_dates.is_empty() {
            true => 0,
            false => self.odd_dates.remove(0),
        };
        let date = Timestamp::now() + self.ahead + SignedDuration::from_secs(odd);
        let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let answer = match (self.refuses)(&search) {
            Some(status) => {
                let code = if status == 403 {
                    "Unauthorized"
                } else {
                    "InvalidInput"
                };
                let refusal = json!({"errors": [{"code": code, "message": "no"}]});
                ResponseTemplate::new(status).set_body_json(refusal)
            }
            None => ok(self.page(&search)),
        };
        answer
            .insert_header("Date", date)
            .insert_header("x-amzn-RateLimit-Limit", self.rate)
    }

    fn page(&mut self, search: &Search) -> Value {
        let (field, end) = match search.moment("createdAfter") {
            Some(_) => ("createdTime", "created"),
            None => ("lastUpdatedTime", "lastUpdated"),
        };
        let (after, before) = (
            search.moment(&format!("{end}After")).unwrap(),
            search.moment(&format!("{end}Before")).unwrap(),
        );
        let any = |name: &str, value: &Value| {
            let list = search.list(name);
            list.is_empty() || list.contains(&value.as_str().unwrap())
        };
        let found: Vec<Value> = self
            .orders
            .iter()
            .filter(|order| {
                let at: Timestamp = order[field].as_str().unwrap().parse().unwrap();
                (after..=before).contains(&at)
                    && any("marketplaceIds", &order["salesChannel"]["marketplaceId"])
                    && any(
                        "fulfillmentStatuses",
                        &order["fulfillment"]["fulfillmentStatus"],
                    )
            })
            .cloned()
            .collect();
        let from: usize = search
            .0
            .get("paginationToken")
            .and_then(|token| token.strip_prefix("page-")?.parse().ok())
            .unwrap_or_default();
        let mut page: Vec<Value> = found
            .iter()
            .skip(from)
            .take(self.page_size)
            .cloned()
            .collect();
        for order in &mut page {
            let fields = order.as_object_mut().unwrap();
            fields.retain(|name, _| {
                let dataset = name.to_uppercase();
                !["FULFILLMENT", "RECIPIENT", "BUYER"].contains(&&*dataset) || search.asks(&dataset)
            });
        }
        let mut body = json!({"orders": page});
        if let Some(endless) = &mut self.endless {
            body["pagination"] = json!({"nextToken": endless()});
        } else if from + self.page_size < found.len() {
            body["pagination"] = json!({"nextToken": format!("page-{}", from + self.page_size)});
        }
        if let Some(instead) = self.instead.take() {
            body["orders"] = instead;
        }
        body
    }
}

/// An order that was placed and changed last so many minutes ago, by Amazon's clock of now.
pub(crate) fn order(id: &str, minutes_ago: i64) -> Value {
    let at = Timestamp::now() - SignedDuration::from_mins(minutes_ago);
    let at = at.strftime("%FT%TZ").to_string();
    json!({
        "orderId": id, "createdTime": at, "lastUpdatedTime": at,
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": Marketplace::Uk.id()},
        "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT", "fulfillmentServiceLevel": "STANDARD"},
        "recipient": {"deliveryAddress": {"postalCode": "LS1 1AA", "countryCode": "GB"}},
        "orderItems": [],
    })
}
