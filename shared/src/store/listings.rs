//! Listings and offers: their state, what is wanted, what was sent. Three kinds of writers, each with a lock of
//! its own: the matching (`revision`), the recompute (`wanted.generation`), sending (`send_count`).

mod ends;
mod place;

use super::Store;
use super::item::{Item, condition_failed, failure, n, s, text, value};
use super::key::{self, Key};
use super::levels::old_item;
use crate::domain::feed::SentBy;
use crate::domain::ids::{AmazonSku, ConnectionKey, ListingKey, Sku};
use crate::domain::listing::{
    Finding, HoldMode, Issues, Listing, ListingState, Look, Refused, Sent,
};
use crate::domain::stock::Wanted;
use crate::error::{Error, Result};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use std::collections::HashMap;

/// The outcome of writing a wanted value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedWritten<T> {
    /// It is current, written now or by an earlier try; the item as it is.
    Current(Box<T>),
    /// A newer one exists, or the listing is tied to another product or gone: nothing is to be sent.
    Outdated,
}

/// The outcome of claiming a value to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed<T> {
    Done,
    /// Another caller came first: the item as it is, or nothing if it is gone.
    Conflict(Option<Box<T>>),
}

/// A page of a connection's listings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingPage {
    pub listings: Vec<(ListingState, AmazonSku)>,
    pub next: Option<String>,
}

impl Store {
    /// A listing, read strongly.
    pub async fn listing(&self, listing: &ListingKey) -> Result<Option<Listing>> {
        self.get(&self.tables.catalogue, Key::listing(listing))
            .await
    }

    /// Many listings in batches (eventually consistent, half a read unit each); absent if there is none.
    pub async fn batch_get_listings(
        &self,
        connection: &ConnectionKey,
        skus: &[AmazonSku],
    ) -> Result<HashMap<AmazonSku, Listing>> {
        let keys = skus
            .iter()
            .map(|sku| Key::listing(&connection.listing(sku)))
            .collect();
        let items = self.batch_get(&self.tables.catalogue, keys).await?;
        items
            .into_iter()
            .map(|item| {
                let listing: Listing = value(item)?;
                Ok((listing.amazon_sku.clone(), listing))
            })
            .collect()
    }

    /// Stores what a listing of `product` × `units` is to have, if its generation is greater than the stored one: one write
    /// unit, and no read for the item that it returns. The same generation again is already current.
    pub async fn write_wanted(
        &self,
        listing: &ListingKey,
        (product, units): (&Sku, u32),
        wanted: &Wanted,
    ) -> Result<WantedWritten<Listing>> {
        let mut update = self.db.update_item();
        update = match wanted.ended.is_empty() {
            true => update.update_expression("SET wanted = :wanted"),
            // A place for what is sent of them.
            false => update
                .update_expression("SET wanted = :wanted, ends = if_not_exists(ends, :none)")
                .expression_attribute_values(":none", AttributeValue::M(HashMap::new())),
        };
        let update = update
            .table_name(&self.tables.catalogue)
            .set_key(Some(Key::listing(listing).into_map()))
            .condition_expression(
                "product = :product AND #units = :units AND \
                 (attribute_not_exists(wanted) OR wanted.generation < :generation)",
            )
            .expression_attribute_names("#units", "units")
            .expression_attribute_values(":wanted", nested(wanted)?)
            .expression_attribute_values(":product", s(product.as_str()))
            .expression_attribute_values(":units", n(units))
            .expression_attribute_values(":generation", n(wanted.generation))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match update {
            Ok(answer) => stands(answer.attributes),
            Err(error) if condition_failed(&error) => {
                let old = old_item(error.as_service_error()).cloned();
                let old: Option<Listing> = old.map(value).transpose()?;
                let ours = old.filter(|old| {
                    old.product.as_ref() == Some(product)
                        && old.units == units
                        && old.wanted.as_ref().map(|stored| stored.generation)
                            == Some(wanted.generation)
                });
                Ok(ours.map_or(WantedWritten::Outdated, |old| {
                    WantedWritten::Current(Box::new(old))
                }))
            }
            Err(error) => Err(failure("store a wanted quantity", error)),
        }
    }

