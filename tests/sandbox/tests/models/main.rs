//! The sandbox over HTTP, held against Amazon's own models. It needs the folder of models in
//! `SP_API_MODELS`; `cargo dev test` installs it and sets this.
#![cfg(test)]

mod amazon;
mod answers;
mod cancelling;
mod clients;
mod examples;
mod faults;
mod feeds;
mod listings;
mod login;
mod notices;
mod offers;
mod reports;
mod requests;
mod shipping;
mod shop;
