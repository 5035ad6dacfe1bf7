//! The back-fill lane of a connection's orders: the windows that are read beside the live one, which goes first and is
//! never set back. One item a connection, changed by whoever has something to be read and by the run that reads.
//!
//! A job's window is read slice by slice, the newest first, and page by page within a slice; its place is saved between.
//! Where there are few orders, slices grow.

mod job;
mod progress;

pub use job::{BackFillJob, BackFillKind};
pub use progress::JobProgress;

use super::item::{item, n};
use super::key::Key;
use super::{Store, SweepPlace, Written};
use crate::domain::ids::ConnectionKey;
use crate::error::Result;
use crate::sp_api::{Dataset, OrderMoment};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How far back the first read of a connection reaches, by creation, and what was missed is read again.
pub const FURTHEST_BACK: SignedDuration = SignedDuration::from_hours(60 * 24);
/// How far back the first read looks at changes of any kind, shipped and cancelled orders included.
const FIRST_CHANGES: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How often a job is tried before a person must look at it.
const MOST_TRIES: u32 = 12;
/// After so many failures a missed window does not count as being caught up with.
const TRIES_THAT_COUNT: u32 = 3;
/// The pause after a failure; it doubles, up to six hours.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(5);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(6);
/// How many ended jobs are kept to be shown.
const ENDED_KEPT: usize = 8;

/// All that is to be read beside the live lane.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackFill {
    #[serde(default)]
    pub jobs: Vec<BackFillJob>,
    /// Jobs that are read to their end or given up, the newest last.
    #[serde(default)]
    pub ended: Vec<BackFillJob>,
    #[serde(default)]
    next_id: u64,
    /// When the first read was queued.
    #[serde(default)]
    pub first_read_at: Option<Timestamp>,
    #[serde(default)]
    revision: u64,
}

impl BackFill {
    /// Adds a job; one that asks the same and has not begun takes its window in.
    pub fn add(&mut self, job: BackFillJob) {
        let same = self.jobs.iter_mut().find(|known| {
            known.asks_as(&job) && known.pages == 0 && known.place.is_none() && known.tries == 0
        });
        if let Some(known) = same {
            known.after = known.after.min(job.after);
            known.before = known.before.max(job.before);
            known.not_before = known.not_before.min(job.not_before);
            known.restart();
            return;
        }
        self.next_id += 1;
        self.jobs.push(BackFillJob {
            id: self.next_id,
            ..job
        });
    }

    /// Adds the first read of a connection, once: open orders by their creation, and what changed in the last days.
    pub fn begin_first_read(&mut self, now: Timestamp) -> bool {
        if self.first_read_at.is_some() {
            return false;
        }
        self.first_read_at = Some(now);
        let ago = |span| now.saturating_sub(span).unwrap_or(now);
        let kind = BackFillKind::FirstRead;
        self.add(BackFillJob {
            by: OrderMoment::Created,
            open_only: true,
            ..BackFillJob::of_changes(kind, ago(FURTHEST_BACK), now)
        });
        self.add(BackFillJob::of_changes(kind, ago(FIRST_CHANGES), now));
        true
    }

    /// The job to go on with, while Amazon refuses these datasets.
    pub fn next(&self, refused: &[Dataset], now: Timestamp) -> Option<&BackFillJob> {
        let ready = self
            .jobs
            .iter()
            .filter(|job| job.not_before.is_none_or(|moment| moment <= now))
            .filter(|job| !job.waits_for(refused));
        ready.min_by_key(|job| (job.kind, job.id))
    }

    pub fn has(&self, kind: BackFillKind) -> bool {
        self.jobs.iter().any(|job| job.kind == kind)
    }

    /// Whether something that was missed is about to be read. One that fails again and again does not count: a window that
    /// Amazon never ends must not hold up for ever what waits for orders to be known.
    pub fn is_catching_up(&self) -> bool {
        let kind = BackFillKind::CatchUp;
        self.jobs
            .iter()
            .any(|job| job.kind == kind && job.tries < TRIES_THAT_COUNT)
    }

    fn job(&mut self, id: u64) -> Option<&mut BackFillJob> {
        self.jobs.iter_mut().find(|job| job.id == id)
    }

