//! A platform that EventBridge posts the events to.

use crate::journeys::samples::{invoke, sample};
use crate::stack::bus::Listener;
use crate::stack::{Stack, until};
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// The tenant whose events the local deployment posts.
const TENANT: &str = "webhook";
/// As the template has it by default.
const HEADER: &str = "x-webhook-secret";

/// What was posted: the secret that came with it, and the body.
type Posted = Arc<Mutex<Vec<(String, Value)>>>;

/// A receiver on this machine: its address, and what it took.
async fn receiver() -> (String, Posted) {
    let posted = Posted::default();
    let take = async |State(posted): State<Posted>, headers: HeaderMap, body: String| {
        let secret = headers[HEADER].to_str().unwrap().to_owned();
        let body = serde_json::from_str(&body).unwrap();
        posted.lock().unwrap().push((secret, body));
    };
    let router = Router::new().route("/events", post(take));
    let router = router.with_state(Arc::clone(&posted));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, posted)
}

/// The changes of the catalogue in the sample, as this tenant's.
fn changes() -> String {
    let sample = sample("announce-changes").replace("demo", TENANT);
    let mut event: Value = serde_json::from_str(&sample).unwrap();
    let records = event["Records"].as_array_mut().unwrap();
    let of_the_catalogue =
        |record: &Value| record["eventSourceARN"].to_string().contains("-catalogue/");
    records.retain(of_the_catalogue);
    event.to_string()
}

#[tokio::test]
async fn the_webhook_is_posted_each_event_of_its_tenant_with_the_secret() {
    let stack = Stack::running();
    let aws = stack.aws().await;
    let (url, posted) = receiver().await;
    let events = aws_sdk_eventbridge::Client::new(&aws);
    let update = events.update_api_destination().invocation_endpoint(url);
    let destination = stack.output("WebhookDestinationName");
    update.name(destination).send().await.unwrap();
    let secrets = aws_sdk_secretsmanager::Client::new(&aws);
    let read = secrets.get_secret_value();
    let read = read.secret_id(stack.output("WebhookSecretArn"));
    let secret = read.send().await.unwrap().secret_string.unwrap();
    assert!(secret.len() >= 32);

    let mut bus = Listener::start(Some(TENANT)).await;
    let announced = invoke("AnnounceChanges", &changes()).await["events"].clone();
    until("the events, on the bus and posted", async || {
        bus.listen().await;
        let posted = posted.lock().unwrap();
        let all = json!(bus.heard.len()) == announced;
        (all && posted.len() >= bus.heard.len()).then_some(())
    })
    .await;
    let posted = posted.lock().unwrap().clone();
    for (with, event) in &posted {
        assert_eq!(*with, secret);
        kit::is_described(event);
        assert_eq!(event["detail"]["tenant"], TENANT);
    }
    let ids = posted
        .iter()
        .map(|(_, event)| event["detail"]["id"].as_str());
    let ids: BTreeSet<&str> = ids.map(Option::unwrap).collect();
    assert_eq!(ids, bus.heard.keys().map(String::as_str).collect());
    bus.stop().await;
}
