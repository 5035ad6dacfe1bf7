//! Destinations and subscriptions: what is sent, in whose name, and what it means that Amazon has none. Bodies as in Amazon's
//! model of the Notifications API.

use super::*;
use crate::domain::notice::NoticeKind;
use std::collections::BTreeMap;
use wiremock::matchers::path_regex;

const ARN: &str = "arn:aws:sqs:eu-west-1:123456789012:notices";

async fn world(answer: ResponseTemplate) -> World {
    let world = World::new().await;
    let all = Mock::given(path_regex("^/notifications/v1/"));
    all.respond_with(answer).mount(&world.server).await;
    world
}

fn payload(payload: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "payload": payload }))
}

async fn grants(world: &World) -> Vec<BTreeMap<String, String>> {
    let asked = world.requests("/auth/o2/token").await;
    let form = |it: &Request| url::form_urlencoded::parse(&it.body).into_owned().collect();
    asked.iter().map(form).collect()
}

#[tokio::test]
async fn a_destination_is_made_in_the_apps_own_name() {
    let made = json!({"destinationId": "d1", "name": "x", "resource": {"sqs": {"arn": ARN}}});
    let world = world(payload(made)).await;
    let account = world.account();
    let queue = NoticeTarget::Queue(ARN.into());
    for _ in 0..2 {
        let made = world.amazon.create_destination(&account, "x", &queue);
        assert_eq!(made.await.unwrap().value, "d1");
    }
    let grants = grants(&world).await;
    assert_eq!(grants.len(), 1, "one token serves both");
    let expected = [
        ("client_id", "client"),
        ("client_secret", "Hushsecret"),
        ("grant_type", "client_credentials"),
        ("scope", "sellingpartnerapi::notifications"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(grants[0], expected.into());
    let request = &world.requests("/notifications/v1/destinations").await[0];
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let wanted = json!({"name": "x", "resourceSpecification": {"sqs": {"arn": ARN}}});
    assert_eq!((request.method.as_str(), body), ("POST", wanted));
}

#[tokio::test]
async fn destinations_are_listed_with_what_they_are() {
    let bridge =
        json!({"eventBridge": {"name": "n", "region": "eu-west-1", "accountId": "123456789012"}});
    let list = json!([
        {"destinationId": "d1", "name": "x", "resource": {"sqs": {"arn": ARN}}},
        {"destinationId": "d2", "name": "y", "resource": bridge},
        {"destinationId": "d3", "name": "z", "resource": {"pigeon": {}}},
    ]);
    let world = world(payload(list)).await;
    let found = world.amazon.destinations(&world.account()).await.unwrap();
    let found: Vec<_> = found
        .value
        .iter()
        .map(|it| (&*it.id, it.target.clone()))
        .collect();
    let source = NoticeTarget::EventSource {
        account: "123456789012".into(),
        region: "eu-west-1".into(),
    };
    let queue = NoticeTarget::Queue(ARN.into());
    assert_eq!(
        found,
        [("d1", Some(queue)), ("d2", Some(source)), ("d3", None)]
    );
}

#[tokio::test]
async fn a_seller_is_subscribed_in_its_own_name_and_to_no_tips() {
    let made = json!({"subscriptionId": "s1", "destinationId": "d1", "payloadVersion": "1.0"});
    let world = world(payload(made)).await;
    let account = world.account();
    let order = NoticeKind::OrderChange;
    let made = world
        .amazon
        .create_subscription(&account, order, "d1")
        .await;
    let made = made.unwrap().value;
    assert_eq!((&*made.id, &*made.destination), ("s1", "d1"));
    assert_eq!(grants(&world).await[0]["grant_type"], "refresh_token");
    let request = world.the_request().await;
    assert_eq!(
        request.url.path(),
        "/notifications/v1/subscriptions/ORDER_CHANGE"
    );
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let filter = json!({"eventFilterType": "ORDER_CHANGE", "orderChangeTypes": ["OrderStatusChange", "BuyerRequestedChange"]});
    let wanted = json!({"payloadVersion": "1.0", "destinationId": "d1", "processingDirective": {"eventFilter": filter}});
    assert_eq!(body, wanted);
}

#[tokio::test]
async fn to_have_no_subscription_is_no_failure() {
    let none = ResponseTemplate::new(404).set_body_json(errors("NotFound", "none"));
    let world = world(none).await;
    let (amazon, account) = (&world.amazon, world.account());
    let feed = NoticeKind::FeedProcessingFinished;
    let found = amazon.subscription(&account, feed).await.unwrap();
    assert_eq!(found.value, None);
    let gone = amazon.delete_subscription(&account, feed, "s1").await;
    assert!(!gone.unwrap().value);
    let gone = amazon.delete_destination(&account, "d1").await;
    assert!(!gone.unwrap().value);
    let kinds: Vec<_> = grants(&world)
        .await
        .iter()
        .map(|it| it["grant_type"].clone())
        .collect();
    assert_eq!(kinds, ["refresh_token", "client_credentials"]);
    let all = world.server.received_requests().await.unwrap();
    let asked: Vec<_> = all
        .iter()
        .filter(|it| it.url.path() != "/auth/o2/token")
        .map(|it| format!("{} {}", it.method, &it.url[url::Position::BeforePath..]))
        .collect();
    let expected = [
        "GET /notifications/v1/subscriptions/FEED_PROCESSING_FINISHED?payloadVersion=2020-09-04",
        "DELETE /notifications/v1/subscriptions/FEED_PROCESSING_FINISHED/s1",
        "DELETE /notifications/v1/destinations/d1",
    ];
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn a_refusal_stays_one() {
    let refused = ResponseTemplate::new(403).set_body_json(errors("Unauthorized", "no role"));
    let world = world(refused).await;
    let order = NoticeKind::OrderChange;
    let error = world.amazon.subscription(&world.account(), order).await;
    let error = error.unwrap_err();
    assert_eq!(refusal(&error).unwrap().status, 403);
    assert!(is_discreet(&error.chain()), "{}", error.chain());
}
