//! Whose prices are ours to send: those of active marketplaces that have price rules or ask for the recommended ones. It takes
//! out what was listed to be sent before a marketplace's prices were switched to be left alone.

use crate::send_session::{AT_ONCE, SendSession};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::store::ToSend;

/// The marketplaces whose prices are sent, as they are set now.
pub(crate) async fn priced(session: &SendSession<'_>) -> Result<Vec<Marketplace>> {
    let connection = &session.key();
    let store = &session.app.store;
    let marketplaces = store.marketplaces(connection).await?;
    let rules = session.sending.published.rules;
    let rules = store.published_rules(connection, rules).await?;
    Ok(rules.priced(&marketplaces))
}

/// Takes out prices that are not ours to send any more; returns the other entries. Costs nothing if no price is listed.
pub(crate) async fn drop_unmanaged_prices(
    session: &SendSession<'_>,
    entries: Vec<ToSend>,
) -> Result<Vec<ToSend>> {
    if entries.iter().all(|entry| entry.price_on.is_none()) {
        return Ok(entries);
    }
    let priced = priced(session).await?;
    let (kept, left_alone): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|entry| entry.price_on.is_none_or(|it| priced.contains(&it)));
    let connection = &session.key();
    let store = &session.app.store;
    let delete = |entry| store.delete_to_send(connection, entry);
    fan_out(&left_alone, AT_ONCE, delete).await?;
    Ok(kept)
}
