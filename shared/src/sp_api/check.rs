//! The only reader of Amazon's statuses and error codes, for the Selling Partner API and Login with Amazon alike;
//! it turns them into classes. It keeps no text of Amazon's but the error code and the request id, since messages
//! and details may echo what was sent.

use crate::error::{Class, Error, Result};
use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// A call as errors name it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    /// Amazon's name of the operation.
    pub(super) name: &'static str,
    /// Completes "failed to …".
    pub(super) doing: &'static str,
}

/// An answer, read to its end.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Amazon said no: which operation, with which status and code. Safe to log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} was answered {status} ({}), request {}", .code.as_deref().unwrap_or("no code"), .request_id.as_deref().unwrap_or("unknown"))]
pub struct Refusal {
    /// Amazon's name of the operation; `accessToken` and `refreshToken` for Login with Amazon.
    pub operation: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// Amazon's error code, e.g. `InvalidInput`, `Unauthorized`, `invalid_grant`.
    pub code: Option<String>,
    /// Amazon's id of the request, which its support asks for.
    pub request_id: Option<String>,
    /// Amazon's clock as it refused: a window may be refused for nothing but the difference to ours.
    pub server_time: Option<Timestamp>,
}

/// Whether it is the access token that is refused (expired, revoked), rather than what was asked for.
pub(super) fn blames_the_access_token(reply: &Reply) -> bool {
    let said: Said = serde_json::from_slice(&reply.body).unwrap_or_default();
    !reply.status.is_success() && said.refuses_the_access_token(reply.status)
}

/// What Amazon says of a request that it refuses for what is in it. Only of operations whose requests hold no buyer data:
/// the words may quote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalWords {
    /// Amazon's error code, e.g. `InvalidInput`.
    pub code: String,
    /// Of all errors, one after another; at most 500 characters.
    pub message: String,
}

impl RefusalWords {
    /// The words of a 400, 404, 409 or 422 in Amazon's shape.
    pub(super) fn of(reply: &Reply) -> Option<Self> {
        if !matches!(reply.status.as_u16(), 400 | 404 | 409 | 422) {
            return None;
        }
        let said: Said = serde_json::from_slice(&reply.body).ok()?;
        let first = said.errors.first()?;
        let code = first
            .code
            .clone()
            .unwrap_or_else(|| reply.status.to_string());
        let texts = said
            .errors
            .iter()
            .flat_map(|one| [&one.message, &one.details]);
        let texts = texts.flatten().map(|text| text.trim());
        let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
        let printable = |text: &str, most| {
            let kept = text.chars().filter(|c| !c.is_control());
            kept.take(most).collect::<String>()
        };
        Some(Self {
            code: printable(&code, 64),
            message: printable(&texts.join(" "), 500),
        })
    }
}

/// What Amazon said, if an error stems from an answer of Amazon's: lets a caller see a 400 or 403 that refuses one
/// of the datasets it asked for, and ask for fewer.
pub fn refusal(error: &Error) -> Option<&Refusal> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(refusal) = error.downcast_ref() {
            return Some(refusal);
        }
        cause = error.source();
    }
    None
}

/// Accepts a good answer and gives every other its class.
///
/// # Errors
/// Throttled for 429; retryable for 5xx, 408 and a refused access token; authorisation revoked for Login with
/// Amazon's `invalid_grant`; permanent for every other status that is no success.
pub(super) fn check(call: Call, reply: Reply) -> Result<Reply> {
    if reply.status.is_success() {
        return Ok(reply);
    }
    let said: Said = serde_json::from_slice(&reply.body).unwrap_or_default();
    let refusal = Refusal {
        operation: call.name,
        status: reply.status.as_u16(),
        code: said.code().and_then(token),
        request_id: request_id(&reply.headers),
        server_time: server_time(&reply.headers),
    };
    let is_token_refused = said.refuses_the_access_token(reply.status);
    let class = match (reply.status, refusal.code.as_deref()) {
        (StatusCode::TOO_MANY_REQUESTS, _) => Class::Throttled {
            retry_after: retry_after(&reply.headers),
        },
        (StatusCode::REQUEST_TIMEOUT, _) => Class::Retryable,
        (status, _) if status.is_server_error() => Class::Retryable,
        _ if is_token_refused => Class::Retryable,
        (_, Some("invalid_grant")) if said.error.is_some() => Class::AuthRevoked,
        (_, Some("server_error" | "temporarily_unavailable")) if said.error.is_some() => {
            Class::Retryable
        }
        _ => Class::Permanent,
    };
    Err(Error::new(class, call.doing, refusal))
}

