//! What may have to be sent of a connection: entries in 16 shards. An entry says "look at this listing"; the truth is in
//! the listing, so an entry that is outdated costs a look and never a wrong number.

use super::Store;
use super::item::{condition_failed, failure, item, n, s, text, value};
use super::key::{self, Key, SHARDS};
use crate::domain::feed::LineValue;
use crate::domain::ids::{AmazonSku, ConnectionKey, FeedId};
use crate::domain::listing::{Listing, ListingPart, Next, Offer, Standing, next};
use crate::domain::marketplace::Marketplace;
use crate::domain::stock::Policy;
use crate::error::Result;
use crate::fan_out;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tracing::error;

/// How long an entry waits after it was sent in vain twice; each time after that it waits twice as long.
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(10);
/// The longest that an entry waits: whoever mended the cause need not wait for long.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(2);

/// A listing or an offer that may have to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToSend {
    pub sku: AmazonSku,
    /// The price on this marketplace. Neither this nor `end_on`: the quantity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_on: Option<Marketplace>,
    /// Whether the offer on this marketplace is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_on: Option<Marketplace>,
    pub value: LineValue,
    /// The generation of what is wanted, and how often something was sent, as the entry was made.
    pub generation: u64,
    pub send_count: u64,
    /// Amazon may show more than this.
    #[serde(default)]
    pub decrease: bool,
    /// It waits for no round.
    #[serde(default)]
    pub urgent: bool,
    /// An increase waits until all orders up to this moment are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_at: Option<Timestamp>,
    /// It waits until this feed is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<FeedId>,
    /// The marketplaces it can be sent through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marketplaces: Vec<Marketplace>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_type: Option<String>,
    pub at: Timestamp,
    /// It was in a feed that Amazon did not bring to an end: a decrease goes by patch now.
    #[serde(default)]
    pub by_patch: bool,
    /// How often it was sent in vain since what is wanted changed.
    #[serde(default)]
    pub tries: u32,
    /// It is not tried again before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
}

impl ToSend {
    /// The part of the listing that it is about.
    pub fn part(&self) -> ListingPart {
        match (self.price_on, self.end_on) {
            (_, Some(marketplace)) => ListingPart::End(marketplace),
            (Some(marketplace), None) => ListingPart::Price(marketplace),
            (None, None) => ListingPart::Quantity,
        }
    }

    /// How long an entry waits that was sent in vain so often: the next round takes it again at first, and then ever
    /// later.
    pub fn wait_after(tries: u32) -> SignedDuration {
        let doubled = tries.saturating_sub(2).min(10);
        match tries {
            0 | 1 => SignedDuration::ZERO,
            _ => (FIRST_WAIT * (1 << doubled)).min(LONGEST_WAIT),
        }
    }

    /// An entry for a listing's quantity; `None` if there is nothing to send, or nothing is wanted.
    pub fn quantity(listing: &Listing, next: Next, at: Timestamp) -> Option<Self> {
        let Next::Send {
            quantity,
            decrease,
            urgent,
            after,
        } = next
        else {
            return None;
        };
        let wanted = listing.wanted.as_ref()?;
        Some(Self {
            sku: listing.amazon_sku.clone(),
            price_on: None,
            end_on: None,
            value: LineValue::Quantity(quantity),
            generation: wanted.generation,
            send_count: listing.send_count,
            decrease,
            urgent,
            level_at: wanted.level_at,
            after,
            marketplaces: listing.marketplaces_to_send_through(quantity),
            product_type: listing.product_type.clone(),
            at,
            by_patch: false,
            tries: 0,
            next_at: None,
        })
    }

    /// An entry for a listing's price on one marketplace.
    pub fn price(
        offer: &Offer,
        amount: Decimal,
        generation: u64,
        product_type: Option<String>,
        at: Timestamp,
    ) -> Self {
        Self {
            sku: offer.amazon_sku.clone(),
            price_on: Some(offer.marketplace),
            end_on: None,
            value: LineValue::price(amount, offer.marketplace),
            generation,
            send_count: offer.send_count,
            decrease: false,
            urgent: false,
            level_at: None,
            after: None,
            marketplaces: vec![offer.marketplace],
            product_type,
            at,
            by_patch: false,
            tries: 0,
            next_at: None,
        }
    }

    /// An entry for the end of a listing's offer on one marketplace; `None` if there is nothing to send.
    pub fn end(
        listing: &Listing,
        marketplace: Marketplace,
        standing: Standing,
        at: Timestamp,
    ) -> Option<Self> {
        let ended = listing.next_end(marketplace, standing)?;
        Some(Self {
            sku: listing.amazon_sku.clone(),
            price_on: None,
            end_on: Some(marketplace),
            value: LineValue::End { ended },
            generation: listing.wanted.as_ref()?.generation,
            send_count: listing.end(marketplace).send_count,
            decrease: false,
            urgent: false,
            level_at: None,
            after: None,
            marketplaces: vec![marketplace],
            product_type: listing.product_type.clone(),
            at,
            by_patch: false,
            tries: 0,
            next_at: None,
        })
    }

    /// What is wanted of a listing now, if nobody knows what became of what was sent last.
    pub fn lost_quantity(listing: &Listing, policy: &Policy, at: Timestamp) -> Option<Self> {
        Self::quantity(listing, next(listing, Standing::Lost, &[], policy), at)
    }

