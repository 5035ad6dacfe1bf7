//! One world's Amazon: a sandbox in this process, with one seller. It sets the scene and looks behind it by the
//! sandbox's admin endpoints; it never speaks for the functions.

use super::outside::{LocalCloud, http};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use stallkeeper::domain::marketplace::Marketplace;
use std::sync::{Arc, OnceLock};

pub const SELLER: &str = "A1STALLKEEPER";

pub struct Amazon {
    pub url: String,
    http: reqwest::Client,
    _running: sandbox::Running,
}

/// A call that the sandbox got.
#[derive(Debug, Deserialize)]
pub struct AmazonCall {
    pub operation: String,
    pub query: String,
    pub status: Option<u16>,
}

impl AmazonCall {
    /// The token of the page that was asked for.
    pub fn page_token(&self) -> Option<String> {
        let query = url::form_urlencoded::parse(self.query.as_bytes());
        query
            .into_owned()
            .find(|(name, _)| name == "paginationToken")
            .map(|(_, value)| value)
    }
}

impl Amazon {
    pub async fn start(marketplaces: &[Marketplace]) -> Self {
        let options = sandbox::Options {
            check: sandbox::Check::Loaded(models()),
            ..sandbox::Options::default()
        };
        let running = sandbox::start(options).await.unwrap();
        let amazon = Self {
            url: running.url.clone(),
            http: http(),
            _running: running,
        };
        amazon.put_seller(marketplaces, json!({})).await;
        amazon
    }

    /// Makes the seller, or changes what its account is like.
    pub async fn put_seller(&self, marketplaces: &[Marketplace], more: Value) {
        let ids: Vec<&str> = marketplaces.iter().map(|store| store.id()).collect();
        let mut account =
            json!({ "region": marketplaces[0].region().as_str(), "marketplaces": ids });
        merge(&mut account, more);
        let path = format!("sellers/{SELLER}");
        self.admin(reqwest::Method::PUT, &path, account).await;
    }

    /// A refresh token of the seller's for the sandbox's own application.
    pub async fn authorise(&self) -> String {
        let answer = self.on_seller("self-authorise", json!({})).await;
        answer["refresh_token"].as_str().unwrap().to_owned()
    }

    pub async fn revoke(&self) {
        self.on_seller("revoke", json!({})).await;
        self.expire_access_tokens().await;
    }

    pub async fn expire_access_tokens(&self) {
        self.post("access-tokens/expire", json!({})).await;
    }

    pub async fn add(&self, orders: Vec<Value>) {
        self.on_seller("orders", json!({ "orders": orders })).await;
    }

    /// Invented orders of the last day, as far as a first sweep reaches back; the first forty are one of each special case.
    pub async fn generate(&self, count: u32) {
        let now = jiff::Timestamp::now();
        let since = now - SignedDuration::from_hours(20);
        let generate = json!({ "count": count, "seed": 7, "since": since.to_string() });
        self.on_seller("orders", json!({ "generate": generate }))
            .await;
    }

    /// Changes an order and dates it now, or when the patch says.
    pub async fn change(&self, order: &str, patch: Value) {
        let path = format!("sellers/{SELLER}/orders/{order}");
        self.admin(reqwest::Method::PATCH, &path, patch).await;
    }

    /// All orders as Amazon has them, with buyer data.
    pub async fn orders(&self) -> Vec<Value> {
        let path = format!("sellers/{SELLER}/orders");
        let answer = self.admin(reqwest::Method::GET, &path, Value::Null).await;
        serde_json::from_value(answer).unwrap()
    }

