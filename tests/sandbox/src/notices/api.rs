//! Owns the Notifications API v1, as far as it is played: destinations, and one subscription per
//! application, seller and type.
//!
//! Inferred: that the same destination or subscription again is the 409 of the model, and that a destination
//! with subscriptions cannot be deleted.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Destination, NoticeType, Subscription, id};
use crate::{
    admitted::AdmittedRequest,
    operations::Role,
    reply::{Refusal, Reply},
    world::World,
};

/// `createDestination`, which is grantless.
pub(crate) fn create_destination(
    world: &mut World,
    admitted: &AdmittedRequest<'_>,
) -> Result<Reply, Refusal> {
    let body = body(admitted)?;
    let wanted = &body["resourceSpecification"];
    let resource = match (&wanted["sqs"], &wanted["eventBridge"]) {
        (sqs, Value::Null) if sqs["arn"].is_string() => json!({ "sqs": { "arn": sqs["arn"] } }),
        (Value::Null, bridge) if bridge["accountId"].is_string() => {
            let source = "aws.partner/sellingpartnerapi.amazon.com";
            let name = format!(
                "{source}/{}/{}",
                bridge["accountId"].as_str().unwrap_or_default(),
                admitted.application
            );
            json!({ "eventBridge": { "name": name, "region": bridge["region"], "accountId": bridge["accountId"] } })
        }
        _ => return broken("a destination is one of sqs and eventBridge"),
    };
    let mine = world.notices.destinations.iter();
    let mut mine = mine.filter(|one| one.application == admitted.application);
    if mine.any(|one| one.resource == resource) {
        return conflict("There is a destination with this resource already.");
    }
    let destination = Destination {
        id: id(),
        application: admitted.application.to_owned(),
        name: body["name"].as_str().unwrap_or_default().to_owned(),
        resource,
    };
    let shown = destination.shown();
    world.notices.destinations.push(destination);
    Ok(payload(&shown))
}

/// `getDestinations`.
pub(crate) fn destinations(
    world: &mut World,
    admitted: &AdmittedRequest<'_>,
) -> Result<Reply, Refusal> {
    let all = world.notices.destinations.iter();
    let mine = all.filter(|one| one.application == admitted.application);
    Ok(payload(&mine.map(Destination::shown).collect()))
}

/// `getDestination`.
pub(crate) fn destination(
    world: &mut World,
    admitted: &AdmittedRequest<'_>,
) -> Result<Reply, Refusal> {
    let place = place_of_destination(world, admitted)?;
    Ok(payload(&world.notices.destinations[place].shown()))
}

/// `deleteDestination`.
pub(crate) fn delete_destination(
    world: &mut World,
    admitted: &AdmittedRequest<'_>,
) -> Result<Reply, Refusal> {
    let place = place_of_destination(world, admitted)?;
    let id = &world.notices.destinations[place].id;
    let mut subscriptions = world.notices.subscriptions.iter();
    if subscriptions.any(|one| one.destination == *id) {
        return conflict("The destination has subscriptions.");
    }
    world.notices.destinations.remove(place);
    Ok(Reply::ok(json!({})))
}

/// `createSubscription`.
pub(crate) fn subscribe(
    world: &mut World,
    admitted: &AdmittedRequest<'_>,
) -> Result<Reply, Refusal> {
    let (notice_type, body) = (notice_type(admitted)?, body(admitted)?);
    if body["payloadVersion"] != notice_type.payload_version() {
        let version = notice_type.payload_version();
        return broken(&format!("the payloadVersion of this type is {version}"));
    }
    let directive = body["processingDirective"].clone();
    if !directive["filterExpression"].is_null() {
        return broken("the sandbox plays no filterExpression");
    }
    let filter = &directive["eventFilter"]["eventFilterType"];
    let filtered = notice_type == NoticeType::OrderChange && filter == "ORDER_CHANGE";
    if !directive["eventFilter"].is_null() && !filtered {
        return broken("this notification type has no such eventFilter");
    }
    let wanted = &body["destinationId"];
    let destinations = world.notices.destinations.iter();
    let mut mine = destinations.filter(|one| one.application == admitted.application);
    let Some(destination) = mine.find(|one| *wanted == *one.id) else {
        return Err(Refusal::Other(Reply::invalid(
            "There is no such destination.",
        )));
    };
    if notice_type.by_event_bridge() == destination.resource["eventBridge"].is_null() {
        return broken("this notification type has another workflow: SQS or EventBridge");
    }
    let subscription = Subscription {
        id: id(),
        application: admitted.application.to_owned(),
        seller: admitted.seller.to_owned(),
        notice_type,
        destination: destination.id.clone(),
        directive,
    };
    if place_of(world, admitted, notice_type).is_some() {
        return conflict("There is a subscription of this type already.");
    }
    let shown = subscription.shown();
    world.notices.subscriptions.push(subscription);
    Ok(payload(&shown))
}

