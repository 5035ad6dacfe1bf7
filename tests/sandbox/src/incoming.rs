//! Owns one SP-API request as it came in, and what is wrong with it. It never answers it.

use axum::{
    body::Bytes,
    extract::Request,
    http::{HeaderMap, header},
};

use crate::{
    models::{Given, Models},
    operations::Route,
};

/// A body larger than this is answered with 413.
const LARGEST_BODY: usize = 10 << 20;
/// Page "Connect to the SP-API": "Maximum length: 500 characters".
const LONGEST_USER_AGENT: usize = 500;

/// One request, read whole.
pub(crate) struct Incoming {
    pub(crate) method: String,
    /// Still percent-encoded.
    pub(crate) path: String,
    pub(crate) raw_query: String,
    pub(crate) query: Vec<(String, String)>,
    headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Incoming {
    /// None: the body is too large, or broke off.
    pub(crate) async fn read(request: Request) -> Option<Self> {
        let (parts, body) = request.into_parts();
        let raw_query = parts.uri.query().unwrap_or_default().to_owned();
        Some(Self {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: url::form_urlencoded::parse(raw_query.as_bytes())
                .into_owned()
                .collect(),
            raw_query,
            headers: parts.headers,
            body: axum::body::to_bytes(body, LARGEST_BODY).await.ok()?,
        })
    }

    pub(crate) fn access_token(&self) -> Option<&str> {
        self.headers
            .get("x-amz-access-token")
            .and_then(|token| token.to_str().ok())
    }

    /// A GET with a body is malformed to Amazon, which answers before any API sees it (page "Resolve
    /// Common HTTP and Authorization Error Codes").
    pub(crate) fn is_malformed(&self) -> bool {
        let length = self.headers.contains_key(header::CONTENT_LENGTH);
        let framed = length || self.headers.contains_key(header::TRANSFER_ENCODING);
        self.method == "GET" && framed
    }

    /// Everything that Amazon's pages and model forbid about it.
    pub(crate) fn check(&self, models: Option<&Models>, route: &Route) -> Vec<String> {
        let mut wrong = Vec::new();
        let agent = self
            .headers
            .get(header::USER_AGENT)
            .map_or(0, |agent| agent.len());
        if !(1..=LONGEST_USER_AGENT).contains(&agent) {
            wrong.push(
                "every request names its application in user-agent, in at most 500 characters"
                    .to_owned(),
            );
        }
        if let Some(models) = models {
            let given = Given {
                path: &route.parameters,
                query: &self.query,
                body: &self.body,
            };
            wrong.extend(models.check_request(route.operation, &given));
        }
        wrong
    }
}
