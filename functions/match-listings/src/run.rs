//! One run of a connection's matching, under its lease: from asking for reports to the counts. What was done is saved
//! step by step, so that whatever stops a run, the next one goes on.

mod absent;
mod aside;
mod batch;
mod decide;
mod ends;
mod look_again;
mod offered;
mod pending;
mod price;
mod read;
mod request;
mod sightings;
mod sold;
mod spelling;
mod weigh;

use crate::App;
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::queue::{ListingJob, MatchReason};
use stallkeeper::seller_session::SellerSession;
use stallkeeper::sp_api;
use stallkeeper::store::{Leased, Matching, Written};
use std::time::SystemTime;
use tracing::{info, warn};

/// How long a run has the matching to itself; longer than the function may take.
const LEASE: SignedDuration = SignedDuration::from_mins(16);
/// How long Amazon may take for its reports.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(6);
/// How often a job may queue itself again.
const MOST_HOPS: u32 = 120;
/// Within this time a matching is good enough to show what settings would do.
pub(crate) const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// A message that asks for a matching.
#[derive(Debug, Clone)]
pub(crate) struct MatchJob {
    pub(crate) connection: ConnectionKey,
    pub(crate) why: MatchReason,
    pub(crate) hop: u32,
}

/// How a run ended that did not fail.
#[derive(Debug, PartialEq, Eq)]
enum RunOutcome {
    /// There is nothing (more) to do, or another run does it.
    Done,
    /// To be continued in so many seconds.
    Continue(u32),
    /// It failed, for this reason; a person reads it.
    Failed(String),
}

/// Works on a matching as far as it comes.
pub(crate) async fn match_listings(app: &App, job: MatchJob, deadline: SystemTime) -> Result<()> {
    let connection = app.store.connection(&job.connection).await?;
    let Some(connection) = connection.filter(|it| may_match(it.status, job.why)) else {
        return Ok(());
    };
    let now = Timestamp::now();
    let owner = ulid::Ulid::generate().to_string();
    let until = now.saturating_add(LEASE).unwrap_or(now);
    let leased = app
        .store
        .lease_matching(&job.connection, &owner, now, until)
        .await?;
    let Some(matching) = leased else {
        info!(connection.id = %connection.id, "another run matches connection `{}`", connection.id);
        return Ok(());
    };
    let mut run = Run {
        app,
        connection: &connection,
        session: SellerSession::new(&app.store, &app.vault, &app.amazon, &connection),
        matching,
        deadline,
    };
    let end = run.work(&job).await;
    let end = run.judge(end).await;
    run.leave(job, end).await
}

/// Amazon is only asked, so a connection that is not switched on may be matched too, if a person wants it.
fn may_match(status: ConnectionStatus, why: MatchReason) -> bool {
    match why {
        MatchReason::Daily => status.fetches_orders(),
        _ => status.is_authorised(),
    }
}

/// A run that holds the lease.
struct Run<'a> {
    app: &'a App,
    connection: &'a Connection,
    session: SellerSession<'a>,
    matching: Leased<Matching>,
    deadline: SystemTime,
}

