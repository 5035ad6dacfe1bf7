//! Configuration: read once, at cold start. A missing value names itself and stops the start.

use crate::error::{Error, Result};

/// The value of a variable that must be set and not empty.
///
/// # Errors
/// Permanent, naming the variable.
pub fn required(name: &'static str) -> Result<String> {
    optional(name)
        .ok_or_else(|| Error::permanent("start", format!("environment variable {name} is not set")))
}

/// The value of a variable, `None` if it is not set or empty.
pub fn optional(name: &'static str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A variable read as another type, with a default if it is not set.
///
/// # Errors
/// Permanent, naming the variable, if its value does not parse.
pub fn parsed<T: std::str::FromStr>(name: &'static str, default: T) -> Result<T> {
    match optional(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| {
            Error::permanent("start", format!("environment variable {name} is malformed"))
        }),
    }
}
