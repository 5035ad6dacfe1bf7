//! The platform that drives Stallkeeper: a caller of the HTTP API with a tenant's token, and nothing else.

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::addresses::{Addresses, TENANT_SCOPES};

/// Rows a page; the API's largest.
const PAGE: usize = 100;

pub(crate) struct Platform {
    http: reqwest::Client,
    api_url: String,
    token: String,
}

/// A line of `GET /orders`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) connection: String,
    pub(crate) order_id: String,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) marketplace: Option<String>,
    pub(crate) term: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) created_at: Timestamp,
    /// Whose label goes on the parcel, if it is not the courier's.
    #[serde(default)]
    pub(crate) label_source: Option<String>,
}

impl Platform {
    pub(crate) async fn sign_in(addresses: &Addresses, tenant: &str) -> Result<Self> {
        let token = addresses.token(tenant, TENANT_SCOPES).await?;
        Ok(Self {
            http: reqwest::Client::new(),
            api_url: addresses.api_url.clone(),
            token,
        })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Result<Value> {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Result<Value> {
        self.send(Method::PATCH, path, Some(body)).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.api_url))
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request
            .send()
            .await
            .with_context(|| format!("{method} {path}"))?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            bail!("{method} {path} answered {status}: {text}");
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Puts couriers with their services.
    pub(crate) async fn put_couriers(&self) -> Result<()> {
        for (code, name, services) in couriers() {
            self.put(
                &format!("/couriers/{code}"),
                json!({"name": name, "services": services}),
            )
            .await?;
        }
        Ok(())
    }

    /// Puts one mapping of the tenant.
    pub(crate) async fn put_mapping(
        &self,
        (term, service, carries_prime): (&str, &str, bool),
    ) -> Result<()> {
        let path = format!("/mappings?term={}", term.replace(' ', "%20"));
        self.put(
            &path,
            json!({"service": service, "carries_prime": carries_prime}),
        )
        .await?;
        Ok(())
    }

    pub(crate) async fn switch_on(&self, connection: &str, marketplace: &str) -> Result<()> {
        self.put(
            &format!("/connections/{connection}/marketplaces/{marketplace}"),
            json!({"active": true, "strategy": "review"}),
        )
        .await?;
        Ok(())
    }

    /// All listings of a connection, page by page.
    pub(crate) async fn listings(&self, connection: &str) -> Result<Vec<Value>> {
        let mut rows = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/connections/{connection}/listings?limit={PAGE}{after}");
            let page = self.get(&path).await?;
            rows.extend(page["listings"].as_array().cloned().unwrap_or_default());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(rows),
            }
        }
    }

    /// All orders of a status, page by page.
    pub(crate) async fn orders(&self, status: &str) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        let mut after = String::new();
        loop {
            let page = self
                .get(&format!("/orders?status={status}&limit={PAGE}{after}"))
                .await?;
            rows.extend(
                serde_json::from_value::<Vec<Row>>(page["orders"].clone())
                    .context("a list of orders")?,
            );
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(rows),
            }
        }
    }

    /// All orders there are, whatever their status.
    pub(crate) async fn all_orders(&self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for status in [
            "parked",
            "awaiting_payment",
            "pending_review",
            "ready",
            "acknowledged",
            "partly_dispatched",
            "elsewhere",
            "dispatched",
            "cancelled",
        ] {
            rows.extend(self.orders(status).await?);
        }
        Ok(rows)
    }
}

/// What Royal Mail's inland services carry to besides; DPD's do not.
const BRITISH: [&str; 4] = ["jersey", "guernsey", "isle_of_man", "northern_ireland"];

/// Code, name, services.
fn couriers() -> [(&'static str, &'static str, Value); 4] {
    [
        (
            "RoyalMail",
            "Royal Mail",
            json!([
                {"code": "tracked-48", "name": "Tracked 48", "pickup_points": true, "territories": BRITISH},
                {"code": "tracked-24", "name": "Tracked 24", "prime": true, "pickup_points": true, "territories": BRITISH},
                {"code": "international", "name": "International Tracked"},
            ]),
        ),
        (
            "DPD",
            "DPD UK",
            json!([{"code": "next-day", "name": "Next Day", "prime": true, "constraints": ["signature"]}]),
        ),
        (
            "DHL",
            "DHL",
            json!([
                {"code": "paket", "name": "Paket", "prime": true, "pickup_points": true, "territories": ["helgoland", "buesingen"]},
                {"code": "express", "name": "Express", "prime": true, "constraints": ["signature"]},
                {"code": "international", "name": "Paket International"},
            ]),
        ),
        (
            "Colissimo",
            "Colissimo",
            json!([{"code": "domicile", "name": "Domicile"}]),
        ),
    ]
}

/// Term, service, whether Prime orders may fall back to it.
pub(crate) const MAPPINGS: [(&str, &str, bool); 14] = [
    ("STD UK DOM", "RoyalMail/tracked-48", false),
    ("STD UK DOM-PRIME", "RoyalMail/tracked-24", false),
    ("EXP UK DOM", "RoyalMail/tracked-24", true),
    ("PRIO UK DOM", "DPD/next-day", true),
    ("ECON UK DOM", "RoyalMail/tracked-48", false),
    ("STD UK INT", "RoyalMail/international", false),
    ("UK NEXT", "DPD/next-day", true),
    // An old name, as sellers still have it in their files.
    ("uk second", "RoyalMail/tracked-24", true),
    ("STD DE DOM", "DHL/paket", true),
    ("PRIO DE DOM", "DHL/paket", true),
    ("ECON DE DOM", "DHL/paket", false),
    ("STD DE INT", "DHL/international", false),
    ("DE NEXT", "DHL/express", true),
    ("STD FR DOM", "Colissimo/domicile", false),
];

/// Put while orders wait for it.
pub(crate) const LATE_MAPPING: (&str, &str, bool) = ("EXP DE DOM", "DHL/express", true);