/// The same for the address of a document, which lives for minutes: whatever it refuses, a new address may grant, and asking
/// for that one shows whether the document still exists.
///
/// # Errors
/// Retryable for every status that is no success.
pub(super) fn check_document(call: Call, status: StatusCode, headers: &HeaderMap) -> Result<()> {
    if status.is_success() {
        return Ok(());
    }
    let refusal = Refusal {
        operation: call.name,
        status: status.as_u16(),
        code: None,
        request_id: request_id(headers),
        server_time: server_time(headers),
    };
    Err(Error::retryable(call.doing, refusal))
}

/// Gives a failure to reach Amazon, or to read its answer to the end, its class. The address is taken out of it.
pub(super) fn unreached(call: Call, error: reqwest::Error) -> Error {
    let class = if error.is_builder() {
        Class::Permanent
    } else {
        Class::Retryable
    };
    Error::new(class, call.doing, error.without_url())
}

/// Reads the body of a good answer.
///
/// # Errors
/// Retryable: an answer that is cut off or that we cannot read is Amazon's to repeat. Names the place, never a value.
pub(super) fn decode<T: DeserializeOwned>(call: Call, body: &[u8]) -> Result<T> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value =
        serde_path_to_error::deserialize(&mut json).map_err(|error| Undecodable::at(&error));
    value.map_err(|error| Error::retryable(call.doing, error))
}

/// A JSON text that is not what it should be. Says at which place and in which way; the values themselves may be buyer data.
#[derive(Debug, thiserror::Error)]
#[error("the JSON at `{path}` {what}")]
pub(super) struct Undecodable {
    path: String,
    what: &'static str,
}

impl Undecodable {
    pub(super) fn at(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let what = match error.inner().classify() {
            serde_json::error::Category::Eof | serde_json::error::Category::Io => "is cut off",
            serde_json::error::Category::Syntax => "is malformed",
            serde_json::error::Category::Data => {
                "lacks a field or holds another kind of value than documented"
            }
        };
        Self {
            path: error.path().to_string(),
            what,
        }
    }
}

/// The seller's own rate for the operation, in requests per second.
pub(super) fn rate_limit(headers: &HeaderMap) -> Option<f64> {
    let rate: f64 = headers
        .get("x-amzn-ratelimit-limit")?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    (rate.is_finite() && rate > 0.0).then_some(rate)
}

/// Amazon's clock.
pub(super) fn server_time(headers: &HeaderMap) -> Option<Timestamp> {
    let date = headers.get(DATE)?.to_str().ok()?;
    jiff::fmt::rfc2822::parse(date)
        .ok()
        .map(|date| date.timestamp())
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    token(headers.get("x-amzn-requestid")?.to_str().ok()?)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u32 = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds.into()))
}

/// A word of Amazon's that can be no sentence, hence can echo nothing: else it is not kept.
pub(super) fn token(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    (!text.is_empty() && text.len() <= 64 && text.chars().all(plain)).then(|| text.to_owned())
}

/// What an error answer says, in either of Amazon's two shapes.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    /// The Selling Partner API's.
    errors: Vec<SaidOne>,
    /// Login with Amazon's.
    error: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SaidOne {
    code: Option<String>,
    message: Option<String>,
    details: Option<String>,
}

impl Said {
    fn code(&self) -> Option<&str> {
        self.error
            .as_deref()
            .or_else(|| self.errors.first()?.code.as_deref())
    }

    /// A missing role and an expired access token share status 403 and code `Unauthorized`; only the words differ:
    /// "The access token you provided has expired", "… is revoked, malformed or invalid", "The security token
    /// included in the request is expired". The words are looked at here and kept nowhere.
    fn refuses_the_access_token(&self, status: StatusCode) -> bool {
        let says_so = |text: &Option<String>| {
            let text = text.as_deref().unwrap_or_default().to_ascii_lowercase();
            text.contains("access token") || text.contains("security token")
        };
        match status {
            StatusCode::UNAUTHORIZED => self.error.is_none(),
            StatusCode::FORBIDDEN => self
                .errors
                .iter()
                .any(|one| says_so(&one.message) || says_so(&one.details)),
            _ => false,
        }
    }
}
