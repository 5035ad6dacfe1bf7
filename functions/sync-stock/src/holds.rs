//! Holds whose time is over: they are taken off, and their listings are sent what is wanted of them. A recompute does the
//! same if it comes first.

use crate::ends::list_ends;
use crate::price::priced;
use crate::send_session::{AT_ONCE, SendSession};
use jiff::Timestamp;
use stallkeeper::domain::ids::{AmazonSku, ListingKey};
use stallkeeper::domain::listing::{Listing, NextPrice, Standing, next_price};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::store::ToSend;

/// How many are ended with one round.
const MOST: i32 = 500;

/// Ends the holds whose time is over. Costs half a read unit if there is none. Idempotent.
pub(crate) async fn end_holds(session: &SendSession<'_>) -> Result<()> {
    let (connection, store) = (&session.key(), &session.app.store);
    let now = Timestamp::now();
    let ended = store.ended_holds(connection, now, MOST).await?;
    if ended.is_empty() {
        return Ok(());
    }
    let priced = &priced(session).await?;
    fan_out(ended, AT_ONCE, |sku| end(session, sku, priced, now)).await?;
    Ok(())
}

/// What is to be sent is listed first, so that a stop before the hold is taken off loses nothing: nobody but a round
/// looks at these entries.
async fn end(
    session: &SendSession<'_>,
    sku: AmazonSku,
    priced: &[Marketplace],
    now: Timestamp,
) -> Result<()> {
    let (connection, store) = (&session.key(), &session.app.store);
    let key = &connection.listing(&sku);
    let is_over = |it: &Listing| it.hold.as_ref().is_some_and(|hold| hold.is_over(now));
    let Some(held) = store.listing(key).await?.filter(is_over) else {
        return Ok(());
    };
    let free = held.released(now);
    let policy = &session.sending.settings().policy;
    if let Some(entry) = ToSend::released_quantity(&free, policy, now) {
        store.put_to_send(connection, &entry).await?;
    }
    if free.is_sent_prices() {
        list_prices(session, key, &free, priced, now).await?;
    }
    list_ends(session, &free, now).await?;
    store.end_hold(held, now).await?;
    Ok(())
}

async fn list_prices(
    session: &SendSession<'_>,
    key: &ListingKey,
    free: &Listing,
    priced: &[Marketplace],
    now: Timestamp,
) -> Result<()> {
    let store = &session.app.store;
    let percent = session.sending.settings().brakes.price_percent;
    for offer in store.offers(key).await? {
        let generation = offer.wanted.as_ref().map(|wanted| wanted.generation);
        let (Some(generation), true) = (generation, priced.contains(&offer.marketplace)) else {
            continue;
        };
        if let NextPrice::Send(amount) = next_price(&offer, Standing::Lost, percent) {
            let product_type = free.product_type.clone();
            let entry = ToSend::price(&offer, amount, generation, product_type, now);
            store.put_to_send(&key.connection, &entry).await?;
        }
    }
    Ok(())
}
