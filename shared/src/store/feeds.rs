//! Feeds and their manifests. A manifest is stored in parts of deflated lines, so that 25,000 lines cost a few hundred
//! write units at most and one item is never too big.

use super::item::{condition_failed, deflated, failure, inflated, item, n, s, text, value};
use super::key::{self, Key, OpenFeeds};
use super::{Store, Written};
use crate::domain::feed::{Feed, FeedKind, FeedLine, FeedState};
use crate::domain::ids::{AmazonSku, ConnectionKey, FeedId};
use crate::error::{Class, Result};
use crate::fan_out;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::error;

/// Lines in one part of a manifest: the longest SKUs that no deflating helps stay below the 400 KB of an item.
pub const LINES_IN_A_PART: usize = 2_000;
/// How long manifests are kept, in seconds. A feed itself stays: it says what became of what a listing was sent last,
/// however long ago that was.
const KEPT: i64 = 90 * 86_400;
/// A feed follows its mark within this time, or was never made.
const MADE_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// A page of feeds, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPage {
    pub feeds: Vec<Feed>,
    pub next: Option<String>,
}

impl Store {
    /// Stores a feed whose revision is one more than when it was read, and whether it is open.
    pub async fn save_feed(&self, feed: &Feed) -> Result<Written> {
        if feed.state.is_open() && feed.revision <= 1 {
            self.mark_open(feed).await?;
        }
        let mut fields = item(key_of(feed), feed)?;
        fields.retain(|_, value| !value.is_null());
        let written = self
            .put_fields_revised(
                "store a feed",
                &self.tables.catalogue,
                fields,
                feed.revision,
            )
            .await?;
        if written == Written::Done && !feed.state.is_open() {
            let open = open_mark(feed);
            self.delete(&self.tables.catalogue, open).await?;
        }
        Ok(written)
    }

    async fn mark_open(&self, feed: &Feed) -> Result<()> {
        let fields = open_mark(feed).into_map();
        self.put_fields("mark a feed as open", &self.tables.catalogue, fields)
            .await
    }

    /// A feed, read strongly.
    pub async fn feed(&self, connection: &ConnectionKey, feed: &FeedId) -> Result<Option<Feed>> {
        self.get(&self.tables.catalogue, Key::feed(connection, feed))
            .await
    }

    /// A feed that makes offers, read strongly.
    pub async fn offer_feed(
        &self,
        connection: &ConnectionKey,
        feed: &FeedId,
    ) -> Result<Option<Feed>> {
        let key = Key::offer_feed(connection, feed);
        self.get(&self.tables.catalogue, key).await
    }

    /// The feeds of stock and prices of a connection that somebody still has work to do on, oldest first. A mark whose feed
    /// is closed is taken away.
    pub async fn open_feeds(&self, connection: &ConnectionKey) -> Result<Vec<Feed>> {
        self.open_feeds_of(connection, OpenFeeds::Stock).await
    }

    /// As [`Self::open_feeds`], of the feeds that cancel orders.
    pub async fn open_cancellation_feeds(&self, connection: &ConnectionKey) -> Result<Vec<Feed>> {
        let of = OpenFeeds::Cancellations;
        self.open_feeds_of(connection, of).await
    }

    /// As [`Self::open_feeds`], of the feeds that make offers.
    pub async fn open_offer_feeds(&self, connection: &ConnectionKey) -> Result<Vec<Feed>> {
        self.open_feeds_of(connection, OpenFeeds::Offers).await
    }

    /// Whether a feed that cancels orders is open since before this moment. One query of keys.
    pub async fn has_open_cancellation_feed(
        &self,
        connection: &ConnectionKey,
        since: Timestamp,
    ) -> Result<bool> {
        let pk = key::open_feeds_pk(connection, OpenFeeds::Cancellations);
        let before = FeedId::new(since, 0);
        let answer = self
            .db
            .query()
            .table_name(&self.tables.catalogue)
            .limit(1)
            .key_condition_expression("pk = :pk AND sk < :before")
            .expression_attribute_values(":pk", s(pk))
            .expression_attribute_values(":before", s(before.as_str()))
            .send()
            .await
            .map_err(|error| failure("look for open feeds", error))?;
        Ok(answer.count() > 0)
    }

