//! Rows of a bulk call: each is stored as if it had come by itself. What was found wrong only now is kept on the parcel, in
//! words: whoever sent it has had its answer.

use crate::App;
use crate::wake::WakeUp;
use jiff::Timestamp;
use stallkeeper::domain::connection::ConnectionStatus;
use stallkeeper::domain::dispatch::HandOverRequest;
use stallkeeper::domain::ids::{ConnectionKey, OrderId};
use stallkeeper::error::Result;
use stallkeeper::hand_over::{HandedOver, store_hand_over};
use stallkeeper::queue::ParcelOfOrder;
use tracing::warn;

/// Stores a row. A dispatch that is due at once wakes this very run, and one that is due later the function once it is.
pub(crate) async fn store_row(
    app: &App,
    key: &ConnectionKey,
    order: OrderId,
    request: &HandOverRequest,
) -> Result<Option<WakeUp>> {
    let connection = app.store.connection(key).await?;
    let kept = connection.filter(|it| it.status != ConnectionStatus::Disconnected);
    let Some(connection) = kept else {
        return Ok(None);
    };
    let now = Timestamp::now();
    let id = &request.parcel;
    match store_hand_over(&app.store, &connection, &order, request, now).await? {
        // Also for one that is known: an earlier try may have got no further.
        HandedOver::Stored(dispatch, _) if dispatch.is_pending() && dispatch.due_at <= now => {
            Ok(Some(WakeUp {
                connection: key.clone(),
                new: Some(ParcelOfOrder {
                    order_id: order,
                    parcel: id.clone(),
                }),
                hop: 0,
            }))
        }
        HandedOver::Stored(dispatch, _) if dispatch.is_pending() => {
            app.dispatches.confirm(&dispatch, now).await?;
            Ok(None)
        }
        HandedOver::Stored(..) | HandedOver::NoOrder => Ok(None),
        HandedOver::Refused(refusal, order) => {
            warn!(connection.id = %key, order.id = %order.order.id, parcel = %id, code = refusal.code().as_str(), "parcel `{id}` of a bulk call is refused: {refusal}");
            app.store
                .note_refused_hand_over(&order, request, &refusal, now)
                .await?;
            Ok(None)
        }
    }
}
