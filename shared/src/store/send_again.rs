//! What a feed carries goes again: with what is wanted now, and only what nothing newer was sent of.

use super::{Store, ToSend, Written};
use crate::domain::feed::{Feed, FeedLine, FeedState, LineValue, Overdue};
use crate::domain::listing::Standing;
use crate::domain::stock_settings::StockSettings;
use crate::error::{Error, Result};
use crate::fan_out;
use jiff::{SignedDuration, Timestamp};

/// Reads and writes side by side.
const AT_ONCE: usize = 32;
/// How often a feed is read again because another run wrote meanwhile.
const MOST_TRIES: usize = 5;
/// A feed that was set aside is looked at again after this share of its age, so ever later.
const SHARE_OF_AGE: i32 = 4;
const LONGEST_CHECK: SignedDuration = SignedDuration::from_hours(12);

/// What went back to be sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SentAgain {
    pub lines: usize,
    /// Some of it waits for no round.
    pub urgent: bool,
}

/// Which of the lines that go back go by patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByPatch {
    Decreases,
    All,
}

impl Store {
    /// Lists lines of a feed to be sent again, with what is wanted now. A line is skipped if something newer was sent.
    /// Idempotent.
    pub async fn send_again(
        &self,
        feed: &Feed,
        lines: Vec<&FeedLine>,
        settings: &StockSettings,
        by_patch: ByPatch,
        now: Timestamp,
    ) -> Result<SentAgain> {
        let again = |line| self.line_again(feed, line, settings, by_patch, now);
        let put = fan_out(lines, AT_ONCE, again).await?;
        Ok(SentAgain {
            lines: put.iter().flatten().count(),
            urgent: put.contains(&Some(true)),
        })
    }

    /// Whether the line was listed, and then whether it is urgent.
    async fn line_again(
        &self,
        feed: &Feed,
        line: &FeedLine,
        settings: &StockSettings,
        by_patch: ByPatch,
        now: Timestamp,
    ) -> Result<Option<bool>> {
        let entry = match line.value {
            LineValue::Quantity(_) => self.quantity_again(feed, line, settings, now).await?,
            LineValue::Price { .. } => self.price_again(feed, line, settings, now).await?,
            LineValue::End { .. } => self.end_again(feed, line, now).await?,
        };
        let Some(mut entry) = entry else {
            return Ok(None);
        };
        entry.by_patch = entry.decrease || by_patch == ByPatch::All;
        self.put_to_send(&feed.connection, &entry).await?;
        Ok(Some(entry.urgent))
    }

    async fn quantity_again(
        &self,
        feed: &Feed,
        line: &FeedLine,
        settings: &StockSettings,
        now: Timestamp,
    ) -> Result<Option<ToSend>> {
        let key = &feed.connection.listing(&line.sku);
        let listing = self.listing(key).await?;
        let Some(listing) = listing.filter(|it| feed.carries(it.sent_by())) else {
            return Ok(None);
        };
        let mut entry = ToSend::lost_quantity(&listing, &settings.policy, now);
        // Applied or not, Amazon shows no more than what is wanted.
        let sent = listing.sent.as_ref().map(|sent| sent.value);
        if let Some(entry) = &mut entry
            && line.increase
            && listing.quantity_to_show() >= sent
        {
            entry.decrease = false;
            entry.urgent = false;
        }
        Ok(entry)
    }

    async fn price_again(
        &self,
        feed: &Feed,
        line: &FeedLine,
        settings: &StockSettings,
        now: Timestamp,
    ) -> Result<Option<ToSend>> {
        let key = &feed.connection.listing(&line.sku).offer(feed.marketplace);
        let offer = self.offer(key).await?;
        let Some(offer) = offer.filter(|it| feed.carries(it.sent_by())) else {
            return Ok(None);
        };
        let (percent, product_type) = (settings.brakes.price_percent, line.product_type.clone());
        Ok(ToSend::lost_price(&offer, percent, product_type, now))
    }

    async fn end_again(
        &self,
        feed: &Feed,
        line: &FeedLine,
        now: Timestamp,
    ) -> Result<Option<ToSend>> {
        let listing = self.listing(&feed.connection.listing(&line.sku)).await?;
        let on = feed.marketplace;
        let carried = listing.filter(|it| feed.carries(it.end(on).sent_by()));
        Ok(carried.and_then(|it| ToSend::end(&it, on, Standing::Lost, now)))
    }

    /// What Amazon has had for too long goes again; if that is all of a feed, it is set aside. Idempotent.
    pub async fn overdue_again(
        &self,
        feed: &Feed,
        overdue: Overdue,
        settings: &StockSettings,
        now: Timestamp,
    ) -> Result<SentAgain> {
        if overdue == Overdue::None {
            return Ok(SentAgain::default());
        }
        let lines = self.manifest(feed).await?;
        let due = lines
            .iter()
            .filter(|line| overdue == Overdue::All || !line.increase);
        let again = self
            .send_again(feed, due.collect(), settings, ByPatch::Decreases, now)
            .await?;
        let mut stored = feed.clone();
        for _ in 0..MOST_TRIES {
            let changed = after(&stored, overdue, now);
            if self.save_feed(&changed).await? == Written::Done {
                return Ok(again);
            }
            match self.feed(&feed.connection, &feed.id).await? {
                Some(now) if now.state == feed.state => stored = now,
                _ => return Ok(again),
            }
        }
        let reason = "it was written by others all the time";
        Err(Error::retryable("set a feed aside", reason))
    }
}

/// The feed once what is overdue of it went again.
fn after(feed: &Feed, overdue: Overdue, now: Timestamp) -> Feed {
    let (state, what) = match overdue {
        Overdue::All => (FeedState::SetAside, "its lines were sent again"),
        _ => (feed.state, "its decreases were sent again"),
    };
    Feed {
        state,
        stuck: true,
        decreases_again: true,
        note: Some(format!("Amazon did not bring it to an end in time: {what}")),
        next_check_at: (state == FeedState::SetAside).then(|| feed.next_check(now)),
        revision: feed.revision + 1,
        ..feed.clone()
    }
}

impl Feed {
    /// When a feed that is set aside is looked at next: ever later.
    pub fn next_check(&self, now: Timestamp) -> Timestamp {
        let wait = now.duration_since(self.created_at) / SHARE_OF_AGE;
        now.saturating_add(wait.min(LONGEST_CHECK)).unwrap_or(now)
    }
}
