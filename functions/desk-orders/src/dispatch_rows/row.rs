//! One row: read, or rejected with its reason.

use super::{RejectedRow, RowCode};
use crate::dispatch::DispatchRequest;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use stallkeeper::domain::dispatch::{HandOver, HandOverRequest, ParcelId};
use stallkeeper::domain::ids::{ConnectionId, ConnectionKey, InvalidStrictId, OrderId, TenantId};
use stallkeeper::error::without_values;
use stallkeeper::queue::{DispatchMessage, ParcelOfOrder};

/// A row that could be read.
pub(super) struct Row {
    number: usize,
    pub(super) connection: ConnectionId,
    pub(super) order_id: OrderId,
    parcel: ParcelId,
    content: HandOver,
}

impl Row {
    /// What it asks for, in a call of this moment.
    pub(super) fn request(&self, called_at: Timestamp) -> HandOverRequest {
        HandOverRequest {
            parcel: self.parcel.clone(),
            content: self.content.clone(),
            asked_at: Some(self.asked_at(called_at)),
        }
    }

    pub(super) fn message(self, tenant: &TenantId, called_at: Timestamp) -> DispatchMessage {
        DispatchMessage::HandOver {
            connection: ConnectionKey::new(tenant, &self.connection),
            asked_at: Some(self.asked_at(called_at)),
            parcel: ParcelOfOrder {
                order_id: self.order_id,
                parcel: self.parcel,
            },
            hand_over: Box::new(self.content),
        }
    }

    /// A nanosecond after the row before it: of two rows for the same parcel the later one holds, however they arrive.
    fn asked_at(&self, called_at: Timestamp) -> Timestamp {
        let place = i64::try_from(self.number).unwrap_or(i64::MAX);
        called_at
            .saturating_add(SignedDuration::from_nanos(place))
            .unwrap_or(called_at)
    }

    pub(super) fn rejected(self, code: RowCode, detail: String) -> RejectedRow {
        RejectedRow {
            row: self.number,
            order_id: Some(self.order_id.into()),
            parcel: Some(self.parcel.into()),
            code,
            detail,
        }
    }
}

/// Reads a row.
///
/// # Errors
/// Why it is not taken; never its values but the two ids.
pub(super) fn read(number: usize, decoded: Result<Value, &str>) -> Result<Row, RejectedRow> {
    let text = |name: &str| {
        let text = decoded.as_ref().ok()?.get(name)?.as_str();
        text.map(|text| text.chars().take(64).collect::<String>())
    };
    let (order_id, parcel) = (text("order_id"), text("parcel"));
    let row = match decoded {
        Ok(Value::Object(fields)) => parts(fields),
        Ok(_) => Err((RowCode::Unreadable, "expected an object".to_owned())),
        Err(detail) => Err((RowCode::Unreadable, detail.to_owned())),
    };
    row.map(|row| Row { number, ..row })
        .map_err(|(code, detail)| RejectedRow {
            row: number,
            order_id,
            parcel,
            code,
            detail,
        })
}

fn parts(mut fields: Map<String, Value>) -> Result<Row, (RowCode, String)> {
    let invalid = |detail: String| (RowCode::Invalid, detail);
    let mut id = |name: &str| {
        let taken = fields.remove(name);
        let text = taken.and_then(|it| it.as_str().map(str::to_owned));
        text.ok_or_else(|| invalid(format!("missing field `{name}`")))
    };
    let (connection, order_id) = (id("connection")?.parse(), id("order_id")?.parse());
    let parcel: Result<ParcelId, InvalidStrictId> = id("parcel")?.parse();
    let parcel = parcel.map_err(|error| invalid(error.to_string()))?;
    let (Ok(connection), Ok(order_id)) = (connection, order_id) else {
        let detail = "There is no such order.".to_owned();
        return Err((RowCode::NotFound, detail));
    };
    let request: DispatchRequest = serde_json::from_value(Value::Object(fields))
        .map_err(|error| invalid(without_values(&error.to_string())))?;
    let content = request.hand_over();
    let content =
        content.map_err(|fault| invalid(format!("{}: {}", fault.pointer, fault.detail)))?;
    Ok(Row {
        number: 0,
        connection,
        order_id,
        parcel,
        content,
    })
}
