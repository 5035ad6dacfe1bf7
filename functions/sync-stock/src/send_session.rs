//! What a run sends with: the log-in, Amazon's clock and limits, the time that is left, and the brakes.

mod send_gate;

use crate::App;
use crate::leased::until;
use jiff::{SignedDuration, Timestamp};
use send_gate::SendGate;
use stallkeeper::domain::ids::{AmazonSku, ConnectionKey, FeedId};
use stallkeeper::domain::listing::Issues;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::{Error, Result};
use stallkeeper::queue::StockTick;
use stallkeeper::seller_session::{SellerSession, Waiting};
use stallkeeper::sending::Sending;
use stallkeeper::sp_api::{Issue, Operation, Refusal, refusal};
use stallkeeper::store::{ClosedMarketplace, Permit, ToSend};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tracing::error;

/// Writes side by side.
pub(crate) const AT_ONCE: usize = 32;
/// How long a permit is waited for within a run; a limit that lasts longer is left to the next tick.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// What the permitted calls may need.
const CALL_TIME: Duration = Duration::from_secs(30);

/// How often an entry is tried in vain until a person is alerted.
const ALERTED_AFTER: u32 = 5;
/// How often Amazon may fail until an entry waits: a failure is over in minutes, as a rule.
pub(crate) const FAILURES_AT_ONCE: u32 = 4;
/// So many issues of a listing are kept.
const MOST_ISSUES: usize = 10;

/// How long feeds avoid a marketplace that refused one; each time it refuses again, twice as long.
const FIRST_CLOSED: SignedDuration = SignedDuration::from_mins(30);
const LONGEST_CLOSED: SignedDuration = SignedDuration::from_hours(4);

/// Why a run ends before all is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Time ran out; a message to ourselves goes on.
    OutOfTime,
    /// Amazon's limit is reached; the next tick goes on.
    Limited,
    /// A person paused, froze or changed something meanwhile.
    SwitchedOff,
    /// Amazon refuses the seller or the app; in words.
    Refused(String),
}

/// What a run sends with.
pub(crate) struct SendSession<'a> {
    pub(crate) app: &'a App,
    pub(crate) sending: &'a Sending,
    /// All orders that Amazon changed before this moment (its clock) are known.
    pub(crate) orders_known_until: Option<Timestamp>,
    /// What Amazon's clock is ahead of ours.
    offset: SignedDuration,
    deadline: SystemTime,
    pub(crate) seller: SellerSession<'a>,
    /// What marketplaces answered to feeds: why they refused one, or nothing.
    feeds_answered: Mutex<Vec<(Marketplace, Option<String>)>>,
}

impl<'a> SendSession<'a> {
    pub(crate) async fn new(
        app: &'a App,
        sending: &'a Sending,
        deadline: SystemTime,
    ) -> Result<Self> {
        let connection = &sending.connection;
        let cursor = app.store.order_cursor(&connection.key()).await?;
        let offset = cursor.as_ref().map_or(0, |cursor| cursor.clock_offset_ms);
        Ok(Self {
            app,
            sending,
            orders_known_until: cursor.map(|cursor| cursor.known_until()),
            offset: SignedDuration::from_millis(offset),
            deadline,
            seller: SellerSession::new(&app.store, &app.vault, &app.amazon, connection),
            feeds_answered: Mutex::default(),
        })
    }

    pub(crate) fn key(&self) -> ConnectionKey {
        self.sending.connection.key()
    }

    pub(crate) fn gate(&self, open: HashSet<FeedId>) -> SendGate {
        let known = self.orders_known_until;
        SendGate {
            // Levels are measured by our clock.
            orders_known_until: known.map(|it| it.saturating_sub(self.offset).unwrap_or(it)),
            open,
            now: Timestamp::now(),
        }
    }

