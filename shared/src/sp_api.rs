//! Amazon's Selling Partner API and Login with Amazon: the only code that talks to either.
//!
//! One method per operation we use. It classifies every failure (`check` is the only reader of Amazon's statuses),
//! repeats a call once if the access token was refused, and never otherwise; retrying, waiting and keeping
//! Amazon's limits are the callers' work. It stores nothing, and no token, buyer data or text of Amazon's gets into an
//! address, a log or an error.

mod allow_list;
mod check;
mod endpoints;
mod limits;
mod login;
mod orders;
mod raw_order;
mod read_order;
mod sellers;
mod wire;

pub use check::{Refusal, refusal};
pub use endpoints::Endpoints;
pub use limits::{Limit, Operation};
pub use login::{Login, LoginCheck};
pub use orders::{Dataset, OrdersPage, Sweep};
pub use raw_order::{NoOrder, RawOrder};
pub use read_order::{ReadOrder, read_order};

use crate::domain::connection::AppCredentials;
use crate::domain::marketplace::Region;
use crate::error::{Error, Result};
use check::{Reply, check, decode, rate_limit, server_time};
use jiff::Timestamp;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// As Amazon's page *Connect to the SP-API* demands it.
const USER_AGENT: &str = concat!(
    "Stallkeeper/",
    env!("CARGO_PKG_VERSION"),
    " (Language=Rust)"
);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// From the first byte sent to the last byte read.
const TIMEOUT: Duration = Duration::from_secs(25);

/// The client. Cheap to clone; clones share connections and access tokens.
#[derive(Clone)]
pub struct SpApi {
    http: reqwest::Client,
    endpoints: Endpoints,
    access_tokens: Arc<login::AccessTokens>,
}

/// Who is asked for: one seller account in one region, through one app.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    pub region: Region,
    pub app: &'a AppCredentials,
    pub refresh_token: &'a SecretString,
}

/// What Amazon answered, and what its headers told.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    pub value: T,
    /// The seller's own rate for the operation, in requests per second; wins over [`Operation::limit`].
    pub rate_limit: Option<f64>,
    /// Amazon's clock, which the windows of sweeps go by.
    pub server_time: Option<Timestamp>,
}

impl<T> Answer<T> {
    fn map<U>(self, f: impl FnOnce(T) -> U) -> Answer<U> {
        Answer {
            value: f(self.value),
            rate_limit: self.rate_limit,
            server_time: self.server_time,
        }
    }
}

impl SpApi {
    /// # Errors
    /// Permanent where TLS cannot be set up on this machine.
    pub fn new(endpoints: Endpoints) -> Result<Self> {
        let http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .https_only(endpoints.only_tls())
            // Amazon redirects no call; a redirect must not carry the access token to another host.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Error::permanent("start", error))?;
        Ok(Self {
            http,
            endpoints,
            access_tokens: Arc::default(),
        })
    }

    /// Where Amazon is, for links and checks of addresses.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Calls an operation that reads; once more with a fresh access token if the one at hand was refused.
    async fn get<T: DeserializeOwned>(
        &self,
        account: &Account<'_>,
        operation: Operation,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Answer<T>> {
        let url = self.endpoints.operation(account.region, path, query)?;
        let token = self.access_token(account).await?;
        let reply = match self.get_once(operation, &url, &token).await {
            Err(error) if refusal(&error).is_some_and(Refusal::blames_the_access_token) => {
                let token = self.replace_access_token(account, &token).await?;
                self.get_once(operation, &url, &token).await?
            }
            other => other?,
        };
        let value = decode(operation.call(), &reply.body)?;
        Ok(Answer {
            value,
            rate_limit: rate_limit(&reply.headers),
            server_time: server_time(&reply.headers),
        })
    }

    async fn get_once(
        &self,
        operation: Operation,
        url: &Url,
        token: &SecretString,
    ) -> Result<Reply> {
        let call = operation.call();
        let mut token = HeaderValue::try_from(token.expose_secret())
            .map_err(|_| Error::permanent(call.doing, "the access token is no header value"))?;
        token.set_sensitive(true);
        let request = self
            .http
            .get(url.clone())
            .header("x-amz-access-token", token);
        check(call, self.send(call, request).await?)
    }
}

#[cfg(test)]
mod tests;
