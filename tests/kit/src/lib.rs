//! What the tests of several functions need, once: the tables, AWS and the calls of it, the API's answers, events, samples.
//!
//! Owns no expectation of any function: those are in the function's own tests.

#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test ends if its world is not as it should be"
)]

mod answer;
mod aws;
mod bus_event;
mod calls;
mod clients;
mod database;
mod event;
pub mod generated;
mod log;
pub mod routes;
pub mod sample;
mod stand_in;

pub use answer::Answer;
pub use aws::{Aws, ok};
pub use bus_event::{bus_event, event_types, is_described};
pub use calls::{Call, Calls, Side};
pub use clients::Clients;
pub use database::Database;
pub use event::{sqs_event, stream_event, stream_record};
pub use log::Log;
pub use stand_in::{Amazon, StandIn};
