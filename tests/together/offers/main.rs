//! `create-offers` and `settle-feeds` together, on the template's tables in an embedded DynamoDB, with the sandbox that plays
//! Amazon and a stand-in for SQS.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends if something is not as it should be"
)]

mod doubts;
mod making;
mod meanwhile;
mod selected;
mod stops;
mod world;
