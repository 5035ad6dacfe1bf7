//! Rows of a bulk call: each is stored as if it had come by itself. What was found wrong only now is kept on the parcel, in
//! words: whoever sent it has had its answer.

use crate::App;
use jiff::Timestamp;
use stallkeeper::domain::connection::ConnectionStatus;
use stallkeeper::domain::dispatch::HandOver;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::error::Result;
use stallkeeper::hand_over::{HandedOver, store_hand_over};
use stallkeeper::queue::ParcelOfOrder;
use tracing::warn;

pub(crate) async fn store_row(
    app: &App,
    key: &ConnectionKey,
    parcel: &ParcelOfOrder,
    content: &HandOver,
) -> Result<()> {
    let connection = app.store.connection(key).await?;
    let kept = connection.filter(|it| it.status != ConnectionStatus::Disconnected);
    let Some(connection) = kept else {
        return Ok(());
    };
    let now = Timestamp::now();
    let (order, id) = (&parcel.order_id, &parcel.parcel);
    match store_hand_over(&app.store, &connection, order, id, content, now).await? {
        HandedOver::Stored(dispatch, _) => app.dispatches.confirm(&dispatch, now).await,
        HandedOver::NoOrder => Ok(()),
        HandedOver::Refused(refusal, order) => {
            warn!(connection.id = %key, order.id = %order.order.id, parcel = %id, code = refusal.code().as_str(), "parcel `{id}` of a bulk call is refused: {refusal}");
            app.store
                .note_refused_hand_over(&order, id, content, &refusal, now)
                .await
        }
    }
}
