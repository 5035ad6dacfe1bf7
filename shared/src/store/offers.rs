//! Offers: the price of a listing on one marketplace. The same locks as a listing's quantity.

use super::item::{condition_failed, failure, n, s, value};
use super::key::{self, Key};
use super::levels::old_item;
use super::listings::{nested, stands};
use super::{Claimed, Store, WantedWritten, Written};
use crate::domain::ids::{AmazonSku, ConnectionKey, ListingKey, OfferKey};
use crate::domain::listing::{Observed, Offer, Refused, Sent, WantedPrice};
use crate::domain::marketplace::Marketplace;
use crate::domain::price::SentLimits;
use crate::error::{Error, Result};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use rust_decimal::Decimal;
use std::collections::HashMap;

impl Store {
    /// The offers of a listing.
    pub async fn offers(&self, listing: &ListingKey) -> Result<Vec<Offer>> {
        let pk = key::listing_pk(listing);
        let items = self
            .between(&self.tables.catalogue, pk, key::OFFER, key::OFFER)
            .await?;
        items.into_iter().map(value).collect()
    }

    /// One offer, read strongly.
    pub async fn offer(&self, offer: &OfferKey) -> Result<Option<Offer>> {
        let key = Key::offer(offer);
        self.get(&self.tables.catalogue, key).await
    }

    /// Many offers in batches (eventually consistent, half a read unit each); absent if there is none.
    pub async fn batch_get_offers(
        &self,
        connection: &ConnectionKey,
        offers: &[(AmazonSku, Marketplace)],
    ) -> Result<HashMap<(AmazonSku, Marketplace), Offer>> {
        let keys = offers
            .iter()
            .map(|(sku, marketplace)| Key::offer(&connection.listing(sku).offer(*marketplace)))
            .collect();
        let items = self.batch_get(&self.tables.catalogue, keys).await?;
        items
            .into_iter()
            .map(|item| {
                let offer: Offer = value(item)?;
                Ok(((offer.amazon_sku.clone(), offer.marketplace), offer))
            })
            .collect()
    }

    /// Notes the price that Amazon's report showed; makes the offer if there is none. `forget_sent`: what was sent
    /// turned out not to be what Amazon shows. Idempotent.
    pub async fn observe_offer(
        &self,
        offer: &OfferKey,
        observed: &Observed<Decimal>,
        forget_sent: bool,
    ) -> Result<()> {
        let removed = if forget_sent {
            " REMOVE sent, refused"
        } else {
            ""
        };
        let update = self.upsert_offer(offer, &format!("observed = :observed{{}}{removed}"));
        update
            .expression_attribute_values(":observed", nested(observed)?)
            .send()
            .await
            .map_err(|error| failure("note a price", error))?;
        Ok(())
    }

    /// As [`Self::write_wanted`], of a price; makes the offer if there is none.
    pub async fn write_wanted_price(
        &self,
        offer: &OfferKey,
        wanted: &WantedPrice,
    ) -> Result<WantedWritten<Offer>> {
        let update = self
            .upsert_offer(offer, "wanted = :wanted{}")
            .condition_expression("attribute_not_exists(wanted) OR wanted.generation < :generation")
            .expression_attribute_values(":wanted", nested(wanted)?)
            .expression_attribute_values(":generation", n(wanted.generation))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match update {
            Ok(answer) => stands(answer.attributes),
            Err(error) if condition_failed(&error) => {
                let old = old_item(error.as_service_error()).cloned();
                let old: Option<Offer> = old.map(value).transpose()?;
                let ours = old.filter(|old| {
                    old.wanted.as_ref().map(|stored| stored.generation) == Some(wanted.generation)
                });
                Ok(ours.map_or(WantedWritten::Outdated, |old| {
                    WantedWritten::Current(Box::new(old))
                }))
            }
            Err(error) => Err(failure("store a wanted price", error)),
        }
    }

    /// An update that also gives a new offer what it is known by. `set`: what else is set; `{}` is its place.
    fn upsert_offer(&self, offer: &OfferKey, set: &str) -> UpdateItemFluentBuilder {
        let identity = ", tenant = :tenant, #connection = :connection, amazon_sku = :sku, \
                        marketplace = :marketplace, v = :v, send_count = if_not_exists(send_count, :zero), \
                        released_to = if_not_exists(released_to, :zero)";
        let connection = &offer.listing.connection;
        self.db
            .update_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(Key::offer(offer).into_map()))
            .update_expression(format!("SET {}", set.replace("{}", identity)))
            .expression_attribute_names("#connection", "connection")
            .expression_attribute_values(":tenant", s(connection.tenant.as_str()))
            .expression_attribute_values(":connection", s(connection.id.as_str()))
            .expression_attribute_values(":sku", s(offer.listing.amazon_sku.as_str()))
            .expression_attribute_values(":marketplace", s(offer.marketplace.country()))
            .expression_attribute_values(":v", n(super::item::VERSION))
            .expression_attribute_values(":zero", n(0))
    }

    /// As [`Self::claim_listing`], of a price that is sent with these limits; with none, what was sent of them stays noted.
    pub async fn claim_offer(
        &self,
        offer: &OfferKey,
        send_count: u64,
        sent: &Sent<Decimal>,
        limits: SentLimits,
    ) -> Result<Claimed<Offer>> {
        let (key, mut update, mut set) = (Key::offer(offer), self.db.update_item(), "");
        if !limits.are_untouched() {
            set = ", sent_limits = :limits";
            // Its nulls say something.
            let limits = serde_dynamo::to_attribute_value(limits)
                .map_err(|error| Error::permanent("encode the limits of a price", error))?;
            update = update.expression_attribute_values(":limits", limits);
        }
        self.claim(update, ("", set), key, send_count, sent).await
    }

    /// As [`Self::refuse_listing`], of a price.
    pub async fn refuse_offer(
        &self,
        offer: &OfferKey,
        refused: &Refused<Decimal>,
    ) -> Result<Option<Offer>> {
        let key = Key::offer(offer);
        self.refuse(key, refused).await
    }

    /// A person released a price that was held, if it is still the one of this generation that is wanted.
    pub async fn release_offer(&self, offer: &OfferKey, generation: u64) -> Result<Written> {
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(Key::offer(offer).into_map()))
            .update_expression("SET released_to = :generation")
            .condition_expression("wanted.generation = :generation")
            .expression_attribute_values(":generation", n(generation));
        Written::from_result("release a price", update.send().await)
    }
}
