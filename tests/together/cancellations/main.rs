//! `cancel-orders` and `settle-feeds` together, on the template's tables in an embedded DynamoDB, with the sandbox that plays
//! Amazon and a stand-in for SQS.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends if something is not as it should be"
)]

mod doubts;
mod feeds;
mod forgotten;
mod frozen;
mod stops;
#[path = "../../e2e/tripwire.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared with the end-to-end tests, a crate of their own"
)]
mod tripwire;
mod world;