/// `getSubscription`.
pub(crate) fn subscription(
    world: &mut World,
    admitted: &AdmittedRequest<'_>,
) -> Result<Reply, Refusal> {
    match place_of(world, admitted, notice_type(admitted)?) {
        Some(place) => Ok(payload(&world.notices.subscriptions[place].shown())),
        None => missing(),
    }
}

/// `getSubscriptionById`, which is grantless.
pub(crate) fn subscription_by_id(
    world: &mut World,
    admitted: &AdmittedRequest<'_>,
) -> Result<Reply, Refusal> {
    let place = place_by_id(world, admitted)?;
    Ok(payload(&world.notices.subscriptions[place].shown()))
}

/// `deleteSubscriptionById`, which is grantless.
pub(crate) fn delete_subscription(
    world: &mut World,
    admitted: &AdmittedRequest<'_>,
) -> Result<Reply, Refusal> {
    let place = place_by_id(world, admitted)?;
    world.notices.subscriptions.remove(place);
    Ok(Reply::ok(json!({})))
}

/// The type in the path, if the application may hear of it (page "Role Mappings for SP-API Types").
fn notice_type(admitted: &AdmittedRequest<'_>) -> Result<NoticeType, Refusal> {
    let name = json!(admitted.parameter("notificationType"));
    let Ok(notice_type) = serde_json::from_value(name) else {
        return broken("the sandbox plays no such notification type");
    };
    let needed: &[Role] = match notice_type {
        NoticeType::OrderChange => &[
            Role::AmazonFulfillment,
            Role::DirectToConsumerShipping,
            Role::InventoryAndOrderTracking,
        ],
        NoticeType::AccountStatusChanged => &[Role::SellingPartnerInsights],
        NoticeType::ListingsItemStatusChange | NoticeType::ListingsItemMfnQuantityChange => {
            &[Role::ProductListing]
        }
        NoticeType::FeedProcessingFinished => return Ok(notice_type),
    };
    if needed.iter().any(|role| admitted.roles.contains(role)) {
        return Ok(notice_type);
    }
    let why = "The application lacks the role for this notification type.";
    Err(Refusal::Other(Reply::denied(why)))
}

fn place_of(world: &World, admitted: &AdmittedRequest<'_>, of: NoticeType) -> Option<usize> {
    let mut all = world.notices.subscriptions.iter();
    all.position(|one| {
        one.application == admitted.application
            && one.seller == admitted.seller
            && one.notice_type == of
    })
}

fn place_by_id(world: &World, admitted: &AdmittedRequest<'_>) -> Result<usize, Refusal> {
    let (id, name) = (
        admitted.parameter("subscriptionId"),
        json!(admitted.parameter("notificationType")),
    );
    let mut all = world.notices.subscriptions.iter();
    let found = all.position(|one| {
        one.id == id && json!(one.notice_type) == name && one.application == admitted.application
    });
    found.map_or_else(missing, Ok)
}

fn place_of_destination(world: &World, admitted: &AdmittedRequest<'_>) -> Result<usize, Refusal> {
    let id = admitted.parameter("destinationId");
    let mut all = world.notices.destinations.iter();
    let found = all.position(|one| one.id == id && one.application == admitted.application);
    found.map_or_else(missing, Ok)
}

impl Destination {
    fn shown(&self) -> Value {
        json!({ "destinationId": self.id, "name": self.name, "resource": self.resource })
    }
}

fn body(admitted: &AdmittedRequest<'_>) -> Result<Value, Refusal> {
    serde_json::from_slice(admitted.body).or_else(|_| broken("the body is no JSON"))
}

fn payload(payload: &Value) -> Reply {
    Reply::ok(json!({ "payload": payload }))
}

fn broken<T>(rule: &str) -> Result<T, Refusal> {
    Err(Refusal::Violation(rule.to_owned()))
}

fn conflict<T>(why: &str) -> Result<T, Refusal> {
    let status = StatusCode::CONFLICT;
    Err(Refusal::Other(Reply::error(status, "Conflict", why, "")))
}

fn missing<T>() -> Result<T, Refusal> {
    Err(Refusal::Other(Reply::of_status(StatusCode::NOT_FOUND)))
}
