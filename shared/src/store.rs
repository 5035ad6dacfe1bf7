//! The tables: one method for each question that is asked of them, every write conditional or idempotent.
//!
//! | table | item | pk | sk | who reads it |
//! |---|---|---|---|---|
//! | connections | connection | `TENANT#t` | `CONNECTION#c` | all |
//! | | courier, mappings of a tenant | `TENANT#t` | `COURIER#k`, `MAPPING` | `remap-carriers` |
//! | | carrier name of a courier service | `TENANT#t` | `CARRIER_NAME#cc#service` | `confirm-shipments` |
//! | | credentials, sealed | `CONNECTION#t#c` | `CREDENTIALS` | who calls Amazon |
//! | | marketplace, narrowed mappings | `CONNECTION#t#c` | `MARKETPLACE#cc`, `MAPPING` | `remap-carriers` |
//! | | how far a tenant's orders were looked at for those at risk | `TENANT#t` | `RISK_CLOCK` | `poll-orders` |
//! | | key of a tenant's digests of postcodes, sealed | `TENANT#t` | `POSTCODE_KEY` | `remap-carriers`, `desk-orders` |
//! | | default mappings of the deployment | `DEPLOYMENT` | `MAPPING` | `remap-carriers` |
//! | | oldest parked order of a marketplace | `CONNECTION#t#c` | `PARKED#id` | `connect-account` |
//! | | cursor with its lease, back-fill lane, overlap memory | `CONNECTION#t#c` | `CURSOR#orders`, `CURSOR#backfill`, `OVERLAP#orders` | `poll-orders` |
//! | | claim on a seller | `SELLER#region#id` | `SELLER` | `connect-account` |
//! | | what is arranged for notices, how many came of late | `CONNECTION#t#c` | `NOTICES`, `HEARD` | `connect-account`, `poll-orders` |
//! | | destination of notices, owner of a subscription | `DESTINATION#region#client`, `SUBSCRIPTION#id` | `DESTINATION`, `SUBSCRIPTION` | `connect-account`, `poll-orders` |
//! | | authorisation attempt, first request | `CONNECTION#t#c` | `ATTEMPT`, `REQUEST` | `connect-account` |
//! | | state of authorisation | `OAUTH_STATE#digest` | `OAUTH_STATE` | `connect-account` |
//! | | rate limit | `LIMIT#region#seller` | operation | who calls Amazon |
//! | orders | order, history | `ORDER#c#id` | `ORDER`, `HISTORY#revision#kind` | `remap-carriers`, `desk-orders` |
//! | | cancellation | `ORDER#c#id` | `CANCELLATION#id` | `desk-orders`, `cancel-orders`, `settle-feeds` |
//! | | dispatch of a parcel | `ORDER#c#id` | `DISPATCH#parcel` | `confirm-shipments`, `desk-orders` |
//! | | how often each shipping term came in a week | `TERMS#CONNECTION#t#c` | `WEEK#week` | `configure-shipping` |
//! | buyers | buyer data | `ORDER#c#id` | `BUYER` | `desk-orders`, scope `buyer` |
//! | events | all events of one change of a table, for 14 days | `EVENTS#t` | moment#id | `desk-orders` |
//! | | that a tenant has events in an hour | `EVENTS_IN#hour` | tenant | `desk-orders`, for the operator |
//! | connections | stock settings, rounds with their lease, matching | `CONNECTION#t#c` | `STOCK`, `STOCK_ROUND`, `MATCH` | all of stock out |
//! | | draft of the selling rules, and each that was published | `CONNECTION#t#c` | `SELLING_RULES`, `SELLING_RULES#revision` | all of stock out |
//! | | exchange rates | `TENANT#t` | `EXCHANGE_RATES` | `compute-listings`, `configure-selling` |
//! | | lease of urgent decreases | `CONNECTION#t#c` | `STOCK_URGENT` | `sync-stock` |
//! | | settings of offers that are to be made; how many were sent today and how far the pass through the selection is, with the lease | `CONNECTION#t#c` | `OFFER_SETTINGS`, `OFFERS` | `configure-selling`, `create-offers` |
//! | | lease of cancellations | `CONNECTION#t#c` | `CANCELLATIONS` | `cancel-orders` |
//! | | lease of the run that confirms dispatches | `CONNECTION#t#c` | `DISPATCHES` | `confirm-shipments` |
//! | | last stock level, brake of the deployment | `TENANT#t`, `DEPLOYMENT` | `STOCK_SEEN`, `FREEZE` | `sync-stock` |
//! | catalogue | levels with the generation | `SKU#t#sku` | `LEVELS` | `compute-listings` |
//! | | product, pointers to listings and bundles | `SKU#t#sku` | `PRODUCT`, `LISTED#c#amazon_sku`, `PART_OF#bundle` | `compute-listings`, `manage-catalogue`, `match-listings` |
//! | | reservation, refused row | `SKU#t#sku` | `RESERVED#c#order#line`, `REJECTED` | `reserve-stock`, `compute-listings` |
//! | | listing, offer | `LISTING#t#c#amazon_sku` | `LISTING`, `OFFER#cc` | all of stock out |
//! | | hold that began or ended | `LISTING#t#c#amazon_sku` | `HOLD#at` | `manage-catalogue` |
//! | | mark of a held listing, by the end of its hold | `HELD#t#c` | `until#amazon_sku` | `configure-selling`, `sync-stock` |
//! | | what may have to be sent, 16 shards | `TOSEND#t#c#shard` | `Q#amazon_sku`, `P#cc#amazon_sku` | `sync-stock` |
//! | | feed, mark of an open one (of cancellations apart), manifest | `FEED#t#c`, `OPEN_FEED#t#c` or `OPEN_CANCELLATIONS#t#c`, `FEED#t#c#id` | id, id, `PART#n` | `sync-stock`, `cancel-orders`, `settle-feeds` |
//! | | offer that is to be made; mark of one that goes on by itself | `NEW_OFFERS#t#c`, `NEW_OFFERS_QUEUE#t#c` | `NEW_OFFER#sku`, `DUE#moment#sku` or `TURN#moment#sku` | `configure-selling`, `create-offers`, `settle-feeds`, `match-listings` |
//! | | SKU that offers an item of Amazon's on a marketplace | `NEW_OFFERS#t#c` | `OFFER_ASIN#marketplace#asin` | `create-offers` |
//! | | feed that makes offers, mark of an open one | `OFFER_FEEDS#t#c`, `OPEN_OFFERS#t#c` | id | `create-offers`, `settle-feeds` |
//! | | when a category appeared; that a connection asks about one | `CATEGORIES#t`, `CATEGORY_ASKS#t#c` | category, `ASKS#category` | `compute-listings`, `create-offers` |
//! | | other spellings | `FOLDED#t#folded` | SKU | `match-listings` |
//!
//! Three numbers that only rise:
//!
//! | number | counts | written | conditional on it |
//! |---|---|---|---|
//! | `revision` | the changes of an item by whoever read it: the optimistic lock | order, listing, cursor, round, matching, exchange rates, settings and their draft (`draft_revision`, which the draft of the rules shares) | the next write of the item: a caller that read an older one reads again |
//! | `generation` | the changes of inputs. A SKU has one with its levels (reservations count there too) and one with its product, the published settings have one, of which quantities leave out the publications of price rules alone; a wanted value has the sum of all it was computed from, its parts' included. | with the input, before anything is computed | a wanted value and an entry to send replace only lesser ones |
//! | `send_count` | how often a value of a listing or an offer was sent | with each claim | the next claim, and the deletion of the entry that asked for it |
//!
//! Indexes of the catalogue, keys only: `by_tenant` (a tenant's products), `by_connection` (a connection's listings, by
//! state). Index of connections: `connected` (one partition, by tenant and connection; all that are not given up). Indexes of
//! orders: `by_status` (tenant and status, by ship-by), `waiting` (connection; orders that a
//! change of settings may move, by term, but for ready ones; dispatches that wait for Amazon, by ship-by; cancellations that wait for a feed), `open` (16 shards over all tenants, by ship-by;
//! only orders that a desk must see). Index of buyers: `by_postcode` (tenant and digest of the postcode), keys only. Keys are spelt in `store::key`, which nothing else may do.

