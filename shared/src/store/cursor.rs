//! How far a connection's orders have been read: the cursor with its lease, and the memory of a window's overlap.
//!
//! One run at a time owns the cursor. Every write is conditional on its revision, which a lease raises too; a run that loses
//! ends quietly. A
//! quiet sweep writes the cursor twice (lease, end) and the overlap memory not at all.

use super::item::{n, number, s};
use super::key::Key;
use super::{Leased, Store, Written};
use crate::domain::ids::ConnectionKey;
use crate::error::Result;
use crate::sp_api::Dataset;
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
}

/// How far a connection's orders have been read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// All that Amazon updated before this moment (its clock) is queued.
    pub since: Timestamp,
    /// A sweep that waits to be resumed.
    pub sweep: Option<SweepPlace>,
    /// Datasets that Amazon refuses for this seller.
    #[serde(default)]
    pub refused: Vec<Dataset>,
    /// When it did; after a day they are asked for again, since a role may have been granted.
    pub refused_at: Option<Timestamp>,
    /// What Amazon's clock is ahead of ours, in milliseconds.
    #[serde(default)]
    pub clock_offset_ms: i64,
    /// Requests per second, if Amazon's answer gave another figure than its documentation.
    pub rate: Option<f64>,
    /// Rises when the cursor is rewound; an overlap memory of an older generation is void.
    pub generation: u64,
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

    /// Sets a connection's cursor back to `to` (or leaves it unchanged, if it is before that), forgets the
    /// running sweep and voids the overlap memory: the run that is under way loses its lease and leaves.
    /// A connection that was never swept needs no rewinding. Idempotent.
    pub async fn rewind_order_cursor(
        &self,
        connection: &ConnectionKey,
        to: Timestamp,
    ) -> Result<()> {
        self.change_order_cursor(connection, |cursor| Some(rewound(cursor, to)))
            .await
    }

    /// After a seller authorised again, maybe with more roles: datasets that Amazon refused are asked for again with the
    /// next search, and orders that were read without them since the last refusal are read again, whole. Idempotent.
    pub async fn forget_refusals(&self, connection: &ConnectionKey) -> Result<()> {
        self.change_order_cursor(connection, |cursor| {
            let refused_at = cursor.refused_at?;
            let from = refused_at.saturating_sub(BEFORE_REFUSAL);
            Some(Cursor {
                refused: Vec::new(),
                refused_at: None,
                ..rewound(cursor, from.unwrap_or(refused_at))
            })
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
        loop {
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
    }

    /// A connection's cursor, if it was ever swept.
    pub async fn order_cursor(&self, connection: &ConnectionKey) -> Result<Option<Leased<Cursor>>> {
        self.leased(connection).await
    }

    /// What the last window's end held; empty if that was before a rewind.
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

/// What a refused search still looks for is before the refusal: a tick's interval and the window's overlap.
const BEFORE_REFUSAL: SignedDuration = SignedDuration::from_hours(1);

/// A cursor set back, for the run that takes its lease next.
fn rewound(cursor: Cursor, to: Timestamp) -> Cursor {
    Cursor {
        since: cursor.since.min(to),
        sweep: None,
        generation: cursor.generation + 1,
        ..cursor
    }
}

/// An item holds 400 KB at most; what is forgotten is only queued once more.
const LARGEST_MEMORY: usize = 45_000;
