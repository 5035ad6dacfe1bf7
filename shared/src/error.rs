//! One error type with one class; the class alone decides what happens to the work.

use std::fmt;
use std::time::Duration;

/// What is to be done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Trying again may help: a time-out, a broken connection, a 5xx, an answer of Amazon's that is cut off.
    Retryable,
    /// A limit was reached; trying again before `retry_after` is pointless.
    Throttled { retry_after: Option<Duration> },
    /// The seller's authorisation was revoked, has expired or belongs to another app. A person must reconnect.
    AuthRevoked,
    /// Trying again cannot help: a bad message, a bad request, a missing permission. A person must look.
    Permanent,
}

impl Class {
    /// The word used in logs, metrics and message attributes.
    pub fn name(self) -> &'static str {
        match self {
            Class::Retryable => "retryable",
            Class::Throttled { .. } => "throttled",
            Class::AuthRevoked => "authorisation_revoked",
            Class::Permanent => "permanent",
        }
    }
}

/// A failure: its class, what was being done (a phrase that completes "failed to …"), and the cause.
///
/// Never holds buyer data or a secret: its builder gives a `doing` that is a constant and a source whose text
/// is safe to log.
pub struct Error {
    class: Class,
    doing: &'static str,
    source: Box<dyn std::error::Error + Send + Sync>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(
        class: Class,
        doing: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            class,
            doing,
            source: source.into(),
        }
    }

    pub fn retryable(
        doing: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::new(Class::Retryable, doing, source)
    }

    pub fn permanent(
        doing: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::new(Class::Permanent, doing, source)
    }

    pub fn class(&self) -> Class {
        self.class
    }

    pub fn is_throttled(&self) -> bool {
        matches!(self.class, Class::Throttled { .. })
    }

    /// How long to wait, if a limit was reached and that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.class {
            Class::Throttled { retry_after } => retry_after,
            _ => None,
        }
    }

    /// The whole chain of causes in one line, for the log.
    pub fn chain(&self) -> String {
        let mut text = format!("failed to {}", self.doing);
        let mut cause: Option<&dyn std::error::Error> = Some(self.source.as_ref());
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to {}", self.doing)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.chain(), self.class.name())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.source.as_ref())
    }
}

/// So that a log filter can count failures by class.
impl From<Error> for lambda_runtime::Diagnostic {
    fn from(error: Error) -> Self {
        Self {
            error_type: error.class.name().to_owned(),
            error_message: error.chain(),
        }
    }
}

/// serde's sentences may quote the value they stumbled on: keeps the part that says what was expected.
pub fn without_values(message: &str) -> String {
    if message.starts_with("missing field") || message.starts_with("unknown field") {
        return message.to_owned();
    }
    match message.find("expected ") {
        Some(at) => message[at..].to_owned(),
        None => "this value cannot be used here".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_names_every_cause() {
        let inner = Error::retryable("read the table", "connection closed");
        let outer = Error::new(inner.class(), "poll the connection", inner);
        assert_eq!(
            outer.chain(),
            "failed to poll the connection: failed to read the table: connection closed"
        );
        assert_eq!(outer.class(), Class::Retryable);
    }
}
