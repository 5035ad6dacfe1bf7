//! Holds of listings: on the listing, with a mark by which they are found and an entry in the listing's history, all or
//! nothing.

use super::item::{failure, item, n, s, text, value};
use super::key::{self, Key};
use super::listings::nested;
use super::orders::lost;
use super::{Store, Written};
use crate::domain::ids::{AmazonSku, ConnectionKey, ListingKey};
use crate::domain::listing::{HoldChange, HoldEntry, Listing, ListingHold};
use crate::error::{Error, Result};
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use jiff::{SignedDuration, Timestamp};

/// How long an entry of the history is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A page of a connection's held listings, those whose hold ends first before the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPage {
    pub skus: Vec<AmazonSku>,
    pub next: Option<String>,
}

impl Store {
    /// Holds a listing, unless it changed since it was read. Replaces the hold that it has.
    pub async fn hold_listing(&self, read: &Listing, hold: &ListingHold) -> Result<Written> {
        let (author, change) = (hold.author.as_deref(), HoldChange::Held);
        let entry = HoldEntry::new(read, change, hold, author, hold.since);
        let held = read.held(hold.clone());
        self.change_hold(read, &held, &entry).await
    }

    /// Releases a listing that is held, unless it changed since it was read. `author`: who does; nobody if its time is over.
    pub async fn release_listing(
        &self,
        read: &Listing,
        author: Option<&str>,
        now: Timestamp,
    ) -> Result<Written> {
        let Some(hold) = &read.hold else {
            return Ok(Written::Done);
        };
        let entry = HoldEntry::new(read, HoldChange::Released, hold, author, now);
        self.change_hold(read, &read.released(now), &entry).await
    }

    /// Releases a listing if the time of its hold is over; the listing as it is then, `None` if it is gone.
    pub async fn end_hold(&self, listing: Listing, now: Timestamp) -> Result<Option<Listing>> {
        let key = listing.key();
        let mut read = Some(listing);
        for () in Written::attempts() {
            let is_over = |hold: &ListingHold| hold.is_over(now);
            let Some(held) = read.take_if(|it| it.hold.as_ref().is_some_and(is_over)) else {
                return Ok(read);
            };
            if self.release_listing(&held, None, now).await? == Written::Done {
                return Ok(Some(held.released(now)));
            }
            read = self.listing(&key).await?;
        }
        Err(Written::given_up("end a hold"))
    }

    async fn change_hold(
        &self,
        read: &Listing,
        changed: &Listing,
        entry: &HoldEntry,
    ) -> Result<Written> {
        let mark = |listing: &Listing| {
            let hold = listing.hold.as_ref()?;
            Some(Key::held(&listing.key(), hold.until))
        };
        let (old, new) = (mark(read), mark(changed));
        let mut actions = vec![self.update_hold(read, changed)?, self.hold_entry(entry)?];
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
            actions.push(self.put_action(fields)?);
        }
        let written = self.db.transact_write_items();
        match written.set_transact_items(Some(actions)).send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) if lost(error.as_service_error()) => Ok(Written::Conflict),
            Err(error) => Err(failure("hold a listing", error)),
        }
    }

    fn update_hold(&self, read: &Listing, changed: &Listing) -> Result<TransactWriteItem> {
        let update = Update::builder()
            .table_name(&self.tables.catalogue)
            .set_key(Some(Key::listing(&read.key()).into_map()))
            .condition_expression("revision = :read")
            .expression_attribute_names("#hold", "hold")
            .expression_attribute_values(":read", n(read.revision))
            .expression_attribute_values(":next", n(changed.revision));
        let update = match (&changed.hold, changed.released_at) {
            (Some(hold), _) => update
                .update_expression("SET #hold = :hold, revision = :next REMOVE released_at")
                .expression_attribute_values(":hold", nested(hold)?),
            (None, at) => update
                .update_expression("SET released_at = :at, revision = :next REMOVE #hold")
                .expression_attribute_values(":at", s(at.unwrap_or_default().to_string())),
        };
        let update = update.build().map_err(unbuilt)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn hold_entry(&self, entry: &HoldEntry) -> Result<TransactWriteItem> {
        let connection = ConnectionKey::new(&entry.tenant, &entry.connection);
        let key = Key::hold_entry(&connection.listing(&entry.amazon_sku), entry.at);
        let mut fields = item(key, entry)?;
        fields.retain(|_, value| !value.is_null());
        let expires = entry.at.saturating_add(KEPT).unwrap_or(entry.at);
        fields.insert("expires_at".into(), n(expires.as_second()));
        self.put_action(fields)
    }

    fn put_action(&self, fields: super::item::Item) -> Result<TransactWriteItem> {
        let put = Put::builder()
            .table_name(&self.tables.catalogue)
            .set_item(Some(fields))
            .build()
            .map_err(unbuilt)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// What happened to a listing's holds, the oldest first.
    pub async fn hold_history(&self, listing: &ListingKey) -> Result<Vec<HoldEntry>> {
        let (table, pk) = (&self.tables.catalogue, key::listing_pk(listing));
        let items = self.between(table, pk, key::HOLD, key::HOLD).await?;
        items.into_iter().map(value).collect()
    }

    /// A page of a connection's held listings; `after` is the `next` of the page before. Read strongly.
    pub async fn held_page(
        &self,
        connection: &ConnectionKey,
        after: Option<&str>,
        limit: i32,
    ) -> Result<HeldPage> {
        let from = after.map_or_else(|| " ".to_owned(), |after| format!("{after}\u{1}"));
        self.held_between(connection, &from, "~\u{10ffff}", limit)
            .await
    }

    /// Listings whose hold was to end by `now`, at most `limit`.
    pub async fn ended_holds(
        &self,
        connection: &ConnectionKey,
        now: Timestamp,
        limit: i32,
    ) -> Result<Vec<AmazonSku>> {
        let to = format!("{}$", key::sortable(now));
        let page = self.held_between(connection, " ", &to, limit).await?;
        Ok(page.skus)
    }

    async fn held_between(
        &self,
        connection: &ConnectionKey,
        from: &str,
        to: &str,
        limit: i32,
    ) -> Result<HeldPage> {
        let answer = self
            .db
            .query()
            .table_name(&self.tables.catalogue)
            .consistent_read(true)
            .limit(limit)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", s(key::held_pk(connection)))
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":to", s(to))
            .send()
            .await
            .map_err(|error| failure("list held listings", error))?;
        let last = answer.last_evaluated_key();
        let next = last.and_then(|key| text(key, "sk"));
        let names = answer
            .items()
            .iter()
            .filter_map(|item| text(item, "sk"))
            .filter_map(|sk| key::held_of(&sk));
        Ok(HeldPage {
            skus: names.collect(),
            next,
        })
    }
}

fn unbuilt(error: aws_sdk_dynamodb::error::BuildError) -> Error {
    Error::permanent("build a transaction", error)
}
