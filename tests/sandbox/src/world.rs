//! Owns everything the sandbox remembers, in memory, for as long as the process lives. It never
//! speaks HTTP; the files that do lock it for one decision and let go before they wait for anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    admitted::AdmittedRequest,
    back_office::BackOffice,
    bucket::Bucket,
    catalog::{Catalogue, Restricted, Terms},
    documents::Documents,
    fault::{FaultKind, Faults},
    feeds::{self, Behind, Feeds},
    grants::Grants,
    listings::Listings,
    marketplaces::Region,
    notices::{NotedOrders, Notices, Raised},
    operations::{Limit, Operation, Role},
    orders::{cancelling, shipping::Confirmation},
    reports::{self, Reports},
};

/// The application that is there from the start.
pub const APPLICATION_ID: &str = "amzn1.sp.solution.sandbox";
/// Its client id at Login with Amazon.
pub const CLIENT_ID: &str = "amzn1.application-oa2-client.sandbox";
/// Its client secret.
pub const CLIENT_SECRET: &str = "sandbox-secret";

/// A registered application.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct App {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// Where a seller comes back to with a code. None: the app can only be self-authorised.
    pub(crate) redirect_uri: Option<String>,
    /// Where Amazon sends a seller to log in before it confirms. None: that leg is left out.
    pub(crate) login_uri: Option<String>,
    #[serde(default = "usual_roles")]
    pub(crate) roles: BTreeSet<Role>,
    /// A draft is authorised with `version=beta` alone.
    #[serde(default)]
    pub(crate) draft: bool,
}

fn usual_roles() -> BTreeSet<Role> {
    [
        Role::ProductListing,
        Role::InventoryAndOrderTracking,
        Role::AmazonFulfillment,
        Role::DirectToConsumerShipping,
    ]
    .into()
}

/// What happens to a call that asks for buyer data without the role for it.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MissingRole {
    /// The fields are absent.
    #[default]
    Absent,
    /// The whole call is refused with 403.
    Forbidden,
}

/// A seller account of one region.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SellerAccount {
    pub(crate) region: Region,
    pub(crate) marketplaces: Vec<String>,
    /// What the seller allows at most; none: all that the application has.
    pub(crate) roles: Option<BTreeSet<Role>>,
    #[serde(default = "store_name")]
    pub(crate) store_name: String,
    #[serde(default)]
    pub(crate) missing_role: MissingRole,
    /// Orders answers 400 to `includedData=FULFILLMENT`, as reported of the Far East.
    #[serde(default)]
    pub(crate) refuses_fulfillment: bool,
    /// Orders answers 403 whatever is asked, as reported of some sellers.
    #[serde(default)]
    pub(crate) refuses_orders: bool,
    /// Marketplaces whose listings are suspended.
    #[serde(default)]
    pub(crate) suspended: Vec<String>,
}

fn store_name() -> String {
    "Sandbox Stall".to_owned()
}

pub(crate) struct Seller {
    pub(crate) account: SellerAccount,
    /// By order id, as Amazon would give them with everything asked for.
    pub(crate) orders: BTreeMap<String, Value>,
    /// What `confirmShipment` took, by order id and the oldest first.
    pub(crate) confirmations: BTreeMap<String, Vec<Confirmation>>,
    /// When its orders were last looked through for what nobody shipped in time.
    pub(crate) overdue_looked_at: Option<Timestamp>,
    pub(crate) listings: Listings,
    /// Items that it may not offer, by ASIN.
    pub(crate) restrictions: BTreeMap<String, Restricted>,
    pub(crate) terms: Terms,
    pub(crate) feeds: Feeds,
    pub(crate) reports: Reports,
    /// What happened since notices were last made.
    pub(crate) raised: Vec<Raised>,
    pub(crate) noted: NotedOrders,
    /// `NORMAL`, `AT_RISK` or `DEACTIVATED`.
    pub(crate) account_status: String,
}

impl Seller {
    pub(crate) fn new(account: SellerAccount) -> Self {
        Self {
            account,
            orders: BTreeMap::new(),
            confirmations: BTreeMap::new(),
            overdue_looked_at: None,
            listings: Listings::default(),
            restrictions: BTreeMap::new(),
            terms: Terms::default(),
            feeds: Feeds::default(),
            reports: Reports::default(),
            raised: Vec::new(),
            noted: NotedOrders::new(),
            account_status: "NORMAL".to_owned(),
        }
    }

    /// Has an order looked at for what to tell of it.
    pub(crate) fn touched(&mut self, order: &str) {
        self.raised.push(Raised::Order(order.to_owned()));
    }
}

/// A call that came in, for tests to count.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Call {
    pub(crate) at: Timestamp,
    pub(crate) operation: String,
    pub(crate) application: Option<String>,
    pub(crate) seller: Option<String>,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// None: the connection was reset instead.
    pub(crate) status: Option<u16>,
    pub(crate) fault: Option<FaultKind>,
}

