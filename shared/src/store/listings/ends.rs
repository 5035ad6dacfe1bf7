//! The ends of a listing's offers: beside what is wanted of it, by marketplace, each with a lock of its own.

use super::{Claimed, nested};
use crate::domain::feed::SentBy;
use crate::domain::ids::ListingKey;
use crate::domain::listing::{Listing, ListingState, OfferEnd, Refused, Sent};
use crate::domain::marketplace::Marketplace;
use crate::error::Result;
use crate::store::item::{condition_failed, failure, n, s, value};
use crate::store::key::Key;
use crate::store::levels::old_item;
use crate::store::{Store, Written};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

/// The first claim, of an end of which nothing is kept.
const FIRST: &str = "attribute_not_exists(ends.#on)";
/// Those after it.
const NEXT: &str = "ends.#on.send_count = :send_count";
/// A feed that is resumed finds its own claims.
const OURS: &str = "(ends.#on.send_count = :next AND ends.#on.sent.#by = :by)";

impl Store {
    /// Marks a listing's offer on a marketplace as sent an end, or none, if the listing is matched, nobody holds it, that is
    /// wanted with the generation `sent.generation`, and nothing was sent since it had `send_count` (or this very feed claimed
    /// it already). One write unit.
    pub async fn claim_end(
        &self,
        listing: &ListingKey,
        on: Marketplace,
        send_count: u64,
        sent: &Sent<bool>,
    ) -> Result<Claimed<Listing>> {
        let wanted = match sent.value {
            true => "contains(wanted.ended, :on)",
            false => "NOT contains(wanted.ended, :on)",
        };
        let update = self.end_update(listing, on);
        // What a report showed since the last claim is void; what Amazon did not do once stays noted.
        let (mut update, free) = match send_count {
            0 => {
                let end = OfferEnd {
                    sent: Some(sent.clone()),
                    send_count: 1,
                    ..OfferEnd::default()
                };
                let update = update
                    .update_expression("SET ends.#on = :end")
                    .expression_attribute_values(":end", nested(&end)?);
                (update, FIRST)
            }
            _ => {
                let update = update
                    .update_expression(
                        "SET ends.#on.sent = :sent, ends.#on.send_count = :next \
                         REMOVE ends.#on.refused, ends.#on.observed",
                    )
                    .expression_attribute_values(":sent", nested(sent)?)
                    .expression_attribute_values(":send_count", n(send_count))
                    .expression_attribute_values(":next", n(send_count + 1));
                (update, NEXT)
            }
        };
        let free = match sent.by {
            SentBy::Patch => free.to_owned(),
            SentBy::Feed(_) => format!("({free} OR {OURS})"),
        };
        update = update
            .condition_expression(format!(
                "#state = :matched AND attribute_not_exists(#hold) AND {wanted} AND \
                 wanted.generation = :generation AND {free}"
            ))
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#hold", "hold")
            .expression_attribute_values(":matched", s(ListingState::Matched.as_str()))
            .expression_attribute_values(":on", s(on.country()))
            .expression_attribute_values(":generation", n(sent.generation))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if let SentBy::Feed(feed) = &sent.by {
            update = update
                .expression_attribute_names("#by", "by")
                .expression_attribute_values(":by", s(feed.as_str()))
                .expression_attribute_values(":next", n(send_count + 1));
        }
        match update.send().await {
            Ok(_) => Ok(Claimed::Done),
            Err(error) if condition_failed(&error) => {
                let old = old_item(error.as_service_error()).cloned();
                let old: Option<Listing> =
                    old.filter(|old| !old.is_empty()).map(value).transpose()?;
                Ok(Claimed::Conflict(old.map(Box::new)))
            }
            Err(error) => Err(failure("claim the end of an offer", error)),
        }
    }

    /// As [`Self::refuse_listing`], of an offer's end.
    pub async fn refuse_end(
        &self,
        listing: &ListingKey,
        on: Marketplace,
        refused: &Refused<bool>,
    ) -> Result<Option<Listing>> {
        let update = self
            .end_update(listing, on)
            .update_expression("SET ends.#on.refused = :refused")
            .condition_expression("ends.#on.sent.#by = :by")
            .expression_attribute_names("#by", "by")
            .expression_attribute_values(":refused", nested(refused)?)
            .expression_attribute_values(":by", s(String::from(refused.by.clone())))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match update {
            Ok(answer) => answer.attributes.map(value).transpose(),
            Err(error) if condition_failed(&error) => Ok(None),
            Err(error) => Err(failure("note a refused end of an offer", error)),
        }
    }

    /// Notes what Amazon's report showed of an offer's end, unless something was sent since it was read.
    pub async fn note_end(
        &self,
        listing: &ListingKey,
        on: Marketplace,
        end: &OfferEnd,
    ) -> Result<Written> {
        let update = self
            .end_update(listing, on)
            .update_expression("SET ends.#on = :end")
            .condition_expression("ends.#on.send_count = :send_count")
            .expression_attribute_values(":end", nested(end)?)
            .expression_attribute_values(":send_count", n(end.send_count));
        Written::from_result("note the end of an offer", update.send().await)
    }

    fn end_update(&self, listing: &ListingKey, on: Marketplace) -> UpdateItemFluentBuilder {
        self.db
            .update_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(Key::listing(listing).into_map()))
            .expression_attribute_names("#on", on.country())
    }
}
