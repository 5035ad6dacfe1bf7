//! A tenant of the platform: a caller of the HTTP API with a token, which remembers every answer.

use super::{Stack, http, unique};
use reqwest::Method;
use serde_json::Value;
use std::sync::Mutex;

pub struct Tenant {
    pub id: String,
    http: reqwest::Client,
    token: Option<String>,
    /// Every answer but those of the route that may tell buyer data.
    heard: Mutex<Vec<String>>,
}

/// What the API answered.
#[derive(Debug)]
pub struct Answer {
    asked: String,
    pub status: u16,
    pub text: String,
    /// `null` where the answer is no JSON.
    pub body: Value,
}

impl Answer {
    /// The body of an answer that must have this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text);
        self.body
    }

    /// Whether the answer is a problem of this kind, which says what is wrong and what to do.
    #[track_caller]
    pub fn problem(self, status: u16, kind: &str) -> Value {
        let asked = self.asked.clone();
        let problem = self.is(status);
        let actual = problem["type"].as_str().unwrap_or_default();
        assert!(actual.ends_with(kind), "{asked}: {problem}");
        assert!(problem["title"].is_string(), "{asked}: {problem}");
        assert!(problem["detail"].is_string(), "{asked}: {problem}");
        problem
    }
}

impl Tenant {
    /// Signs a new tenant in.
    pub async fn new(scope: &str) -> Self {
        Self::called(&format!("t-{}", unique().to_lowercase()), scope).await
    }

    /// Signs a tenant in who is there already.
    pub async fn called(id: &str, scope: &str) -> Self {
        let token = Stack::running().token(id, scope, 3600).await;
        Self::with_token(id, Some(token))
    }

    /// Somebody who says to be this tenant, with any token or none.
    pub fn with_token(id: &str, token: Option<String>) -> Self {
        Self {
            id: id.to_owned(),
            http: http(),
            token,
            heard: Mutex::default(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Value::Null).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, Value::Null).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, body).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        self.send_with_key(method, path, body, None).await
    }

    /// With an `Idempotency-Key`.
    pub async fn send_with_key(
        &self,
        method: Method,
        path: &str,
        body: Value,
        key: Option<&str>,
    ) -> Answer {
        let asked = format!("{method} {path}");
        let url = format!("{}{path}", Stack::running().api_url);
        let mut request = self.http.request(method, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        if !(path.ends_with("/buyer") && status == 200) {
            self.heard.lock().unwrap().push(format!("{asked}\n{text}"));
        }
        let body = serde_json::from_str(&text).unwrap_or_default();
        Answer {
            asked,
            status,
            text,
            body,
        }
    }

    /// All answers so far but those that may hold buyer data.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// All orders of a status, page by page.
    pub async fn orders(&self, status: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/orders?status={status}&limit=25{after}");
            let page = self.get(&path).await.is(200);
            rows.extend(page["orders"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return rows,
            }
        }
    }

    /// All orders, whatever their status.
    pub async fn all_orders(&self) -> Vec<Value> {
        let mut rows = Vec::new();
        for status in [
            "parked",
            "awaiting_payment",
            "pending_review",
            "ready",
            "acknowledged",
            "partly_dispatched",
            "dispatched",
            "cancelled",
        ] {
            rows.extend(self.orders(status).await);
        }
        rows
    }
}
