//! The end of a feed: refusals are noted, what cannot be known goes back, and only then the feed is closed. Stopped
//! anywhere, the next check does the same again, which changes nothing that was done.

mod back;

use crate::App;
use crate::report::{LineVerdicts, RefusalReason, Report, line_verdicts};
use back::AT_ONCE;
use jiff::Timestamp;
use stallkeeper::domain::feed::{Feed, FeedLine, FeedState, LineValue, SentBy};
use stallkeeper::domain::listing::{Refused, advice};
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::store::Written;
use tracing::{info, warn};

/// Settles a feed by Amazon's report of it.
pub(crate) async fn by_report(
    app: &App,
    feed: &Feed,
    report: &Report,
    applied_at: Timestamp,
) -> Result<()> {
    let lines = app.store.manifest(feed).await?;
    let verdicts = line_verdicts(feed, &lines, report);
    // A refusal counts only if it is not earlier than what was sent.
    let at = feed
        .submitted_at
        .map_or(applied_at, |it| it.max(applied_at));
    refuse(app, feed, &lines, &verdicts, at).await?;
    if let Some(doubt) = verdicts.doubt {
        return return_feed(app, feed, doubt).await;
    }
    let refused = u32::try_from(verdicts.refused.len()).unwrap_or(u32::MAX);
    change(app, feed, |feed| {
        feed.state = FeedState::Settled;
        feed.applied_at = Some(applied_at);
        feed.accepted = verdicts.accepted;
        feed.refused = refused;
        feed.note = None;
    })
    .await?;
    info!(feed.id = %feed.id, connection.id = %feed.connection, lines.accepted = verdicts.accepted, lines.refused = refused, "settled feed `{}`", feed.id);
    Ok(())
}

/// It is not known what became of a feed: all that it still carries goes back to be sent.
pub(crate) async fn return_feed(app: &App, feed: &Feed, note: String) -> Result<()> {
    let lines = app.store.manifest(feed).await?;
    let returned = back::all(app, feed, &lines).await?;
    change(app, feed, |feed| {
        feed.state = FeedState::Returned;
        feed.note = Some(note.clone());
    })
    .await?;
    warn!(feed.id = %feed.id, connection.id = %feed.connection, lines.returned = returned, "feed `{}` is returned: {note}", feed.id);
    Ok(())
}

/// Notes each refusal, unless something newer was sent of it; what may be sent again goes back.
async fn refuse(
    app: &App,
    feed: &Feed,
    lines: &[FeedLine],
    verdicts: &LineVerdicts,
    at: Timestamp,
) -> Result<()> {
    let refused = verdicts.refused.iter();
    let refused: Vec<(&FeedLine, &RefusalReason)> = refused
        .filter_map(|(place, said)| Some((lines.get(*place)?, said)))
        .collect();
    fan_out(&refused, AT_ONCE, |&(line, said)| {
        refuse_line(app, feed, line, said, at)
    })
    .await?;
    let again = refused.iter().filter(|(_, said)| advice(&said.code).retry);
    let again: Vec<&FeedLine> = again.map(|(line, _)| *line).collect();
    back::these(app, feed, again).await?;
    Ok(())
}

async fn refuse_line(
    app: &App,
    feed: &Feed,
    line: &FeedLine,
    said: &RefusalReason,
    at: Timestamp,
) -> Result<()> {
    let connection = &feed.connection;
    match &line.value {
        LineValue::Quantity(quantity) => {
            let refused = refused(feed, *quantity, said, at);
            app.store
                .refuse_listing(&connection.listing(&line.sku), &refused)
                .await?;
        }
        LineValue::Price { amount, .. } => {
            let refused = refused(feed, *amount, said, at);
            app.store
                .refuse_offer(
                    &connection.listing(&line.sku).offer(feed.marketplace),
                    &refused,
                )
                .await?;
        }
    }
    Ok(())
}

fn refused<V>(feed: &Feed, value: V, said: &RefusalReason, at: Timestamp) -> Refused<V> {
    Refused {
        value,
        code: said.code.clone(),
        message: said.words.clone(),
        at,
        by: SentBy::Feed(feed.id.clone()),
    }
}

/// Changes a feed that is still submitted, even if another run writes meanwhile; a closed one stays as it is.
pub(crate) async fn change(app: &App, feed: &Feed, change: impl Fn(&mut Feed)) -> Result<()> {
    let mut now = feed.clone();
    for () in Written::attempts() {
        change(&mut now);
        now.revision += 1;
        if app.store.save_feed(&now).await? == Written::Done {
            return Ok(());
        }
        let connection = &feed.connection;
        match app.store.feed(connection, &feed.id).await? {
            Some(stored) if stored.state == FeedState::Submitted => now = stored,
            _ => return Ok(()),
        }
    }
    Err(Written::given_up("settle a feed"))
}
