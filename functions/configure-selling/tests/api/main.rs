//! The whole function in process: on an embedded DynamoDB, with one server that answers as AWS does.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends if its world is not as it should be"
)]

mod brakes;
mod fence;
mod holds;
mod offers;
mod previewed;
mod prices;
mod publish;
mod selection;
mod settings;
mod stock;
