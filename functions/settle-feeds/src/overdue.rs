//! Feeds that Amazon does not bring to an end in time: what they carry goes again, decreases first and by patch.

use crate::App;
use crate::settle::back;
use jiff::Timestamp;
use stallkeeper::domain::feed::{Feed, Overdue};
use stallkeeper::error::Result;
use stallkeeper::queue::StockTick;
use tracing::error;

/// Sends again what Amazon has had for too long, and has a round begin with it. When more of the feed will be due.
pub(crate) async fn send_again(app: &App, feed: &Feed) -> Result<Option<Timestamp>> {
    let now = Timestamp::now();
    let settings = &back::settings(app, feed).await?;
    let overdue = feed.overdue(&settings.feed_ages, now);
    if overdue == Overdue::None {
        return Ok(feed.overdue_at(&settings.feed_ages));
    }
    error!(feed.id = %feed.id, connection.id = %feed.connection, ?overdue, "feed `{}` is stuck at Amazon", feed.id);
    let again = app
        .store
        .overdue_again(feed, overdue, settings, now)
        .await?;
    back::wake_urgent(app, feed, again).await?;
    if again.lines > 0 {
        let connection = feed.connection.clone();
        let tick = StockTick::Tick { connection, hop: 0 };
        app.ticks.send(&feed.connection.id, tick, 0).await?;
    }
    let after = Feed {
        decreases_again: true,
        ..feed.clone()
    };
    let more = overdue == Overdue::Decreases;
    Ok(after.overdue_at(&settings.feed_ages).filter(|_| more))
}