    /// A page of a job was queued; `place`: the next one's, none after the last of the slice that begins at `from`.
    pub fn page_read(&mut self, id: u64, page: &PageRead) -> bool {
        let Some(job) = self.job(id) else {
            return false;
        };
        job.started_at = job.started_at.or(Some(page.at));
        if job.place.is_none() && job.read_back_to == job.before {
            job.read_without.clear();
        }
        job.orders += page.orders;
        job.pages += 1;
        (job.tries, job.failure, job.not_before) = (0, None, None);
        for dataset in &page.without {
            if !job.read_without.contains(dataset) {
                job.read_without.push(*dataset);
            }
        }
        let is_sparse = job.place.is_none() && page.place.is_none();
        job.sparse = if is_sparse { job.sparse + 1 } else { 0 };
        job.place = page.place.clone();
        if job.place.is_none() {
            job.read_back_to = page.from;
        }
        if job.place.is_none() && job.read_back_to <= job.after {
            self.read_to_its_end(id, page.at);
        }
        true
    }

    fn read_to_its_end(&mut self, id: u64, at: Timestamp) {
        if let Some(job) = self.job(id)
            && job.by == OrderMoment::Created
            && !job.read_without.is_empty()
        {
            // What it asks for is in no window of changes: it is read again itself.
            let missing = std::mem::take(&mut job.read_without);
            job.restart();
            job.read_without = missing;
            return;
        }
        self.end(id, at, None);
    }

    /// A job failed: it is tried ever later, from the first page of its slice if its place is of no use, and given up in
    /// the end. Returns whether it was given up.
    pub fn failed(&mut self, id: u64, why: &str, loses_place: bool, now: Timestamp) -> bool {
        let Some(job) = self.job(id) else {
            return false;
        };
        job.tries += 1;
        job.failure = Some(why.to_owned());
        let pause = FIRST_PAUSE.checked_mul(1 << (job.tries - 1).min(10));
        let pause = pause.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
        job.not_before = now.checked_add(pause).ok();
        if loses_place {
            (job.place, job.sparse) = (None, 0);
        }
        let given_up = job.tries >= MOST_TRIES;
        if given_up {
            self.end(id, now, Some(why.to_owned()));
        }
        given_up
    }

    fn end(&mut self, id: u64, at: Timestamp, failure: Option<String>) {
        let Some(index) = self.jobs.iter().position(|job| job.id == id) else {
            return;
        };
        let job = self.jobs.remove(index);
        self.ended.push(BackFillJob {
            ended_at: Some(at),
            place: None,
            failure,
            ..job
        });
        let surplus = self.ended.len().saturating_sub(ENDED_KEPT);
        self.ended.drain(..surplus);
    }
}

/// A page of a job that was queued.
#[derive(Debug, Clone)]
pub struct PageRead {
    pub at: Timestamp,
    pub orders: u64,
    /// What was not asked for.
    pub without: Vec<Dataset>,
    /// The beginning of its slice.
    pub from: Timestamp,
    /// The next page.
    pub place: Option<SweepPlace>,
}

impl Store {
    /// What is to be read of a connection beside the live lane.
    pub async fn back_fill(&self, connection: &ConnectionKey) -> Result<BackFill> {
        self.or_default(Key::back_fill(connection)).await
    }

    /// Queues a window to be read. Idempotent for a job that asks the same and has not begun.
    pub async fn add_back_fill(&self, connection: &ConnectionKey, job: BackFillJob) -> Result<()> {
        self.change_back_fill(connection, |back_fill| {
            back_fill.add(job.clone());
            true
        })
        .await?;
        Ok(())
    }

    /// Queues the first read of a connection, once.
    pub async fn begin_first_read(&self, connection: &ConnectionKey, now: Timestamp) -> Result<()> {
        self.change_back_fill(connection, |back_fill| back_fill.begin_first_read(now))
            .await?;
        Ok(())
    }

    /// Changes what is to be read; decides again if another caller was quicker. `false` leaves it as it is.
    pub async fn change_back_fill(
        &self,
        connection: &ConnectionKey,
        change: impl Fn(&mut BackFill) -> bool,
    ) -> Result<BackFill> {
        for () in Written::attempts() {
            let mut back_fill = self.back_fill(connection).await?;
            if !change(&mut back_fill) {
                return Ok(back_fill);
            }
            // What was erased since it was read stays erased.
            let unchanged = match back_fill.revision {
                0 => "attribute_not_exists(pk) OR revision = :read",
                _ => "revision = :read",
            };
            back_fill.revision += 1;
            let put = self
                .db
                .put_item()
                .table_name(&self.tables.connections)
                .set_item(Some(item(Key::back_fill(connection), &back_fill)?))
                .condition_expression(unchanged)
                .expression_attribute_values(":read", n(back_fill.revision - 1));
            let written = Written::from_result("change what is to be read", put.send().await)?;
            if written == Written::Done {
                return Ok(back_fill);
            }
        }
        Err(Written::given_up("change what is to be read"))
    }
}

#[cfg(test)]
mod tests;