impl Run<'_> {
    async fn work(&mut self, job: &MatchJob) -> Result<RunOutcome> {
        let now = Timestamp::now();
        if job.hop == 0 && self.is_under_way() && self.waited() > LONGEST_WAIT {
            // What somebody began long ago is not waited for any more.
            self.matching.reports.clear();
            self.matching.started_at = None;
        }
        if !self.is_under_way() {
            if job.hop > 0 || job.why == MatchReason::Preview && is_fresh(&self.matching, now) {
                return Ok(RunOutcome::Done);
            }
            self.matching.started_at = Some(now);
            self.matching.failed = None;
            self.matching.reports.clear();
        }
        if job.hop >= MOST_HOPS {
            return Ok(RunOutcome::Failed(format!(
                "it was not done after {MOST_HOPS} attempts"
            )));
        }
        let marketplaces = self.marketplaces().await?;
        if marketplaces.is_empty() {
            let why = "no marketplace of this connection is switched on";
            return Ok(RunOutcome::Failed(why.into()));
        }
        if self.due(&marketplaces, job.why, now).is_empty() {
            return Ok(RunOutcome::Failed(self.failures(&marketplaces)));
        }
        let guards = self.guards(&marketplaces);
        let all = [marketplaces.clone(), guards.clone()].concat();
        let due = self.due(&all, job.why, now);
        loop {
            if let Some(end) = self.ask(&due, &marketplaces, job.hop).await? {
                return Ok(end);
            }
            if let Some(end) = self.match_reports(&marketplaces, &guards).await? {
                return Ok(end);
            }
        }
    }

    /// The marketplaces whose report is asked for: one that keeps failing is asked for ever later, unless a person wants it.
    fn due(
        &self,
        marketplaces: &[Marketplace],
        why: MatchReason,
        now: Timestamp,
    ) -> Vec<Marketplace> {
        let waits = |marketplace: Marketplace| {
            let reports = self.matching.reports_of(marketplace);
            reports.is_some_and(|reports| reports.waits(now))
        };
        let due = marketplaces.iter().copied();
        due.filter(|it| why == MatchReason::OnDemand || !waits(*it))
            .collect()
    }

    /// The marketplaces whose listings count, the home marketplace first.
    async fn marketplaces(&self) -> Result<Vec<Marketplace>> {
        let key = &self.connection.key();
        let settings = self.app.store.marketplaces(key).await?;
        let gone = |marketplace: Marketplace| {
            self.connection
                .participations
                .iter()
                .any(|it| it.marketplace == marketplace && !it.participating)
        };
        let mut marketplaces: Vec<Marketplace> = settings
            .iter()
            .filter(|settings| settings.active && !gone(settings.marketplace))
            .map(|settings| settings.marketplace)
            .collect();
        let home = self.connection.marketplace;
        marketplaces.sort_by_key(|marketplace| (*marketplace != home, *marketplace));
        Ok(marketplaces)
    }

    /// The other marketplaces that the seller takes part in: a SKU that Amazon fulfils on one of them is sent nothing
    /// anywhere.
    fn guards(&self, marketplaces: &[Marketplace]) -> Vec<Marketplace> {
        let all = self.connection.taken_part_in();
        all.filter(|it| !marketplaces.contains(it)).collect()
    }

    fn is_under_way(&self) -> bool {
        let Matching {
            started_at,
            done_at,
            failed,
            ..
        } = &*self.matching;
        failed.is_none() && *started_at > *done_at
    }

    /// How long this matching has been under way.
    fn waited(&self) -> SignedDuration {
        let now = Timestamp::now();
        now.duration_since(self.matching.started_at.unwrap_or(now))
    }

    /// What a failure means for the matching, beside what its class means for the message.
    async fn judge(&mut self, end: Result<RunOutcome>) -> Result<RunOutcome> {
        let Err(error) = end else { return end };
        if error.class() == Class::AuthRevoked {
            let why = "the seller's authorisation is revoked or has expired: authorise again";
            self.fail(why.into());
            return Err(error);
        }
        match sp_api::refusal(&error) {
            Some(refusal) if error.class() == Class::Permanent => {
                Ok(RunOutcome::Failed(format!("Amazon refuses it: {refusal}")))
            }
            _ => Err(error),
        }
    }

    fn fail(&mut self, why: String) {
        let id = &self.connection.id;
        // The alarm `MatchingFailures` counts these words.
        warn!(connection.id = %id, why, "the listings of connection `{id}` could not be matched");
        self.matching.failed = Some(why);
        self.end_reports();
    }

    /// Gives the lease back, and then queues what is still to do: a message that comes finds the lease free.
    async fn leave(&mut self, job: MatchJob, end: Result<RunOutcome>) -> Result<()> {
        let end = match end {
            Ok(end) => end,
            Err(error) => {
                // Its place is saved already; this only lets the next run start before the lease expires.
                let _ = self.save(true).await;
                return Err(error);
            }
        };
        if let RunOutcome::Failed(why) = &end {
            self.fail(why.clone());
        }
        if self.save(true).await? == Written::Conflict {
            return Ok(());
        }
        let RunOutcome::Continue(seconds) = end else {
            return Ok(());
        };
        let again = ListingJob::Match {
            connection: job.connection,
            why: job.why,
            hop: job.hop + 1,
        };
        self.app
            .jobs
            .send(&self.connection.id, again, seconds)
            .await
    }

    async fn save(&mut self, give_back: bool) -> Result<Written> {
        let (store, key) = (&self.app.store, &self.connection.key());
        match give_back {
            true => store.give_back(key, &mut self.matching).await,
            false => store.save_leased(key, &mut self.matching).await,
        }
    }

    /// Saves what was done so far.
    ///
    /// # Errors
    /// Retryable if another run took over: that one continues.
    async fn keep(&mut self) -> Result<()> {
        match self.save(false).await? {
            Written::Done => Ok(()),
            Written::Conflict => Err(Error::retryable(
                "go on with a matching",
                "another run took over",
            )),
        }
    }
}

/// Whether the last matching is recent.
pub(crate) fn is_fresh(matching: &Matching, now: Timestamp) -> bool {
    matching
        .done_at
        .is_some_and(|done| now.duration_since(done) < FRESH)
}
