//! Owns the list of SP-API operations that the sandbox plays: path, usage plan, roles, model. A new
//! API area is its lines here, a file with its answers, and its arm in `gate.rs`.

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

/// A role of the page "Roles in the Selling Partner API", as far as the operations here ask for it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    AmazonFulfillment,
    BuyerCommunication,
    BuyerSolicitation,
    FinanceAndAccounting,
    InventoryAndOrderTracking,
    Pricing,
    ProductListing,
    SellingPartnerInsights,
    /// Restricted: names, addresses, phone numbers of merchant-fulfilled orders.
    DirectToConsumerShipping,
    /// Restricted: tax registrations.
    TaxInvoicing,
    /// Restricted: tax registrations.
    TaxRemittance,
}

pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    /// As in the model, with `{name}` for a variable segment.
    pub(crate) path: &'static str,
    /// The model's file below the folder of models.
    pub(crate) model: &'static str,
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) burst: u32,
    /// One of these is enough (page "Role Mappings for SP-API Operations").
    pub(crate) roles: &'static [Role],
    /// The scope of the token that a grantless operation wants; it has no seller and asks for no role.
    pub(crate) scope: Option<&'static str>,
}

const ORDER_ROLES: &[Role] = &[
    Role::AmazonFulfillment,
    Role::BuyerCommunication,
    Role::BuyerSolicitation,
    Role::FinanceAndAccounting,
    Role::InventoryAndOrderTracking,
    Role::Pricing,
    Role::ProductListing,
    Role::SellingPartnerInsights,
    Role::DirectToConsumerShipping,
    Role::TaxInvoicing,
    Role::TaxRemittance,
];

/// For what becomes of an order: its shipment, and the feed that cancels lines.
pub(crate) const SHIPPING_ROLES: &[Role] = &[
    Role::InventoryAndOrderTracking,
    Role::DirectToConsumerShipping,
];

/// For listings, and for feeds and documents of listings.
pub(crate) const LISTING_ROLES: &[Role] = &[Role::InventoryAndOrderTracking, Role::ProductListing];

const FEED_ROLES: &[Role] = &[
    Role::AmazonFulfillment,
    Role::DirectToConsumerShipping,
    Role::InventoryAndOrderTracking,
    Role::Pricing,
    Role::ProductListing,
    Role::TaxInvoicing,
];

/// Those who only watch feeds, too.
const FEED_WATCHING_ROLES: &[Role] = &[
    Role::AmazonFulfillment,
    Role::DirectToConsumerShipping,
    Role::InventoryAndOrderTracking,
    Role::Pricing,
    Role::ProductListing,
    Role::SellingPartnerInsights,
    Role::TaxInvoicing,
];

const LISTINGS_MODEL: &str = "listings-items-api-model/listingsItems_2021-08-01.json";
const FEEDS_MODEL: &str = "feeds-api-model/feeds_2021-06-30.json";
const NOTIFICATIONS_MODEL: &str = "notifications-api-model/notifications.json";
const REPORTS_MODEL: &str = "reports-api-model/reports_2021-06-30.json";

