//! What goes back to be sent, and who is woken for it.

use crate::App;
use jiff::Timestamp;
use stallkeeper::domain::feed::{Feed, FeedLine};
use stallkeeper::domain::stock_settings::StockSettings;
use stallkeeper::error::Result;
use stallkeeper::queue::StockTick;
use stallkeeper::store::{ByPatch, SentAgain};

/// Reads and writes side by side.
pub(super) const AT_ONCE: usize = 32;

/// The settings in force, for what goes back.
pub(crate) async fn settings(app: &App, feed: &Feed) -> Result<StockSettings> {
    let plan = app.store.stock_plan(&feed.connection).await?;
    let published = plan.published.map(|published| published.settings);
    Ok(published.unwrap_or_default())
}

/// Puts back whatever a feed still carries; how many lines that are.
pub(super) async fn all(app: &App, feed: &Feed, lines: &[FeedLine]) -> Result<usize> {
    these(app, feed, lines.iter().collect(), ByPatch::Decreases).await
}

/// Puts back these lines of a feed; how many of them it still carries.
pub(super) async fn these(
    app: &App,
    feed: &Feed,
    lines: Vec<&FeedLine>,
    by_patch: ByPatch,
) -> Result<usize> {
    if lines.is_empty() {
        return Ok(0);
    }
    let settings = &settings(app, feed).await?;
    let again = app
        .store
        .send_again(feed, lines, settings, by_patch, Timestamp::now())
        .await?;
    wake_urgent(app, feed, again).await?;
    Ok(again.lines)
}

/// What is urgent does not wait for the next round.
pub(crate) async fn wake_urgent(app: &App, feed: &Feed, again: SentAgain) -> Result<()> {
    if !again.urgent {
        return Ok(());
    }
    let connection = feed.connection.clone();
    let urgent = StockTick::Urgent { connection, hop: 0 };
    app.ticks.send(&feed.connection.id, urgent, 0).await
}
