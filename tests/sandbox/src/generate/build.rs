//! Owns the making of one order's JSON out of a case and chance. It takes the shapes from Amazon's
//! model of Orders 2026-01-01; a test holds every order against that model.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    cases::{Case, Twist},
    dice::Dice,
    items,
    people::Buyer,
    places::{self, Place},
};
use crate::{clock::iso, marketplaces::Marketplace};

/// When things happen to an order.
pub(super) struct Times {
    created: Timestamp,
    updated: Timestamp,
}

impl Times {
    fn pick(since: Timestamp, until: Timestamp, dice: &mut Dice) -> Self {
        let span = u64::try_from(until.duration_since(since).as_secs()).unwrap_or(0);
        let updated = plus(since, dice.below(span + 1));
        let age =
            SignedDuration::from_secs(i64::try_from(60 + dice.below(6 * 3_600)).unwrap_or(60));
        Self {
            created: updated.saturating_sub(age).unwrap_or(updated),
            updated,
        }
    }

    fn ship_by(&self, level: &str) -> Value {
        let days = if matches!(level, "SAME_DAY" | "NEXT_DAY" | "PRIORITY") {
            1
        } else {
            2
        };
        json!({ "earliestDateTime": iso(self.created), "latestDateTime": iso(plus(self.created, days * 86_400)) })
    }

    pub(super) fn deliver_by(&self) -> Value {
        let (from, to) = (
            plus(self.created, 2 * 86_400),
            plus(self.created, 5 * 86_400),
        );
        json!({ "earliestDateTime": iso(from), "latestDateTime": iso(to) })
    }
}

fn plus(at: Timestamp, seconds: u64) -> Timestamp {
    let seconds = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(0));
    at.saturating_add(seconds).unwrap_or(at)
}

pub(super) fn order(
    case: &Case,
    marketplace: &Marketplace,
    (since, until): (Timestamp, Timestamp),
    skus: Option<&[String]>,
    dice: &mut Dice,
) -> Value {
    let id = order_id(marketplace, dice);
    let times = Times::pick(since, until, dice);
    let at_home;
    let place: &Place = match case.to {
        Some(away) => away,
        None => {
            at_home = places::home(marketplace.country, dice);
            &at_home
        }
    };
    let buyer = Buyer::invent(place, marketplace.domain, dice);
    let (lines, total) = items::lines(case, marketplace.currency, skus, &buyer, &times, dice);
    let mut order = json!({
        "orderId": id,
        "createdTime": iso(times.created),
        "lastUpdatedTime": iso(times.updated),
        "salesChannel": {
            "channelName": "AMAZON", "marketplaceId": marketplace.id, "marketplaceName": marketplace.name(),
        },
        "buyer": buyer.as_buyer(case.twist),
        "recipient": buyer.as_recipient(place, case.twist, dice),
        "proceeds": { "grandTotal": items::money(total, marketplace.currency) },
        "fulfillment": fulfillment(case, &times),
        "orderItems": lines,
    });
    if !case.programs.is_empty() {
        order["programs"] = json!(case.programs);
    }
    if !case.by_amazon {
        packages(&mut order, case, &times, dice);
    }
    twist(&mut order, case, marketplace, &buyer, dice);
    order
}

fn order_id(marketplace: &Marketplace, dice: &mut Dice) -> String {
    // Amazon's first group is the region of the marketplace, more or less.
    let first = match marketplace.country {
        "GB" => 202 + dice.below(5),
        "DE" => 302 + dice.below(4),
        _ => 402 + dice.below(6),
    };
    format!("{first}-{}-{}", dice.digits(7), dice.digits(7))
}

fn fulfillment(case: &Case, times: &Times) -> Value {
    let mut fulfillment = json!({
        "fulfillmentStatus": case.status,
        "fulfilledBy": if case.by_amazon { "AMAZON" } else { "MERCHANT" },
        "fulfillmentServiceLevel": case.level,
        "shipByWindow": times.ship_by(case.level),
        "deliverByWindow": times.deliver_by(),
    });
    if case.twist == Twist::LabelNotYet {
        let earliest = plus(times.updated, 5 * 86_400);
        fulfillment["labelPrintingWindow"] = json!({ "earliestDateTime": iso(earliest) });
    }
    fulfillment
}

fn packages(order: &mut Value, case: &Case, times: &Times, dice: &mut Dice) {
    if !matches!(case.status, "SHIPPED" | "PARTIALLY_SHIPPED") {
        return;
    }
    let item = &order["orderItems"][0];
    order["packages"] = json!([{
        "packageReferenceId": "1",
        "createdTime": iso(times.created),
        "packageStatus": { "status": "IN_TRANSIT" },
        "carrier": "DPD",
        "shipTime": iso(times.updated),
        "shippingService": "DPD Next Day",
        "trackingNumber": format!("1550{}", dice.digits(10)),
        "packageItems": [{ "orderItemId": item["orderItemId"], "quantity": item["quantityOrdered"] }],
    }]);
}

fn twist(
    order: &mut Value,
    case: &Case,
    marketplace: &Marketplace,
    buyer: &Buyer,
    dice: &mut Dice,
) {
    let association = match case.twist {
        Twist::Replacement => Some("REPLACEMENT_ORIGINAL_ID"),
        Twist::Exchange => Some("EXCHANGE_ORIGINAL_ID"),
        _ => None,
    };
    if let Some(association) = association {
        order["associatedOrders"] =
            json!([{ "orderId": order_id(marketplace, dice), "associationType": association }]);
    }
    match case.twist {
        Twist::Business => {
            order["tax"] = json!({ "taxRegistrations": [buyer.tax_registration()] });
        }
        Twist::UnknownFields => {
            order["concierge"] = json!({ "note": buyer.note() });
            order["orderAliases"] =
                json!([{ "aliasId": "SANDBOX-1", "aliasType": "NEVER_HEARD_OF" }]);
        }
        _ => {}
    }
}