mod back_fill;
mod batch;
mod beside_order;
mod buyers;
mod cancellations;
mod carrier_names;
mod categories;
mod connected;
mod connections;
mod cursor;
mod dispatches;
mod events;
mod feeds;
mod holds;
mod item;
mod key;
mod latest_orders;
mod lease;
mod levels;
mod limit;
mod listings;
mod mappings;
mod matching;
mod nameless_orders;
mod new_offers;
mod notices;
mod oauth;
mod offered_items;
mod offers;
mod order_lists;
mod order_reader;
mod order_search;
mod orders;
mod parked;
mod primed;
mod products;
mod reservations;
mod retie;
mod revised;
mod risks;
mod rounds;
mod selling_rules;
mod send_again;
mod settings;
mod sku_inputs;
mod spellings;
mod standings;
mod stock_plan;
pub mod stream;
mod term_counts;
mod to_send;

pub use back_fill::{BackFill, BackFillJob, BackFillKind, FURTHEST_BACK, JobProgress, PageRead};
pub use buyers::{BuyerRecord, PostcodeEntry};
pub use categories::AskedCategory;
pub use connected::{ConnectedAfter, ConnectedPage};
pub use connections::{Attached, SealedCredentials};
pub use cursor::{Cursor, NoticeWatch, OverlapMemory, SweepFailure, SweepPlace};
pub use dispatches::PendingDispatch;
pub use events::{EventPage, EventPlace, EventsOfChange, KeptEvent, SETTLED};
pub use feeds::{FeedPage, LINES_IN_A_PART};
pub use holds::HeldPage;
pub use latest_orders::LatestOrders;
pub use lease::Leased;
pub use levels::{LevelWritten, SkuLevels};
pub use limit::{Bucket, Permit};
pub use listings::{Claimed, ListingPage, WantedWritten};
pub use mappings::RevisedMappings;
pub use matching::{
    HeldReport, ListingCounts, MarketplaceReports, Matching, ReportJob, ReportRelease,
};
pub use nameless_orders::UnreadableOrder;
pub use new_offers::{NewOfferPage, OfferRun, SelectedPass};
pub use notices::{EarlySweep, Hearing, KnownDestination};
pub use oauth::{AuthorisationAttempt, OAuthState};
pub use offered_items::ItemTaken;
pub use order_lists::{
    ListedOrder, OrderFilter, OrderPage, OrderPartition, WaitingKind, WaitingPage,
};
pub use order_reader::{MergedOrders, OrderReader};
pub use orders::{HistoryRecord, OrderRow};
pub use parked::ParkedMark;
pub use products::ProductWritten;
pub use reservations::Reserved;
pub use retie::FormerTie;
pub use risks::{RiskClock, RiskProgress};
pub use rounds::{ClosedMarketplace, HeldRound, Round, RoundSummary};
pub use selling_rules::RevisedRates;
pub use send_again::{ByPatch, SentAgain};
pub use settings::Settings;
pub use sku_inputs::{Listed, SkuInputs};
pub use standings::Standings;
pub use term_counts::SeenTerm;
pub use to_send::ToSend;

