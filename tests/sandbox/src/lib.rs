//! A server that plays Amazon's Selling Partner API, for tests and demonstrations.

mod admin;
mod answer;
mod bucket;
mod buyer_values;
mod clock;
mod connection;
mod consent;
mod fault;
mod gate;
mod generate;
mod grants;
mod login;
mod marketplaces;
mod models;
mod operations;
mod orders;
mod reply;
mod sellers;
mod server;
mod world;

pub use models::{ModelError, Models};
pub use server::{Check, Options, Running, StartError, start};
pub use world::{APPLICATION_ID, CLIENT_ID, CLIENT_SECRET};

pub(crate) use server::Sandbox;
