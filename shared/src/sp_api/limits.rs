//! Amazon's operations that we use or will use, and the request rates that Amazon grants by default.
//! Keeping the limits is the work of `seller_session` with `store::limit`.

use super::SpApi;
use crate::domain::ids::SellerId;
use crate::domain::marketplace::Region;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An operation of the Selling Partner API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, strum::VariantArray)]
#[expect(missing_docs, reason = "each is Amazon's own name of the operation")]
pub enum Operation {
    SearchOrders,
    GetOrder,
    GetMarketplaceParticipations,
    ConfirmShipment,
    CreateFeed,
    CreateFeedDocument,
    GetFeed,
    GetFeedDocument,
    PatchListingsItem,
    GetListingsItem,
    SearchListingsItems,
    CreateReport,
    GetReport,
    GetReportDocument,
    CreateDestination,
    GetDestinations,
    DeleteDestination,
    CreateSubscription,
    GetSubscription,
    DeleteSubscriptionById,
    RotateApplicationClientSecret,
    SearchCatalogItems,
    GetListingsRestrictions,
    GetDefinitionsProductType,
}

/// A token bucket: it holds `burst` requests when full, and `rate` requests flow back each second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Requests per second.
    pub rate: f64,
    /// Requests.
    pub burst: u32,
}

/// Whose limit it is, and of what.
pub(crate) type LimitKey = (Region, SellerId, Operation);

/// The rates that Amazon's answers reported to this environment, in requests per second.
#[derive(Default)]
pub(super) struct ReportedRates(Mutex<HashMap<LimitKey, f64>>);

impl SpApi {
    pub(crate) fn note_rate(&self, limit: LimitKey, rate: f64) {
        self.reported_rates.lock().insert(limit, rate);
    }

    /// The seller's own rate, if an answer reported one.
    pub(crate) fn noted_rate(&self, limit: &LimitKey) -> Option<f64> {
        self.reported_rates.lock().get(limit).copied()
    }
}

impl ReportedRates {
    fn lock(&self) -> MutexGuard<'_, HashMap<LimitKey, f64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What Amazon says of one operation.
struct Facts {
    name: &'static str,
    doing: &'static str,
    rate: f64,
    burst: u32,
}

const fn facts(name: &'static str, doing: &'static str, rate: f64, burst: u32) -> Facts {
    Facts {
        name,
        doing,
        rate,
        burst,
    }
}

impl Operation {
    #[rustfmt::skip]
    const fn facts(self) -> Facts {
        match self {
            Self::SearchOrders => facts("searchOrders", "search Amazon's orders", 0.0056, 20),
            Self::GetOrder => facts("getOrder", "get an order from Amazon", 0.5, 30),
            Self::GetMarketplaceParticipations => facts("getMarketplaceParticipations", "read the seller's marketplaces", 0.016, 15),
            Self::ConfirmShipment => facts("confirmShipment", "confirm a dispatch to Amazon", 2.0, 10),
            Self::CreateFeed => facts("createFeed", "create a feed", 0.0083, 15),
            Self::CreateFeedDocument => facts("createFeedDocument", "create a feed document", 0.5, 15),
            Self::GetFeed => facts("getFeed", "look at a feed", 2.0, 15),
            Self::GetFeedDocument => facts("getFeedDocument", "read a feed's result", 0.0222, 10),
            Self::PatchListingsItem => facts("patchListingsItem", "patch a listing", 5.0, 5),
            Self::GetListingsItem => facts("getListingsItem", "read a listing", 5.0, 10),
            Self::SearchListingsItems => facts("searchListingsItems", "search listings", 5.0, 5),
            Self::CreateReport => facts("createReport", "ask for a report", 0.0167, 15),
            Self::GetReport => facts("getReport", "look at a report", 2.0, 15),
            Self::GetReportDocument => facts("getReportDocument", "read a report", 0.0167, 15),
            Self::CreateDestination => facts("createDestination", "make a destination of notices", 1.0, 5),
            Self::GetDestinations => facts("getDestinations", "list the destinations of notices", 1.0, 5),
            Self::DeleteDestination => facts("deleteDestination", "delete a destination of notices", 1.0, 5),
            Self::CreateSubscription => facts("createSubscription", "subscribe to notices", 1.0, 5),
            Self::GetSubscription => facts("getSubscription", "look at a subscription to notices", 1.0, 5),
            Self::DeleteSubscriptionById => facts("deleteSubscriptionById", "end a subscription to notices", 1.0, 5),
            Self::RotateApplicationClientSecret => facts("rotateApplicationClientSecret", "rotate the app's secret", 0.0167, 1),
            Self::SearchCatalogItems => facts("searchCatalogItems", "search Amazon's catalogue", 2.0, 2),
            Self::GetListingsRestrictions => facts("getListingsRestrictions", "ask whether the seller may offer an item", 5.0, 10),
            Self::GetDefinitionsProductType => facts("getDefinitionsProductType", "read what an offer must have", 5.0, 10),
        }
    }

    /// Amazon's name of the operation (its `operationId`), e.g. `searchOrders`.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// The default limit per seller account and app.
    ///
    /// Amazon page: *Usage Plans and Rate Limits*, and each operation's usage plan. A `x-amzn-RateLimit-Limit` in an
    /// answer ([`super::Answer::rate_limit`]) is the seller's own rate and wins.
    pub const fn limit(self) -> Limit {
        let Facts { rate, burst, .. } = self.facts();
        Limit { rate, burst }
    }

    /// Whether the app calls it in its own name, without a seller's authorisation, and with which scope.
    ///
    /// Amazon page: *Grantless Operations*.
    pub(super) const fn grantless_scope(self) -> Option<&'static str> {
        match self {
            Self::CreateDestination
            | Self::GetDestinations
            | Self::DeleteDestination
            | Self::DeleteSubscriptionById => Some("sellingpartnerapi::notifications"),
            _ => None,
        }
    }

    /// Completes "failed to …".
    pub(crate) const fn doing(self) -> &'static str {
        self.facts().doing
    }

    pub(super) const fn call(self) -> super::check::Call {
        let Facts { name, doing, .. } = self.facts();
        super::check::Call { name, doing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use strum::VariantArray as _;

    #[test]
    fn every_operation_is_listed_once_with_a_limit_that_can_refill() {
        let names: BTreeSet<_> = Operation::VARIANTS
            .iter()
            .map(|operation| operation.name())
            .collect();
        assert_eq!(names.len(), Operation::VARIANTS.len());
        assert!(
            Operation::VARIANTS
                .iter()
                .all(|operation| operation.limit().rate > 0.0 && operation.limit().burst > 0)
        );
    }
}
