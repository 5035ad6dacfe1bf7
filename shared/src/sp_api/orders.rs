//! Orders API v2026-01-01: sweeps and single orders, handed on as Amazon wrote them. Loops over nothing: one call is
//! one page, so that a run can save its place between two.

use super::limits::Operation;
use super::raw_order::{NamelessOrder, RawOrder};
use super::tolerant_json::{Document, Malformed};
use super::{Account, Answer, SpApi};
use crate::domain::ids::OrderId;
use crate::domain::marketplace::Marketplace;
use crate::error::{Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A part of an order that Amazon sends only if asked. Amazon page: *Orders API v2026-01-01 model, includedData*.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantArray,
    utoipa::ToSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "each is Amazon's own name of the dataset")]
pub enum Dataset {
    Buyer,
    Recipient,
    Proceeds,
    Expense,
    Promotion,
    Cancellation,
    Fulfillment,
    Packages,
    Tax,
    Payment,
    FulfillmentOrders,
}

impl Dataset {
    /// All datasets there are.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// What we read of an order; what is not read is not asked for.
    pub const ORDERS: [Self; 6] = [
        Self::Buyer,
        Self::Recipient,
        Self::Proceeds,
        Self::Cancellation,
        Self::Fulfillment,
        Self::Packages,
    ];

    /// Amazon's spelling.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Which moment of an order a search goes by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderMoment {
    /// When the buyer placed it.
    Created,
    /// When Amazon, the seller or the buyer last changed it.
    #[default]
    Updated,
}

impl OrderMoment {
    /// Amazon's names of the two ends of a window.
    fn parameters(self) -> [&'static str; 2] {
        match self {
            Self::Created => ["createdAfter", "createdBefore"],
            Self::Updated => ["lastUpdatedAfter", "lastUpdatedBefore"],
        }
    }
}

/// Amazon's statuses of an order that somebody must still pay for or ship.
const OPEN: &str = "PENDING_AVAILABILITY,PENDING,UNSHIPPED,PARTIALLY_SHIPPED";

/// A search for orders. Every page of one sweep has the same values except `token`.
#[derive(Debug, Clone, Copy)]
pub struct Sweep<'a> {
    pub by: OrderMoment,
    /// Orders of this moment or later; sent in whole seconds, rounded down.
    pub after: Timestamp,
    /// Orders of this moment or earlier, by Amazon's clock at least two minutes ago; in whole seconds too.
    pub before: Timestamp,
    /// None: all of the account's region.
    pub marketplaces: &'a [Marketplace],
    /// Leaves out what is shipped or cancelled.
    pub open_only: bool,
    /// The last page's `next_token`; valid for 24 hours.
    pub token: Option<&'a str>,
    pub datasets: &'a [Dataset],
    /// Leaves out what Amazon fulfils.
    pub fulfilled_by_merchant_only: bool,
}

/// A page of a sweep: at most 100 orders.
#[derive(Debug, Clone, PartialEq)]
pub struct OrdersPage {
    pub orders: Vec<RawOrder>,
    /// What has no id that it could be stored or asked for by; the others go on.
    pub nameless: Vec<NamelessOrder>,
    /// `None` on the last page.
    pub next_token: Option<String>,
    /// The end of the window as Amazon understood it.
    pub last_updated_before: Option<Timestamp>,
}

impl OrdersPage {
    /// How many orders it holds, readable or not.
    pub fn held(&self) -> usize {
        self.orders.len() + self.nameless.len()
    }
}

