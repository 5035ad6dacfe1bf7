//! Parcels with a label of Amazon's: they are never confirmed by us, its packages show them, or do not within a day.

use crate::App;
use crate::drain::pass_over;
use jiff::Timestamp;
use stallkeeper::domain::ids::{ConnectionKey, OrderId};
use stallkeeper::error::Result;
use stallkeeper::queue::ParcelOfOrder;
use stallkeeper::store::Written;
use tracing::info;

/// How many are looked at in one run.
const MOST: i32 = 50;

/// Looks at those that Amazon's packages should have shown by now.
pub(crate) async fn settle_overdue(app: &App, connection: &ConnectionKey) -> Result<()> {
    let now = Timestamp::now();
    let overdue = app.store.overdue_labels(connection, now, MOST).await?;
    let overdue: Vec<_> = overdue
        .into_iter()
        .map(|(order_id, parcel)| ParcelOfOrder { order_id, parcel })
        .collect();
    settle_parcels(app, connection, &overdue).await
}

/// As [`settle_parcel`], past those that cannot be read.
pub(crate) async fn settle_parcels(
    app: &App,
    connection: &ConnectionKey,
    parcels: impl IntoIterator<Item = &ParcelOfOrder>,
) -> Result<()> {
    for parcel in parcels {
        settle_parcel(app, connection, parcel)
            .await
            .or_else(|error| pass_over(connection, parcel, error))?;
    }
    Ok(())
}

/// Settles all of an order by the packages that Amazon shows of it.
pub(crate) async fn settle_order(
    app: &App,
    connection: &ConnectionKey,
    order: &OrderId,
) -> Result<()> {
    for dispatch in app.store.dispatches(connection, order).await? {
        let parcel = ParcelOfOrder {
            order_id: order.clone(),
            parcel: dispatch.parcel,
        };
        settle_parcel(app, connection, &parcel).await?;
    }
    Ok(())
}

/// Settles one, if its label is Amazon's and there is something new. Idempotent.
pub(crate) async fn settle_parcel(
    app: &App,
    connection: &ConnectionKey,
    ParcelOfOrder { order_id, parcel }: &ParcelOfOrder,
) -> Result<()> {
    for () in Written::attempts() {
        let dispatch = app.store.dispatch(connection, order_id, parcel).await?;
        let Some(dispatch) = dispatch.filter(|it| !it.is_confirmed_by_us()) else {
            return Ok(());
        };
        let Some(order) = app.store.order(connection, order_id).await? else {
            return Ok(());
        };
        let Some(settled) = dispatch.by_packages(&order.order.packages, Timestamp::now()) else {
            return Ok(());
        };
        if app.store.replace_dispatch(&settled, &order).await? == Written::Done {
            let state = settled.state.as_str();
            info!(connection.id = %connection, order.id = %order_id, parcel = %parcel, state, "parcel `{parcel}` with a label of Amazon's is {state}");
            return Ok(());
        }
    }
    Ok(())
}
