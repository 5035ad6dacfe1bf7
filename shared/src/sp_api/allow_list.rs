//! The one allow-list: which fields of Amazon's orders everyone may see, which values Amazon lists for them, and which
//! fields we know but do not show. Data only; [`super::read_order`] goes by it. A field that is missing here is unknown
//! and stays with the buyer's data.
//!
//! Amazon page: *Orders API v2026-01-01 model*.

use crate::domain::order::BuyerReason;
use Rule::{
    Amount, Constraints, Count, Key, List, Moment, Object, Phrases, Private, Public, Text, Values,
};

/// What becomes of a field.
pub(super) enum Rule {
    /// Scalar, for all to see; what an order must have, so that another kind of value is an error.
    Public,
    /// Text, for all to see. Of another kind than this, as of the three below, it counts as unknown.
    Text,
    /// A moment, for all to see.
    Moment,
    /// A decimal amount, for all to see.
    Amount,
    /// How many, for all to see; `2.0` and `"2"` are two.
    Count,
    /// Text for all to see; Amazon lists the values, and others are noted.
    Values(&'static [&'static str]),
    /// Text for all to see if it is one of the phrases that Amazon offers; any other is somebody's own words, and private.
    Phrases(fn(&str) -> bool),
    /// An id, as text, for all to see, and repeated beside what is private, to show whose it is.
    Key,
    /// Buyer data, or nothing that we read: it stays.
    Private,
    /// Names of the constraints on an item's delivery. One that is new to us counts as well if it is mandatory: to
    /// overlook it would send the parcel wrongly.
    Constraints(&'static [&'static str]),
    Object(&'static [(&'static str, Rule)]),
    List(&'static Rule),
}

/// Whether something at this path, unreadable, leaves open what is to be shipped, where, or by when. Amounts, titles and
/// what we do not know decide nothing of it.
pub(super) fn decides(path: &str) -> bool {
    let known = |rule: &'static Rule, name| match rule {
        Object(fields) => fields
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, rule)| rule),
        List(rule) => match rule {
            Object(fields) => fields
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, rule)| rule),
            _ => None,
        },
        // Below what is private or a value we look at nothing.
        rule => Some(rule),
    };
    let is_known = path.split('.').try_fold(&ORDER, known).is_some();
    let is_under = |place: &&str| {
        path.strip_prefix(*place)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    path == "order" || (is_known && DECIDING.iter().any(&is_under) && !BESIDE.iter().any(is_under))
}

const DECIDING: [&str; 8] = [
    "orderId",
    "createdTime",
    "lastUpdatedTime",
    "programs",
    "salesChannel",
    "recipient",
    "fulfillment",
    "orderItems",
];
/// Below those, what decides nothing.
const BESIDE: [&str; 13] = [
    "salesChannel.marketplaceName",
    "orderItems.tax",
    "orderItems.product.serialNumbers",
    "orderItems.measurement",
    "orderItems.associatedOrderItems",
    "orderItems.product.asin",
    "orderItems.product.title",
    "orderItems.product.condition",
    "orderItems.product.price",
    "orderItems.proceeds",
    "orderItems.expense",
    "orderItems.promotion",
    "orderItems.cancellation.cancellationExecution",
];

/// An order.
pub(super) const ORDER: Rule = Object(&[
    ("orderId", Public),
    ("orderAliases", Private),
    ("createdTime", Moment),
    ("lastUpdatedTime", Moment),
    ("programs", List(&Values(PROGRAMS))),
    (
        "associatedOrders",
        List(&Object(&[
            ("orderId", Text),
            ("associationType", Values(ASSOCIATIONS)),
        ])),
    ),
    (
        "salesChannel",
        Object(&[
            ("channelName", Values(CHANNELS)),
            ("marketplaceId", Text),
            ("marketplaceName", Private),
        ]),
    ),
    ("buyer", BUYER),
    (
        "recipient",
        Object(&[
            ("deliveryAddress", ADDRESS),
            ("deliveryPreference", Private),
        ]),
    ),
    (
        "proceeds",
        Object(&[("grandTotal", MONEY), ("breakdowns", Private)]),
    ),
    ("payment", Private),
    ("tax", Private),
    (
        "fulfillment",
        Object(&[
            ("fulfillmentStatus", Values(STATUSES)),
            ("fulfilledBy", Values(&["AMAZON", "MERCHANT"])),
            ("fulfillmentServiceLevel", Values(SERVICE_LEVELS)),
            ("shipByWindow", UNTIL),
            ("deliverByWindow", UNTIL),
            ("labelPrintingWindow", FROM),
        ]),
    ),
    ("orderItems", List(&ITEM)),
    ("packages", List(&PACKAGE)),
    ("fulfillmentOrders", Private),
]);

const BUYER: Rule = Object(&[
    ("buyerName", Private),
    ("buyerEmail", Private),
    ("buyerCompanyName", Private),
    ("buyerPurchaseOrderNumber", Private),
]);

const ADDRESS: Rule = Object(&[
    ("name", Private),
    ("companyName", Private),
    ("addressLine1", Private),
    ("addressLine2", Private),
    ("addressLine3", Private),
    ("city", Private),
    ("districtOrCounty", Private),
    ("stateOrRegion", Private),
    ("municipality", Private),
    ("postalCode", Private),
    ("countryCode", Text),
    ("phone", Private),
    ("extendedFields", Private),
    (
        "addressType",
        Values(&["RESIDENTIAL", "COMMERCIAL", "PICKUP_POINT"]),
    ),
]);