    /// The ids of the orders that the seller ships, sorted.
    pub async fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self
            .orders()
            .await
            .iter()
            .filter(|order| order["fulfillment"]["fulfilledBy"] == "MERCHANT")
            .map(|order| order["orderId"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    }

    /// What may stand in no message attribute, dead letter, order or log.
    pub async fn buyer_values(&self) -> Vec<String> {
        serde_json::from_value(self.get("buyer-values").await).unwrap()
    }

    pub async fn break_down(&self, fault: Value) {
        self.post("faults", fault).await;
    }

    pub async fn recover(&self) {
        self.admin(reqwest::Method::DELETE, "faults", Value::Null)
            .await;
    }

    /// Moves Amazon's clock to so far ahead of ours.
    pub async fn set_clock(&self, ahead: SignedDuration) {
        let settings = json!({ "clock_offset_ms": i64::try_from(ahead.as_millis()).unwrap() });
        self.admin(reqwest::Method::PUT, "settings", settings).await;
    }

    /// Fills Amazon's rate limits.
    pub async fn refill(&self) {
        let settings = json!({ "refill": true });
        self.admin(reqwest::Method::PUT, "settings", settings).await;
    }

    /// All calls but those of these tests themselves, in their order.
    pub async fn calls(&self) -> Vec<AmazonCall> {
        serde_json::from_value(self.get("calls/log").await).unwrap()
    }

    /// How often an operation was called; log-ins are `token`.
    pub async fn count(&self, operation: &str) -> usize {
        let calls = self.calls().await;
        let of_it = calls.iter().filter(|call| call.operation == operation);
        of_it.count()
    }

    pub async fn violations(&self) -> Vec<Value> {
        serde_json::from_value(self.get("violations").await).unwrap()
    }

    /// For a test whose point is what Amazon forbids.
    pub async fn forgive_violations(&self) {
        self.admin(reqwest::Method::DELETE, "violations", Value::Null)
            .await;
    }

    pub async fn get(&self, path: &str) -> Value {
        self.admin(reqwest::Method::GET, path, Value::Null).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.admin(reqwest::Method::POST, path, body).await
    }

    pub async fn on_seller(&self, path: &str, body: Value) -> Value {
        self.post(&format!("sellers/{SELLER}/{path}"), body).await
    }

    pub async fn admin(&self, method: reqwest::Method, path: &str, body: Value) -> Value {
        let request = self
            .http
            .request(method, format!("{}/_sandbox/{path}", self.url));
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "/_sandbox/{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}

/// Amazon's models, which take longer to load than a world takes to start: all worlds share them.
fn models() -> Arc<sandbox::Models> {
    static MODELS: OnceLock<Arc<sandbox::Models>> = OnceLock::new();
    let load = || sandbox::Models::load(&LocalCloud::running().models).unwrap();
    MODELS.get_or_init(|| Arc::new(load())).clone()
}

/// An order as Amazon reports it: UK, standard, paid, to be shipped by the seller. `changes` are merged into it.
pub fn order(number: u32, changes: Value) -> Value {
    let mut order = json!({
        "orderId": order_id(number),
        "salesChannel": {
            "channelName": "AMAZON",
            "marketplaceId": Marketplace::Uk.id(),
            "marketplaceName": "Amazon.co.uk",
        },
        "buyer": { "buyerName": format!("Peregrine Quillfeather-{number}"), "buyerEmail": format!("quillfeather{number}@marketplace.example") },
        "recipient": { "deliveryAddress": {
            "name": format!("Peregrine Quillfeather-{number}"),
            "addressLine1": format!("{number} Marmalade Row"),
            "city": "Leeds", "postalCode": "LS1 1AA", "countryCode": "GB", "addressType": "RESIDENTIAL",
        }},
        "proceeds": { "grandTotal": { "amount": "12.50", "currencyCode": "GBP" } },
        "fulfillment": {
            "fulfillmentStatus": "UNSHIPPED",
            "fulfilledBy": "MERCHANT",
            "fulfillmentServiceLevel": "STANDARD",
            "shipByWindow": { "latestDateTime": "2030-01-02T12:00:00Z" },
            "deliverByWindow": { "latestDateTime": "2030-01-05T12:00:00Z" },
        },
        "orderItems": [{
            "orderItemId": format!("{number:014}"),
            "quantityOrdered": 1,
            "product": { "asin": "B000000001", "title": "A stall's awning", "sellerSku": "AWNING-1",
                "price": { "unitPrice": { "amount": "12.50", "currencyCode": "GBP" } } },
        }],
    });
    merge(&mut order, changes);
    order
}

/// What makes an order one that was bought and last changed at that moment.
pub fn bought(at: Timestamp) -> Value {
    let at = at.to_string();
    json!({"createdTime": at, "lastUpdatedTime": at})
}

/// So many orders, all alike.
pub fn orders(count: u32) -> Vec<Value> {
    (1..=count).map(|number| order(number, json!({}))).collect()
}

/// What makes an order one of another marketplace, delivered in its own country.
pub fn of_store(store: Marketplace, country: &str, postcode: &str) -> Value {
    json!({
        "salesChannel": { "marketplaceId": store.id() },
        "recipient": { "deliveryAddress": { "countryCode": country, "postalCode": postcode } },
    })
}

pub fn order_id(number: u32) -> String {
    format!("202-{number:07}-{number:07}")
}

/// Merges `changes` into `target`, object by object; anything else replaces what was there.
fn merge(target: &mut Value, changes: Value) {
    match (target, changes) {
        (Value::Object(target), Value::Object(changes)) => {
            for (name, value) in changes {
                merge(target.entry(name).or_insert(Value::Null), value);
            }
        }
        (target, changes) => *target = changes,
    }
}
