//! The outbox from images to the bus.

mod bus;
mod cancellations;
mod changes;
mod dispatches;
mod lines;
mod orders_out;
mod paths;
mod risks;
mod stock;
mod stream;

use crate::event::Event;
use jiff::Timestamp;
use kit::sample::{at, demo_connection, demo_order};
use kit::{bus_event, is_described};
use serde_json::{Value, json};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::order::{HistoryEntry, HistoryKind, OrderStatus};
use stallkeeper::store::OrderRow;
use stallkeeper::store::stream::OrderImage;

/// What happened, without whom to.
fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| shown(event).0).collect()
}

/// An event's type and what its detail is in JSON, which its schema describes.
fn shown(event: &Event) -> (&'static str, Value) {
    let detail = serde_json::to_value(&event.detail).unwrap();
    is_described(&bus_event(event.kind(), &json!(at(0)), &detail));
    (event.kind(), detail)
}

/// What happened to an order without lines.
fn changes(old: Option<&OrderImage>, new: &OrderImage, at: Option<Timestamp>) -> Vec<Event> {
    crate::changes(old, new, &demo_order(), at)
}

/// An order that waits for a mapping, as the stream shows it.
fn image() -> OrderImage {
    OrderImage {
        tenant: demo_connection().tenant,
        version: "2026-09-21T14:20:00.000Z#2026-09-21T14:13:20.000Z#006".into(),
        at_risk: None,
        row: OrderRow {
            connection: demo_connection().id,
            order_id: demo_order().order.id,
            status: OrderStatus::PendingReview,
            reason: Some("no_mapping".into()),
            marketplace: Some("UK".into()),
            term: Some("STD UK DOM".into()),
            service: None,
            amazon_status: Some("UNSHIPPED".into()),
            ship_by: Some(at(86_400)),
            created_at: at(-600),
            updated_at: at(0),
            label_source: Default::default(),
            open_units: None,
            cancelled_by: None,
            cancel_requested: false,
            revision: 1,
        },
    }
}

fn connection(status: ConnectionStatus) -> Connection {
    Connection {
        status,
        ..demo_connection()
    }
}