    pub(crate) fn amazons_now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.saturating_add(self.offset).unwrap_or(now)
    }

    /// Seconds of orders that may be unknown: what a quantity is exposed to.
    pub(crate) fn exposure_seconds(&self) -> Option<i64> {
        let known = self.orders_known_until?;
        Some(self.amazons_now().duration_since(known).as_secs())
    }

    pub(crate) fn has_time_for(&self, span: Duration) -> bool {
        let left = self.deadline.duration_since(SystemTime::now());
        left.unwrap_or_default() >= span
    }

    /// Whether sending is still wanted: read again right before anything is sent.
    pub(crate) async fn still_on(&self) -> Result<bool> {
        let connection = &self.key();
        let sending = Sending::load(&self.app.store, connection).await?;
        Ok(sending.is_some_and(|sending| !sending.shadow()))
    }

    /// Has urgent decreases sent that were just put back to be sent.
    pub(crate) async fn wake_urgent(&self) -> Result<()> {
        let connection = &self.key();
        let urgent = StockTick::Urgent {
            connection: connection.clone(),
            hop: 0,
        };
        self.app.ticks.send(&connection.id, urgent, 0).await
    }

    /// Takes or renews the lease of the urgent decreases, which one run at a time sends.
    pub(crate) async fn lease_urgent(&self, owner: &str) -> Result<bool> {
        let (connection, now) = (&self.key(), Timestamp::now());
        let store = &self.app.store;
        store.lease_urgent(connection, owner, now, until(now)).await
    }

    pub(crate) async fn release_urgent(&self, owner: &str) -> Result<()> {
        let connection = &self.key();
        self.app.store.release_urgent(connection, owner).await
    }

    /// Notes that a marketplace took a feed, or why it refused one.
    pub(crate) fn note_feed(&self, marketplace: Marketplace, refused: Option<String>) {
        let answered = self.feeds_answered.lock();
        let mut answered = answered.unwrap_or_else(PoisonError::into_inner);
        answered.push((marketplace, refused));
    }

    /// Which marketplaces refuse feeds, after what they answered in this run: each for ever longer.
    pub(crate) fn note_closed(&self, closed: &mut Vec<ClosedMarketplace>, now: Timestamp) {
        let answered = self.feeds_answered.lock();
        let answered = answered.unwrap_or_else(PoisonError::into_inner);
        for (marketplace, refused) in answered.iter() {
            let known = closed.iter().position(|it| it.marketplace == *marketplace);
            let known = known.map(|place| closed.swap_remove(place));
            let Some(why) = refused else { continue };
            let tries = known.map_or(0, |it| it.tries).saturating_add(1);
            let wait = (FIRST_CLOSED * (1 << (tries - 1).min(4))).min(LONGEST_CLOSED);
            closed.push(ClosedMarketplace {
                marketplace: *marketplace,
                until: now.saturating_add(wait).unwrap_or(now),
                tries,
                why: why.clone(),
            });
        }
    }

    /// How long Amazon's limit is waited for within a run.
    pub(crate) fn waiting(&self) -> Waiting {
        Waiting::For {
            longest: LONGEST_WAIT,
            until: self.deadline - CALL_TIME,
        }
    }

    /// Takes `count` requests out of Amazon's limit, and waits for them if that is a matter of seconds.
    pub(crate) async fn permits(&self, operation: Operation, count: u32) -> Result<Option<Stop>> {
        let waiting = self.waiting();
        let permit = self.seller.permits(operation, count, waiting).await?;
        let Permit::NotBefore(moment) = permit else {
            return Ok(None);
        };
        let wait = moment.duration_since(Timestamp::now()).unsigned_abs();
        Ok(Some(match wait > LONGEST_WAIT {
            true => Stop::Limited,
            false => Stop::OutOfTime,
        }))
    }

    /// It is tried again, ever later; `at_once` times without waiting.
    pub(crate) async fn put_off(&self, entry: &ToSend, at_once: u32) -> Result<()> {
        let connection = &self.key();
        let store = &self.app.store;
        let now = Timestamp::now();
        let tries = store.put_off(connection, entry, at_once, now).await?;
        if tries >= ALERTED_AFTER {
            error!(connection.id = %connection, listing.sku = %entry.sku, tries, "a listing was sent in vain {tries} times");
        }
        Ok(())
    }

    /// Keeps what Amazon says of a listing, and forgets what it said before; if it says nothing of issues, what it said before
    /// stays with its age.
    pub(crate) async fn note_issues(
        &self,
        sku: &AmazonSku,
        issues: Option<&[Issue]>,
        had_issues: bool,
    ) -> Result<()> {
        let Some(issues) = issues else {
            return Ok(());
        };
        if issues.is_empty() && !had_issues {
            return Ok(());
        }
        let kept = issues.iter().take(MOST_ISSUES).cloned().map(Issue::kept);
        let found = Issues {
            at: self.amazons_now(),
            issues: kept.collect(),
        };
        let listing = &self.key().listing(sku);
        self.app.store.note_issues(listing, &found).await
    }

    /// Notes in a feed that is not submitted yet that a listing of it is being patched.
    pub(crate) async fn overtake(&self, feed: &FeedId, sku: &AmazonSku) -> Result<()> {
        let connection = &self.key();
        let store = &self.app.store;
        store.overtake_feed(connection, feed, sku).await?;
        Ok(())
    }
}

/// A refusal of this operation that is for good; Login with Amazon's refusals are its own.
pub(crate) fn refused_for_good(error: &Error, operation: Operation) -> Option<&Refusal> {
    refusal(error).filter(|refusal| {
        error.class() == stallkeeper::Class::Permanent && refusal.operation == operation.name()
    })
}

/// A refusal as a person reads it: what was asked and what Amazon answered.
pub(crate) fn words(refusal: &Refusal) -> String {
    let code = refusal.code.as_deref().unwrap_or("no code");
    let (operation, status) = (refusal.operation, refusal.status);
    format!("Amazon answered {operation} with {status} ({code})")
}

/// As [`words`], of a refusal that everybody meets, with what may be behind it.
pub(crate) fn general_words(refusal: &Refusal) -> String {
    let guess = match refusal.status {
        403 => "; the app may lack a role, or the seller may not sell there",
        _ => "",
    };
    format!("{}{guess}", words(refusal))
}
