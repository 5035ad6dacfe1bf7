//! Amazon's own words of an order's state, kept to the letter if they are new.

use serde::{Deserialize, Serialize};

/// Amazon's `fulfillmentStatus`. Page: *Orders API v2026-01-01 model*, `FulfillmentStatus`.
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, Deserialize, strum::Display, strum::EnumString,
)]
#[serde(from = "String", into = "String")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum AmazonStatus {
    PendingAvailability,
    Pending,
    Unshipped,
    PartiallyShipped,
    Shipped,
    Cancelled,
    Unfulfillable,
    /// A status that Amazon added since; kept to the letter.
    #[strum(default, transparent)]
    Other(String),
}

impl From<String> for AmazonStatus {
    fn from(text: String) -> Self {
        text.parse().unwrap_or(Self::Other(text))
    }
}

impl From<AmazonStatus> for String {
    fn from(status: AmazonStatus) -> String {
        status.to_string()
    }
}

/// Who ships.
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, Deserialize, strum::Display, strum::EnumString,
)]
#[serde(from = "String", into = "String")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum FulfilledBy {
    Merchant,
    Amazon,
    #[strum(default, transparent)]
    Other(String),
}

impl From<String> for FulfilledBy {
    fn from(text: String) -> Self {
        text.parse().unwrap_or(Self::Other(text))
    }
}

impl From<FulfilledBy> for String {
    fn from(by: FulfilledBy) -> String {
        by.to_string()
    }
}
