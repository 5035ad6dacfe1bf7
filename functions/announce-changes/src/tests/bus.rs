//! The bus and the scheduler as AWS's own protocol speaks to them.

use super::stage::Stage;
use super::*;
use crate::{Announced, App, Bus, changes, handle};
use aws_sdk_eventbridge::config::retry::RetryConfig;
use aws_sdk_eventbridge::config::{BehaviorVersion, Credentials, Region};
use serde_json::{Value, json};
use stallkeeper::error::Class;
use stallkeeper::lambda::stream::StreamEvent;
use stallkeeper::schedule::{Schedules, Targets};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

macro_rules! client {
    ($sdk:ident, $endpoint:expr) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::from_static("eu-west-1"))
                .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
                .retry_config(RetryConfig::disabled())
                .endpoint_url($endpoint)
                .build(),
        )
    };
}

pub(super) struct Cloud {
    server: MockServer,
    /// Holds the table of connections.
    pub(super) stage: Stage,
    pub(super) app: App,
}

impl Cloud {
    pub(super) async fn new() -> Self {
        let server = MockServer::start().await;
        let stage = Stage::new().await;
        let scheduler = client!(aws_sdk_scheduler, server.uri());
        let app = App {
            bus: Bus::new(client!(aws_sdk_eventbridge, server.uri()), "stalls".into()),
            schedules: Schedules::new(
                scheduler,
                "stalls".into(),
                "arn:aws:iam::000000000000:role/ticks".into(),
                Targets {
                    order_ticks: "arn:aws:sqs:eu-west-1:000000000000:order-ticks".into(),
                    stock_ticks: "arn:aws:sqs:eu-west-1:000000000000:stock-ticks".into(),
                    listing_jobs: "arn:aws:sqs:eu-west-1:000000000000:listing-jobs".into(),
                },
            ),
            store: stage.store.clone(),
        };
        Self { server, stage, app }
    }

    /// One that takes everything.
    pub(super) async fn willing() -> Self {
        let cloud = Self::new().await;
        cloud
            .answers(
                "AWSEvents.PutEvents",
                200,
                json!({"FailedEntryCount": 0, "Entries": []}),
            )
            .await;
        let done = ResponseTemplate::new(200).set_body_json(
            json!({"ScheduleArn": "arn:aws:scheduler:eu-west-1:000000000000:schedule/stalls/x"}),
        );
        for verb in ["POST", "DELETE"] {
            let mock = Mock::given(method(verb))
                .respond_with(done.clone())
                .with_priority(9);
            mock.mount(&cloud.server).await;
        }
        cloud
    }

    async fn answers(&self, target: &str, status: u16, body: Value) {
        let answer = ResponseTemplate::new(status).set_body_json(body);
        let mock = Mock::given(header("x-amz-target", target)).and(path("/"));
        mock.respond_with(answer).mount(&self.server).await;
    }

    async fn requests(&self) -> Vec<Request> {
        self.server.received_requests().await.unwrap()
    }

    /// The entries that were put, request by request.
    pub(super) async fn put(&self) -> Vec<Vec<Value>> {
        let requests = self.requests().await;
        let put = requests
            .iter()
            .filter(|request| target(request) == "AWSEvents.PutEvents");
        put.map(|request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            body["Entries"].as_array().unwrap().clone()
        })
        .collect()
    }

    /// What the scheduler was asked: verb and path.
    pub(super) async fn scheduled(&self) -> Vec<String> {
        let requests = self.requests().await;
        let scheduled = requests
            .iter()
            .filter(|request| request.url.path().starts_with("/schedules/"));
        scheduled
            .map(|request| format!("{} {}", request.method, request.url.path()))
            .collect()
    }
}

fn target(request: &Request) -> &str {
    let target = request.headers.get("x-amz-target");
    target.and_then(|it| it.to_str().ok()).unwrap_or_default()
}

fn events(count: u64) -> Vec<Event> {
    (0..count)
        .flat_map(|revision| {
            let mut new = image();
            new.row.status = OrderStatus::Parked;
            new.row.revision = revision;
            changes(None, &new, Some(at(1)))
        })
        .collect()
}

#[tokio::test]
async fn events_are_put_ten_at_a_time_in_their_order() {
    let cloud = Cloud::willing().await;
    let events = events(23);
    cloud.app.bus.put(&events).await.unwrap();
    let put = cloud.put().await;
    assert_eq!(put.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 3]);
    let ids: Vec<String> = put
        .iter()
        .flatten()
        .map(|entry| {
            assert_eq!(entry["EventBusName"], "stalls");
            assert_eq!(entry["Source"], "stallkeeper");
            assert_eq!(entry["DetailType"], "order.imported");
            assert_eq!(entry["Time"], at(1).as_second());
            let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
            detail["id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(
        ids,
        events
            .iter()
            .map(|event| event.id().to_owned())
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn an_entry_that_the_bus_does_not_take_fails_the_batch() {
    let cloud = Cloud::new().await;
    let refused = json!({"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}]});
    cloud.answers("AWSEvents.PutEvents", 200, refused).await;
    let error = cloud.app.bus.put(&events(2)).await.unwrap_err();
    assert_eq!(error.class(), Class::Retryable);
    assert!(
        error.chain().contains("1 of 2 refused"),
        "{}",
        error.chain()
    );
}

#[tokio::test]
async fn a_bus_that_is_away_fails_the_batch() {
    let rows = [
        (500, "InternalException", "retryable"),
        (400, "ThrottlingException", "throttled"),
        (400, "AccessDeniedException", "permanent"),
    ];
    for (status, code, class) in rows {
        let cloud = Cloud::new().await;
        cloud
            .answers("AWSEvents.PutEvents", status, json!({"__type": code}))
            .await;
        let error = cloud.app.bus.put(&events(1)).await.unwrap_err();
        assert_eq!(error.class().name(), class, "{code}");
    }
}

#[tokio::test]
async fn nothing_to_say_asks_nobody() {
    let cloud = Cloud::new().await;
    let announced = handle(
        &cloud.app,
        StreamEvent {
            records: Vec::new(),
        },
    )
    .await
    .unwrap();
    assert_eq!(announced, Announced::default());
    assert!(cloud.requests().await.is_empty());
}
