//! The Notifications API over HTTP, and notices into a queue that this file plays.

use std::time::Duration;

use axum::{Json, Router, extract::State, routing::post};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    amazon::{SELLER, UK},
    shop::{Shop, checked, message, order},
};

const QUEUE: &str = "arn:aws:sqs:eu-west-1:000000000000:notices";
const DESTINATIONS: &str = "/notifications/v1/destinations";
const SUBSCRIPTIONS: &str = "/notifications/v1/subscriptions";

/// What is in the queue; whoever waits for a message is woken by it.
type Messages = watch::Sender<Vec<Value>>;

/// So long a test waits for notices that never come.
const LONGEST: Duration = Duration::from_secs(20);

/// An application that knows where its notices go.
struct App {
    shop: Shop,
    grantless: String,
    messages: Messages,
}

async fn take(State(messages): State<Messages>, body: String) -> Json<Value> {
    let message = serde_json::from_str(&body).unwrap();
    messages.send_modify(|messages| messages.push(message));
    Json(json!({}))
}

impl App {
    async fn open() -> Self {
        let shop = Shop::open().await;
        let scope = [
            ("grant_type", "client_credentials"),
            ("scope", "sellingpartnerapi::notifications"),
        ];
        let token: Value = shop.0.token(&scope).await.json().await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let messages = Messages::default();
        let sqs = Router::new()
            .route("/", post(take))
            .with_state(messages.clone());
        tokio::spawn(async move { axum::serve(listener, sqs).await });
        shop.0.settings(json!({ "sqs_endpoint": endpoint })).await;
        Self {
            shop,
            grantless: token["access_token"].as_str().unwrap().to_owned(),
            messages,
        }
    }

