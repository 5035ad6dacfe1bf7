//! The tables and the queue of one test, and orders to reserve.

use crate::App;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use jiff::Timestamp;
use serde_json::{Value, json};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::courier::Reason;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::order::{
    AmazonStatus, Decision, HistoryEntry, HistoryKind, Order, OrderStatus, StoredOrder, Version,
};
use stallkeeper::queue::Queue;
use stallkeeper::store::{Store, Tables};
use std::collections::HashMap;
use wiremock::matchers::header;
use wiremock::{Mock, MockServer, ResponseTemplate};

const SEND: &str = "AmazonSQS.SendMessageBatch";

pub(super) struct Cloud {
    server: MockServer,
    tables: tables::Embedded,
    pub(super) app: App,
}

impl Cloud {
    /// One whose queue takes nothing yet.
    pub(super) async fn new() -> Self {
        let server = MockServer::start().await;
        let tables = tables::embedded().await;
        let names = Tables {
            connections: tables.name("ConnectionsTable").to_owned(),
            orders: tables.name("OrdersTable").to_owned(),
            buyers: tables.name("BuyersTable").to_owned(),
            catalogue: tables.name("CatalogueTable").to_owned(),
        };
        let sqs = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(server.uri())
            .build();
        let url = format!("{}/000000000000/stock-changes", server.uri());
        let app = App {
            store: Store::new(tables.client.clone(), names),
            changes: Queue::new(aws_sdk_sqs::Client::from_conf(sqs), url),
        };
        Self {
            server,
            tables,
            app,
        }
    }

    /// One whose queue takes everything.
    pub(super) async fn willing() -> Self {
        let cloud = Self::new().await;
        cloud.becomes_willing().await;
        cloud
    }

    pub(super) async fn becomes_willing(&self) {
        let taken = json!({"Successful": [], "Failed": []});
        Mock::given(header("x-amz-target", SEND))
            .respond_with(ResponseTemplate::new(200).set_body_json(taken))
            .mount(&self.server)
            .await;
    }

    /// The SKUs of each recompute that was queued.
    pub(super) async fn recomputed(&self) -> Vec<Vec<String>> {
        let requests = self.server.received_requests().await.unwrap();
        let bodies = requests
            .iter()
            .map(|request| serde_json::from_slice::<Value>(&request.body).unwrap());
        let entries = bodies.flat_map(|body| body["Entries"].as_array().unwrap().clone());
        let messages = entries.map(|entry| {
            let message: Value =
                serde_json::from_str(entry["MessageBody"].as_str().unwrap()).unwrap();
            assert_eq!(message["kind"], "recompute");
            assert_eq!(message["raise"], false, "the generations are raised before");
            let skus = message["skus"].as_array().unwrap();
            skus.iter()
                .map(|sku| sku.as_str().unwrap().to_owned())
                .collect()
        });
        messages.collect()
    }

    /// The only order of the table, in the stream's spelling.
    pub(super) async fn image(&self) -> Value {
        let scan = self.tables.client.scan();
        let scan = scan.table_name(self.tables.name("OrdersTable"));
        let items = scan.send().await.unwrap().items.unwrap_or_default();
        let mut orders = items
            .into_iter()
            .filter(|item| item["sk"].as_s().unwrap() == "ORDER");
        spelt(orders.next().unwrap())
    }
}

fn spelt(item: HashMap<String, AttributeValue>) -> Value {
    let item: serde_dynamo::Item = item.into();
    serde_json::to_value(item).unwrap()
}

/// A record of the stream; `None`: there was no order before.
pub(super) fn record(sequence: u32, old: Option<&Value>, new: &Value) -> Value {
    let mut images = json!({
        "ApproximateCreationDateTime": 1_790_000_401.0,
        "Keys": {"pk": new["pk"], "sk": new["sk"]},
        "NewImage": new,
        "SequenceNumber": format!("{sequence:021}"),
        "SizeBytes": 1024,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    });
    if let Some(old) = old {
        images["OldImage"] = old.clone();
    }
    json!({
        "eventID": format!("{sequence:032x}"),
        "eventName": if old.is_some() { "MODIFY" } else { "INSERT" },
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": images,
        "eventSourceARN": "arn:aws:dynamodb:eu-west-1:000000000000:table/stalls-orders/stream/2026-09-21T00:00:00.000",
    })
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

/// An order without lines that waits for a mapping.
pub(super) fn stored() -> StoredOrder {
    StoredOrder {
        tenant: "demo".parse().unwrap(),
        connection: "01K5QZ6D3M8N0V4T7R2W9X1Y5Z".parse().unwrap(),
        order: Order {
            id: "026-1520163-6049104".parse().unwrap(),
            marketplace_id: Some(Marketplace::Uk.id().to_owned()),
            created_at: at(-600),
            updated_at: at(0),
            amazon_status: Some(AmazonStatus::Unshipped),
            fulfilled_by: None,
            service_level: Some("STANDARD".into()),
            ship_by: Some(at(86_400)),
            deliver_by: None,
            label_from: None,
            programs: Vec::new(),
            associated: Vec::new(),
            country: Some("GB".into()),
            address_type: None,
            total: None,
            items: Vec::new(),
        },
        status: OrderStatus::PendingReview,
        decision: Decision {
            term: Some("STD UK DOM".parse().unwrap()),
            reason: Some(Reason::NoMapping),
            ..Decision::default()
        },
        requirements: Default::default(),
        version: Version {
            updated_at: at(0),
            datasets: 6,
            fetched_at: at(400),
        },
        content_hash: 1,
        revision: 1,
        imported_at: at(400),
        acknowledged_at: None,
        first_history: HistoryEntry {
            at: at(400),
            kind: HistoryKind::Imported,
            note: "fetched from Amazon: pending_review".into(),
        },
    }
}

pub(super) fn connection() -> Connection {
    Connection {
        tenant: "demo".parse().unwrap(),
        id: "01K5QZ6D3M8N0V4T7R2W9X1Y5Z".parse().unwrap(),
        name: "Mugs of the North".into(),
        marketplace: Marketplace::Uk,
        status: ConnectionStatus::Active,
        resume: None,
        seller: Some("A0FICTIONAL1".parse().unwrap()),
        participations: Vec::new(),
        created_at: at(-86_400),
        authorised_at: Some(at(-86_000)),
        own_app: false,
        revision: 3,
    }
}