    /// What is wanted of a listing that is held no longer, whatever people made of it meanwhile. It waits for a round.
    pub fn released_quantity(listing: &Listing, policy: &Policy, at: Timestamp) -> Option<Self> {
        let entry = Self::lost_quantity(listing, policy, at)?;
        let sent = listing.sent.as_ref().map(|sent| sent.value);
        let shown = sent.or(listing.observed.as_ref().map(|observed| observed.value));
        Some(Self {
            decrease: shown.is_none_or(|shown| Some(shown) > listing.quantity_to_show()),
            urgent: false,
            ..entry
        })
    }

    /// What is wanted of an offer now, if nobody knows what became of what was sent last and it passes the brake.
    pub fn lost_price(
        offer: &Offer,
        brake_percent: u8,
        product_type: Option<String>,
        at: Timestamp,
    ) -> Option<Self> {
        offer.sent.as_ref()?;
        let wanted = offer.wanted.as_ref()?;
        let amount = wanted.amount?;
        (offer.passes_brake(brake_percent) && !offer.is_refused_as_wanted(amount))
            .then(|| Self::price(offer, amount, wanted.generation, product_type, at))
    }
}

impl Store {
    /// Puts an entry, unless one of a newer reading exists. One write unit. Idempotent.
    pub async fn put_to_send(&self, connection: &ConnectionKey, entry: &ToSend) -> Result<()> {
        let key = Key::to_send(&connection.listing(&entry.sku), entry.part());
        let mut fields = item(key, entry)?;
        fields.retain(|_, value| !value.is_null());
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.catalogue)
            .set_item(Some(fields))
            .condition_expression(
                "attribute_not_exists(pk) OR generation < :generation OR (generation = :generation AND send_count <= :send_count)",
            )
            .expression_attribute_values(":generation", n(entry.generation))
            .expression_attribute_values(":send_count", n(entry.send_count))
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("note what is to be sent", error)),
        }
    }

    /// Takes an entry out, unless a newer one took its place. One write unit. Idempotent.
    pub async fn delete_to_send(&self, connection: &ConnectionKey, entry: &ToSend) -> Result<()> {
        let deleted = self
            .db
            .delete_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(
                Key::to_send(&connection.listing(&entry.sku), entry.part()).into_map(),
            ))
            .condition_expression("attribute_not_exists(pk) OR (generation = :generation AND send_count = :send_count)")
            .expression_attribute_values(":generation", n(entry.generation))
            .expression_attribute_values(":send_count", n(entry.send_count))
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("take out what was sent", error)),
        }
    }

    /// Notes that an entry was sent in vain once more, so that it waits ever longer once that happened `at_once` times;
    /// unless a newer one took its place. How often it was by now. One write unit.
    pub async fn put_off(
        &self,
        connection: &ConnectionKey,
        entry: &ToSend,
        at_once: u32,
        now: Timestamp,
    ) -> Result<u32> {
        let tries = entry.tries.saturating_add(1);
        let wait = ToSend::wait_after(tries.saturating_sub(at_once));
        let next_at = now.saturating_add(wait).unwrap_or(now);
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(
                Key::to_send(&connection.listing(&entry.sku), entry.part()).into_map(),
            ))
            .update_expression("SET tries = :tries, next_at = :next_at")
            .condition_expression("generation = :generation AND send_count = :send_count")
            .expression_attribute_values(":tries", n(tries))
            .expression_attribute_values(":next_at", s(next_at.to_string()))
            .expression_attribute_values(":generation", n(entry.generation))
            .expression_attribute_values(":send_count", n(entry.send_count))
            .send()
            .await;
        match update {
            Ok(_) => Ok(tries),
            Err(error) if condition_failed(&error) => Ok(tries),
            Err(error) => Err(failure("put off what is to be sent", error)),
        }
    }

    /// The entry of a part of a listing, read strongly.
    pub async fn to_send_of(
        &self,
        connection: &ConnectionKey,
        sku: &AmazonSku,
        part: ListingPart,
    ) -> Result<Option<ToSend>> {
        let key = Key::to_send(&connection.listing(sku), part);
        self.get(&self.tables.catalogue, key).await
    }

    /// All entries of a connection, all shards side by side. `strongly`: also what was put a moment ago; an empty shard
    /// costs one read unit then, else half a one.
    pub async fn to_send(&self, connection: &ConnectionKey, strongly: bool) -> Result<Vec<ToSend>> {
        let shard = |shard| self.shard(connection, shard, strongly);
        let shards = fan_out(0..SHARDS, SHARDS.into(), shard).await?;
        Ok(shards.into_iter().flatten().collect())
    }

    async fn shard(
        &self,
        connection: &ConnectionKey,
        shard: u8,
        strongly: bool,
    ) -> Result<Vec<ToSend>> {
        let mut pages = self
            .db
            .query()
            .table_name(&self.tables.catalogue)
            .consistent_read(strongly)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(key::to_send_pk(connection, shard)))
            .into_paginator()
            .items()
            .send();
        let mut entries = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| failure("read what is to be sent", error))?;
            let name = text(&item, "sk").unwrap_or_default();
            match value(item) {
                Ok(entry) => entries.push(entry),
                // One that cannot be read keeps no other from being sent.
                Err(error) => {
                    error!(connection.id = %connection, entry = name, error = error.chain(), "what is to be sent of a listing cannot be read")
                }
            }
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_in_vain_waits_ever_longer_and_never_for_more_than_two_hours() {
        let minutes: Vec<i64> = (0..9)
            .map(|tries| ToSend::wait_after(tries).as_mins())
            .collect();
        assert_eq!(minutes, [0, 0, 10, 20, 40, 80, 120, 120, 120]);
        assert_eq!(ToSend::wait_after(u32::MAX), LONGEST_WAIT);
    }
}