impl SpApi {
    /// One page of the orders of a window. Reads only.
    ///
    /// Amazon page: *Orders API v2026-01-01 Reference*, `searchOrders`.
    ///
    /// # Errors
    /// Throttled; retryable if Amazon fails or its answer is cut off; authorisation revoked; permanent if
    /// Amazon refuses the request or a dataset (see [`super::refusal`]).
    pub async fn search_orders(
        &self,
        account: &Account<'_>,
        sweep: &Sweep<'_>,
    ) -> Result<Answer<OrdersPage>> {
        let [after, before] = sweep.by.parameters();
        let mut query = vec![
            (after, in_seconds(sweep.after)),
            (before, in_seconds(sweep.before)),
        ];
        if !sweep.marketplaces.is_empty() {
            let ids: Vec<&str> = sweep.marketplaces.iter().map(|it| it.id()).collect();
            query.push(("marketplaceIds", ids.join(",")));
        }
        if sweep.open_only {
            query.push(("fulfillmentStatuses", OPEN.to_owned()));
        }
        if sweep.fulfilled_by_merchant_only {
            query.push(("fulfilledBy", "MERCHANT".to_owned()));
        }
        query.extend(included_data(sweep.datasets));
        query.extend(
            sweep
                .token
                .map(|token| ("paginationToken", token.to_owned())),
        );
        let operation = Operation::SearchOrders;
        let body = self.get_text(account, operation, &ORDERS, &query).await?;
        body.try_map(|body| page(&body, sweep.before))
            .map_err(|error| Error::retryable(operation.call().doing, error))
    }

    /// One order. Reads only.
    ///
    /// Amazon page: *Orders API v2026-01-01 Reference*, `getOrder`.
    ///
    /// # Errors
    /// As [`Self::search_orders`]; permanent with status 404 in its [`super::refusal`] if Amazon has no such order.
    pub async fn order(
        &self,
        account: &Account<'_>,
        id: &OrderId,
        datasets: &[Dataset],
    ) -> Result<Answer<RawOrder>> {
        let [base, version, orders] = ORDERS;
        let query: Vec<_> = included_data(datasets).into_iter().collect();
        let path = [base, version, orders, id.as_str()];
        let operation = Operation::GetOrder;
        let body = self.get_text(account, operation, &path, &query).await?;
        body.try_map(|body| one(&body, id))
            .map_err(|error| Error::retryable(operation.call().doing, error))
    }
}

/// An answer that is not of the documented form as a whole: Amazon's to repeat.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("`{0}` is absent, null or of another form than documented")]
    Absent(&'static str),
}

/// The orders of a page, each read for itself: none of them can keep the others from being read.
fn page(body: &[u8], before: Timestamp) -> std::result::Result<OrdersPage, Unreadable> {
    let mut document = Document::read(body, "orders")?;
    // A page without a list is not an empty page.
    let is_list = document.is_list;
    let elements = document
        .elements
        .take()
        .filter(|_| is_list)
        .ok_or(Unreadable::Absent("orders"))?;
    let (mut orders, mut nameless) = (Vec::new(), Vec::new());
    for element in elements {
        match RawOrder::of_window(element, before) {
            Ok(order) => orders.push(order),
            Err(aside) => nameless.push(aside),
        }
    }
    let pagination = document.rest.get("pagination");
    let token = pagination.and_then(|pagination| pagination.get("nextToken"));
    if token.is_some_and(|token| !token.is_string() && !token.is_null()) {
        return Err(Unreadable::Absent("pagination.nextToken"));
    }
    Ok(OrdersPage {
        orders,
        nameless,
        next_token: token
            .and_then(Value::as_str)
            .filter(|token| !token.is_empty())
            .map(str::to_owned),
        last_updated_before: document
            .rest
            .get("lastUpdatedBefore")
            .filter(|time| !time.is_null())
            .or(document.rest.get("createdBefore"))
            .and_then(|time| Timestamp::deserialize(time).ok()),
    })
}

fn one(body: &[u8], id: &OrderId) -> std::result::Result<RawOrder, Unreadable> {
    let elements = Document::read(body, "order")?.elements;
    let element = elements
        .and_then(|elements| elements.into_iter().next())
        .ok_or(Unreadable::Absent("order"))?;
    Ok(RawOrder::asked_for(id, element, Timestamp::now()))
}

const ORDERS: [&str; 3] = ["orders", "2026-01-01", "orders"];

fn in_seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn included_data(datasets: &[Dataset]) -> Option<(&'static str, String)> {
    let names: Vec<&str> = datasets.iter().map(|dataset| dataset.as_str()).collect();
    (!names.is_empty()).then(|| ("includedData", names.join(",")))
}
