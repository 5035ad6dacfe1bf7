//! Listings and offers: where they stand, what is wanted, what was sent. Three kinds of writers, each with a lock of
//! its own: the matching (`revision`), the recompute (`wanted.label`), whoever sends (`sends`).

use super::item::{Item, condition_failed, failure, item, n, s, text, value};
use super::key::{self, Key};
use super::levels::{old_item, read_levels};
use super::{Store, Written};
use crate::domain::feed::SentBy;
use crate::domain::ids::{AmazonSku, ConnectionId, Sku, TenantId};
use crate::domain::listing::{Listing, ListingState, Refused, Sent};
use crate::domain::stock::Wanted;
use crate::error::{Error, Result};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use std::collections::HashMap;

/// What a label may rise by between the reading of a listing and its being tied anew: far more than it can.
const MEANWHILE: u64 = 1 << 20;

/// What came of writing a wanted value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedWritten<T> {
    /// It stands, written now or by an earlier try; the item as it is.
    Stands(Box<T>),
    /// A newer one stands, or the listing is tied to another product or gone: nothing is owed.
    Outdated,
}

/// What came of claiming a value to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed<T> {
    Done,
    /// Somebody else was there before: the item as it is, or nothing where it is gone.
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
    pub async fn listing(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        amazon_sku: &AmazonSku,
    ) -> Result<Option<Listing>> {
        self.get(
            &self.tables.catalogue,
            Key::listing(tenant, connection, amazon_sku),
        )
        .await
    }

    /// Many listings at a glance (eventually consistent, half a read unit each); absent where there is none.
    pub async fn listings_glance(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        skus: &[AmazonSku],
    ) -> Result<HashMap<AmazonSku, Listing>> {
        let keys = skus
            .iter()
            .map(|sku| Key::listing(tenant, connection, sku))
            .collect();
        let items = self.glance(keys).await?;
        items
            .into_iter()
            .map(|item| {
                let listing: Listing = value(item)?;
                Ok((listing.amazon_sku.clone(), listing))
            })
            .collect()
    }

    /// Stores what matching or a person says of a listing: state, product, units, alias, stores, type, observed. Leaves
    /// wanted and sent alone, except that a listing tied to another product or other units forgets what was wanted (all
    /// that is wanted from then on has a greater label), and that `forget_sent` forgets what was sent: it turned out not to be what Amazon shows. `read`: as it was read
    /// (`None`: it was not there). One write unit, two more where its state changes.
    pub async fn place_listing(
        &self,
        listing: &Listing,
        read: Option<&Listing>,
        forget_sent: bool,
    ) -> Result<Written> {
        let Some(read) = read else {
            return self.insert_listing(listing).await;
        };
        let whole = listing_item(listing)?;
        let mut set = vec!["revision = :next".to_owned()];
        let mut remove = Vec::new();
        for name in PLACED {
            if whole.contains_key(*name) {
                set.push(format!("#{name} = :{name}"));
            } else {
                remove.push(format!("#{name}"));
            }
        }
        let tied_anew = listing.product != read.product || listing.units != read.units;
        let unknown = match (&listing.product, &read.wanted) {
            (None, Some(wanted)) if tied_anew => Some(unknown_since(wanted)),
            _ => None,
        };
        if let Some(product) = listing.product.as_ref().filter(|_| tied_anew) {
            self.outlabel(product, read).await?;
        }
        if unknown.is_some() {
            set.push("wanted = :unknown".to_owned());
        } else if tied_anew {
            remove.push("wanted".to_owned());
        }
        if forget_sent {
            remove.push("sent".to_owned());
            remove.push("refused".to_owned());
        }
        let mut update = self
            .db
            .update_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(key_of(listing)))
            .condition_expression("revision = :read AND sends = :sends")
            .expression_attribute_values(":next", n(read.revision + 1))
            .expression_attribute_values(":read", n(read.revision))
            .expression_attribute_values(":sends", n(read.sends));
        for name in PLACED {
            update = update.expression_attribute_names(format!("#{name}"), *name);
            if let Some(value) = whole.get(*name) {
                update = update.expression_attribute_values(format!(":{name}"), value.clone());
            }
        }
        if let Some(unknown) = &unknown {
            update = update.expression_attribute_values(":unknown", nested(unknown)?);
        }
        let removed = if remove.is_empty() {
            String::new()
        } else {
            format!(" REMOVE {}", remove.join(", "))
        };
        let update = update.update_expression(format!("SET {}{removed}", set.join(", ")));
        Written::from_result("place a listing", update.send().await)
    }

    /// Raises the counter of a product that a listing is about to be tied to, so that whatever is computed from it has a
    /// greater label than all that was wanted before: prices and entries to be sent carry those labels, too. Idempotent.
    async fn outlabel(&self, product: &Sku, read: &Listing) -> Result<()> {
        let Some(wanted) = &read.wanted else {
            return Ok(());
        };
        let least = wanted.label.saturating_add(MEANWHILE);
        let levels = Key::levels(&read.tenant, product);
        let levels = self.get_item(&self.tables.catalogue, levels).await?;
        let counter = levels.map_or(0, |levels| read_levels(&levels).counter);
        if counter < least {
            let by = least - counter;
            self.raise_counter(&read.tenant, product, by, false).await?;
        }
        Ok(())
    }

    async fn insert_listing(&self, listing: &Listing) -> Result<Written> {
        let mut fields = listing_item(listing)?;
        fields.insert("revision".into(), n(1));
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.catalogue)
            .set_item(Some(fields))
            .condition_expression("attribute_not_exists(pk)");
        Written::from_result("place a listing", put.send().await)
    }

    /// Forgets a listing that neither Amazon nor the catalogue has any more, unless it changed since it was read.
    pub async fn forget_listing(&self, read: &Listing) -> Result<Written> {
        let delete = self
            .db
            .delete_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(key_of(read)))
            .condition_expression(
                "attribute_not_exists(pk) OR (revision = :read AND sends = :sends)",
            )
            .expression_attribute_values(":read", n(read.revision))
            .expression_attribute_values(":sends", n(read.sends));
        Written::from_result("forget a listing", delete.send().await)
    }

    /// Says that a product feeds a listing, with the units of it that one takes. Before the listing says so itself.
    /// Idempotent.
    pub async fn tie(
        &self,
        tenant: &TenantId,
        product: &Sku,
        connection: &ConnectionId,
        amazon_sku: &AmazonSku,
        units: u32,
    ) -> Result<()> {
        let mut fields = Key::listed(tenant, product, connection, amazon_sku).into_map();
        fields.insert("units".into(), n(units));
        fields.insert("v".into(), n(super::item::VERSION));
        self.db
            .put_item()
            .table_name(&self.tables.catalogue)
            .set_item(Some(fields))
            .send()
            .await
            .map_err(|error| failure("tie a listing to its product", error))?;
        Ok(())
    }

    /// Takes [`Self::tie`] back. After the listing says so itself. Idempotent.
    pub async fn untie(
        &self,
        tenant: &TenantId,
        product: &Sku,
        connection: &ConnectionId,
        amazon_sku: &AmazonSku,
    ) -> Result<()> {
        self.delete(
            &self.tables.catalogue,
            Key::listed(tenant, product, connection, amazon_sku),
        )
        .await
    }

    /// Stores what a listing of `product` × `units` is to have, where its label is greater than what stands: one write
    /// unit, and no read for the item that it returns. The same label again stands already.
    pub async fn write_wanted(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        amazon_sku: &AmazonSku,
        (product, units): (&Sku, u32),
        wanted: &Wanted,
    ) -> Result<WantedWritten<Listing>> {
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(
                Key::listing(tenant, connection, amazon_sku).into_map(),
            ))
            .update_expression("SET wanted = :wanted")
            .condition_expression(
                "product = :product AND #units = :units AND \
                 (attribute_not_exists(wanted) OR wanted.label < :label)",
            )
            .expression_attribute_names("#units", "units")
            .expression_attribute_values(":wanted", nested(wanted)?)
            .expression_attribute_values(":product", s(product.as_str()))
            .expression_attribute_values(":units", n(units))
            .expression_attribute_values(":label", n(wanted.label))
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
                        && old.wanted.as_ref().map(|stored| stored.label) == Some(wanted.label)
                });
                Ok(ours.map_or(WantedWritten::Outdated, |old| {
                    WantedWritten::Stands(Box::new(old))
                }))
            }
            Err(error) => Err(failure("store a wanted quantity", error)),
        }
    }

    /// Marks a listing as sent `sent`, where it is matched, what is wanted is still that quantity with the label
    /// `sent.label`, and nothing was sent since it had `sends` (or this very feed claimed it already). One write unit.
    pub async fn claim_listing(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        amazon_sku: &AmazonSku,
        sends: u64,
        sent: &Sent<u32>,
    ) -> Result<Claimed<Listing>> {
        let key = Key::listing(tenant, connection, amazon_sku);
        let update = self
            .db
            .update_item()
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":matched", s(ListingState::Matched.as_str()))
            .expression_attribute_values(":quantity", n(sent.value));
        let also = "#state = :matched AND wanted.quantity = :quantity AND ";
        self.claim(update, also, key, sends, sent).await
    }

    /// The claim of a listing or an offer, which have these fields in common; `also`: what else must hold.
    pub(super) async fn claim<T, V>(
        &self,
        update: UpdateItemFluentBuilder,
        also: &str,
        key: Key,
        sends: u64,
        sent: &Sent<V>,
    ) -> Result<Claimed<T>>
    where
        T: serde::de::DeserializeOwned,
        V: serde::Serialize,
    {
        let mut update = update
            .table_name(&self.tables.catalogue)
            .set_key(Some(key.into_map()))
            .update_expression("SET sent = :sent, sends = :next REMOVE refused")
            .expression_attribute_values(":sent", nested(sent)?)
            .expression_attribute_values(":label", n(sent.label))
            .expression_attribute_values(":sends", n(sends))
            .expression_attribute_values(":next", n(sends + 1))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        update = match &sent.by {
            SentBy::Patch => update
                .condition_expression(format!("{also}wanted.label = :label AND sends = :sends")),
            // A feed that is resumed finds its own claims.
            SentBy::Feed(feed) => update
                .condition_expression(format!(
                    "{also}wanted.label = :label AND \
                     (sends = :sends OR (sends = :next AND sent.#by = :by))"
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
    /// is then; `None` where something else was. Idempotent.
    pub async fn refuse_listing(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        amazon_sku: &AmazonSku,
        refused: &Refused<u32>,
    ) -> Result<Option<Listing>> {
        let key = Key::listing(tenant, connection, amazon_sku);
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

    /// A page of a connection's listings, of one state or of all, in order of state and SKU; `after` is the `next` of
    /// the page before. From an index, which lags a little.
    pub async fn listing_page(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
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
            .expression_attribute_values(":pk", s(key::connection_pk(tenant, connection)))
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

/// What is wanted of a listing that has no product any more: nothing, and the label stays, for the next product's must be
/// greater.
fn unknown_since(wanted: &Wanted) -> Wanted {
    Wanted {
        quantity: None,
        why: "it is tied to no product".to_owned(),
        level_at: None,
        ..wanted.clone()
    }
}

/// The fields that matching and people write.
const PLACED: &[&str] = &[
    "state",
    "product",
    "units",
    "alias",
    "other_spelling",
    "stores",
    "product_type",
    "observed",
    "listing_sk",
];

fn key_of(listing: &Listing) -> Item {
    Key::listing(&listing.tenant, &listing.connection, &listing.amazon_sku).into_map()
}

fn listing_item(listing: &Listing) -> Result<Item> {
    let mut fields = item(
        Key::listing(&listing.tenant, &listing.connection, &listing.amazon_sku),
        listing,
    )?;
    // A condition that asks whether a field is there must not find an empty one.
    fields.retain(|_, value| !value.is_null());
    fields.insert(
        "listing_pk".into(),
        s(key::connection_pk(&listing.tenant, &listing.connection)),
    );
    fields.insert(
        "listing_sk".into(),
        s(key::listing_sk(listing.state, &listing.amazon_sku)),
    );
    Ok(fields)
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
    Ok(WantedWritten::Stands(Box::new(value(item)?)))
}
