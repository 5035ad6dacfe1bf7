//! Offers that are to be made: one item for each SKU of a connection, with a mark while it goes on by itself, all or nothing;
//! their settings; and what one run at a time works on.

use super::item::{Item, failure, item, n, s, text, value};
use super::key::{self, Key};
use super::orders::lost;
use super::{Leased, Store, Written};
use crate::domain::ids::{ConnectionKey, Sku};
use crate::domain::new_offer::{NewOffer, OfferSettings};
use crate::error::{Error, Result};
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A page of a connection's offers that are to be made, by SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOfferPage {
    pub offers: Vec<NewOffer>,
    pub next: Option<String>,
}

/// What one run of a connection's offers at a time works on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferRun {
    /// The day (UTC) that is counted.
    #[serde(default)]
    pub day: Option<Date>,
    /// Offers that were sent on it. Counted before they are sent.
    #[serde(default)]
    pub sent: u32,
    /// When something is to be done next, as the last run found it.
    #[serde(default)]
    pub next_at: Option<Timestamp>,
    #[serde(default)]
    pub selected: SelectedPass,
}

/// How far a pass is through the products that Amazon does not have, to want those that the selection takes in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectedPass {
    /// The revision of the offers' settings, and the generation of what is published, that it goes by.
    pub terms: (u64, u64),
    /// Where it goes on.
    pub after: Option<String>,
    pub ended_at: Option<Timestamp>,
    /// The day (UTC) that is counted, and how many were wanted on it.
    pub day: Option<Date>,
    pub wanted: u32,
}

impl SelectedPass {
    /// The same, or a new pass if it went by other terms, or ended so long ago.
    #[must_use]
    pub fn at(&self, terms: (u64, u64), now: Timestamp, every: SignedDuration) -> Self {
        let is_old = |ended: Timestamp| now.duration_since(ended) >= every;
        match self.terms != terms || self.ended_at.is_some_and(is_old) {
            true => Self {
                terms,
                after: None,
                ended_at: None,
                ..self.clone()
            },
            false => self.clone(),
        }
    }

    /// How many more may be wanted on this day.
    pub fn left(&self, a_day: u32, today: Date) -> u32 {
        a_day.saturating_sub(counted(self.day, self.wanted, today))
    }

    /// Counts offers that were wanted.
    pub fn count(&mut self, offers: u32, today: Date) {
        self.wanted = counted(self.day, self.wanted, today).saturating_add(offers);
        self.day = Some(today);
    }
}

impl OfferRun {
    /// How many more may be sent on this day.
    pub fn left(&self, a_day: u32, today: Date) -> u32 {
        a_day.saturating_sub(counted(self.day, self.sent, today))
    }

    /// Counts offers that are about to be sent.
    pub fn count(&mut self, offers: u32, today: Date) {
        self.sent = counted(self.day, self.sent, today).saturating_add(offers);
        self.day = Some(today);
    }

    /// Takes back offers that were counted, of which Amazon has none.
    pub fn discount(&mut self, offers: usize) {
        let offers = u32::try_from(offers).unwrap_or(u32::MAX);
        self.sent = self.sent.saturating_sub(offers);
    }
}

/// What was counted today.
fn counted(day: Option<Date>, count: u32, today: Date) -> u32 {
    day.filter(|day| *day == today).map_or(0, |_| count)
}

impl Store {
    /// The offer that is to be made of a SKU, read strongly.
    pub async fn new_offer(
        &self,
        connection: &ConnectionKey,
        sku: &Sku,
    ) -> Result<Option<NewOffer>> {
        let key = Key::new_offer(connection, sku);
        self.get(&self.tables.catalogue, key).await
    }

