//! Owns the bodies of notices as Amazon's page "Notification Type Values" shows them. `ORDER_CHANGE` speaks
//! the words of Orders v0, whatever API the order is read by.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Raised, Subscription, id};
use crate::{clock::iso_millis, orders::state};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum OrderChange {
    Status,
    BuyerRequested,
}

/// Lines that the buyer wants cancelled and nobody has cancelled yet.
pub(super) fn requested(order: &Value) -> Vec<Value> {
    state::items(order)
        .filter(|item| asks(item) && state::open_units(item) > 0)
        .map(|item| item["orderItemId"].clone())
        .collect()
}

fn asks(item: &Value) -> bool {
    item.pointer("/cancellation/cancellationRequest").is_some()
}

pub(super) fn order(seller: &str, order: &Value, change: OrderChange, now: Timestamp) -> Value {
    let (change_type, reason) = match change {
        OrderChange::Status => ("OrderStatusChange", "Order status changed"),
        OrderChange::BuyerRequested => ("BuyerRequestedChange", "Buyer Requested Cancel"),
    };
    json!({ "OrderChangeNotification": {
        "NotificationLevel": "OrderLevel",
        "SellerId": seller,
        "AmazonOrderId": order["orderId"],
        "OrderChangeType": change_type,
        "OrderChangeTrigger": { "TimeOfOrderChange": iso_millis(now), "ChangeReason": reason },
        "Summary": summary(order),
    } })
}

fn summary(order: &Value) -> Value {
    let fulfillment = &order["fulfillment"];
    let (ship, deliver) = (
        &fulfillment["shipByWindow"],
        &fulfillment["deliverByWindow"],
    );
    let status = status(order);
    let items = state::items(order).map(|item| {
        json!({
            "OrderItemId": item["orderItemId"],
            "SellerSKU": item["product"]["sellerSku"],
            "SupplySourceId": "",
            "OrderItemStatus": status,
            "Quantity": item["quantityOrdered"],
            "QuantityShipped": state::shipped_units(item),
            "IsBuyerRequestedCancel": asks(item),
        })
    });
    let mut summary = json!({
        "MarketplaceId": order["salesChannel"]["marketplaceId"],
        "OrderStatus": status,
        "PurchaseDate": order["createdTime"],
        "DestinationPostalCode": order["recipient"]["deliveryAddress"]["postalCode"].as_str().unwrap_or_default(),
        "FulfillmentType": if fulfillment["fulfilledBy"] == "AMAZON" { "AFN" } else { "MFN" },
        "OrderType": "StandardOrder",
        "NumberOfItemsShipped": state::items(order).map(state::shipped_units).sum::<u64>(),
        "NumberOfItemsUnshipped": state::items(order).map(state::open_units).sum::<u64>(),
        "OrderPrograms": programs(order),
        "ShippingPrograms": [],
        "OrderItems": items.collect::<Vec<_>>(),
    });
    for (name, at) in [
        ("EarliestShipDate", &ship["earliestDateTime"]),
        ("LatestShipDate", &ship["latestDateTime"]),
        ("EarliestDeliveryDate", &deliver["earliestDateTime"]),
        ("LatestDeliveryDate", &deliver["latestDateTime"]),
    ] {
        if !at.is_null() {
            summary[name] = at.clone();
        }
    }
    summary
}

fn programs(order: &Value) -> Vec<&'static str> {
    let programs = order["programs"].as_array().into_iter().flatten();
    programs
        .filter_map(|program| match program.as_str()? {
            "AMAZON_BUSINESS" => Some("Business"),
            "PRIME" => Some("Prime"),
            "PREMIUM" => Some("Premium"),
            _ => None,
        })
        .collect()
}

/// `UNSHIPPED` as Orders v0 writes it.
fn status(order: &Value) -> &str {
    match order["fulfillment"]["fulfillmentStatus"].as_str() {
        Some("PENDING_AVAILABILITY") => "PendingAvailability",
        Some("PENDING") => "Pending",
        Some("PARTIALLY_SHIPPED") => "PartiallyShipped",
        Some("SHIPPED") => "Shipped",
        Some("CANCELLED") => "Canceled",
        Some("UNFULFILLABLE") => "Unfulfillable",
        Some("UNSHIPPED") | None => "Unshipped",
        Some(other) => other,
    }
}

pub(super) fn feed(seller: &str, raised: &Raised) -> Value {
    let Raised::Feed {
        id,
        feed_type,
        status,
        result,
    } = raised
    else {
        return Value::Null;
    };
    let mut notice = json!({
        "sellerId": seller,
        "feedId": id,
        "feedType": feed_type,
        "processingStatus": status,
    });
    if let Some(result) = result {
        notice["resultFeedDocumentId"] = json!(result);
    }
    json!({ "feedProcessingFinishedNotification": notice })
}

pub(super) fn account(seller: &str, raised: &Raised) -> Value {
    let Raised::Account {
        marketplace,
        was,
        is,
    } = raised
    else {
        return Value::Null;
    };
    json!({ "accountStatusChangeNotification": {
        "sellerId": seller, "marketplaceId": marketplace,
        "previousAccountStatus": was, "currentAccountStatus": is,
    } })
}

pub(super) fn listing(seller: &str, raised: &Raised) -> Value {
    let Raised::Listing {
        marketplace,
        sku,
        asin,
        status,
    } = raised
    else {
        return Value::Null;
    };
    json!({ "SellerId": seller, "MarketplaceId": marketplace, "Asin": asin, "Sku": sku, "Status": status })
}

/// `ORDER_CHANGE` and the notices of listings begin their names with a capital, the other two do not.
pub(super) fn envelope(subscription: &Subscription, payload: &Value, now: Timestamp) -> Value {
    use super::NoticeType::{AccountStatusChanged, FeedProcessingFinished};
    let small = matches!(
        subscription.notice_type,
        AccountStatusChanged | FeedProcessingFinished
    );
    let name = |capital: &str| {
        if small {
            capital[..1].to_lowercase() + &capital[1..]
        } else {
            capital.to_owned()
        }
    };
    let at = json!(iso_millis(now));
    json!({
        name("NotificationVersion"): "1.0",
        name("NotificationType"): subscription.notice_type,
        name("PayloadVersion"): subscription.notice_type.payload_version(),
        name("EventTime"): at,
        name("Payload"): payload,
        name("NotificationMetadata"): {
            name("ApplicationId"): subscription.application,
            name("SubscriptionId"): subscription.id,
            name("PublishTime"): at,
            name("NotificationId"): id(),
        },
    })
}

/// As a rule on the partner's event bus hands it on.
pub(super) fn on_event_bridge(resource: &Value, notification: &Value, now: Timestamp) -> Value {
    let bridge = &resource["eventBridge"];
    json!({
        "version": "0",
        "id": id(),
        "detail-type": notification["NotificationType"],
        "source": bridge["name"],
        "account": bridge["accountId"],
        "time": crate::clock::iso(now),
        "region": bridge["region"],
        "resources": [],
        "detail": notification,
    })
}
