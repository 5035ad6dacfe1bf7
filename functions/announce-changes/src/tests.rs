//! The outbox from images to the bus.

mod bus;
mod changes;
mod paths;
mod stage;
mod stock;
mod stream;

use crate::event::Event;
use jiff::Timestamp;
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::courier::Reason;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::order::{
    AmazonStatus, Decision, HistoryEntry, HistoryKind, Order, OrderStatus, StoredOrder, Version,
};
use stallkeeper::store::OrderRow;
use stallkeeper::store::stream::OrderImage;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

/// What happened, without whom to.
fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::kind).collect()
}

/// An order that waits for a mapping, as the stream shows it.
fn image() -> OrderImage {
    OrderImage {
        tenant: "demo".parse().unwrap(),
        version: "2026-09-21T14:13:20.000Z#006#2026-09-21T14:20:00.000Z".into(),
        row: OrderRow {
            connection: "01K5QZ6D3M8N0V4T7R2W9X1Y5Z".parse().unwrap(),
            order_id: "026-1520163-6049104".parse().unwrap(),
            status: OrderStatus::PendingReview,
            reason: Some("no_mapping".into()),
            marketplace: Some("UK".into()),
            term: Some("STD UK DOM".into()),
            service: None,
            amazon_status: Some("UNSHIPPED".into()),
            ship_by: Some(at(86_400)),
            created_at: at(-600),
            updated_at: at(0),
            revision: 1,
        },
    }
}

/// The same order as [`image`] shows, whole.
fn stored() -> StoredOrder {
    let OrderImage { tenant, row, .. } = image();
    StoredOrder {
        tenant,
        connection: row.connection,
        order: Order {
            id: row.order_id,
            marketplace_id: Some(Marketplace::Uk.id().to_owned()),
            created_at: row.created_at,
            updated_at: row.updated_at,
            amazon_status: Some(AmazonStatus::Unshipped),
            fulfilled_by: None,
            service_level: Some("STANDARD".into()),
            ship_by: row.ship_by,
            deliver_by: None,
            label_from: None,
            programs: Vec::new(),
            associated: Vec::new(),
            country: Some("GB".into()),
            address_type: None,
            total: None,
            items: Vec::new(),
        },
        status: row.status,
        decision: Decision {
            term: Some("STD UK DOM".parse().unwrap()),
            reason: Some(Reason::NoMapping),
            ..Decision::default()
        },
        requirements: Default::default(),
        version: Version {
            updated_at: row.updated_at,
            datasets: 6,
            fetched_at: at(400),
        },
        content_hash: 1,
        revision: row.revision,
        imported_at: at(400),
        acknowledged_at: None,
        first_history: HistoryEntry {
            at: at(400),
            kind: HistoryKind::Imported,
            note: "fetched from Amazon: pending_review".into(),
        },
    }
}

fn connection(status: ConnectionStatus) -> Connection {
    Connection {
        tenant: "demo".parse().unwrap(),
        id: "01K5QZ6D3M8N0V4T7R2W9X1Y5Z".parse().unwrap(),
        name: "Mugs of the North".into(),
        marketplace: Marketplace::Uk,
        status,
        resume: None,
        seller: Some("A0FICTIONAL1".parse().unwrap()),
        participations: Vec::new(),
        created_at: at(-86_400),
        authorised_at: Some(at(-86_000)),
        own_app: false,
        revision: 3,
    }
}
