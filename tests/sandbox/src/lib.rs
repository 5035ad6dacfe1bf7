//! A server that plays Amazon's Selling Partner API, for tests and demonstrations.
//!
//! It is written from Amazon's pages and shares no types with any client, so that the two cannot agree
//! on a mistake. It refuses what Amazon would refuse: every request is checked against Amazon's own
//! models, and what they forbid is answered with 400 **and** listed at `/_sandbox/violations`, so that
//! a test can fail for it. Rate limits have Amazon's figures; failures come on demand; time can be moved.
//!
//! In a test, each world of its own:
//!
//! ```no_run
//! # async fn example() -> Result<(), sandbox::StartError> {
//! let amazon = sandbox::start(sandbox::Options::default()).await?;
//! println!("{}", amazon.url); // it stops when `amazon` is dropped
//! # Ok(())
//! # }
//! ```
//!
//! Or as a program: `sandbox --models DIR`. Amazon's models are in the npm package
//! `@amazon-sp-api-release/sp-api-dev-mcp`, folder `bundled-servers/models`.
//!
//! # Endpoints
//!
#![doc = include_str!("endpoints.md")]
//!
//! # What it leaves out
//!
//! - One address plays all regions, so a call to the wrong region's endpoint is not noticed.
//! - There are no limits across sellers, no restricted data tokens, no application with more than one
//!   redirect URI.
//! - Roles count from the moment they change; Amazon wants a new authorisation first.
//! - Feeds play `JSON_LISTINGS_FEED` with the operation types `PATCH`, `PARTIAL_UPDATE` and, for new offers of sales terms
//!   alone, `UPDATE`, and `POST_ORDER_ACKNOWLEDGEMENT_DATA`, whose report is inferred; reports play the
//!   list of all listings, with English headings; nothing is cached. There is no `putListingsItem`, and
//!   `searchListingsItems` searches by ASIN alone, for one page.
//! - Of `confirmShipment` the items of a confirmed package stay as they are, and any carrier code is one of
//!   Seller Central's unless `carrier_codes` lists them: the list is in no public page.
//! - Where Amazon's pages say nothing, the choice is written where it is made.
//!
//! # Map
//!
//! A request of SP-API comes in at `gate`, which finds its operation (`operations`), its caller
//! (`grants`), its fault (`fault`), takes a token (`bucket`), asks `models`, and lets the API's own file
//! answer (`sellers`, `orders`, `catalog`, `listings`, `feeds`, `reports`, `notices`) to what was `asked`. `documents` are the
//! files that feeds and reports put and get; `back_office` says how fast Amazon works behind it all, which
//! it has done by the time anybody looks (`world`). `login` and `consent` are the way to a token, `admin` what Amazon has
//! not. All state is in `world`. A new API area is a file, its lines in `operations`, its arm in `gate`.

mod admin;
mod admitted;
mod answer;
mod back_office;
mod bucket;
mod buyer_values;
mod catalog;
mod clock;
mod connection;
mod consent;
mod documents;
mod fault;
mod feeds;
mod gate;
mod generate;
mod grants;
mod incoming;
mod listings;
mod login;
mod marketplaces;
mod models;
mod notices;
mod operations;
mod orders;
mod reply;
mod reports;
mod sellers;
mod server;
mod world;

pub use models::{ModelError, Models};
pub use server::{Check, Options, Running, StartError, start};
pub use world::{APPLICATION_ID, CLIENT_ID, CLIENT_SECRET};

pub(crate) use server::Sandbox;
