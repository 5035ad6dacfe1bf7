//! Failures as RFC 9457 problem JSON: what is wrong, where, what to do. The caller sees a safe sentence, the log the
//! whole chain.

use crate::error::{Class, Error};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// A problem, as RFC 9457 spells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:stallkeeper:<name>`; stable, for programs.
    #[serde(rename = "type")]
    kind: String,
    title: String,
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16)]
    status: StatusCode,
    /// What to do about it, for a person.
    detail: String,
    /// Where in the request, if the request is at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    /// What is current, if the request does not fit it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    current: Option<serde_json::Value>,
    /// When to send the request again, in seconds.
    #[serde(skip)]
    retry_after: Option<i64>,
}

/// One place of the request that is at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    #[serde(flatten)]
    place: Place,
    detail: String,
}

/// Where in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A JSON pointer into the body: `/authorisation/seller_id`, `/services/0/code`; empty for the body as a whole.
    Pointer(String),
    /// The name of a parameter or header.
    Parameter(String),
}

/// A JSON pointer begins with `/` or is empty; anything else names a parameter.
impl<T: Into<String>> From<T> for Place {
    fn from(text: T) -> Self {
        let text = text.into();
        if text.is_empty() || text.starts_with('/') {
            Self::Pointer(text)
        } else {
            Self::Parameter(text)
        }
    }
}

impl Fault {
    pub fn new(place: impl Into<Place>, detail: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            detail: detail.into(),
        }
    }
}

impl Problem {
    /// `kind` is a short name such as `not-found`; `title` says what is wrong, `detail` what to do.
    pub fn new(
        status: StatusCode,
        kind: &str,
        title: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: format!("urn:stallkeeper:{kind}"),
            title: title.into(),
            status,
            detail: detail.into(),
            errors: Vec::new(),
            current: None,
            retry_after: None,
        }
    }

    /// The thing does not exist, or not for this tenant.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            format!("There is no such {what}."),
            "Check the id; it must be one of this tenant's.",
        )
    }

    /// The request is understood and cannot be done.
    pub fn unprocessable(kind: &str, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind, title, detail)
    }

    /// The request does not fit what is current.
    pub fn conflict(kind: &str, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, kind, title, detail)
    }

    /// There are as many of these as there may be.
    pub fn limit_reached(what: &str, most: usize) -> Self {
        Self::conflict(
            "limit-reached",
            format!("There are {most} {what} already, and there may be no more."),
            "Nothing was done. Take away what is not used any more.",
        )
    }

    /// A field or parameter is at fault.
    pub fn invalid(place: impl Into<Place>, detail: impl Into<String>) -> Self {
        Self::invalid_at(vec![Fault::new(place, detail)])
    }

    /// Several fields or parameters are at fault.
    pub fn invalid_at(errors: Vec<Fault>) -> Self {
        let title = "The request is not valid.";
        let problem = Self::unprocessable("invalid-request", title, "See `errors` for each place.");
        Self { errors, ..problem }
    }

    /// Adds a place.
    #[must_use]
    pub fn at(mut self, place: impl Into<Place>, detail: impl Into<String>) -> Self {
        self.errors.push(Fault::new(place, detail));
        self
    }

    /// Shows what is current, so that the caller need not ask for it.
    #[must_use]
    pub fn showing<T: Serialize>(mut self, current: &T) -> Self {
        self.current = serde_json::to_value(current).ok();
        self
    }

    /// Says when to send the request again, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: i64) -> Self {
        let retry_after = Some(seconds);
        Self {
            retry_after,
            ..self
        }
    }

    /// What is wrong and what to do, as two sentences for a person.
    pub fn words(&self) -> String {
        format!("{} {}", self.title, self.detail)
    }

    /// What is wrong with one row of many: the first place that is at fault and why; else as [`Self::words`].
    pub fn of_row(&self) -> String {
        match self.errors.first() {
            Some(Fault { place, detail }) => {
                let (Place::Pointer(name) | Place::Parameter(name)) = place;
                format!("{}: {detail}", name.trim_start_matches('/'))
            }
            None => self.words(),
        }
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// `urn:stallkeeper:<name>`.
    pub fn kind(&self) -> &str {
        &self.kind
    }
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

/// The one place where a class becomes a status.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        tracing::error!(
            error.class = error.class().name(),
            error = error.chain(),
            "a request failed"
        );
        match error.class() {
            Class::Retryable => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "A service behind this one does not answer.",
                "Nothing is half done. Send the same request again in a few seconds.",
            )
            .retry_after(5),
            Class::Throttled { .. } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "A limit was reached.",
                "Nothing is half done. Send the same request again in a minute.",
            )
            .retry_after(60),
            Class::AuthRevoked => Self::conflict(
                "authorisation-revoked",
                "Amazon does not accept the seller's authorisation .",
                "Authorise the connection again: POST /connections/{connection}/reauthorise.",
            ),
            Class::Permanent => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "This request cannot be served.",
                "It will not help to send it again. The operator finds the cause in the log.",
            ),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (
            self.status,
            [(header::CONTENT_TYPE, "application/problem+json")],
            body,
        )
            .into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
