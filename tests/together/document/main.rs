//! The API's description, put together from all functions behind it.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends if a description is not as it should be"
)]

mod generated;
mod operations;
