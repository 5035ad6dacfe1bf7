//! What a notice of Amazon's leads to. It is a hint: only its ids are used, and only to look sooner at what would be found
//! anyway. A message that is no notice of ours is counted and acknowledged.

mod account;

use crate::App;
use crate::sweep::MARGIN;
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::{ConnectionId, OrderId};
use stallkeeper::error::Result;
use stallkeeper::queue::{FeedCheck, OrderMessage, TickMessage};
use stallkeeper::sp_api::{NoNotice, Notice, NoticeContent, read_notice};
use stallkeeper::store::{EarlySweep, Hearing};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tracing::{info, warn};

/// A sweep reads what changed this long before it and earlier; some seconds more for its clock and ours.
const LAG: SignedDuration = MARGIN.saturating_add(SignedDuration::from_secs(5));
/// A notice of an older change is late; what changed then was swept.
const OLDEST: SignedDuration = SignedDuration::from_hours(24);

/// Why a message leads to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
enum Ignored {
    /// No kind that we have a use for.
    UnknownKind,
    Malformed,
    /// Nobody here has authorised us for this seller, or it names no marketplace and its subscription is another seller's.
    UnknownSeller,
    /// Nothing is fetched for the connection.
    NotFetching,
    /// Amazon ships it: the sweeps bring such orders where they are wanted.
    ShippedByAmazon,
    /// The change is stored already.
    Stored,
    /// The feed is settled already, or is not ours.
    NoOpenFeed,
}

/// Storms of notices that one environment knows of: until when each connection's notices need no writing down.
#[derive(Debug, Default)]
pub struct Storms(Mutex<HashMap<ConnectionId, Storm>>);

#[derive(Debug, Clone, Copy)]
struct Storm {
    /// Of the clock; the next one has room again.
    minute: i64,
    /// A sweep is queued that reads all that changed until then.
    covered_until: Timestamp,
}

impl Storms {
    fn covers(&self, connection: &ConnectionId, now: Timestamp) -> bool {
        let storms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let storm = storms.get(connection);
        storm.is_some_and(|it| it.minute == minute(now) && now <= it.covered_until)
    }

    fn note(&self, connection: &ConnectionId, now: Timestamp, covered_until: Timestamp) {
        let mut storms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = minute(now);
        storms.retain(|_, storm| storm.minute == minute);
        let storm = Storm {
            minute,
            covered_until,
        };
        storms.insert(connection.clone(), storm);
    }
}

fn minute(now: Timestamp) -> i64 {
    now.as_second() / 60
}

/// Takes a message of the queue that Amazon sends notices to.
pub(crate) async fn take(app: &App, body: &str) -> Result<()> {
    let notice = match read_notice(body) {
        Ok(notice) => notice,
        Err(no) => {
            let why = match no {
                NoNotice::Unknown(_) => Ignored::UnknownKind,
                NoNotice::Malformed(_) => Ignored::Malformed,
            };
            warn!("a message is no notice of ours: {no}");
            count(why);
            return Ok(());
        }
    };
    let Some(connection) = holder(app, &notice).await? else {
        count(Ignored::UnknownSeller);
        return Ok(());
    };
    if !connection.status.fetches_orders() {
        count(Ignored::NotFetching);
        return Ok(());
    }
    let ignored = match &notice.content {
        NoticeContent::Order { by_amazon, .. } if *by_amazon => {
            // A sweep may bring such orders, and a shop that has no others is not silent.
            let now = Timestamp::now();
            app.store.hear(&connection.key(), now).await?;
            Some(Ignored::ShippedByAmazon)
        }
        NoticeContent::Order { id, .. } => order(app, &connection, id, notice.at).await?,
        NoticeContent::Feed(id) => feed(app, &connection, id).await?,
        NoticeContent::Account(status) => {
            let (status, marketplace) = (*status, notice.marketplace);
            account::changed(app, &connection, status, marketplace, notice.at).await?;
            None
        }
        NoticeContent::Listing(sku) => {
            let listing = connection.key().listing(sku);
            app.store.void_look(&listing).await?;
            None
        }
    };
    if let Some(why) = ignored {
        count(why);
    }
    Ok(())
}