    /// Marks a listing as sent `sent`, if it is matched, what it is to show is still that quantity (what is wanted; zero if a
    /// person holds it at that; nothing if a person has it left alone) with the generation `sent.generation`, and nothing was sent since it had `send_count` (or this very feed claimed it already). One write unit.
    pub async fn claim_listing(
        &self,
        listing: &ListingKey,
        send_count: u64,
        sent: &Sent<u32>,
    ) -> Result<Claimed<Listing>> {
        let key = Key::listing(listing);
        let update = self
            .db
            .update_item()
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#hold", "hold")
            .expression_attribute_values(":matched", s(ListingState::Matched.as_str()))
            .expression_attribute_values(":quantity", n(sent.value));
        let free = "attribute_not_exists(#hold) AND wanted.quantity = :quantity";
        if sent.value > 0 {
            let also = format!("#state = :matched AND {free} AND ");
            return self.claim(update, (&also, ""), key, send_count, sent).await;
        }
        let update = update
            .expression_attribute_names("#mode", "mode")
            .expression_attribute_values(":at_zero", s(HoldMode::Zero.as_str()));
        let also = format!("#state = :matched AND (#hold.#mode = :at_zero OR ({free})) AND ");
        self.claim(update, (&also, ""), key, send_count, sent).await
    }

    /// The claim of a listing or an offer, which have these fields in common; `also`: what else must hold, and what else is set.
    pub(super) async fn claim<T, V>(
        &self,
        update: UpdateItemFluentBuilder,
        (also, also_set): (&str, &str),
        key: Key,
        send_count: u64,
        sent: &Sent<V>,
    ) -> Result<Claimed<T>>
    where
        T: serde::de::DeserializeOwned,
        V: serde::Serialize,
    {
        let mut update = update
            .table_name(&self.tables.catalogue)
            .set_key(Some(key.into_map()))
            .update_expression(format!(
                "SET sent = :sent, send_count = :next{also_set} REMOVE refused, released_at"
            ))
            .expression_attribute_values(":sent", nested(sent)?)
            .expression_attribute_values(":generation", n(sent.generation))
            .expression_attribute_values(":send_count", n(send_count))
            .expression_attribute_values(":next", n(send_count + 1))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        update = match &sent.by {
            SentBy::Patch => update.condition_expression(format!(
                "{also}wanted.generation = :generation AND send_count = :send_count"
            )),
            // A feed that is resumed finds its own claims.
            SentBy::Feed(feed) => update
                .condition_expression(format!(
                    "{also}wanted.generation = :generation AND \
                     (send_count = :send_count OR (send_count = :next AND sent.#by = :by))"
                ))
                .expression_attribute_names("#by", "by")
                .expression_attribute_values(":by", s(feed.as_str())),
        };
        match update.send().await {
            Ok(_) => Ok(Claimed::Done),
            Err(error) if condition_failed(&error) => {
                let old = old_item(error.as_service_error()).cloned();
                let old: Option<T> = old.filter(|old| !old.is_empty()).map(value).transpose()?;
                Ok(Claimed::Conflict(old.map(Box::new)))
            }
            Err(error) => Err(failure("claim a listing", error)),
        }
    }

    /// Notes that Amazon refused what was sent by `refused.by`, unless something else was sent since. The listing as it
    /// is then; `None` if something else was. Idempotent.
    pub async fn refuse_listing(
        &self,
        listing: &ListingKey,
        refused: &Refused<u32>,
    ) -> Result<Option<Listing>> {
        let key = Key::listing(listing);
        self.refuse(key, refused).await
    }