    async fn open_feeds_of(&self, connection: &ConnectionKey, of: OpenFeeds) -> Result<Vec<Feed>> {
        let pk = key::open_feeds_pk(connection, of);
        let marks = self.between(&self.tables.catalogue, pk, "!", "~").await?;
        let abandoned = FeedId::new(Timestamp::now() - MADE_WITHIN, 0);
        let mut feeds = Vec::new();
        for id in marks.iter().filter_map(|mark| text(mark, "sk")) {
            let Ok(id) = id.parse::<FeedId>() else {
                continue;
            };
            let read = match of {
                OpenFeeds::Offers => self.offer_feed(connection, &id).await,
                _ => self.feed(connection, &id).await,
            };
            let feed = match read {
                // One that cannot be read keeps nothing else from being sent.
                Err(error) if error.class() == Class::Permanent => {
                    error!(connection.id = %connection, feed.id = %id, error = error.chain(), "a feed cannot be read");
                    continue;
                }
                read => read?,
            };
            match feed {
                Some(feed) if feed.state.is_open() => feeds.push(feed),
                // A feed that is being made right now has its mark first: leave that to a later look.
                None if id.as_str() > abandoned.as_str() => {}
                _ => {
                    let mark = Key::open_feed(connection, of, &id);
                    self.delete(&self.tables.catalogue, mark).await?;
                }
            }
        }
        Ok(feeds)
    }

    /// Changes a feed that is still open, even if another run writes meanwhile; a closed one stays as it is.
    pub async fn change_open_feed(&self, feed: &Feed, change: impl Fn(&mut Feed)) -> Result<()> {
        let mut now = feed.clone();
        for () in Written::attempts() {
            change(&mut now);
            now.revision += 1;
            if self.save_feed(&now).await? == Written::Done {
                return Ok(());
            }
            let stored = self.get(&self.tables.catalogue, key_of(feed)).await?;
            match stored {
                Some(stored) if is_open(&stored) => now = stored,
                _ => return Ok(()),
            }
        }
        Err(Written::given_up("change a feed"))
    }

