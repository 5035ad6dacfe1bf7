//! What Stallkeeper's functions share.
//!
//! Functions use these modules and never each other. A module uses those that its row names, all of them further down,
//! and no other; `tests/tables` compares this table with the source:
//!
//! | module | uses |
//! |---|---|
//! | `cold_start` | `lambda`, `schedule`, `queue`, `vault`, `store`, `sp_api`, `env`, `error` |
//! | `api` | `store`, `domain`, `json`, `error` |
//! | `intake` | `queue`, `store`, `fan_out`, `domain`, `json`, `error` |
//! | `hand_over` | `queue`, `store`, `domain`, `error` |
//! | `preview` | `store`, `fan_out`, `domain`, `error` |
//! | `cancelling` | `store`, `domain`, `error` |
//! | `offering` | `store`, `fan_out`, `domain`, `error` |
//! | `sending` | `store`, `domain`, `error` |
//! | `small_feed` | `seller_session`, `queue`, `store`, `sp_api`, `domain`, `error` |
//! | `lambda` | `queue`, `store`, `error` |
//! | `schedule` | `queue`, `store`, `domain`, `env`, `error` |
//! | `subscriptions` | `seller_session`, `store`, `sp_api`, `domain`, `error` |
//! | `seller_session` | `vault`, `store`, `sp_api`, `domain`, `error` |
//! | `queue` | `store`, `sp_api`, `domain`, `error` |
//! | `vault` | `store`, `sp_api`, `domain`, `error` |
//! | `store` | `sp_api`, `fan_out`, `domain`, `env`, `error` |
//! | `sp_api` | `domain`, `env`, `error` |
//! | `fan_out` | |
//! | `domain` | `error` |
//! | `json` | `error` |
//! | `env` | `error` |
//! | `error` | |
//!
//! [`domain`] is the vocabulary and every pure rule that two functions need; it knows no AWS type and does no I/O.
//! [`sp_api`] is the only code that talks to Amazon's Selling Partner API, [`store`] the only code that talks to
//! DynamoDB, [`vault`] the only code that sees a secret in the clear. [`seller_session`] is how functions call Amazon in
//! a seller's name, within the seller's limits; [`subscriptions`] keeps what Amazon is to send us notices of. [`lambda`] turns a batch of queue messages into outcomes by
//! [`error::Class`]; [`api`] does the same for HTTP; [`intake`] compares what platforms send with what is stored;
//! [`hand_over`] stores a parcel with its order;
//! [`preview`] computes what settings would do before they are in force; [`cancelling`] and [`offering`] end what a feed of
//! cancellations or of offers carried, and [`small_feed`] brings such a feed to Amazon; [`sending`] says whether anything may be sent for a connection now.
//! [`cold_start`] makes all of them from the environment, for the functions' `main` alone.

pub mod api;
pub mod cancelling;
pub mod cold_start;
pub mod domain;
pub mod env;
pub mod error;
mod fan_out;
pub mod hand_over;
pub mod intake;
mod json;
pub mod lambda;
pub mod offering;
pub mod preview;
pub mod queue;
pub mod schedule;
pub mod seller_session;
pub mod sending;
pub mod small_feed;
pub mod sp_api;
pub mod store;
pub mod subscriptions;
pub mod vault;

pub use error::{Class, Error, Result};
pub use fan_out::{FanOut, fan_out};
