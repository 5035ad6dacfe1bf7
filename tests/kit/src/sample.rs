//! A connection and an order, to be changed by the test.

use jiff::Timestamp;
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::courier::Reason;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::order::{
    AmazonStatus, Decision, HistoryEntry, HistoryKind, Order, OrderStatus, Readings, StoredOrder,
    Version,
};

/// Some seconds after a fixed moment.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

/// A connection's key.
pub fn key(tenant: &str, connection: &str) -> ConnectionKey {
    ConnectionKey {
        tenant: tenant.parse().unwrap(),
        id: connection.parse().unwrap(),
    }
}

/// An active connection for the UK.
pub fn connection(tenant: &str, id: &str) -> Connection {
    Connection {
        tenant: tenant.parse().unwrap(),
        id: id.parse().unwrap(),
        name: "Stall".into(),
        marketplace: Marketplace::Uk,
        status: ConnectionStatus::Active,
        resume: None,
        seller: None,
        participations: Vec::new(),
        created_at: at(0),
        authorised_at: None,
        own_app: false,
        orders_from: None,
        confirm_at: Default::default(),
        revision: 1,
    }
}

/// The connection of `events/`.
pub fn demo_connection() -> Connection {
    Connection {
        name: "Mugs of the North".into(),
        seller: Some("A0FICTIONAL1".parse().unwrap()),
        created_at: at(-86_400),
        authorised_at: Some(at(-86_000)),
        revision: 3,
        ..connection("demo", "01K5QZ6D3M8N0V4T7R2W9X1Y5Z")
    }
}

/// An order without lines that waits for a mapping: as in `events/`.
pub fn demo_order() -> StoredOrder {
    let connection = demo_connection();
    StoredOrder {
        tenant: connection.tenant,
        connection: connection.id,
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
            packages: Vec::new(),
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
        acknowledged_revision: None,
        given_back_at: None,
        taken_over_at: None,
        cancel_too_late: Default::default(),
        held: None,
        buyer_until: None,
        readings: Readings::default(),
        warehouse: None,
        claims: Vec::new(),
        first_history: HistoryEntry {
            at: at(400),
            kind: HistoryKind::Imported,
            note: "fetched from Amazon: pending_review".into(),
        },
    }
}