    /// Stores an offer, if it still is as `read` (`None`: it was not there). One write unit, one or two more if it waits, or
    /// waited, to go on by itself.
    pub async fn put_new_offer(
        &self,
        offer: &NewOffer,
        read: Option<&NewOffer>,
    ) -> Result<Written> {
        let mark = |offer: &NewOffer| Key::offer_mark(offer);
        let (old, new) = (read.and_then(mark), mark(offer));
        let mut actions = vec![self.replace_offer(offer, read)?];
        if let Some(old) = old.filter(|old| Some(old) != new.as_ref()) {
            let delete = Delete::builder()
                .table_name(&self.tables.catalogue)
                .set_key(Some(old.into_map()))
                .build()
                .map_err(unbuilt)?;
            actions.push(TransactWriteItem::builder().delete(delete).build());
        }
        if let Some(new) = new {
            let mut fields = new.into_map();
            fields.insert("v".into(), n(super::item::VERSION));
            let put = Put::builder()
                .table_name(&self.tables.catalogue)
                .set_item(Some(fields))
                .build()
                .map_err(unbuilt)?;
            actions.push(TransactWriteItem::builder().put(put).build());
        }
        let written = self.db.transact_write_items();
        match written.set_transact_items(Some(actions)).send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) if lost(error.as_service_error()) => Ok(Written::Conflict),
            Err(error) => Err(failure("store an offer that is to be made", error)),
        }
    }

    fn replace_offer(
        &self,
        offer: &NewOffer,
        read: Option<&NewOffer>,
    ) -> Result<TransactWriteItem> {
        let key = Key::new_offer(&offer.connection_key(), &offer.sku);
        let mut fields = item(key, offer)?;
        fields.retain(|_, value| !value.is_null());
        let put = Put::builder()
            .table_name(&self.tables.catalogue)
            .set_item(Some(fields));
        let put = match read {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(read) => put
                .condition_expression("revision = :read")
                .expression_attribute_values(":read", n(read.revision)),
        };
        let put = put.build().map_err(unbuilt)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// A page of a connection's offers that are to be made; `after` is the `next` of the page before. Read strongly.
    pub async fn new_offer_page(
        &self,
        connection: &ConnectionKey,
        after: Option<&str>,
        limit: i32,
    ) -> Result<NewOfferPage> {
        let from = after.map_or_else(
            || key::NEW_OFFER.to_owned(),
            |after| format!("{after}\u{1}"),
        );
        let pk = key::new_offers_pk(connection);
        let (items, next) = self.offers_between(pk, &from, "NEW_OFFER$", limit).await?;
        Ok(NewOfferPage {
            offers: items.into_iter().map(value).collect::<Result<_>>()?,
            next,
        })
    }

    /// SKUs of offers that are due by `now`, those that are due first; at most `limit`.
    pub async fn due_new_offers(
        &self,
        connection: &ConnectionKey,
        now: Timestamp,
        limit: i32,
    ) -> Result<Vec<Sku>> {
        let to = format!("{}{}$", key::DUE, key::sortable(now));
        self.marked_offers(connection, key::DUE, &to, limit).await
    }

    /// SKUs of offers that wait for their turn, the oldest first; at most `limit`.
    pub async fn new_offers_in_turn(
        &self,
        connection: &ConnectionKey,
        limit: i32,
    ) -> Result<Vec<Sku>> {
        self.marked_offers(connection, key::TURN, "TURN$", limit)
            .await
    }

    async fn marked_offers(
        &self,
        connection: &ConnectionKey,
        from: &str,
        to: &str,
        limit: i32,
    ) -> Result<Vec<Sku>> {
        let pk = key::offer_queue_pk(connection);
        let (marks, _) = self.offers_between(pk, from, to, limit).await?;
        let names = marks.iter().filter_map(|mark| text(mark, "sk"));
        let marked = |sk: String| key::marked_of(&sk).map(|(_, sku)| sku);
        Ok(names.filter_map(marked).collect())
    }

    /// When the first of a connection's offers is due.
    pub async fn next_new_offer(&self, connection: &ConnectionKey) -> Result<Option<Timestamp>> {
        let pk = key::offer_queue_pk(connection);
        let (marks, _) = self.offers_between(pk, key::DUE, "DUE$", 1).await?;
        let first = marks.first().and_then(|mark| text(mark, "sk"));
        Ok(first.and_then(|sk| key::marked_of(&sk)?.0.parse().ok()))
    }

    async fn offers_between(
        &self,
        pk: String,
        from: &str,
        to: &str,
        limit: i32,
    ) -> Result<(Vec<Item>, Option<String>)> {
        let answer = self
            .db
            .query()
            .table_name(&self.tables.catalogue)
            .consistent_read(true)
            .limit(limit)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", s(pk))
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":to", s(to))
            .send()
            .await
            .map_err(|error| failure("list offers that are to be made", error))?;
        let next = answer.last_evaluated_key().and_then(|key| text(key, "sk"));
        Ok((answer.items.unwrap_or_default(), next))
    }

    /// How offers are made for a connection; the defaults if nobody has set it.
    pub async fn offer_settings(&self, connection: &ConnectionKey) -> Result<OfferSettings> {
        self.or_default(Key::offer_settings(connection)).await
    }

    /// Stores settings whose revision is one more than when they were read.
    pub async fn save_offer_settings(
        &self,
        connection: &ConnectionKey,
        settings: &OfferSettings,
    ) -> Result<Written> {
        self.put_revised(
            "store settings of offers",
            &self.tables.connections,
            Key::offer_settings(connection),
            settings,
            settings.revision,
        )
        .await
    }

    /// Takes the lease of a connection's offers until `until`. `None`: another run has it.
    pub async fn lease_offers(
        &self,
        connection: &ConnectionKey,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Leased<OfferRun>>> {
        let key = Key::leased::<OfferRun>(connection);
        let leased = self.lease(key, owner, now, until, &[]).await?;
        leased.map(Leased::of).transpose()
    }

    /// What the last run of a connection's offers left.
    pub async fn offer_run(&self, connection: &ConnectionKey) -> Result<OfferRun> {
        let found = self.leased::<OfferRun>(connection).await?;
        Ok(found.map(|leased| leased.state).unwrap_or_default())
    }
}

fn unbuilt(error: aws_sdk_dynamodb::error::BuildError) -> Error {
    Error::permanent("build a transaction", error)
}
