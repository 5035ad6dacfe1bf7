//! How far a connection's orders have been read: the cursor with its lease, and the memory of a window's overlap.
//!
//! One run at a time owns the cursor. Every write is conditional on its revision, which a lease raises too; a run that loses
//! ends quietly. A quiet sweep writes the cursor twice (lease, end) and the overlap memory not at all. It is never set back:
//! what must be read again is a job of the back-fill lane.

use super::item::{n, number, s};
use super::key::Key;
use super::{Leased, Store, Written};
use crate::domain::ids::ConnectionKey;
use crate::domain::marketplace::Marketplace;
use crate::error::{Class, Result};
use crate::sp_api::{Dataset, Refusals};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// A sweep that has been started and not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepPlace {
    /// The window, which stays the same on every page.
    pub after: Timestamp,
    pub before: Timestamp,
    /// Amazon's token for the next page.
    pub token: String,
    /// When Amazon gave it; it is valid for 24 hours.
    pub token_at: Timestamp,
    pub fulfilled_by_merchant_only: bool,
    /// The parameters of every page of the sweep; absent in what older releases wrote.
    #[serde(default)]
    pub datasets: Option<Vec<Dataset>>,
    /// The earliest end of the window that Amazon reported on the pages so far.
    #[serde(default)]
    pub told_end: Option<Timestamp>,
    /// What the pages so far held of the window's end, for the overlap memory.
    #[serde(default)]
    pub seen: Vec<u64>,
    /// None: all.
    #[serde(default)]
    pub marketplaces: Vec<Marketplace>,
    /// Pages read so far, and those without orders at their end.
    #[serde(default)]
    pub pages: u32,
    #[serde(default)]
    pub empty_pages: u32,
    /// Digest of a token that was seen before: coming back to it would be a circle.
    #[serde(default)]
    pub marked_token: Option<u64>,
}

/// How far a connection's orders have been read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// All that Amazon updated before this moment (its clock) is queued.
    pub since: Timestamp,
    /// A sweep that waits to be resumed.
    pub sweep: Option<SweepPlace>,
    /// What Amazon refuses of this seller's searches.
    #[serde(default)]
    pub refusals: Refusals,
    /// What Amazon's clock is ahead of ours, in milliseconds.
    #[serde(default)]
    pub clock_offset_ms: i64,
    /// What one answer said of Amazon's clock instead; believed if the next one agrees.
    #[serde(default)]
    pub clock_doubt_ms: Option<i64>,
    /// The beginning of what is left to the back-fill lane, though the live one is past it.
    #[serde(default)]
    pub gap_from: Option<Timestamp>,
    /// When the last wide sweep was queued, by Amazon's clock.
    #[serde(default)]
    pub wide_at: Option<Timestamp>,
    /// Datasets that a release before this one left out, and when they were refused last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Dataset>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_at: Option<Timestamp>,
    /// Requests per second, if Amazon's answer gave another figure than its documentation.
    pub rate: Option<f64>,
    /// An overlap memory of another generation is void.
    pub generation: u64,
    /// Whether Amazon's notices come.
    #[serde(default)]
    pub notices: NoticeWatch,
    /// When the last live sweep came to its end, by our clock; this and what follows is for people, and absent in what older
    /// releases wrote.
    #[serde(default)]
    pub swept_at: Option<Timestamp>,
    /// How the last sweep failed, if it did.
    #[serde(default)]
    pub failed: Option<SweepFailure>,
    /// The latest change of an order that a live sweep has read, by Amazon's clock.
    #[serde(default)]
    pub order_changed_at: Option<Timestamp>,
}

/// That a sweep failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepFailure {
    pub at: Timestamp,
    /// The class of the failure, as in the log: see [`crate::error::Class::name`].
    pub class: String,
    /// The first of the failures in a row.
    pub since: Timestamp,
}

/// What the sweeps know of Amazon's notices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeWatch {
    /// Changes until this moment of Amazon's clock were judged: whether a notice of them came.
    #[serde(default)]
    pub judged_until: Option<Timestamp>,
    /// The last sweeps that found changes without a notice.
    #[serde(default)]
    pub silent: Vec<Timestamp>,
    /// When it is checked next that the seller is subscribed; absent: now.
    #[serde(default)]
    pub check_at: Option<Timestamp>,
}

impl Cursor {
    /// A cursor that was never swept.
    pub fn starting_at(since: Timestamp) -> Self {
        Self {
            since,
            sweep: None,
            refusals: Refusals::default(),
            clock_offset_ms: 0,
            clock_doubt_ms: None,
            gap_from: None,
            wide_at: None,
            refused: Vec::new(),
            refused_at: None,
            rate: None,
            generation: 0,
            notices: NoticeWatch::default(),
            swept_at: None,
            failed: None,
            order_changed_at: None,
        }
    }

    /// Notes that a sweep failed.
    pub fn note_failure(&mut self, class: Class, at: Timestamp) {
        let since = self.failed.as_ref().map_or(at, |failed| failed.since);
        let class = class.name().to_owned();
        self.failed = Some(SweepFailure { at, class, since });
    }

