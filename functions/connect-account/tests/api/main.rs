//! The whole function in process: on an embedded DynamoDB, with one server that answers as AWS and Amazon do.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where its world is not as it should be"
)]

mod again;
mod brakes;
mod connections;
mod document;
mod fence;
mod generated;
mod life;
mod marketplaces;
mod oauth;
mod publish;
mod rules;
mod stand_in;
mod stock;
mod world;
