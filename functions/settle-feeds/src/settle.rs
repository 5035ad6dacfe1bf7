//! The end of a feed: refusals are noted, what cannot be known goes back, and only then the feed is closed. Stopped
//! anywhere, the next check does the same again, which changes nothing that was done.

pub(crate) mod back;

use crate::App;
use crate::report::{LineVerdicts, RefusalReason, Report, line_verdicts};
use back::AT_ONCE;
use jiff::Timestamp;
use stallkeeper::domain::feed::{Feed, FeedLine, FeedState, LineValue, SentBy};
use stallkeeper::domain::listing::{Issues, Refused, advice};
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::store::ByPatch;
use tracing::{error, info, warn};

/// So many lines of a feed that was refused as a whole go by patch beside its decreases.
const MOST_OTHERS_BY_PATCH: usize = 100;

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
    note_issues(app, feed, &lines, report, at).await?;
    if let Some(said) = verdicts.refused_as_a_whole(report) {
        return refuse_feed(app, feed, &lines, said, at).await;
    }
    if let Some(doubt) = verdicts.doubt {
        return return_feed(app, feed, doubt).await;
    }
    let refused = u32::try_from(verdicts.refused.len()).unwrap_or(u32::MAX);
    app.store
        .change_open_feed(feed, |feed| {
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

/// Keeps what Amazon says of listings beside its verdicts.
async fn note_issues(
    app: &App,
    feed: &Feed,
    lines: &[FeedLine],
    report: &Report,
    at: Timestamp,
) -> Result<()> {
    let said = (1..).zip(lines).filter_map(|(message_id, line)| {
        let issues = report.issues_of(message_id, line.sku.as_str());
        (!issues.is_empty()).then_some((&line.sku, Issues { at, issues }))
    });
    fan_out(said, AT_ONCE, |(sku, issues)| async move {
        let listing = feed.connection.listing(sku);
        app.store.note_issues(&listing, &issues).await
    })
    .await?;
    Ok(())
}

/// Settles a feed that Amazon stopped processing. If its report says that it was refused as a whole, the same again would
/// be refused again.
pub(crate) async fn by_fatal_end(app: &App, feed: &Feed, report: Option<&Report>) -> Result<()> {
    if let Some(report) = report {
        let lines = app.store.manifest(feed).await?;
        let verdicts = line_verdicts(feed, &lines, report);
        if let Some(said) = verdicts.refused_as_a_whole(report) {
            let at = feed.submitted_at.unwrap_or(feed.created_at);
            return refuse_feed(app, feed, &lines, said, at).await;
        }
    }
    let note = "Amazon stopped processing it; some, none or all of it was applied";
    return_feed(app, feed, note.to_owned()).await
}

/// It is not known what became of a feed: all that it still carries goes back to be sent.
pub(crate) async fn return_feed(app: &App, feed: &Feed, note: String) -> Result<()> {
    let lines = app.store.manifest(feed).await?;
    let returned = back::all(app, feed, &lines).await?;
    app.store
        .change_open_feed(feed, |feed| {
            feed.state = FeedState::Returned;
            feed.note = Some(note.clone());
        })
        .await?;
    warn!(feed.id = %feed.id, connection.id = %feed.connection, lines.returned = returned, "feed `{}` is returned: {note}", feed.id);
    Ok(())
}

/// Amazon refused a feed as a whole: the same again would be refused again. Its lines carry the refusal, and go by patch
/// one by one, which shows whose fault it is: all decreases, and of the others as many as are worth it.
async fn refuse_feed(
    app: &App,
    feed: &Feed,
    lines: &[FeedLine],
    said: &RefusalReason,
    at: Timestamp,
) -> Result<()> {
    let (increases, mut by_patch): (Vec<&FeedLine>, Vec<&FeedLine>) =
        lines.iter().partition(|line| line.increase);
    by_patch.extend(increases.iter().take(MOST_OTHERS_BY_PATCH));
    // Before the refusals: a listing whose value is refused is sent nothing.
    let again = back::these(app, feed, by_patch, ByPatch::All).await?;
    fan_out(lines, AT_ONCE, |line| {
        refuse_line(app, feed, line, said, at)
    })
    .await?;
    let (words, code) = (&said.words, &said.code);
    let note = format!("Amazon refused it as a whole: {words} ({code})");
    app.store
        .change_open_feed(feed, |feed| {
            feed.state = FeedState::Returned;
            feed.refused = feed.lines;
            feed.note = Some(note.clone());
        })
        .await?;
    error!(feed.id = %feed.id, connection.id = %feed.connection, lines.returned = again, code, "feed `{}` is refused as a whole", feed.id);
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
    // A patch has a verdict of its own, if there are not too many.
    let by_patch = match again.len() <= MOST_OTHERS_BY_PATCH {
        true => ByPatch::All,
        false => ByPatch::Decreases,
    };
    back::these(app, feed, again, by_patch).await?;
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
        LineValue::End { ended } => {
            let refused = refused(feed, *ended, said, at);
            let listing = &connection.listing(&line.sku);
            app.store
                .refuse_end(listing, feed.marketplace, &refused)
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