#[rustfmt::skip]
pub(crate) const OPERATIONS: &[Operation] = &[
    // Outside the Far East only these two; there, most others as well.
    call("getMarketplaceParticipations", "GET", "/sellers/v1/marketplaceParticipations", "sellers-api-model/sellers.json", (0.016, 15), &[Role::ProductListing, Role::SellingPartnerInsights]),
    call("searchOrders", "GET", "/orders/2026-01-01/orders", "orders-api-model/orders_2026-01-01.json", (0.0056, 20), ORDER_ROLES),
    call("getOrder", "GET", "/orders/2026-01-01/orders/{orderId}", "orders-api-model/orders_2026-01-01.json", (0.5, 30), ORDER_ROLES),
    call("confirmShipment", "POST", "/orders/v0/orders/{orderId}/shipmentConfirmation", "orders-api-model/ordersV0.json", (2.0, 10), SHIPPING_ROLES),
    call("getListingsItem", "GET", "/listings/2021-08-01/items/{sellerId}/{sku}", LISTINGS_MODEL, (5.0, 10), LISTING_ROLES),
    call("searchListingsItems", "GET", "/listings/2021-08-01/items/{sellerId}", LISTINGS_MODEL, (5.0, 5), LISTING_ROLES),
    call("patchListingsItem", "PATCH", "/listings/2021-08-01/items/{sellerId}/{sku}", LISTINGS_MODEL, (5.0, 5), LISTING_ROLES),
    call("searchCatalogItems", "GET", "/catalog/2022-04-01/items", "catalog-items-api-model/catalogItems_2022-04-01.json", (2.0, 2), &[Role::ProductListing]),
    call("getListingsRestrictions", "GET", "/listings/2021-08-01/restrictions", "listings-restrictions-api-model/listingsRestrictions_2021-08-01.json", (5.0, 10), &[Role::ProductListing]),
    call("getDefinitionsProductType", "GET", "/definitions/2020-09-01/productTypes/{productType}", "product-type-definitions-api-model/definitionsProductTypes_2020-09-01.json", (5.0, 10), &[Role::ProductListing]),
    call("createFeedDocument", "POST", "/feeds/2021-06-30/documents", FEEDS_MODEL, (0.5, 15), FEED_ROLES),
    call("getFeedDocument", "GET", "/feeds/2021-06-30/documents/{feedDocumentId}", FEEDS_MODEL, (0.0222, 10), FEED_ROLES),
    call("createFeed", "POST", "/feeds/2021-06-30/feeds", FEEDS_MODEL, (0.0083, 15), FEED_ROLES),
    call("getFeeds", "GET", "/feeds/2021-06-30/feeds", FEEDS_MODEL, (0.0222, 10), FEED_WATCHING_ROLES),
    call("getFeed", "GET", "/feeds/2021-06-30/feeds/{feedId}", FEEDS_MODEL, (2.0, 15), FEED_WATCHING_ROLES),
    call("createReport", "POST", "/reports/2021-06-30/reports", REPORTS_MODEL, (0.0167, 15), ORDER_ROLES),
    call("getReport", "GET", "/reports/2021-06-30/reports/{reportId}", REPORTS_MODEL, (2.0, 15), ORDER_ROLES),
    call("getReportDocument", "GET", "/reports/2021-06-30/documents/{reportDocumentId}", REPORTS_MODEL, (0.0167, 15), ORDER_ROLES),
    // By type, which the API itself looks at.
    call("createSubscription", "POST", "/notifications/v1/subscriptions/{notificationType}", NOTIFICATIONS_MODEL, (1.0, 5), ORDER_ROLES),
    call("getSubscription", "GET", "/notifications/v1/subscriptions/{notificationType}", NOTIFICATIONS_MODEL, (1.0, 5), ORDER_ROLES),
    grantless("getSubscriptionById", "GET", "/notifications/v1/subscriptions/{notificationType}/{subscriptionId}"),
    grantless("deleteSubscriptionById", "DELETE", "/notifications/v1/subscriptions/{notificationType}/{subscriptionId}"),
    grantless("createDestination", "POST", "/notifications/v1/destinations"),
    grantless("getDestinations", "GET", "/notifications/v1/destinations"),
    grantless("getDestination", "GET", "/notifications/v1/destinations/{destinationId}"),
    grantless("deleteDestination", "DELETE", "/notifications/v1/destinations/{destinationId}"),
];

/// An operation in a seller's name; `limit` is requests a second and burst.
const fn call(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    model: &'static str,
    limit: (f64, u32),
    roles: &'static [Role],
) -> Operation {
    Operation {
        name,
        method,
        path,
        model,
        rate: limit.0,
        burst: limit.1,
        roles,
        scope: None,
    }
}

/// An operation of the Notifications API in nobody's name (page "Grantless Operations").
const fn grantless(name: &'static str, method: &'static str, path: &'static str) -> Operation {
    Operation {
        scope: Some("sellingpartnerapi::notifications"),
        ..call(name, method, path, NOTIFICATIONS_MODEL, (1.0, 5), &[])
    }
}

/// Besides what `createFeed` allows (page "Building Listings Management Workflows Guide").
pub(crate) const LISTINGS_FEED: Limit = Limit {
    name: "JSON_LISTINGS_FEED",
    rate: 5.0 / 300.0,
    burst: 5,
};

/// A token bucket's name and size.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) name: &'static str,
    pub(crate) rate: f64,
    pub(crate) burst: u32,
}

impl Operation {
    pub(crate) fn limit(&self) -> Limit {
        Limit {
            name: self.name,
            rate: self.rate,
            burst: self.burst,
        }
    }
}

/// An operation and the decoded values of its path's variables.
pub(crate) struct Route {
    pub(crate) operation: &'static Operation,
    pub(crate) parameters: Vec<(&'static str, String)>,
}

impl Route {
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value.as_str())
    }
}

/// The operation that a request means. `path` is still percent-encoded, since a SKU may hold `/`.
pub(crate) fn route(method: &str, path: &str) -> Option<Route> {
    let candidates = OPERATIONS
        .iter()
        .filter(|operation| operation.method == method);
    candidates.into_iter().find_map(|operation| {
        Some(Route {
            operation,
            parameters: fit(operation.path, path)?,
        })
    })
}

fn fit(template: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let (wanted, given): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    if wanted.len() != given.len() {
        return None;
    }
    let mut parameters = Vec::new();
    for (wanted, given) in wanted.into_iter().zip(given) {
        match wanted
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            Some(_) if given.is_empty() => return None,
            Some(name) => parameters.push((
                name,
                percent_decode_str(given).decode_utf8().ok()?.into_owned(),
            )),
            None if wanted != given => return None,
            None => {}
        }
    }
    Some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_segment_is_decoded_once() {
        let route = route("GET", "/orders/2026-01-01/orders/a%2Fb%2520c").unwrap();
        assert_eq!(
            (route.operation.name, route.parameter("orderId")),
            ("getOrder", "a/b%20c")
        );
    }

    #[test]
    fn another_method_version_or_depth_is_no_operation() {
        assert!(route("POST", "/orders/2026-01-01/orders").is_none());
        assert!(route("GET", "/orders/v0/orders").is_none());
        assert!(route("GET", "/orders/2026-01-01/orders/1/2").is_none());
        assert!(route("GET", "/orders/2026-01-01/orders/").is_none());
    }
}
