//! What publishing a draft would do: a walk over the matched listings that computes under the draft and writes nothing but
//! the result. It rests on a matching of the last hour, and asks for one first.

use crate::run::is_fresh;
use crate::{App, is_late};
use jiff::Timestamp;
use stallkeeper::domain::connection::ConnectionStatus;
use stallkeeper::domain::ids::{AmazonSku, ConnectionKey};
use stallkeeper::domain::listing::ListingState;
use stallkeeper::domain::stock_settings::{Effect, Preview, StockPlan};
use stallkeeper::error::{Error, Result};
use stallkeeper::preview::{PreviewDraft, PreviewPage};
use stallkeeper::queue::{ListingJob, MatchReason};
use stallkeeper::store::{Standings, Written};
use std::time::SystemTime;
use tracing::info;

/// Listings computed together.
const PAGE: i32 = 500;
/// How often a preview may queue itself again.
const MOST_HOPS: u32 = 120;
/// How long to wait for the matching, by how often we looked.
const WAITS: [u32; 5] = [10, 10, 20, 30, 60];

/// A message that asks for a preview.
pub(crate) struct PreviewJob {
    pub(crate) connection: ConnectionKey,
    /// The draft's.
    pub(crate) revision: u64,
    /// Where an earlier run stopped, and what it counted until there.
    pub(crate) after: Option<String>,
    pub(crate) so_far: Effect,
    pub(crate) hop: u32,
}

impl PreviewJob {
    /// Computes the preview if the last matching is recent; else has the listings matched, and looks again.
    pub(crate) async fn matched_first(self, app: &App, deadline: SystemTime) -> Result<()> {
        let Some(plan) = self.wanted_still(app).await? else {
            return Ok(());
        };
        let status = app.store.connection(&self.connection).await?;
        let status = status.map(|connection| connection.status);
        if !status.is_some_and(ConnectionStatus::is_authorised) {
            let why = "the seller has not authorised this connection";
            return self.save(app, Err(why.into())).await;
        }
        let matching = app.store.matching(&self.connection).await?.state;
        if is_fresh(&matching, Timestamp::now()) {
            return self.compute(app, deadline).await;
        }
        let asked_at = plan.preview.map(|preview| preview.asked_at);
        if self.hop > 0
            && let Some(why) = matching.failed.filter(|_| matching.started_at >= asked_at)
        {
            return self.save(app, Err(why)).await;
        }
        if self.hop >= MOST_HOPS {
            let why = "the listings could not be matched in time";
            return self.save(app, Err(why.into())).await;
        }
        if self.hop == 0 {
            let first = ListingJob::Match {
                connection: self.connection.clone(),
                why: MatchReason::Preview,
                hop: 0,
            };
            app.jobs.send(&self.connection, first, 0).await?;
        }
        let looked = usize::try_from(self.hop).unwrap_or(usize::MAX);
        let wait = WAITS[looked.min(WAITS.len() - 1)];
        let connection = self.connection.clone();
        let again = ListingJob::Preview {
            connection: self.connection,
            revision: self.revision,
            hop: self.hop + 1,
        };
        app.jobs.send(&connection, again, wait).await
    }

    /// Computes the preview from where it stopped.
    pub(crate) async fn compute(mut self, app: &App, deadline: SystemTime) -> Result<()> {
        let Some(plan) = self.wanted_still(app).await? else {
            return Ok(());
        };
        let connection = &self.connection;
        let draft = PreviewDraft::read(&app.store, connection, &plan).await?;
        let standings = Standings::new(&app.store, connection);
        loop {
            let connection = &self.connection;
            let state = Some(ListingState::Matched);
            let keys = app
                .store
                .listing_page(connection, state, self.after.as_deref(), PAGE)
                .await?;
            let skus: Vec<AmazonSku> = keys.listings.into_iter().map(|(_, sku)| sku).collect();
            let page = PreviewPage::read(&app.store, connection, &draft, &skus);
            let page = page.await?;
            self.count(&page, &standings).await?;
            self.after = keys.next;
            if self.after.is_none() {
                break;
            }
            if is_late(deadline) {
                return self.go_on(app).await;
            }
        }
        let counts = app.store.matching(&self.connection).await?.state.counts;
        self.so_far.unmatched = counts.unknown_here + counts.case_mismatch;
        self.so_far.fulfilled_by_amazon = counts.fulfilled_by_amazon;
        self.so_far.closed_elsewhere = counts.closed_elsewhere;
        self.so_far.multi_location = counts.multi_location;
        let effect = self.so_far.clone();
        self.save(app, Ok(effect)).await
    }

    /// The settings, if this preview of them is still wanted.
    async fn wanted_still(&self, app: &App) -> Result<Option<StockPlan>> {
        let plan = app.store.stock_plan(&self.connection).await?;
        let done = |preview: &Preview| {
            let over = preview.done_at.is_some() || preview.failed.is_some();
            preview.revision == self.revision && over
        };
        let wanted =
            plan.draft_revision == self.revision && !plan.preview.as_ref().is_some_and(done);
        Ok(wanted.then_some(plan))
    }

    async fn count(&mut self, page: &PreviewPage<'_>, standings: &Standings) -> Result<()> {
        let now = Timestamp::now();
        for listing in &page.listings {
            let effect = page.effect_on(listing, standings, now).await?;
            effect.count(&mut self.so_far);
        }
        Ok(())
    }

    async fn go_on(self, app: &App) -> Result<()> {
        if self.hop >= MOST_HOPS {
            let why = "it could not be computed in time";
            return self.save(app, Err(why.into())).await;
        }
        let connection = self.connection.clone();
        let again = ListingJob::PreviewFrom {
            connection: self.connection,
            revision: self.revision,
            after: self.after.unwrap_or_default(),
            so_far: self.so_far,
            hop: self.hop + 1,
        };
        app.jobs.send(&connection, again, 0).await
    }

    /// Shows the effect, or why there is none, as long as the draft is the same.
    async fn save(&self, app: &App, result: Result<Effect, String>) -> Result<()> {
        let connection = &self.connection;
        for () in Written::attempts() {
            let Some(mut plan) = self.wanted_still(app).await? else {
                return Ok(());
            };
            let now = Timestamp::now();
            let asked = plan.preview.filter(|it| it.revision == self.revision);
            plan.preview = Some(Preview {
                revision: self.revision,
                asked_at: asked.map_or(now, |preview| preview.asked_at),
                done_at: result.is_ok().then_some(now),
                effect: result.clone().ok(),
                failed: result.clone().err(),
            });
            plan.revision += 1;
            let saved = app.store.save_stock_plan(connection, &plan).await?;
            if saved == Written::Done {
                info!(connection.id.id = %&connection.id, draft.revision = self.revision, "computed what publishing would do to connection `{connection}`");
                return Ok(());
            }
        }
        Err(Error::retryable(
            "store a preview",
            "the settings were written by others all the time",
        ))
    }
}
