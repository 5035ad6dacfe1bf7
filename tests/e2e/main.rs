//! Tests that need more than a bare checkout: `cargo dev test` sets up what they need and runs them.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(
    unreachable_pub,
    reason = "a test has no outside, so `pub` says what a module is for"
)]

mod amazon_model;
mod amazon_static_cases;
mod faults;
mod inflate;
mod journeys;
mod stack;
mod stock;
mod tripwire;
mod world;