    /// Notes that a live sweep came to its end.
    pub fn note_success(&mut self, at: Timestamp) {
        self.swept_at = Some(at);
        self.failed = None;
    }

    /// Notes when an order changed at Amazon that a live sweep has read.
    pub fn note_order(&mut self, changed_at: Timestamp) {
        self.order_changed_at = self.order_changed_at.max(Some(changed_at));
    }

    /// Up to when all orders are known, by Amazon's clock: the live lane may be past a gap that is not read yet.
    pub fn known_until(&self) -> Timestamp {
        self.gap_from.map_or(self.since, |gap| gap.min(self.since))
    }

    /// Amazon's clock, as far as it is known.
    pub fn amazons_clock(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(SignedDuration::from_millis(self.clock_offset_ms))
            .unwrap_or(now)
    }

    /// Takes what a release before this one remembered of refusals over.
    pub fn adopt_former_refusals(&mut self) {
        let refused = std::mem::take(&mut self.refused);
        if let Some(at) = self.refused_at.take() {
            // It asked again once a day.
            let since = at.saturating_sub(SignedDuration::from_hours(25));
            self.refusals.adopt(refused, at, since.unwrap_or(at));
        }
    }
}

/// What the end of the last window held, so that its overlap with the next is not queued again: eight bytes an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OverlapMemory {
    pub generation: u64,
    pub hashes: HashSet<u64>,
}

impl Store {
    /// Takes the lease of a connection's cursor until `until`; makes the cursor, starting at `first_since`, if
    /// there is none. `None`: another run holds it.
    pub async fn lease_order_cursor(
        &self,
        connection: &ConnectionKey,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
        first_since: Timestamp,
    ) -> Result<Option<Leased<Cursor>>> {
        let first = [("since", s(first_since.to_string())), ("generation", n(0))];
        let key = Key::leased::<Cursor>(connection);
        let leased = self.lease(key, owner, now, until, &first).await?;
        leased.map(Leased::of).transpose()
    }

    /// Everything that Amazon refused is asked for again with the next sweep, whatever is remembered: a person wants orders
    /// read again, or the seller has authorised again, maybe with more roles. What was read without it is read again once
    /// Amazon gives it. Takes the cursor from a run that is under way. Idempotent.
    pub async fn ask_for_refused_again(&self, connection: &ConnectionKey) -> Result<()> {
        self.change_order_cursor(connection, |mut cursor| {
            cursor.adopt_former_refusals();
            cursor.refusals.ask_for_all_again().then_some(cursor)
        })
        .await
    }

    /// Changes a cursor and takes it from the run that owns it; decides again if another caller was quicker. `None` leaves
    /// it as it is.
    async fn change_order_cursor(
        &self,
        connection: &ConnectionKey,
        change: impl Fn(Cursor) -> Option<Cursor>,
    ) -> Result<()> {
        for () in Written::attempts() {
            let Some(mut cursor) = self.order_cursor(connection).await? else {
                return Ok(());
            };
            let Some(changed) = change(cursor.state.clone()) else {
                return Ok(());
            };
            cursor.state = changed;
            if self.give_back(connection, &mut cursor).await? == Written::Done {
                return Ok(());
            }
        }
        Err(Written::given_up("change how far orders are read"))
    }

    /// A connection's cursor, if it was ever swept.
    pub async fn order_cursor(&self, connection: &ConnectionKey) -> Result<Option<Leased<Cursor>>> {
        self.leased(connection).await
    }

    /// What the last window's end held.
    pub async fn overlap_memory(
        &self,
        connection: &ConnectionKey,
        generation: u64,
    ) -> Result<OverlapMemory> {
        let item = self
            .get_item(&self.tables.connections, Key::order_overlap(connection))
            .await?;
        let bytes = item
            .filter(|item| {
                number(item, "generation").and_then(|found| u64::try_from(found).ok())
                    == Some(generation)
            })
            .and_then(|mut item| item.remove("hashes"));
        let hashes = match &bytes {
            Some(AttributeValue::B(bytes)) => bytes
                .as_ref()
                .chunks_exact(8)
                .filter_map(|eight| eight.try_into().ok().map(u64::from_be_bytes))
                .collect(),
            _ => HashSet::new(),
        };
        Ok(OverlapMemory { generation, hashes })
    }

    /// Remembers what a window's end held. Losing or repeating this write costs repeated messages, never an order.
    pub async fn remember_overlap(
        &self,
        connection: &ConnectionKey,
        memory: &OverlapMemory,
    ) -> Result<()> {
        let mut hashes: Vec<u64> = memory.hashes.iter().copied().take(LARGEST_MEMORY).collect();
        hashes.sort_unstable();
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_be_bytes()).collect();
        let mut fields = Key::order_overlap(connection).into_map();
        fields.insert("v".into(), n(1));
        fields.insert("generation".into(), n(memory.generation));
        fields.insert("hashes".into(), AttributeValue::B(Blob::new(bytes)));
        self.put_fields(
            "remember a window's overlap",
            &self.tables.connections,
            fields,
        )
        .await
    }
}

/// An item holds 400 KB at most; what is forgotten is only queued once more.
const LARGEST_MEMORY: usize = 45_000;