const ITEM: Rule = Object(&[
    ("orderItemId", Key),
    ("quantityOrdered", Count),
    ("measurement", Private),
    ("associatedOrderItems", Private),
    (
        "programs",
        List(&Values(&["TRANSPARENCY", "SUBSCRIBE_AND_SAVE"])),
    ),
    (
        "product",
        Object(&[
            ("asin", Text),
            ("title", Text),
            ("sellerSku", Text),
            ("condition", Private),
            (
                "price",
                Object(&[("unitPrice", MONEY), ("priceDesignation", Private)]),
            ),
            ("serialNumbers", Private),
            ("customization", Private),
        ]),
    ),
    (
        "proceeds",
        Object(&[("proceedsTotal", MONEY), ("breakdowns", Private)]),
    ),
    ("expense", Private),
    ("promotion", Private),
    (
        "cancellation",
        Object(&[
            (
                "cancellationRequest",
                Object(&[
                    ("requester", Values(&["BUYER"])),
                    (
                        "cancelReason",
                        Phrases(|text| BuyerReason::of(text).is_some()),
                    ),
                ]),
            ),
            (
                "cancellationExecution",
                Object(&[
                    ("cancelledBy", Values(&["AMAZON", "BUYER", "MERCHANT"])),
                    ("cancelReason", Private),
                ]),
            ),
        ]),
    ),
    (
        "fulfillment",
        Object(&[
            ("quantityFulfilled", Count),
            ("quantityUnfulfilled", Count),
            ("picking", Private),
            ("packing", Private),
            (
                "shipping",
                Object(&[
                    ("scheduledDeliveryWindow", Private),
                    ("shippingConstraints", Constraints(CONSTRAINTS)),
                    ("internationalShipping", Private),
                ]),
            ),
        ]),
    ),
    ("tax", Private),
]);

/// What a carrier was given. The seller's own address is of no use to anyone.
const PACKAGE: Rule = Object(&[
    ("packageReferenceId", Key),
    ("createdTime", Private),
    (
        "packageStatus",
        Object(&[
            ("status", Values(PACKAGE_STATUSES)),
            ("detailedStatus", Text),
        ]),
    ),
    ("carrier", Text),
    ("shipTime", Moment),
    ("shippingService", Text),
    ("trackingNumber", Text),
    ("shipFromAddress", Private),
    (
        "packageItems",
        List(&Object(&[
            ("orderItemId", Key),
            ("quantity", Count),
            ("transparencyCodes", Private),
        ])),
    ),
]);

const MONEY: Rule = Object(&[("amount", Amount), ("currencyCode", Text)]);
/// A window of which we read the end.
const UNTIL: Rule = Object(&[("earliestDateTime", Private), ("latestDateTime", Moment)]);
/// A window of which we read the beginning.
const FROM: Rule = Object(&[("earliestDateTime", Moment), ("latestDateTime", Private)]);

const PROGRAMS: &[&str] = &[
    "AMAZON_BAZAAR",
    "AMAZON_BUSINESS",
    "AMAZON_EASY_SHIP",
    "AMAZON_HAUL",
    "DELIVERY_BY_AMAZON",
    "FBM_SHIP_PLUS",
    "INVOICE_BY_AMAZON",
    "IN_STORE_PICK_UP",
    "PREMIUM",
    "PREORDER",
    "PRIME",
];
const ASSOCIATIONS: &[&str] = &["REPLACEMENT_ORIGINAL_ID", "EXCHANGE_ORIGINAL_ID"];
const CHANNELS: &[&str] = &["AMAZON", "NON_AMAZON"];
const STATUSES: &[&str] = &[
    "PENDING_AVAILABILITY",
    "PENDING",
    "UNSHIPPED",
    "PARTIALLY_SHIPPED",
    "SHIPPED",
    "CANCELLED",
    "UNFULFILLABLE",
];
const PACKAGE_STATUSES: &[&str] = &[
    "PENDING",
    "IN_TRANSIT",
    "SHIPPED",
    "DELIVERED",
    "CANCELLED",
    "UNDELIVERABLE",
];
const SERVICE_LEVELS: &[&str] = &[
    "EXPEDITED",
    "FREE_ECONOMY",
    "NEXT_DAY",
    "PRIORITY",
    "SAME_DAY",
    "SECOND_DAY",
    "SCHEDULED",
    "STANDARD",
];
const CONSTRAINTS: &[&str] = &[
    "palletDelivery",
    "cashOnDelivery",
    "signatureConfirmation",
    "recipientIdentityVerification",
    "recipientAgeVerification",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_where_and_by_when_decides_and_nothing_else() {
        let rows = [
            ("order", true),
            ("orderItems", true),
            ("orderItems.quantityOrdered", true),
            ("orderItems.product.sellerSku", true),
            ("orderItems.product.customization.customizedUrl", true),
            ("orderItems.fulfillment.shipping.shippingConstraints", true),
            ("orderItems.cancellation.cancellationRequest", true),
            ("recipient.deliveryAddress.addressLine1", true),
            ("recipient.deliveryAddress.doorCode", false),
            ("fulfillment.shipByWindow.latestDateTime", true),
            ("programs", true),
            ("orderItems.product.title", false),
            ("orderItems.product.price.unitPrice.amount", false),
            ("orderItems.robotNote", false),
            ("proceeds.grandTotal.amount", false),
            ("buyer.buyerName", false),
            ("newField.orderItems", false),
            ("?", false),
        ];
        for (path, expected) in rows {
            assert_eq!(decides(path), expected, "{path}");
        }
    }
}