use crate::error::{Error, Result};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use events::MarkedHour;
use item::{Item, condition_failed, failure, n, s, value};
use key::Key;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The names of the deployed tables.
#[derive(Debug, Clone)]
pub struct Tables {
    pub connections: String,
    pub orders: String,
    pub buyers: String,
    pub catalogue: String,
    pub events: String,
}

impl Tables {
    /// From the environment of a function. A function that is not given a table's name must not use that table: IAM
    /// would not let it either.
    pub fn from_env() -> Self {
        let name = |variable| crate::env::optional(variable).unwrap_or_default();
        Self {
            connections: name("CONNECTIONS_TABLE"),
            orders: name("ORDERS_TABLE"),
            buyers: name("BUYERS_TABLE"),
            catalogue: name("CATALOGUE_TABLE"),
            events: name("EVENTS_TABLE"),
        }
    }
}

/// The only code that talks to DynamoDB.
#[derive(Debug, Clone)]
pub struct Store {
    db: aws_sdk_dynamodb::Client,
    tables: Tables,
    /// The only thing that is remembered, to spare writes.
    marked_hour: Arc<MarkedHour>,
}

/// Whether a conditional write was taken.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Done,
    /// Somebody else was there before: to be read and decided again, see [`Written::attempts`].
    Conflict,
}

