//! What a request to the API was answered.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use stallkeeper::api::{Caller, Scope};
use tower::ServiceExt as _;
use url::Url;

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The router's answer to a request.
    pub async fn of(router: Router, request: Request<Body>) -> Self {
        let response = router.oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Self {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.into()).unwrap(),
        }
    }

    /// As [`Self::of`], of an API gateway's event as text.
    pub async fn to_event(router: Router, event: &str) -> Self {
        let request = lambda_http::request::from_str(event).unwrap();
        Self::of(router, request.map(|body| Body::from(body.to_vec()))).await
    }

    /// As [`Self::of`], of a tenant with one scope; no body if it is null.
    pub async fn to(
        router: Router,
        (tenant, scope): (&str, Scope),
        (method, path): (&str, &str),
        body: &Value,
    ) -> Self {
        let body = match body {
            Value::Null => Body::empty(),
            body => Body::from(body.to_string()),
        };
        let caller = Caller::new(tenant.parse().unwrap(), &[scope]);
        let request = Request::builder().method(method).uri(path);
        Self::of(router, request.extension(caller).body(body).unwrap()).await
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The body, after checking the status; null if it is no JSON.
    #[track_caller]
    pub fn is(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The whole answer, after checking the status.
    #[track_caller]
    pub fn with_status(self, status: u16) -> Self {
        self.is(status);
        self
    }

    /// The address that a browser is sent to.
    #[track_caller]
    pub fn location(&self) -> Url {
        self.headers["location"].to_str().unwrap().parse().unwrap()
    }

    /// The problem, after checking its status and kind.
    #[track_caller]
    pub fn problem(&self, status: u16, kind: &str) -> Value {
        assert_eq!(self.problem_kind(status), kind, "{}", self.text);
        self.json()
    }

    /// The short name of a problem, after checking its status.
    #[track_caller]
    pub fn problem_kind(&self, status: u16) -> String {
        let problem = self.is(status);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let kind = problem["type"].as_str().unwrap();
        kind.trim_start_matches("urn:stallkeeper:").to_owned()
    }
}
