//! Owns the shape of Amazon's answers: status, JSON body, error lists (page "Parse SP-API
//! Responses"). It never decides what to answer.

use axum::http::StatusCode;
use serde_json::{Value, json};

/// An answer of SP-API before the headers every answer gets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            body,
        }
    }

    pub(crate) fn error(status: StatusCode, code: &str, message: &str, details: &str) -> Self {
        Self {
            status,
            body: json!({"errors": [{"code": code, "message": message, "details": details}]}),
        }
    }

    pub(crate) fn invalid(details: &str) -> Self {
        Self::error(
            StatusCode::BAD_REQUEST,
            "InvalidInput",
            "Invalid Input",
            details,
        )
    }

    pub(crate) fn denied(details: &str) -> Self {
        Self::error(
            StatusCode::FORBIDDEN,
            "Unauthorized",
            "Access to requested resource is denied.",
            details,
        )
    }

    pub(crate) fn throttled() -> Self {
        let message = "You exceeded your quota for the requested resource.";
        Self::error(StatusCode::TOO_MANY_REQUESTS, "QuotaExceeded", message, "")
    }

    /// What Amazon says with this status when nothing else is known, for faults.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::TOO_MANY_REQUESTS => Self::throttled(),
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => Self {
                status,
                ..Self::denied("")
            },
            StatusCode::NOT_FOUND => Self::error(
                status,
                "NotFound",
                "The resource specified does not exist.",
                "",
            ),
            StatusCode::BAD_REQUEST => Self::invalid(""),
            StatusCode::SERVICE_UNAVAILABLE => Self::error(
                status,
                "ServiceUnavailable",
                "Service is temporarily unavailable. Please try again later.",
                "",
            ),
            _ => Self::error(
                status,
                "InternalFailure",
                "We encountered an internal error. Please try again.",
                "",
            ),
        }
    }

    /// The value of `x-amzn-ErrorType`, which the gateway sends with every error.
    pub(crate) fn error_type(&self) -> Option<&'static str> {
        match self.status.as_u16() {
            400 => Some("InvalidInputException"),
            401 | 403 => Some("AccessDeniedException"),
            404 => Some("ResourceNotFoundException"),
            429 => Some("QuotaExceededException"),
            500.. => Some("InternalServerException"),
            _ => None,
        }
    }
}

/// Why an API's file answers something else than what was asked for.
#[derive(Debug, PartialEq)]
pub(crate) enum Refusal {
    /// The request breaks a rule that Amazon writes in words: 400, and the client's mistake.
    Violation(String),
    /// Anything else that happens to a correct client.
    Other(Reply),
}
