//! `confirm-shipments` on an embedded DynamoDB and servers that answer as Amazon and AWS do.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod answers;
mod lost;
mod rows;
mod stops;
mod together;
mod world;
