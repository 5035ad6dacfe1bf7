//! The bus and the scheduler as AWS's own protocol speaks to them.

use super::*;
use crate::{Announced, App, Bus, handle};
use kit::{Aws, Calls, Database, StandIn, bus_event, is_described};
use serde_json::{Value, json};
use stallkeeper::error::Class;
use stallkeeper::lambda::stream::StreamEvent;

pub(super) struct Cloud {
    pub(super) outside: StandIn,
    pub(super) database: Database,
    pub(super) app: App,
}

impl Cloud {
    pub(super) async fn new() -> Self {
        let outside = StandIn::start(Aws::default(), ()).await;
        let database = Database::new().await;
        let clients = outside.clients(&Calls::default());
        let app = App {
            bus: Bus::new(clients.eventbridge(), "stalls".into()),
            schedules: clients.schedules(),
            store: database.store.clone(),
            at_risk_before: jiff::SignedDuration::from_hours(12),
            dispatches: clients.queue("dispatches"),
        };
        Self {
            outside,
            database,
            app,
        }
    }

    fn bus_answers(&self, status: u16, body: Value) {
        self.outside.aws().bus_answer = Some((status, body));
    }

    /// The entries that were put, request by request; each is what its schema describes.
    pub(super) fn put(&self) -> Vec<Vec<Value>> {
        let put = self.outside.aws().events.clone();
        for entry in put.iter().flatten() {
            let kind = entry["DetailType"].as_str().unwrap();
            let detail = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
            is_described(&bus_event(kind, &json!(at(0)), &detail));
        }
        put
    }

    /// What the scheduler was asked: method and path.
    pub(super) fn scheduled(&self) -> Vec<String> {
        self.outside.aws().scheduled.clone()
    }
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
    let cloud = Cloud::new().await;
    let events = events(23);
    cloud.app.bus.put(&events).await.unwrap();
    let put = cloud.put();
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
    cloud.bus_answers(200, refused);
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
        cloud.bus_answers(status, json!({"__type": code}));
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
    assert!(cloud.put().is_empty() && cloud.scheduled().is_empty());
}
