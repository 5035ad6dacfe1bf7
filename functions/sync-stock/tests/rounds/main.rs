//! Rounds and urgent decreases against a DynamoDB in this process and the sandbox that plays Amazon.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

mod brakes;
mod ends;
mod feeds;
mod holds;
mod looks;
mod patches;
mod prices;
mod refused_parts;
mod stops;
mod stuck_feeds;
#[path = "../../../../tests/e2e/tripwire.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared with the end-to-end tests, a crate of their own"
)]
mod tripwire;
mod urgent;
mod world;