    /// The open feed that Amazon knows by this id, whatever it is for.
    pub async fn open_feed_at_amazon(
        &self,
        connection: &ConnectionKey,
        amazon_id: &str,
    ) -> Result<Option<Feed>> {
        for of in OpenFeeds::ALL {
            let feeds = self.open_feeds_of(connection, of).await?;
            let is_it = |feed: &Feed| feed.amazon_id.as_deref() == Some(amazon_id);
            if let Some(found) = feeds.into_iter().find(is_it) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// A page of a connection's feeds, the newest first; `after` is the `next` of the page before.
    pub async fn feed_page(
        &self,
        connection: &ConnectionKey,
        after: Option<&str>,
        limit: i32,
    ) -> Result<FeedPage> {
        let answer = self
            .db
            .query()
            .table_name(&self.tables.catalogue)
            .scan_index_forward(false)
            .limit(limit)
            .key_condition_expression("pk = :pk AND sk < :before")
            .expression_attribute_values(":pk", s(key::feeds_pk(connection)))
            .expression_attribute_values(":before", s(after.unwrap_or("~")))
            .send()
            .await
            .map_err(|error| failure("list feeds", error))?;
        let next = answer.last_evaluated_key().and_then(|key| text(key, "sk"));
        let feeds = answer.items.unwrap_or_default();
        Ok(FeedPage {
            feeds: feeds.into_iter().map(value).collect::<Result<_>>()?,
            next,
        })
    }

    /// Stores a part of a manifest, counted from 0. Idempotent.
    pub async fn put_manifest_part<L: Serialize>(
        &self,
        feed: &Feed,
        part: u32,
        lines: &[L],
    ) -> Result<()> {
        let mut fields = Key::manifest_part(&feed.connection, &feed.id, part).into_map();
        fields.insert("lines".into(), deflated(&lines)?);
        fields.insert("expires_at".into(), n(feed.created_at.as_second() + KEPT));
        self.put_fields("store a manifest", &self.tables.catalogue, fields)
            .await
    }

    /// The lines of a feed of stock or prices, in their order.
    pub async fn manifest(&self, feed: &Feed) -> Result<Vec<FeedLine>> {
        let part = |part| self.manifest_part(feed, part);
        let parts = fan_out(0..feed.parts, 4, part).await?;
        Ok(parts.into_iter().flatten().collect())
    }

    /// The lines of one part of a feed's manifest, counted from 0; none if it was never stored. What a line is, its kind
    /// says.
    pub async fn manifest_part<L: DeserializeOwned>(
        &self,
        feed: &Feed,
        part: u32,
    ) -> Result<Vec<L>> {
        let key = Key::manifest_part(&feed.connection, &feed.id, part);
        match self.get_item(&self.tables.catalogue, key).await? {
            Some(item) => inflated(&item, "lines"),
            None => Ok(Vec::new()),
        }
    }

    /// Notes in an unsubmitted feed that a listing of it is being patched: before the patch. The feed's state
    /// if it is too late for that (the patch comes after the feed then, and wins); `None` if it was noted, or the feed is
    /// not there.
    pub async fn overtake_feed(
        &self,
        connection: &ConnectionKey,
        feed: &FeedId,
        sku: &AmazonSku,
    ) -> Result<Option<FeedState>> {
        let sku = AttributeValue::L(vec![s(sku.as_str())]);
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(Key::feed(connection, feed).into_map()))
            .update_expression("SET overtaken = list_append(overtaken, :sku) ADD revision :one")
            .condition_expression("#state IN (:building, :claimed, :submitting)")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":sku", sku)
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":building", s(FeedState::Building.as_str()))
            .expression_attribute_values(":claimed", s(FeedState::Claimed.as_str()))
            .expression_attribute_values(":submitting", s(FeedState::Submitting.as_str()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match update {
            Ok(_) => Ok(None),
            Err(error) if condition_failed(&error) => {
                let old = super::levels::old_item(error.as_service_error()).cloned();
                let old: Option<Feed> = old.filter(|old| !old.is_empty()).map(value).transpose()?;
                Ok(old.map(|feed| feed.state))
            }
            Err(error) => Err(failure("overtake a feed", error)),
        }
    }
}

/// What marks a feed as open.
fn open_mark(feed: &Feed) -> Key {
    let of = match feed.kind {
        FeedKind::Quantity | FeedKind::Price | FeedKind::End => OpenFeeds::Stock,
        FeedKind::Cancellation => OpenFeeds::Cancellations,
        FeedKind::Offer => OpenFeeds::Offers,
    };
    Key::open_feed(&feed.connection, of, &feed.id)
}

fn is_open(feed: &Feed) -> bool {
    feed.state.is_open()
}

fn key_of(feed: &Feed) -> Key {
    match feed.kind {
        FeedKind::Offer => Key::offer_feed(&feed.connection, &feed.id),
        _ => Key::feed(&feed.connection, &feed.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::feed::LineValue;
    use rand::{RngExt as _, SeedableRng as _};

    #[test]
    fn a_part_of_the_longest_skus_fits_in_an_item() {
        let mut random = rand::rngs::StdRng::seed_from_u64(1);
        let mut line = |n: usize| FeedLine {
            sku: (0..40)
                .map(|_| random.random_range('\u{20000}'..'\u{2a000}'))
                .collect::<String>()
                .parse()
                .unwrap(),
            value: LineValue::Quantity(1_000_000 + u32::try_from(n).unwrap()),
            generation: 1_000_000 + n as u64 * 7,
            send_count: 1_000 + n as u64 % 13,
            product_type: Some("SPORTING_GOODS".to_owned()),
            increase: n.is_multiple_of(2),
        };
        let lines: Vec<FeedLine> = (0..LINES_IN_A_PART).map(&mut line).collect();
        let deflated = deflated(&lines).unwrap();
        let bytes = deflated.as_b().unwrap().as_ref().len();
        assert!(bytes < 390 * 1024, "{bytes} bytes");
    }
}
