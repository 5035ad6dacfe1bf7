//! The back-fill lane: reads windows beside the live one, page by page, with what Amazon's limit leaves.

use super::failure::Chances;
use super::{Asked, Lane, Run, RunOutcome};
use crate::sweep::{Turn, Window, latest_end, refused};
use jiff::{SignedDuration, Timestamp};
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::sp_api::OrderMoment;
use stallkeeper::store::{BackFill, BackFillJob, BackFillKind, OverlapMemory, PageRead, Written};
use tracing::{error, info, warn};

/// Pages in one run at most; the next tick goes on.
const MOST_PAGES: u32 = 12;
/// How often changes of the last day are looked through once more, since Amazon shows some late.
const WIDE_EVERY: SignedDuration = SignedDuration::from_hours(6);
/// How far back: whatever shows up to a day late is in one of these windows.
const WIDE_REACH: SignedDuration = SignedDuration::from_hours(30);

/// What reading a page led to.
enum Went {
    On,
    /// The limit or the time ends the run.
    Stopped,
}

impl Run<'_> {
    /// Works on the jobs of the lane for as long as there are calls and time to spare. What fails here waits and fails no
    /// tick: the live lane is through.
    pub(super) async fn back_fill(&mut self) -> Result<RunOutcome> {
        let key = &self.connection.key();
        let mut back_fill = self.app.store.back_fill(key).await?;
        back_fill = self.queue_wide_sweep(back_fill).await?;
        let mut is_saved = false;
        for _ in 0..MOST_PAGES {
            let lacking = refused(&self.cursor.refusals);
            let Some(job) = back_fill.next(&lacking, Timestamp::now()).cloned() else {
                break;
            };
            if !self.has_time() {
                break;
            }
            if !is_saved {
                // What waits for today's orders need not wait for these.
                if self.save(false).await? == Written::Conflict {
                    return Ok(RunOutcome::Lost);
                }
                is_saved = true;
            }
            match self.page_of(&job).await {
                Ok(Went::On) => {}
                Ok(Went::Stopped) => break,
                Err(error) if error.class() == Class::AuthRevoked => return Err(error),
                Err(error) => self.fail(&job, &error.chain(), false, &error).await?,
            }
            back_fill = self.app.store.back_fill(key).await?;
        }
        if !back_fill.is_catching_up() {
            self.cursor.gap_from = None;
        }
        Ok(RunOutcome::Swept)
    }

    /// Queues the wide sweep when it is due. A new connection has just read more than that.
    async fn queue_wide_sweep(&mut self, back_fill: BackFill) -> Result<BackFill> {
        let now = self.amazons_now();
        let due = self
            .cursor
            .wide_at
            .map(|last| now.duration_since(last) >= WIDE_EVERY);
        match due {
            None => {
                self.cursor.wide_at = Some(now);
                return Ok(back_fill);
            }
            Some(true) if !back_fill.has(BackFillKind::Wide) => {}
            Some(_) => return Ok(back_fill),
        }
        let before = latest_end(now);
        let after = before.saturating_sub(WIDE_REACH).unwrap_or(before);
        let job = BackFillJob::of_changes(BackFillKind::Wide, after, before);
        let key = &self.connection.key();
        let queued = self.app.store.change_back_fill(key, |back_fill| {
            back_fill.add(job.clone());
            true
        });
        let queued = queued.await?;
        self.cursor.wide_at = Some(now);
        Ok(queued)
    }

    /// Reads one page of a job.
    async fn page_of(&mut self, job: &BackFillJob) -> Result<Went> {
        self.chances = Chances::default();
        let mut window = Window::of_job(job, &self.cursor, self.fba_wanted(), Timestamp::now());
        let page = loop {
            match self.ask(&mut window, Lane::BackFill).await? {
                Asked::Page(page) => break page,
                Asked::Again if self.has_time() => {}
                Asked::Again | Asked::Ended(_) => return Ok(Went::Stopped),
            }
        };
        let held = page.value.held();
        let nothing_known = OverlapMemory::default();
        let next = self.queue_page(page, &mut window, &nothing_known).await?;
        // Only the live lane has an overlap with a next window.
        window.seen.clear();
        self.note_lacking(job, &window);
        let place = match window.turn(next, held) {
            Turn::Last => None,
            Turn::Next(token) => Some(window.place(token, Timestamp::now())),
            Turn::Endless => {
                let why = "Amazon's pages of orders have no end";
                let error = Error::permanent("read a window of orders", why);
                self.fail(job, why, true, &error).await?;
                return Ok(Went::On);
            }
        };
        let read = PageRead {
            at: Timestamp::now(),
            orders: u64::try_from(held).unwrap_or(u64::MAX),
            without: window.without(),
            from: window.after,
            place,
        };
        let key = &self.connection.key();
        let (id, kind) = (job.id, <&str>::from(job.kind));
        self.app
            .store
            .change_back_fill(key, |back_fill| back_fill.page_read(id, &read))
            .await?;
        info!(connection.id = %&key.id, back_fill.kind = kind, orders.held = held, from = %window.after, to = %window.before, "read a page of the back-fill lane");
        Ok(Went::On)
    }

    /// What the window lacks is read again once Amazon gives it; a search by creation remembers that itself.
    fn note_lacking(&mut self, job: &BackFillJob, window: &Window) {
        let refusals = &mut self.cursor.refusals;
        if window.by == OrderMoment::Updated {
            refusals.read_without(&window.datasets, window.after);
        }
        if job.marketplaces.is_empty() && !window.marketplaces.is_empty() {
            refusals.read_by_name(window.after);
        }
    }

    async fn fail(
        &mut self,
        job: &BackFillJob,
        why: &str,
        loses_place: bool,
        error: &Error,
    ) -> Result<()> {
        let (key, now) = (&self.connection.key(), Timestamp::now());
        let loses_place = loses_place || error.class() == Class::Permanent;
        let given_up = std::cell::Cell::new(false);
        self.app
            .store
            .change_back_fill(key, |back_fill| {
                given_up.set(back_fill.failed(job.id, why, loses_place, now));
                true
            })
            .await?;
        let (id, kind, tries) = (&key.id, <&str>::from(job.kind), job.tries + 1);
        if given_up.get() {
            error!(connection.id = %id, back_fill.kind = kind, tries, error = why, "a window of orders is given up; a person must look at it");
        } else {
            warn!(connection.id = %id, back_fill.kind = kind, tries, error = why, "a window of orders could not be read and is tried later");
        }
        Ok(())
    }
}
