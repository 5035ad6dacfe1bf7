//! A seller's account at Amazon: the scene is set and looked behind by the sandbox's admin endpoints.

use super::{Stack, http, unique};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use stallkeeper::domain::marketplace::Marketplace;
use url::form_urlencoded;

pub struct Seller {
    pub id: String,
}

/// A call that Amazon got for one seller.
#[derive(Debug, Deserialize)]
pub struct AmazonCall {
    pub operation: String,
    query: String,
    pub status: Option<u16>,
}

impl AmazonCall {
    /// A parameter of its query.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut query = form_urlencoded::parse(self.query.as_bytes());
        query
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

impl Seller {
    /// Opens an account that sells in these marketplaces.
    pub async fn new(marketplaces: &[Marketplace]) -> Self {
        let id = format!("A{}", unique());
        let ids: Vec<&str> = marketplaces.iter().map(|store| store.id()).collect();
        let account = json!({"region": marketplaces[0].region().as_str(), "marketplaces": ids});
        admin(Method::PUT, &format!("sellers/{id}"), account).await;
        Self { id }
    }

    /// The refresh token that the seller copies out of Seller Central.
    pub async fn self_authorise(&self) -> String {
        let answer = self.post("self-authorise", json!({})).await;
        answer["refresh_token"].as_str().unwrap().to_owned()
    }

    /// Takes all authorisations back. Access tokens of all sellers end with it, as if their hour were over: any other
    /// seller's are simply renewed.
    pub async fn revoke(&self) {
        self.post("revoke", json!({})).await;
        admin(Method::POST, "access-tokens/expire", json!({})).await;
    }

    pub async fn add(&self, orders: Vec<Value>) {
        self.post("orders", json!({ "orders": orders })).await;
    }

    /// Invented orders; the first forty are one of each special case.
    pub async fn generate(&self, wish: Value) {
        self.post("orders", json!({ "generate": wish })).await;
    }

    /// Changes an order and dates it now, or when the patch says.
    pub async fn change(&self, order: &str, patch: Value) {
        let path = format!("sellers/{}/orders/{order}", self.id);
        admin(Method::PATCH, &path, patch).await;
    }

    /// All orders as Amazon has them, with buyer data.
    pub async fn orders(&self) -> Vec<Value> {
        let path = format!("sellers/{}/orders", self.id);
        serde_json::from_value(admin(Method::GET, &path, Value::Null).await).unwrap()
    }

    /// The searches for orders so far, in their order.
    pub async fn searches(&self) -> Vec<AmazonCall> {
        self.calls("searchOrders").await
    }

    /// The calls of an operation so far, in their order.
    pub async fn calls(&self, operation: &str) -> Vec<AmazonCall> {
        let path = format!("calls/log?seller={}", self.id);
        let calls = admin(Method::GET, &path, Value::Null).await;
        let calls: Vec<AmazonCall> = serde_json::from_value(calls).unwrap();
        let calls = calls.into_iter();
        calls.filter(|call| call.operation == operation).collect()
    }

    /// What goes wrong with Amazon's notices of this seller from now on: `kind` befalls the next `count`.
    pub async fn notices_are(&self, kind: &str, count: u32, delay_ms: u64) {
        let fault = json!({"kind": kind, "seller": self.id, "count": count, "delay_ms": delay_ms});
        admin(Method::PUT, "notice-faults", json!([fault])).await;
    }

    /// What Amazon told of this seller: its kind, and how often it was delivered.
    pub async fn told(&self) -> Vec<(String, u64)> {
        let path = format!("notices?seller={}", self.id);
        let told = admin(Method::GET, &path, Value::Null).await;
        let told = told.as_array().unwrap().iter().map(|told| {
            let kind = told["notice_type"].as_str().unwrap().to_owned();
            (kind, told["deliveries"].as_u64().unwrap())
        });
        told.collect()
    }

    /// What becomes of the account at Amazon.
    pub async fn account_is(&self, status: &str) {
        self.post("account-status", json!({ "status": status }))
            .await;
    }

    /// Amazon brings no feed of the seller's to an end until feeds are released.
    pub async fn feeds_get_stuck(&self) {
        let path = format!("sellers/{}/feed-faults", self.id);
        admin(Method::PUT, &path, json!([{"kind": "stuck"}])).await;
    }

    /// The seller's feeds as Amazon has them.
    pub async fn feeds(&self) -> Vec<Value> {
        let path = format!("sellers/{}/feeds", self.id);
        serde_json::from_value(admin(Method::GET, &path, Value::Null).await).unwrap()
    }

    /// Requests that Amazon's models do not allow.
    pub async fn violations(&self) -> Value {
        let path = format!("violations?seller={}", self.id);
        admin(Method::GET, &path, Value::Null).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        admin(Method::POST, &format!("sellers/{}/{path}", self.id), body).await
    }
}

/// What of all orders of all sellers may stand in no log, event, list or error.
pub async fn buyer_values() -> Vec<String> {
    serde_json::from_value(admin(Method::GET, "buyer-values", Value::Null).await).unwrap()
}

/// Calls an admin endpoint of the sandbox.
pub async fn admin(method: Method, path: &str, body: Value) -> Value {
    let url = format!("{}/_sandbox/{path}", Stack::running().sandbox_url);
    let mut request = http().request(method, url);
    if !body.is_null() {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "/_sandbox/{path}: {status} {text}");
    serde_json::from_str(&text).unwrap_or_default()
}