/// How often something is decided because somebody else wrote meanwhile.
const MOST_ATTEMPTS: usize = 5;
/// The same, of what many runs write to at once.
const MOST_ATTEMPTS_AMONG_MANY: usize = 100;

impl Written {
    /// Attempts to read, decide and write, for as long as each one ends in [`Self::Conflict`].
    pub fn attempts() -> impl Iterator<Item = ()> {
        std::iter::repeat_n((), MOST_ATTEMPTS)
    }

    /// As [`Self::attempts`], of what many runs write to at once and never ask.
    pub fn attempts_among_many() -> impl Iterator<Item = ()> {
        std::iter::repeat_n((), MOST_ATTEMPTS_AMONG_MANY)
    }

    /// What it comes to if somebody else was there before every attempt: retryable.
    pub fn given_up(doing: &'static str) -> Error {
        Error::retryable(doing, "it was written by others all the time")
    }

    fn from_result<T, E>(doing: &'static str, result: Result<T, SdkError<E>>) -> Result<Self>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        match result {
            Ok(_) => Ok(Self::Done),
            Err(error) if condition_failed(&error) => Ok(Self::Conflict),
            Err(error) => Err(failure(doing, error)),
        }
    }
}

impl Store {
    pub fn new(db: aws_sdk_dynamodb::Client, tables: Tables) -> Self {
        Self {
            db,
            tables,
            marked_hour: Arc::default(),
        }
    }

    async fn get<T: DeserializeOwned>(&self, table: &str, key: Key) -> Result<Option<T>> {
        self.get_item(table, key).await?.map(value).transpose()
    }

    /// Reads strongly.
    async fn get_item(&self, table: &str, key: Key) -> Result<Option<Item>> {
        let answer = self
            .db
            .get_item()
            .table_name(table)
            .set_key(Some(key.into_map()))
            .consistent_read(true)
            .send()
            .await;
        Ok(answer.map_err(|error| failure("read an item", error))?.item)
    }

    /// Puts an item of this version of ours, whatever is there.
    async fn put_fields(&self, doing: &'static str, table: &str, mut fields: Item) -> Result<()> {
        fields.insert("v".into(), n(item::VERSION));
        self.db
            .put_item()
            .table_name(table)
            .set_item(Some(fields))
            .send()
            .await
            .map_err(|error| failure(doing, error))?;
        Ok(())
    }

    async fn delete(&self, table: &str, key: Key) -> Result<()> {
        self.db
            .delete_item()
            .table_name(table)
            .set_key(Some(key.into_map()))
            .send()
            .await
            .map_err(|error| failure("delete an item", error))?;
        Ok(())
    }

    /// All items of a partition from the first with prefix `from` to the last with prefix `to`, read strongly.
    async fn between(&self, table: &str, pk: String, from: &str, to: &str) -> Result<Vec<Item>> {
        let mut pages = self
            .db
            .query()
            .table_name(table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", s(pk))
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":to", s(key::end_of(to)))
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.map_err(|error| failure("read a range of items", error))?);
        }
        Ok(items)
    }
}
