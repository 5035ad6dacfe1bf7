//! Amazon's Selling Partner API and Login with Amazon: the only code that talks to either.
//!
//! One method per operation we use. It classifies every failure (`check` is the only reader of Amazon's statuses),
//! repeats a call once if the access token was refused, and never otherwise; retrying, waiting and keeping
//! Amazon's limits are the callers' work (`seller_session`). It stores nothing, and no token, buyer data or text of Amazon's gets into an
//! address, a log or an error.

mod allow_list;
mod call;
pub mod cancellation_feed;
pub mod cancellation_report;
mod catalog;
mod check;
mod dispatches;
mod documents;
mod endpoints;
mod feeds;
mod gunzip;
mod issue;
mod limits;
mod listing_offer;
mod listing_patch;
mod listings;
pub mod listings_feed;
pub mod listings_report;
mod listings_search;
mod login;
mod notice;
mod notifications;
mod orders;
pub mod processing_report;
mod processing_status;
mod product_types;
mod raw_order;
mod read_order;
mod refusals;
mod reports;
mod restrictions;
mod sellers;
mod tolerant_json;
mod wire;

pub use catalog::{CatalogItem, CatalogPage, IdentifierType, MOST_IDENTIFIERS};
pub use check::{Refusal, RefusalWords, refusal};
pub use dispatches::{Confirmation, PackageDetail};
pub use documents::{DocumentAddress, Download, UploadAddress};
pub use endpoints::Endpoints;
pub use feeds::FeedType;
pub use issue::{Issue, Severity};
pub(crate) use limits::LimitKey;
pub use limits::{Limit, Operation};
pub use listing_offer::ListingOffer;
pub use listing_patch::{Change, ListingPatch};
pub use listings::{ListingsData, ListingsItem, ListingsSummary, PatchStatus, PatchVerdict};
pub use login::{Login, LoginCheck};
pub use notice::{NoNotice, Notice, NoticeContent, read_notice};
pub use notifications::{Destination, NoticeTarget, Subscription};
pub use orders::{Dataset, OrderMoment, OrdersPage, Sweep};
pub use processing_status::{ProcessingState, ProcessingStatus};
pub use raw_order::{NamelessOrder, NoOrder, RawOrder};
pub use read_order::{ReadOrder, read_order};
pub use refusals::{Lesson, ProbeEnd, Refusals, RefusedDataset, RefusedMarketplaces, RefusedWith};
pub use reports::ReportType;

use crate::domain::connection::AppCredentials;
use crate::domain::marketplace::Region;
use crate::error::{Error, Result};
use jiff::Timestamp;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

/// As Amazon's page *Connect to the SP-API* demands it.
const USER_AGENT: &str = concat!(
    "Stallkeeper/",
    env!("CARGO_PKG_VERSION"),
    " (Language=Rust)"
);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// From the first byte sent to the last byte read.
const TIMEOUT: Duration = Duration::from_secs(25);

/// The client. Cheap to clone; clones share connections, access tokens and reported rates.
#[derive(Clone)]
pub struct SpApi {
    http: reqwest::Client,
    endpoints: Endpoints,
    access_tokens: Arc<login::AccessTokens>,
    reported_rates: Arc<limits::ReportedRates>,
}

/// In whose name a call is made: one seller account in one region, through one app.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    pub region: Region,
    pub app: &'a AppCredentials,
    pub refresh_token: &'a SecretString,
}

/// What Amazon answered, and what its headers say.
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

    fn try_map<U, E>(
        self,
        f: impl FnOnce(T) -> std::result::Result<U, E>,
    ) -> std::result::Result<Answer<U>, E> {
        Ok(Answer {
            value: f(self.value)?,
            rate_limit: self.rate_limit,
            server_time: self.server_time,
        })
    }
}

impl SpApi {
    /// # Errors
    /// Permanent if TLS cannot be set up on this machine.
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
            reported_rates: Arc::default(),
        })
    }

    /// Where Amazon is, for links and checks of addresses.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }
}

#[cfg(test)]
mod tests;