    pub(super) async fn refuse<T, V>(&self, key: Key, refused: &Refused<V>) -> Result<Option<T>>
    where
        T: serde::de::DeserializeOwned,
        V: serde::Serialize,
    {
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(key.into_map()))
            .update_expression("SET refused = :refused")
            .condition_expression("sent.#by = :by")
            .expression_attribute_names("#by", "by")
            .expression_attribute_values(":refused", nested(refused)?)
            .expression_attribute_values(":by", s(String::from(refused.by.clone())))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match update {
            Ok(answer) => answer.attributes.map(value).transpose(),
            Err(error) if condition_failed(&error) => Ok(None),
            Err(error) => Err(failure("note a refusal", error)),
        }
    }

    /// Notes what Amazon finds wrong with a listing; nothing if it is gone. One write unit. Idempotent.
    pub async fn note_issues(&self, listing: &ListingKey, issues: &Issues) -> Result<()> {
        let key = Key::listing(listing);
        let update = self.db.update_item();
        let update = match issues.issues.is_empty() {
            true => update.update_expression("REMOVE issues"),
            false => update
                .update_expression("SET issues = :issues")
                .expression_attribute_values(":issues", nested(issues)?),
        };
        let update = update
            .table_name(&self.tables.catalogue)
            .set_key(Some(key.into_map()))
            .condition_expression("attribute_exists(pk)")
            .send()
            .await;
        match update {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("note the issues of a listing", error)),
        }
    }

    /// Notes what a look at a listing found; nothing if it is gone. One write unit. Idempotent.
    pub async fn note_look(&self, listing: &ListingKey, look: &Look) -> Result<()> {
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(Key::listing(listing).into_map()))
            .update_expression("SET look = :look")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":look", nested(look)?)
            .send()
            .await;
        match update {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("note a look at a listing", error)),
        }
    }

    /// Has a listing looked at again before anything is sent to it, if it ever was; an earlier look still clears decreases.
    /// Idempotent.
    pub async fn void_look(&self, listing: &ListingKey) -> Result<()> {
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(Key::listing(listing).into_map()))
            .update_expression("SET look.#found = :unclear")
            .condition_expression("attribute_exists(look)")
            .expression_attribute_names("#found", "found")
            .expression_attribute_values(":unclear", s(<&str>::from(Finding::Unclear)))
            .send()
            .await;
        match update {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("have a listing looked at again", error)),
        }
    }

    /// A page of a connection's listings, of one state or of all, in order of state and SKU; `after` is the `next` of
    /// the page before. From an index, which lags a little.
    pub async fn listing_page(
        &self,
        connection: &ConnectionKey,
        state: Option<ListingState>,
        after: Option<&str>,
        limit: i32,
    ) -> Result<ListingPage> {
        let from = after
            .map(|after| format!("{after}\u{1}"))
            .or(state.map(|state| format!("{}#", state.as_str())))
            .unwrap_or_else(|| " ".to_owned());
        let to = state.map_or_else(|| "~".to_owned(), |state| format!("{}$", state.as_str()));
        let answer = self
            .db
            .query()
            .table_name(&self.tables.catalogue)
            .index_name("by_connection")
            .limit(limit)
            .key_condition_expression("listing_pk = :pk AND listing_sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", s(key::connection_pk(connection)))
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":to", s(to))
            .send()
            .await
            .map_err(|error| failure("list listings", error))?;
        let keys: Vec<String> = answer
            .items()
            .iter()
            .filter_map(|item| text(item, "listing_sk"))
            .collect();
        let next = answer
            .last_evaluated_key()
            .and_then(|_| keys.last().cloned());
        Ok(ListingPage {
            listings: keys.iter().filter_map(|key| key::listing_of(key)).collect(),
            next,
        })
    }
}

/// A value as one attribute, without its empty fields.
pub(super) fn nested<T: serde::Serialize>(value: &T) -> Result<AttributeValue> {
    let value: AttributeValue = serde_dynamo::to_attribute_value(value)
        .map_err(|error| Error::permanent("encode an attribute", error))?;
    Ok(match value {
        AttributeValue::M(fields) => AttributeValue::M(
            fields
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .collect(),
        ),
        other => other,
    })
}

pub(super) fn stands<T: serde::de::DeserializeOwned>(
    attributes: Option<Item>,
) -> Result<WantedWritten<T>> {
    let item = attributes
        .ok_or_else(|| Error::retryable("store a wanted value", "the item did not come back"))?;
    Ok(WantedWritten::Current(Box::new(value(item)?)))
}
