//! Journeys through the deployed stack: each begins at the API or at Amazon and ends where a platform, a person at the
//! desk or an operator sees what became of it.

mod again;
mod cancelling;
mod connecting;
mod connecting_twice;
mod dispatches;
mod life;
mod links;
mod notices;
mod operator;
mod orders;
mod privacy;
mod readme;
mod rights;
mod samples;
mod stock;
mod tenants;
mod walk;
mod webhook;