/// A request that Amazon's models or pages do not allow.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Violation {
    pub(crate) at: Timestamp,
    pub(crate) operation: String,
    pub(crate) seller: Option<String>,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) wrong: String,
}

pub(crate) struct World {
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) sellers: BTreeMap<String, Seller>,
    pub(crate) grants: Grants,
    pub(crate) faults: Faults,
    pub(crate) calls: Vec<Call>,
    pub(crate) violations: Vec<Violation>,
    /// Log-ins at the application that Amazon waits for, by `amazon_state`.
    pub(crate) logins: BTreeMap<String, PendingLogin>,
    pub(crate) refill_factor: f64,
    pub(crate) rate_limit_header: bool,
    /// 403 as the models say, or 401 as some gateways answer a bad access token.
    pub(crate) bad_token_status: u16,
    pub(crate) documents: Documents,
    pub(crate) catalogue: Catalogue,
    pub(crate) back_office: BackOffice,
    pub(crate) notices: Notices,
    /// How many things were submitted so far, by whomever.
    submissions: u64,
    buckets: BTreeMap<(String, String, &'static str), Bucket>,
    started: Instant,
}

pub(crate) struct PendingLogin {
    pub(crate) application: String,
    pub(crate) seller: String,
    pub(crate) expires: Timestamp,
}

impl World {
    pub(crate) fn new(refill_factor: f64) -> Self {
        let app = App {
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            redirect_uri: None,
            login_uri: None,
            roles: usual_roles(),
            draft: false,
        };
        Self {
            apps: BTreeMap::from([(APPLICATION_ID.to_owned(), app)]),
            sellers: BTreeMap::new(),
            grants: Grants::default(),
            faults: Faults::default(),
            calls: Vec::new(),
            violations: Vec::new(),
            logins: BTreeMap::new(),
            refill_factor,
            rate_limit_header: true,
            bad_token_status: 403,
            documents: Documents::default(),
            catalogue: Catalogue::default(),
            back_office: BackOffice::default(),
            notices: Notices::default(),
            submissions: 0,
            buckets: BTreeMap::new(),
            started: Instant::now(),
        }
    }

    /// The rate at which this operation's bucket refills here.
    pub(crate) fn rate(&self, operation: &Operation) -> f64 {
        operation.rate * self.refill_factor
    }

    /// Takes a token from the bucket of this application, seller and limit.
    pub(crate) fn take_token(&mut self, application: &str, seller: &str, limit: Limit) -> bool {
        let (now, rate) = (self.started.elapsed(), limit.rate * self.refill_factor);
        let key = (application.to_owned(), seller.to_owned(), limit.name);
        let bucket = self
            .buckets
            .entry(key)
            .or_insert_with(|| Bucket::full(limit.burst, now));
        bucket.take(rate, limit.burst, now)
    }

    /// The place of what is submitted now among all submissions.
    pub(crate) fn next_submission(&mut self) -> u64 {
        self.submissions += 1;
        self.submissions
    }

    /// Writes down what a request breaks of Amazon's rules that is answered all the same.
    pub(crate) fn violated(&mut self, admitted: &AdmittedRequest<'_>, wrong: &str) {
        self.violations.push(Violation {
            at: admitted.now,
            operation: admitted.route.operation.name.to_owned(),
            seller: Some(admitted.seller.to_owned()),
            path: admitted.incoming.path.clone(),
            query: admitted.incoming.raw_query.clone(),
            wrong: wrong.to_owned(),
        });
    }

    /// Does what Amazon has done by now behind its APIs: feeds, late patches, reports, orders
    /// that nobody shipped; then makes notices of it.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        let (office, documents) = (&self.back_office, &mut self.documents);
        let catalogue = &self.catalogue;
        for (id, seller) in &mut self.sellers {
            let behind = Behind { office, catalogue };
            feeds::advance(id, seller, &behind, documents, &mut self.violations, now);
            reports::advance(id, seller, office, documents, now);
            if office.cancels_overdue {
                cancelling::overdue(seller, office.cancel_restores, now);
            }
            self.notices.collect(id, seller, now);
        }
    }

    /// Fills every bucket to its burst again.
    pub(crate) fn refill(&mut self) {
        self.buckets.clear();
    }

    /// What this application may do for this seller.
    pub(crate) fn roles(&self, application: &str, seller: &str) -> BTreeSet<Role> {
        let of_app = self
            .apps
            .get(application)
            .map(|app| app.roles.clone())
            .unwrap_or_default();
        match self
            .sellers
            .get(seller)
            .and_then(|seller| seller.account.roles.as_ref())
        {
            Some(allowed) => of_app.intersection(allowed).copied().collect(),
            None => of_app,
        }
    }
}
