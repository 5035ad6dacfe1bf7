//! A feed until all its listings are claimed: the manifest first, then the claims, then the manifest of exactly those.

use super::{reload, target};
use crate::claim::Claim;
use crate::claim::{ClaimOutcome, claim};
use crate::plan::Batch;
use crate::send_session::{AT_ONCE, SendSession, Stop};
use jiff::Timestamp;
use stallkeeper::domain::feed::{Feed, FeedLine, FeedState, SentBy};
use stallkeeper::domain::ids::FeedId;
use stallkeeper::error::{Error, Result};
use stallkeeper::fan_out;
use stallkeeper::store::{LINES_IN_A_PART, Written};
use std::time::Duration;

/// What claiming a part of a manifest may need.
const PART_TIME: Duration = Duration::from_secs(60);

/// Stores a new feed with its manifest: nothing is claimed before all of it is stored.
pub(super) async fn begin(session: &SendSession<'_>, batch: &Batch) -> Result<Feed> {
    let lines: Vec<FeedLine> = batch
        .entries
        .iter()
        .map(|entry| FeedLine {
            sku: entry.sku.clone(),
            value: entry.value.clone(),
            generation: entry.generation,
            send_count: entry.send_count,
            product_type: entry.product_type.clone(),
            increase: !entry.decrease,
        })
        .collect();
    let now = Timestamp::now();
    let (kind, on) = (batch.kind, batch.marketplace);
    let id = FeedId::new(now, ulid::Ulid::generate().random());
    let feed = Feed {
        parts: u32::try_from(lines.len().div_ceil(LINES_IN_A_PART)).unwrap_or(u32::MAX),
        ..Feed::begun(session.key(), id, kind, on, lines.len(), now)
    };
    if session.app.store.save_feed(&feed).await? == Written::Conflict {
        return Err(Error::retryable("store a feed", "its name is taken"));
    }
    for (part, lines) in (0..).zip(lines.chunks(LINES_IN_A_PART)) {
        session
            .app
            .store
            .put_manifest_part(&feed, part, lines)
            .await?;
    }
    Ok(feed)
}

/// Claims the listings of a feed that is being built, part by part, so that a stop loses little. Returns the
/// feed, claimed, if any listing is left in it.
pub(super) async fn build(
    session: &SendSession<'_>,
    mut feed: Feed,
) -> Result<(Option<Feed>, Option<Stop>)> {
    let mut kept = 0;
    for part in 0..feed.parts {
        if !session.has_time_for(PART_TIME) {
            return Ok((None, Some(Stop::OutOfTime)));
        }
        let lines = session.app.store.manifest_part(&feed, part).await?;
        let claimed = fan_out(&lines, AT_ONCE, |line| take(session, &feed, line)).await?;
        let claimed: Vec<FeedLine> = claimed.into_iter().flatten().collect();
        if claimed != lines {
            session
                .app
                .store
                .put_manifest_part(&feed, part, &claimed)
                .await?;
        }
        kept += claimed.len();
    }
    for () in Written::attempts_among_many() {
        let empty = kept == 0;
        let claimed = Feed {
            state: match empty {
                true => FeedState::Returned,
                false => FeedState::Claimed,
            },
            note: empty.then(|| "nothing was left to send".to_owned()),
            lines: u32::try_from(kept).unwrap_or(u32::MAX),
            revision: feed.revision + 1,
            ..feed.clone()
        };
        match session.app.store.save_feed(&claimed).await? {
            Written::Done => return Ok(((!empty).then_some(claimed), None)),
            Written::Conflict => feed = reload(session, &feed).await?,
        }
    }
    Err(Written::given_up("claim a feed"))
}

/// Claims one line and takes its entry out. `None`: it is not in the feed.
async fn take(session: &SendSession<'_>, feed: &Feed, line: &FeedLine) -> Result<Option<FeedLine>> {
    let connection = &session.key();
    let target = target(feed, &line.sku);
    let first = Claim {
        value: line.value.clone(),
        generation: line.generation,
        send_count: line.send_count,
    };
    let claimed = claim(session, target, first, &SentBy::Feed(feed.id.clone())).await?;
    let line_now = match claimed {
        ClaimOutcome::Left => return Ok(None),
        ClaimOutcome::Dropped => None,
        ClaimOutcome::Claimed(claimed) => Some(FeedLine {
            value: claimed.value,
            generation: claimed.generation,
            send_count: claimed.send_count,
            ..line.clone()
        }),
    };
    let entry = target.entry(line);
    let store = &session.app.store;
    store.delete_to_send(connection, &entry).await?;
    Ok(line_now)
}
