//! One test's world: tables, one server that plays Amazon and the rest of AWS, and a seller whose orders are read.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use poll_orders::{App, handle};
use serde_json::{Value, json};
use stallkeeper::domain::connection::{
    Connection, ConnectionStatus, MarketplaceSettings, Participation,
};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::Queue;
use stallkeeper::schedule::{Schedules, Targets};
use stallkeeper::sp_api::{Endpoints, SpApi};
use stallkeeper::store::{Attached, BackFill, Cursor, SealedCredentials, Store, Tables, Written};
use stallkeeper::vault::Vault;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

macro_rules! aws {
    ($sdk:ident, $endpoint:expr) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::from_static("eu-west-1"))
                .credentials_provider(Credentials::new("test", "test", None, None, "test"))
                .retry_config(aws_config::retry::RetryConfig::disabled())
                .endpoint_url($endpoint)
                .build(),
        )
    };
}

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
}

#[derive(Clone)]
struct StandIn(Arc<Mutex<Heard>>);

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
            other => panic!("nobody answers {other:?}"),
        }
    }
}

impl Heard {
    fn new() -> Self {
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
        ok(json!({"MessageId": "m", "MD5OfMessageBody": "x"}))
    }

    fn send_batch(&mut self, body: &[u8]) -> ResponseTemplate {
        let body: Value = serde_json::from_slice(body).unwrap();
        let mut taken = Vec::new();
        for entry in body["Entries"].as_array().unwrap() {
            let message = serde_json::from_str(entry["MessageBody"].as_str().unwrap()).unwrap();
            self.messages.push((Self::queue(&body), message));
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

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) connection: Connection,
    heard: Arc<Mutex<Heard>>,
    app: App,
    tables: tables::Embedded,
    _server: MockServer,
}

impl World {
    pub(crate) async fn start() -> Self {
        let server = MockServer::start().await;
        let heard = Arc::new(Mutex::new(Heard::new()));
        let mock = Mock::given(any()).respond_with(StandIn(heard.clone()));
        mock.mount(&server).await;
        let tables = tables::embedded_without_streams().await;
        let names = Tables {
            connections: tables.name("ConnectionsTable").into(),
            orders: tables.name("OrdersTable").into(),
            buyers: tables.name("BuyersTable").into(),
            catalogue: tables.name("CatalogueTable").into(),
        };
        let store = Store::new(tables.client.clone(), names);
        let app = app(&server, store.clone());
        let now = Timestamp::now();
        let taking_part = |marketplace| Participation {
            marketplace,
            participating: true,
            suspended_listings: false,
        };
        let connection = Connection {
            tenant: "north".parse().unwrap(),
            id: "c1".parse().unwrap(),
            name: "Stall".into(),
            marketplace: Marketplace::Uk,
            status: ConnectionStatus::Active,
            resume: None,
            seller: Some("A1STALL".parse().unwrap()),
            participations: [Marketplace::Uk, Marketplace::De, Marketplace::Fr]
                .map(taking_part)
                .into(),
            created_at: now,
            authorised_at: Some(now),
            own_app: false,
            orders_from: None,
            revision: 1,
        };
        let sealed = SealedCredentials {
            refresh_token: STANDARD.encode("sealed"),
            own_client_id: None,
            own_client_secret: None,
        };
        let seller = connection.seller.clone().unwrap();
        let attached = store.attach_seller(&connection, &seller, &sealed);
        assert_eq!(attached.await.unwrap(), Attached::Done);
        let on = MarketplaceSettings {
            active: true,
            ..MarketplaceSettings::new(Marketplace::Uk)
        };
        store.put_marketplace(&connection.key(), &on).await.unwrap();
        Self {
            store,
            connection,
            heard,
            app,
            tables,
            _server: server,
        }
    }

    pub(crate) fn heard<T>(&self, of: impl FnOnce(&mut Heard) -> T) -> T {
        of(&mut self.heard.lock().unwrap())
    }

    /// What Amazon's clock shows.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now() + self.heard(|heard| heard.ahead)
    }

    pub(crate) fn refuses(&self, refuses: impl FnMut(&Search) -> Option<u16> + Send + 'static) {
        self.heard(|heard| heard.refuses = Box::new(refuses));
    }

    /// Time passes at Amazon, as the cursor knows, and its limits are full again.
    pub(crate) async fn pass(&self, minutes: i64) {
        let ahead = self.heard(|heard| {
            heard.ahead += SignedDuration::from_mins(minutes);
            heard.ahead
        });
        let offset = i64::try_from(ahead.as_millis()).unwrap();
        self.change_cursor(|cursor| cursor.clock_offset_ms = offset)
            .await;
        self.fill_limits().await;
    }

