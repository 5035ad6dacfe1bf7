//! Whose prices are ours to send: those of active marketplaces that ask for the recommended ones. It takes out what was put
//! down to be sent before a marketplace was told to leave its prices alone.

use crate::outgoing::{AT_ONCE, Outgoing};
use futures::{StreamExt as _, TryStreamExt as _};
use stallkeeper::domain::connection::PriceMode;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::Result;
use stallkeeper::store::ToSend;

/// The marketplaces whose prices are sent, as they are set now.
pub(crate) async fn priced(out: &Outgoing<'_>) -> Result<Vec<Marketplace>> {
    let connection = &out.key();
    let marketplaces = out.app.store.marketplaces(connection).await?;
    Ok(marketplaces
        .into_iter()
        .filter(|settings| settings.active && settings.price_mode == PriceMode::Rrp)
        .map(|settings| settings.marketplace)
        .collect())
}

/// Takes out the prices that are left alone by now; the other entries. Costs nothing where no price is to be sent.
pub(crate) async fn less_left_alone(
    out: &Outgoing<'_>,
    entries: Vec<ToSend>,
) -> Result<Vec<ToSend>> {
    if entries.iter().all(|entry| entry.price_on.is_none()) {
        return Ok(entries);
    }
    let priced = priced(out).await?;
    let (kept, left_alone): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|entry| entry.price_on.is_none_or(|it| priced.contains(&it)));
    let connection = &out.key();
    let store = &out.app.store;
    futures::stream::iter(&left_alone)
        .map(|entry| store.delete_to_send(connection, entry))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    Ok(kept)
}
