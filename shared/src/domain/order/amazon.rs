//! Amazon's own words of an order's state, kept to the letter if they are new.

use serde::{Deserialize, Serialize};

/// Amazon's `fulfillmentStatus`. Page: *Orders API v2026-01-01 model*, `FulfillmentStatus`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum AmazonStatus {
    PendingAvailability,
    Pending,
    Unshipped,
    PartiallyShipped,
    Shipped,
    Cancelled,
    Unfulfillable,
    /// A status that Amazon added since; kept to the letter.
    Other(String),
}

impl From<String> for AmazonStatus {
    fn from(text: String) -> Self {
        match text.as_str() {
            "PENDING_AVAILABILITY" => Self::PendingAvailability,
            "PENDING" => Self::Pending,
            "UNSHIPPED" => Self::Unshipped,
            "PARTIALLY_SHIPPED" => Self::PartiallyShipped,
            "SHIPPED" => Self::Shipped,
            "CANCELLED" => Self::Cancelled,
            "UNFULFILLABLE" => Self::Unfulfillable,
            _ => Self::Other(text),
        }
    }
}

impl From<AmazonStatus> for String {
    fn from(status: AmazonStatus) -> String {
        match status {
            AmazonStatus::PendingAvailability => "PENDING_AVAILABILITY".into(),
            AmazonStatus::Pending => "PENDING".into(),
            AmazonStatus::Unshipped => "UNSHIPPED".into(),
            AmazonStatus::PartiallyShipped => "PARTIALLY_SHIPPED".into(),
            AmazonStatus::Shipped => "SHIPPED".into(),
            AmazonStatus::Cancelled => "CANCELLED".into(),
            AmazonStatus::Unfulfillable => "UNFULFILLABLE".into(),
            AmazonStatus::Other(text) => text,
        }
    }
}

/// Who ships.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum FulfilledBy {
    Merchant,
    Amazon,
    Other(String),
}

impl From<String> for FulfilledBy {
    fn from(text: String) -> Self {
        match text.as_str() {
            "MERCHANT" => Self::Merchant,
            "AMAZON" => Self::Amazon,
            _ => Self::Other(text),
        }
    }
}

impl From<FulfilledBy> for String {
    fn from(by: FulfilledBy) -> String {
        match by {
            FulfilledBy::Merchant => "MERCHANT".into(),
            FulfilledBy::Amazon => "AMAZON".into(),
            FulfilledBy::Other(text) => text,
        }
    }
}