    pub(crate) async fn change_cursor(&self, change: impl FnOnce(&mut Cursor)) {
        let (key, now) = (&self.connection.key(), Timestamp::now());
        let until = now + SignedDuration::from_secs(60);
        let first = now - SignedDuration::from_hours(24);
        let leased = self
            .store
            .lease_order_cursor(key, "test", now, until, first);
        let mut cursor = leased.await.unwrap().unwrap();
        change(&mut cursor);
        let saved = self.store.give_back(key, &mut cursor);
        assert_eq!(saved.await.unwrap(), Written::Done);
    }

    pub(crate) async fn fill_limits(&self) {
        let name = self.tables.name("ConnectionsTable");
        let scan = self.tables.client.scan().table_name(name);
        for item in scan.send().await.unwrap().items() {
            if item.contains_key("tat") {
                let delete = self.tables.client.delete_item().table_name(name);
                let delete = delete.key("pk", item["pk"].clone());
                delete.key("sk", item["sk"].clone()).send().await.unwrap();
            }
        }
    }

    /// The clock strikes. Whether the tick was acknowledged.
    pub(crate) async fn tick(&self) -> bool {
        let message = json!({"v": 1, "kind": "tick", "tenant": "north", "connection": "c1"});
        let event = json!({"Records": [{
            "messageId": "1", "receiptHandle": "r", "body": message.to_string(),
            "attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": "c1"},
            "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:000000000000:order-ticks",
            "awsRegion": "eu-west-1",
        }]});
        let event = serde_json::from_value(event).unwrap();
        let deadline = SystemTime::now() + Duration::from_secs(300);
        let answer = handle(&self.app, event, deadline).await.unwrap();
        answer.batch_item_failures.is_empty()
    }

    /// Five minutes pass, and the clock strikes.
    pub(crate) async fn next_tick(&self) {
        self.pass(5).await;
        assert!(self.tick().await);
    }

    /// What was searched for since this was called last.
    pub(crate) fn searches(&self) -> Vec<Search> {
        self.heard(|heard| std::mem::take(&mut heard.searches))
    }

    /// The orders that were queued since this was called last: id, and the datasets they were asked with.
    pub(crate) fn queued(&self) -> Vec<(String, Vec<String>)> {
        let messages = self.heard(|heard| std::mem::take(&mut heard.messages));
        let orders = messages.into_iter().filter(|(queue, _)| queue == "orders");
        orders
            .map(|(_, message)| {
                let id = message["order"]["orderId"].as_str().unwrap().to_owned();
                let datasets = serde_json::from_value(message["datasets"].clone());
                (id, datasets.unwrap())
            })
            .collect()
    }

    pub(crate) fn queued_ids(&self) -> Vec<String> {
        self.queued().into_iter().map(|(id, _)| id).collect()
    }

    /// Classes of the ticks in the dead-letter queue.
    pub(crate) fn dead_letters(&self) -> usize {
        self.heard(|heard| {
            let dead = heard.messages.iter().filter(|(queue, _)| queue == "dead");
            dead.count()
        })
    }

    pub(crate) async fn cursor(&self) -> Cursor {
        let cursor = self.store.order_cursor(&self.connection.key()).await;
        cursor.unwrap().unwrap().state
    }

    pub(crate) async fn back_fill(&self) -> BackFill {
        self.store.back_fill(&self.connection.key()).await.unwrap()
    }
}

fn app(server: &MockServer, store: Store) -> App {
    let sqs = aws!(aws_sdk_sqs, server.uri());
    let url = |name: &str| format!("{}/000000000000/{name}", server.uri());
    App {
        store,
        vault: Vault::new(
            aws!(aws_sdk_kms, server.uri()),
            "key".into(),
            aws!(aws_sdk_secretsmanager, server.uri()),
            "secret".into(),
        ),
        amazon: SpApi::new(Endpoints::all_at(&server.uri().parse().unwrap())).unwrap(),
        schedules: Schedules::new(
            aws!(aws_sdk_scheduler, server.uri()),
            "group".into(),
            "role".into(),
            Targets {
                order_ticks: "order-ticks".into(),
                stock_ticks: "stock-ticks".into(),
                listing_jobs: "listing-jobs".into(),
            },
        ),
        orders: Queue::new(sqs.clone(), url("orders")),
        ticks: Queue::new(sqs.clone(), url("order-ticks")),
        inbox: Inbox::new(sqs, url("order-ticks"), url("dead")),
    }
}
