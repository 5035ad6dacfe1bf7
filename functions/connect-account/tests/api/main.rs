//! The whole function in process: on an embedded DynamoDB, with one server that answers as AWS and Amazon do.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends if its world is not as it should be"
)]

mod again;
mod connections;
mod document;
mod fence;
mod life;
mod marketplaces;
mod notices;
mod oauth;
mod operator;
mod stand_in;
mod stock;
mod world;
