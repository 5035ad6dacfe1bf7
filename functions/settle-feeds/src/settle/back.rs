//! What goes back to be sent: lines that a feed still carries, with what is wanted now. A line is skipped if
//! something newer was sent.

use crate::App;
use jiff::Timestamp;
use stallkeeper::domain::feed::{Feed, FeedLine, LineValue, SentBy};
use stallkeeper::domain::stock_settings::StockSettings;
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::queue::StockTick;
use stallkeeper::store::ToSend;

/// Reads and writes side by side.
pub(super) const AT_ONCE: usize = 32;

/// Puts back whatever a feed still carries; how many lines that are.
pub(super) async fn all(app: &App, feed: &Feed, lines: &[FeedLine]) -> Result<usize> {
    these(app, feed, lines.iter().collect()).await
}

/// Puts back these lines of a feed; how many of them it still carries. What is urgent does not wait for the next round.
pub(super) async fn these(app: &App, feed: &Feed, lines: Vec<&FeedLine>) -> Result<usize> {
    if lines.is_empty() {
        return Ok(0);
    }
    let connection = &feed.connection;
    let plan = app.store.stock_plan(connection).await?;
    let settings = plan.published.map(|published| published.settings);
    let settings = &settings.unwrap_or_default();
    let put = fan_out(lines, AT_ONCE, |line| put_back(app, feed, line, settings)).await?;
    if put.contains(&Some(true)) {
        let urgent = StockTick::Urgent {
            connection: connection.clone(),
            hop: 0,
        };
        app.ticks.send(&connection.id, urgent, 0).await?;
    }
    Ok(put.iter().flatten().count())
}

/// Whether it was put back, and then whether it is urgent.
async fn put_back(
    app: &App,
    feed: &Feed,
    line: &FeedLine,
    settings: &StockSettings,
) -> Result<Option<bool>> {
    let entry = match line.value {
        LineValue::Quantity(_) => quantity(app, feed, line, settings).await?,
        LineValue::Price { .. } => price(app, feed, line, settings).await?,
    };
    let Some(entry) = entry else { return Ok(None) };
    app.store.put_to_send(&feed.connection, &entry).await?;
    Ok(Some(entry.urgent))
}

async fn quantity(
    app: &App,
    feed: &Feed,
    line: &FeedLine,
    settings: &StockSettings,
) -> Result<Option<ToSend>> {
    let connection = &feed.connection;
    let listing = app.store.listing(&connection.listing(&line.sku)).await?;
    let Some(listing) =
        listing.filter(|listing| carries(feed, listing.sent.as_ref().map(|sent| &sent.by)))
    else {
        return Ok(None);
    };
    let (policy, now) = (&settings.policy, Timestamp::now());
    Ok(ToSend::lost_quantity(&listing, policy, now))
}

async fn price(
    app: &App,
    feed: &Feed,
    line: &FeedLine,
    settings: &StockSettings,
) -> Result<Option<ToSend>> {
    let key = &feed.connection.listing(&line.sku).offer(feed.marketplace);
    let offer = app.store.offer(key).await?;
    let Some(offer) = offer.filter(|offer| carries(feed, offer.sent.as_ref().map(|sent| &sent.by)))
    else {
        return Ok(None);
    };
    let (percent, product_type) = (settings.brakes.price_percent, line.product_type.clone());
    Ok(ToSend::lost_price(
        &offer,
        percent,
        product_type,
        Timestamp::now(),
    ))
}

/// Whether what was sent last was sent by this feed.
fn carries(feed: &Feed, sent_by: Option<&SentBy>) -> bool {
    matches!(sent_by, Some(SentBy::Feed(id)) if *id == feed.id)
}
