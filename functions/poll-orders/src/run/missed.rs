//! What the live lane could not read, or only in part: it is left to the back-fill lane, and the live one goes on.

use super::{Lane, Run};
use crate::sweep::{Window, gap};
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::Result;
use stallkeeper::sp_api::{Lesson, OrderMoment};
use stallkeeper::store::{BackFillJob, BackFillKind, FURTHEST_BACK};
use tracing::{error, info};

/// When a window whose pages had no end is tried again.
const ENDLESS_AGAIN: SignedDuration = SignedDuration::from_hours(1);

impl Run<'_> {
    /// A first page was answered: what was left out for it is remembered, and what Amazon gives again is read again. The job
    /// is queued before the refusal is forgotten, so that a crash in between repeats it.
    pub(super) async fn learn(&mut self, window: &Window, lane: Lane) -> Result<()> {
        let now = self.amazons_now();
        let mut refusals = self.cursor.refusals.clone();
        let missing_since = refusals.learn(&Lesson {
            asked: &window.wanted,
            answered: &window.datasets,
            with: self.refused_with.take().as_ref(),
            // A search by creation is read again itself.
            after: match window.by {
                OrderMoment::Updated => window.after,
                OrderMoment::Created => now,
            },
            now,
        });
        if let Some(since) = missing_since {
            self.catch_up(since, window.before, Vec::new()).await?;
        }
        if lane == Lane::Live {
            if !window.marketplaces.is_empty() {
                refusals.read_by_name(window.after);
            } else if let Some((marketplaces, since)) = refusals.all_marketplaces_answered() {
                self.catch_up(since, window.before, marketplaces).await?;
            }
        }
        self.cursor.refusals = refusals;
        Ok(())
    }

    /// Has changes read that lie before the live lane's window.
    pub(super) async fn catch_up(
        &self,
        since: Timestamp,
        before: Timestamp,
        marketplaces: Vec<Marketplace>,
    ) -> Result<()> {
        let furthest = before.saturating_sub(FURTHEST_BACK).unwrap_or(since);
        let job = BackFillJob {
            marketplaces,
            ..BackFillJob::of_changes(BackFillKind::CatchUp, since.max(furthest), before)
        };
        let id = &self.connection.id;
        info!(connection.id = %id, %since, "what connection `{id}` lacked is given again and read again");
        self.app
            .store
            .add_back_fill(&self.connection.key(), job)
            .await
    }

    /// After a long pause the live lane begins with today; what is older must not hold today's orders up.
    pub(super) async fn leave_gap_to_back_fill(&mut self) -> Result<()> {
        let Some((from, to)) = gap(&self.cursor, Timestamp::now()) else {
            return Ok(());
        };
        let job = BackFillJob::of_changes(BackFillKind::CatchUp, from, to);
        let key = &self.connection.key();
        self.app.store.add_back_fill(key, job).await?;
        self.note_gap(from);
        self.cursor.since = to;
        self.cursor.sweep = None;
        Ok(())
    }

    /// The window counts as read as far as it is known; it is tried again later, beside the live lane.
    pub(super) async fn leave_endless_to_back_fill(&mut self, window: &Window) -> Result<()> {
        let id = &self.connection.id;
        error!(connection.id = %id, after = %window.after, before = %window.before, "Amazon's pages of orders have no end; the window is tried again later");
        let now = Timestamp::now();
        let job = BackFillJob {
            not_before: now.checked_add(ENDLESS_AGAIN).ok(),
            ..BackFillJob::of_changes(BackFillKind::CatchUp, window.after, window.before)
        };
        let key = &self.connection.key();
        self.app.store.add_back_fill(key, job).await?;
        self.note_gap(window.after);
        Ok(())
    }

    fn note_gap(&mut self, from: Timestamp) {
        let known = self.cursor.gap_from;
        self.cursor.gap_from = Some(known.map_or(from, |gap| gap.min(from)));
    }
}