/// A metric counts these lines by reason.
fn count(why: Ignored) {
    let reason: &str = why.into();
    info!(
        notices_ignored = 1,
        ignored_reason = reason,
        "a notice leads to nothing: {reason}"
    );
}

/// The connection that a notice concerns: the seller's, if the notice names it with a marketplace, else the subscription's.
/// A seller that the notice names must be the connection's, so that no notice reaches another seller's.
async fn holder(app: &App, notice: &Notice) -> Result<Option<Connection>> {
    let key = match (&notice.seller, notice.marketplace, &notice.subscription) {
        (Some(seller), Some(marketplace), _) => {
            let region = marketplace.region();
            app.store.seller_holder(region, seller).await?
        }
        (_, _, Some(subscription)) => app.store.subscriber(subscription).await?,
        _ => None,
    };
    let Some(key) = key else { return Ok(None) };
    let found = app.store.connection(&key).await?;
    let named = notice.seller.as_ref();
    Ok(found.filter(|it| named.is_none() || it.seller.as_ref() == named))
}

/// The first few changes of a minute are fetched one by one; the others by one sweep, as soon as Amazon's search shows them.
async fn order(
    app: &App,
    connection: &Connection,
    id: &OrderId,
    changed_at: Option<Timestamp>,
) -> Result<Option<Ignored>> {
    let (key, now) = (&connection.key(), Timestamp::now());
    let stored = app.store.order(key, id).await?;
    let is_stored = |changed_at| {
        stored
            .as_ref()
            .is_some_and(|stored| stored.version.updated_at >= changed_at)
    };
    if changed_at.is_some_and(is_stored) {
        app.store.hear(key, now).await?;
        return Ok(Some(Ignored::Stored));
    }
    if app.storms.covers(&key.id, now) {
        return Ok(None);
    }
    match app.store.hear_of_order(key, id, changed_at, now).await? {
        Hearing::Fetch => {
            let oldest = now.saturating_sub(OLDEST).unwrap_or(now);
            let message = OrderMessage::OrderId {
                connection: key.clone(),
                order_id: id.clone(),
                updated_at: changed_at.unwrap_or(now).clamp(oldest, now),
                due: None,
                tries: 0,
                noticed: true,
            };
            app.orders.send(key, message, 0).await?;
        }
        Hearing::Storm => sweep_early(app, connection, now).await?,
    }
    Ok(None)
}

/// If this stops between planning and queueing, the schedule's next tick sweeps.
async fn sweep_early(app: &App, connection: &Connection, now: Timestamp) -> Result<()> {
    let key = &connection.key();
    let due = match app.store.plan_early_sweep(key, now, LAG).await? {
        EarlySweep::Queued(due) => due,
        EarlySweep::Due(due) => {
            let tick = TickMessage::Tick {
                connection: key.clone(),
                hop: 0,
            };
            let delay = u32::try_from(due.duration_since(now).as_secs()).unwrap_or_default();
            app.ticks.send(key, tick, delay).await?;
            info!(connection.id = %key.id, %due, "many orders of connection `{}` change; they are swept early", key.id);
            due
        }
    };
    let covered_until = due.saturating_sub(LAG).unwrap_or(now);
    app.storms.note(&key.id, now, covered_until);
    Ok(())
}

/// Amazon is done with a feed: its check need not wait.
async fn feed(app: &App, connection: &Connection, amazon_id: &str) -> Result<Option<Ignored>> {
    let key = &connection.key();
    let Some(feed) = app.store.open_feed_at_amazon(key, amazon_id).await? else {
        return Ok(Some(Ignored::NoOpenFeed));
    };
    let check = FeedCheck::Check {
        connection: key.clone(),
        feed: feed.id,
        hop: 0,
    };
    app.feed_checks.send(key, check, 0).await?;
    Ok(None)
}
