//! The store's promises, and the schedules that follow it, on an embedded DynamoDB with the template's own tables.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod connections;
mod cursor;
mod dispatches;
mod events;
mod limit;
mod new_offers;
mod oauth;
mod orders;
mod schedule;

use jiff::SignedDuration;
use kit::Database;
use kit::sample::at;
use serde_json::json;
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::courier::{Reason, Requirements};
use stallkeeper::domain::ids::{ConnectionId, ConnectionKey, OrderId, SellerId, TenantId};
use stallkeeper::domain::marketplace::{Marketplace, Region};
use stallkeeper::domain::order::{
    BuyerData, Decision, HistoryEntry, HistoryKind, OrderStatus, StoredOrder, Version,
};
use stallkeeper::sp_api::{Dataset, Operation, RawOrder, read_order};
use stallkeeper::store::{
    Attached, BackFill, BackFillJob, BackFillKind, Bucket, BuyerRecord, ConnectedAfter, Leased,
    Matching, OrderFilter, OverlapMemory, ParkedMark, Permit, SealedCredentials, Store, Written,
};

fn north() -> TenantId {
    "north".parse().unwrap()
}

fn c1() -> ConnectionId {
    "c1".parse().unwrap()
}

fn key() -> ConnectionKey {
    ConnectionKey {
        tenant: north(),
        id: c1(),
    }
}

async fn store() -> (Database, Store) {
    let database = Database::new().await;
    let store = database.store.clone();
    (database, store)
}

fn connection(id: &str) -> Connection {
    kit::sample::connection("north", id)
}

fn order(id: &str, status: OrderStatus, ship_by: i64, term: Option<&str>) -> StoredOrder {
    let raw: RawOrder = serde_json::from_value(json!({
        "orderId": id,
        "createdTime": at(0).to_string(),
        "lastUpdatedTime": at(1).to_string(),
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "A1F83G8C2ARO7P"},
        "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "shipByWindow": {"latestDateTime": at(ship_by).to_string()}},
        "orderItems": [],
    }))
    .unwrap();
    StoredOrder {
        tenant: north(),
        connection: c1(),
        order: read_order(&raw).unwrap().order,
        status,
        decision: Decision {
            term: term.map(|term| term.parse().unwrap()),
            reason: (status == OrderStatus::PendingReview).then_some(Reason::NoMapping),
            ..Decision::default()
        },
        requirements: Requirements::default(),
        version: Version {
            updated_at: at(1),
            datasets: 6,
            fetched_at: at(2),
        },
        content_hash: raw.content_hash(),
        revision: 1,
        imported_at: at(2),
        acknowledged_at: None,
        acknowledged_revision: None,
        given_back_at: None,
        taken_over_at: None,
        cancel_too_late: Default::default(),
        held: None,
        buyer_until: None,
        readings: stallkeeper::domain::order::Readings::default(),
        warehouse: None,
        claims: Vec::new(),
        first_history: entry(HistoryKind::Imported),
    }
}

fn entry(kind: HistoryKind) -> HistoryEntry {
    HistoryEntry {
        at: at(2),
        kind,
        note: "a note".into(),
    }
}

fn sealed() -> SealedCredentials {
    SealedCredentials {
        refresh_token: "c2VhbGVk".into(),
        own_client_id: None,
        own_client_secret: None,
    }
}
