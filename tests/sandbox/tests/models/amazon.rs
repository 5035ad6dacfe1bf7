//! Owns a sandbox with one seller, and the calls that tests make on it.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use reqwest::{Client, RequestBuilder, Response, redirect::Policy};
use sandbox::{CLIENT_ID, CLIENT_SECRET, Check, Models, Options, Running};
use serde_json::{Value, json};

pub(crate) const UK: &str = "A1F83G8C2ARO7P";
pub(crate) const DE: &str = "A1PA6795UKMFR9";
pub(crate) const FR: &str = "A13V1IB3VIYZZH";
pub(crate) const SELLER: &str = "A1SANDBOX";
pub(crate) const ORDERS: &str = "/orders/2026-01-01/orders";
pub(crate) const EVERYTHING: &str = "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT,FULFILLMENT_ORDERS";

pub(crate) struct Amazon {
    running: Running,
    pub(crate) http: Client,
    pub(crate) access_token: String,
}

fn folder() -> PathBuf {
    std::env::var_os("SP_API_MODELS").map(PathBuf::from).expect(
        "set SP_API_MODELS to the folder of Amazon's models, or run `cargo dev test`, which does",
    )
}

/// Amazon's models, read once for all tests.
pub(crate) fn models() -> Arc<Models> {
    static MODELS: OnceLock<Arc<Models>> = OnceLock::new();
    let read = || Arc::new(Models::load(&folder()).unwrap());
    Arc::clone(MODELS.get_or_init(read))
}

/// One of Amazon's models, unchanged.
pub(crate) fn document(path: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder().join(path)).unwrap()).unwrap()
}

/// Gives the application the roles for all buyer data, tax data included.
pub(crate) async fn with_all_roles(amazon: &Amazon) {
    let roles = [
        "product_listing",
        "inventory_and_order_tracking",
        "direct_to_consumer_shipping",
        "tax_invoicing",
    ];
    let app = json!({"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "roles": roles});
    amazon
        .admin("PUT", &format!("/apps/{}", sandbox::APPLICATION_ID), app)
        .await;
}

impl Amazon {
    /// A sandbox whose seller has the UK, Germany and France, and has authorised the application.
    pub(crate) async fn start() -> Self {
        let options = Options {
            check: Check::Loaded(models()),
            ..Options::default()
        };
        let running = sandbox::start(options).await.unwrap();
        let http = Client::builder()
            .user_agent("Sandbox tests/0 (Language=Rust)")
            .redirect(Policy::none())
            .build()
            .unwrap();
        let mut amazon = Self {
            running,
            http,
            access_token: String::new(),
        };
        amazon.seller(json!({})).await;
        let refresh_token = amazon.self_authorise().await;
        amazon.access_token = amazon.refresh(&refresh_token).await["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        amazon
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.url)
    }

    /// Describes the seller again; what is given comes on top of the usual.
    pub(crate) async fn seller(&self, more: Value) {
        let mut account = json!({"region": "EU", "marketplaces": [UK, DE, FR]});
        account
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.admin("PUT", &format!("/sellers/{SELLER}"), account)
            .await;
    }

    pub(crate) async fn admin(&self, method: &str, path: &str, body: Value) -> Value {
        let request = self.http.request(
            method.parse().unwrap(),
            self.url(&format!("/_sandbox{path}")),
        );
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        let response = request.send().await.unwrap();
        assert!(
            response.status().is_success(),
            "{method} {path}: {}",
            response.text().await.unwrap()
        );
        serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default()
    }

    pub(crate) async fn generate(&self, count: u32) {
        self.admin(
            "POST",
            &format!("/sellers/{SELLER}/orders"),
            json!({"generate": {"count": count, "seed": 3}}),
        )
        .await;
    }

    pub(crate) async fn self_authorise(&self) -> String {
        let answer = self
            .admin(
                "POST",
                &format!("/sellers/{SELLER}/self-authorise"),
                Value::Null,
            )
            .await;
        answer["refresh_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn token(&self, fields: &[(&str, &str)]) -> Response {
        let mut form = vec![("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)];
        form.extend(fields);
        self.http
            .post(self.url("/auth/o2/token"))
            .form(&form)
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Value {
        self.token(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ])
        .await
        .json()
        .await
        .unwrap()
    }

    pub(crate) fn request(&self, path: &str, query: &[(&str, &str)]) -> RequestBuilder {
        self.http
            .get(self.url(path))
            .query(query)
            .header("x-amz-access-token", &self.access_token)
    }

    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Response {
        self.request(path, query).send().await.unwrap()
    }

    pub(crate) async fn search(&self, query: &[(&str, &str)]) -> Value {
        let mut query = query.to_vec();
        query.push(("lastUpdatedAfter", "2020-01-01T00:00:00Z"));
        let response = self.get(ORDERS, &query).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    pub(crate) async fn violations(&self) -> Vec<Value> {
        self.admin("GET", "/violations", Value::Null)
            .await
            .as_array()
            .unwrap()
            .clone()
    }

    pub(crate) async fn settings(&self, settings: Value) {
        self.admin("PUT", "/settings", settings).await;
    }
}
