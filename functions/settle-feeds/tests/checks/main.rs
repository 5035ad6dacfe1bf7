//! `settle-feeds` on an embedded DynamoDB and servers that answer as Amazon and AWS do.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod ends;
mod stops;
mod waits;
mod world;