    async fn call(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Response {
        let amazon = &self.shop.0;
        let request = amazon.http.request(method, amazon.url(path));
        let request = request.header("x-amz-access-token", token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        request.send().await.unwrap()
    }

    async fn create_destination(&self) -> Response {
        let body = json!({"name": "notices", "resourceSpecification": {"sqs": {"arn": QUEUE}}});
        self.call(Method::POST, DESTINATIONS, &self.grantless, Some(body))
            .await
    }

    async fn destination(&self) -> String {
        let answer = checked("createDestination", 200, self.create_destination().await).await;
        assert_eq!(answer["payload"]["resource"]["sqs"]["arn"], QUEUE);
        answer["payload"]["destinationId"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    async fn create_subscription(&self, of: &str, destination: &str, more: Value) -> Response {
        let mut body = json!({"payloadVersion": "1.0", "destinationId": destination});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let path = format!("{SUBSCRIPTIONS}/{of}");
        self.call(Method::POST, &path, &self.shop.0.access_token, Some(body))
            .await
    }

    async fn subscribe(&self, of: &str, destination: &str, more: Value) -> String {
        let answer = self.create_subscription(of, destination, more).await;
        let answer = checked("createSubscription", 200, answer).await;
        answer["payload"]["subscriptionId"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// What came into the queue, as soon as it is so much.
    async fn received(&self, count: usize) -> Vec<Value> {
        let mut messages = self.messages.subscribe();
        let come = messages.wait_for(|messages| messages.len() >= count);
        let come = tokio::time::timeout(LONGEST, come).await;
        let come = come.expect("the notices come in time").unwrap();
        let read = |message: &Value| {
            serde_json::from_str(message["MessageBody"].as_str().unwrap()).unwrap()
        };
        come.iter().map(read).collect()
    }
}

fn filter(types: &[&str]) -> Value {
    json!({"processingDirective": {"eventFilter": {"eventFilterType": "ORDER_CHANGE", "orderChangeTypes": types}}})
}

#[tokio::test]
async fn destinations_and_subscriptions_are_made_once_shown_and_removed() {
    let app = App::open().await;
    let destination = app.destination().await;
    checked("createDestination", 409, app.create_destination().await).await;
    let all = app
        .call(Method::GET, DESTINATIONS, &app.grantless, None)
        .await;
    let all = checked("getDestinations", 200, all).await;
    assert_eq!(all["payload"][0]["destinationId"], *destination);
    let own = &app.shop.0.access_token;
    let path = format!("{SUBSCRIPTIONS}/ORDER_CHANGE");
    checked(
        "getSubscription",
        404,
        app.call(Method::GET, &path, own, None).await,
    )
    .await;
    let subscription = app
        .subscribe("ORDER_CHANGE", &destination, filter(&[]))
        .await;
    let again = app
        .create_subscription("ORDER_CHANGE", &destination, filter(&[]))
        .await;
    checked("createSubscription", 409, again).await;
    let found = checked(
        "getSubscription",
        200,
        app.call(Method::GET, &path, own, None).await,
    )
    .await;
    assert_eq!(found["payload"]["subscriptionId"], *subscription);
    let one = format!("{DESTINATIONS}/{destination}");
    let kept = app.call(Method::DELETE, &one, &app.grantless, None).await;
    checked("deleteDestination", 409, kept).await;
    let path = format!("{path}/{subscription}");
    let by_id = app.call(Method::GET, &path, &app.grantless, None).await;
    checked("getSubscriptionById", 200, by_id).await;
    let gone = app.call(Method::DELETE, &path, &app.grantless, None).await;
    checked("deleteSubscriptionById", 200, gone).await;
    let gone = app.call(Method::DELETE, &path, &app.grantless, None).await;
    checked("deleteSubscriptionById", 404, gone).await;
    let gone = app.call(Method::DELETE, &one, &app.grantless, None).await;
    checked("deleteDestination", 200, gone).await;
    assert_eq!(app.shop.0.violations().await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_no_client_asks_for_is_refused_and_written_down() {
    let app = App::open().await;
    let destination = app.destination().await;
    let own = app.shop.0.access_token.clone();
    let with_sellers_token = app.call(Method::GET, DESTINATIONS, &own, None).await;
    checked("getDestinations", 403, with_sellers_token).await;
    let path = format!("{SUBSCRIPTIONS}/ORDER_CHANGE");
    let grantless = app.call(Method::GET, &path, &app.grantless, None).await;
    checked("getSubscription", 403, grantless).await;
    for (of, more) in [
        ("LISTINGS_ITEM_STATUS_CHANGE", json!({})),
        ("LISTINGS_ITEM_MFN_QUANTITY_CHANGE", json!({})),
        ("ORDER_CHANGE", json!({"payloadVersion": "2.0"})),
        ("FEED_PROCESSING_FINISHED", json!({})),
        ("WEATHER", json!({})),
        ("ORDER_CHANGE", filter(&["PriceChange"])),
    ] {
        let answer = app.create_subscription(of, &destination, more).await;
        checked("createSubscription", 400, answer).await;
    }
    assert_eq!(app.shop.0.violations().await.len(), 8);
    let account = json!({"payloadVersion": "2021-01-01"});
    let answer = app
        .create_subscription("ACCOUNT_STATUS_CHANGED", &destination, account)
        .await;
    checked("createSubscription", 403, answer).await;
}

#[tokio::test]
async fn an_order_is_told_when_new_changed_and_wanted_cancelled() {
    let app = App::open().await;
    app.shop.admin("POST", "orders", order(1, "A", 1)).await;
    let destination = app.destination().await;
    app.subscribe("ORDER_CHANGE", &destination, filter(&[]))
        .await;
    app.shop.admin("POST", "orders", order(2, "A", 3)).await;
    let request = "orders/202-0000000-0000002/cancel-request";
    app.received(1).await;
    app.shop.admin("PUT", request, json!({})).await;
    app.received(2).await;
    // Nothing to tell of.
    app.shop.admin("DELETE", request, Value::Null).await;
    let shipped = json!({"fulfillment": {"fulfillmentStatus": "SHIPPED"}});
    app.shop
        .0
        .admin(
            "PATCH",
            &format!("/sellers/{SELLER}/orders/202-0000000-0000001"),
            shipped,
        )
        .await;
    let notices = app.received(3).await;
    let told: Vec<_> = notices
        .iter()
        .map(|notice| {
            let change = &notice["Payload"]["OrderChangeNotification"];
            assert_eq!(change["SellerId"], SELLER);
            (
                change["AmazonOrderId"].as_str().unwrap(),
                change["OrderChangeType"].as_str().unwrap(),
                change["Summary"]["OrderStatus"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("202-0000000-0000002", "OrderStatusChange", "Unshipped"),
            ("202-0000000-0000002", "BuyerRequestedChange", "Unshipped"),
            ("202-0000000-0000001", "OrderStatusChange", "Shipped"),
        ]
    );
    let summary = &notices[1]["Payload"]["OrderChangeNotification"]["Summary"];
    assert_eq!(summary["MarketplaceId"], UK);
    assert_eq!(summary["NumberOfItemsUnshipped"], 3);
    assert_eq!(summary["OrderItems"][0]["IsBuyerRequestedCancel"], true);
    assert_eq!(notices[0]["NotificationType"], "ORDER_CHANGE");
    assert!(notices[0]["NotificationMetadata"]["NotificationId"].is_string());
}

#[tokio::test]
async fn the_end_of_a_feed_is_told() {
    let app = App::open().await;
    let destination = app.destination().await;
    let version = json!({"payloadVersion": "2020-09-04"});
    app.subscribe("FEED_PROCESSING_FINISHED", &destination, version)
        .await;
    let id = app.shop.submit(&[message(1, "A", 1)]).await;
    let notice = app.received(1).await.remove(0);
    assert_eq!(notice["notificationType"], "FEED_PROCESSING_FINISHED");
    let told = &notice["payload"]["feedProcessingFinishedNotification"];
    assert_eq!(
        (&told["feedId"], &told["processingStatus"]),
        (&json!(id), &json!("DONE"))
    );
    assert!(told["resultFeedDocumentId"].is_string());
}

#[tokio::test]
async fn notices_come_twice_late_or_never_as_ordered() {
    let app = App::open().await;
    let destination = app.destination().await;
    app.subscribe("ORDER_CHANGE", &destination, filter(&["OrderStatusChange"]))
        .await;
    let faults = json!([{"kind": "doubled"}, {"kind": "never", "notice_type": "ORDER_CHANGE"}, {"kind": "late", "delay_ms": 300}]);
    app.shop.0.admin("PUT", "/notice-faults", faults).await;
    for number in 1..=4 {
        app.shop
            .admin("POST", "orders", order(number, "A", 1))
            .await;
    }
    let notices = app.received(4).await;
    let ids: Vec<_> = notices
        .iter()
        .map(|notice| {
            notice["Payload"]["OrderChangeNotification"]["AmazonOrderId"]
                .as_str()
                .unwrap()
                .trim_start_matches("202-0000000-000000")
        })
        .collect();
    assert_eq!(ids, ["1", "1", "4", "3"]);
    let told = app.shop.0.admin("GET", "/notices", Value::Null).await;
    let mishaps: Vec<_> = (0..4).map(|one| told[one]["mishap"].clone()).collect();
    assert_eq!(
        mishaps,
        [json!("doubled"), json!("never"), json!("late"), Value::Null]
    );
}

#[tokio::test]
async fn what_goes_to_event_bridge_comes_as_a_rule_hands_it_on() {
    let app = App::open().await;
    let bridge = json!({"name": "bus", "resourceSpecification": {"eventBridge": {"accountId": "000000000000", "region": "eu-west-1"}}});
    let made = app
        .call(Method::POST, DESTINATIONS, &app.grantless, Some(bridge))
        .await;
    let made = checked("createDestination", 200, made).await;
    let destination = made["payload"]["destinationId"].as_str().unwrap();
    app.subscribe("LISTINGS_ITEM_STATUS_CHANGE", destination, json!({}))
        .await;
    app.shop
        .0
        .settings(json!({"event_bridge_queue": QUEUE}))
        .await;
    let closed = json!({"status": "INACTIVE"});
    app.shop
        .admin("PATCH", "listings?sku=ONLY-DE", closed)
        .await;
    let notice = app.received(1).await.remove(0);
    assert_eq!(notice["detail-type"], "LISTINGS_ITEM_STATUS_CHANGE");
    assert_eq!(notice["detail"]["Payload"]["Sku"], "ONLY-DE");
    assert_eq!(
        notice["detail"]["Payload"]["Status"],
        json!(["DISCOVERABLE"])
    );
}

#[tokio::test]
async fn an_accounts_status_is_told_for_every_marketplace() {
    let app = App::open().await;
    app.shop
        .0
        .admin(
            "PUT",
            &format!("/apps/{}", sandbox::APPLICATION_ID),
            json!({"client_id": sandbox::CLIENT_ID, "client_secret": sandbox::CLIENT_SECRET, "roles": ["selling_partner_insights"]}),
        )
        .await;
    let destination = app.destination().await;
    let version = json!({"payloadVersion": "2021-01-01"});
    app.subscribe("ACCOUNT_STATUS_CHANGED", &destination, version)
        .await;
    app.shop
        .admin("POST", "account-status", json!({"status": "DEACTIVATED"}))
        .await;
    let notices = app.received(3).await;
    let told = &notices[0]["payload"]["accountStatusChangeNotification"];
    assert_eq!(
        (
            &told["previousAccountStatus"],
            &told["currentAccountStatus"]
        ),
        (&json!("NORMAL"), &json!("DEACTIVATED"))
    );
}
