//! Tests that need more than a bare checkout: `cargo dev test` sets up what they need and runs them.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod amazon_model;
mod amazon_static_cases;
