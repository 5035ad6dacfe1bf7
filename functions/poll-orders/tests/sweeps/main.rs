//! `poll-orders` on an embedded DynamoDB and a server that answers as Amazon and AWS do.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod account;
mod amazon;
mod at_risk;
mod dispatches;
mod lanes;
mod notices;
mod pages;
mod refusals;
mod silence;
mod world;
