//! One round: a run over all that may have to be sent of a connection, under the lease of its rounds.

mod leave;

use crate::App;
use crate::brake::{is_released, judge_and_count, judge_apart};
use crate::feed;
use crate::holds::end_holds;
use crate::leased::{until, while_leased};
use crate::look::{Looked, look_first};
use crate::patch::{Unsubmitted, patch_all};
use crate::plan::{Routes, plan};
use crate::price::drop_unmanaged_prices;
use crate::send_session::{SendSession, Stop, general_words};
use jiff::Timestamp;
use stallkeeper::domain::feed::Feed;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::sending::Sending;
use stallkeeper::sp_api::refusal;
use stallkeeper::store::{HeldRound, Leased, Round, RoundSummary, ToSend};
use std::collections::HashSet;
use std::time::{Duration, SystemTime};
use tracing::{error, info};

/// What patching what is urgent may need after it was looked at.
pub(crate) const URGENT_TIME: Duration = Duration::from_secs(70);
/// What building and submitting a feed may need after what it carries was looked at.
const REST_TIME: Duration = Duration::from_secs(170);

/// How a round ended that did not fail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RoundOutcome {
    /// All is sent, or waits for what it must wait for.
    Done,
    /// Time ran out; a message to ourselves goes on.
    OutOfTime,
    /// Another run has the rounds.
    Lost,
}

/// Takes the lease, sends, gives the lease back.
pub(crate) async fn run(
    app: &App,
    sending: &Sending,
    hop: u32,
    deadline: SystemTime,
) -> Result<RoundOutcome> {
    let owner = ulid::Ulid::generate().to_string();
    let connection = &sending.connection;
    let key = &connection.key();
    let lease = async || {
        let now = Timestamp::now();
        app.store.lease_round(key, &owner, now, until(now)).await
    };
    let Some(round) = lease().await? else {
        info!(connection.id = %connection.id, "another run sends the stock of connection `{}`", connection.id);
        return Ok(RoundOutcome::Lost);
    };
    let mut run = Run {
        session: SendSession::new(app, sending, deadline).await?,
        owner: owner.clone(),
        round,
        // What the run before has just taken out or put in must be seen.
        strongly: hop > 0,
        summary: RoundSummary::default(),
        hold: None,
        judged: false,
        stop: None,
        patches_stop: None,
        looks_left: false,
        failed: None,
    };
    let renew = async || Ok(lease().await?.is_some());
    let sent = while_leased(renew, run.send()).await;
    if let Err(error) = sent {
        run.fail(error);
    }
    let left = run.leave().await;
    match run.failed {
        // What was sent is noted line by line.
        Some(error) => Err(error),
        None => left,
    }
}

/// A run that holds the lease.
struct Run<'a> {
    session: SendSession<'a>,
    owner: String,
    /// As it was leased.
    round: Leased<Round>,
    strongly: bool,
    summary: RoundSummary,
    hold: Option<HeldRound>,
    /// Whether the brake was asked, or there is nothing that it could hold.
    judged: bool,
    stop: Option<Stop>,
    /// Why no more is patched.
    patches_stop: Option<Stop>,
    /// Time ran out before all was looked at.
    looks_left: bool,
    /// What made a part of it fail, or all; trying again may help.
    failed: Option<Error>,
}

impl Run<'_> {
    async fn send(&mut self) -> Result<()> {
        let ended = end_holds(&self.session).await;
        self.part(ended)?;
        if self.session.sending.shadow() {
            let entries = self.entries().await?;
            let gate = self.session.gate(HashSet::new());
            let would = entries.iter().filter(|entry| gate.allows(entry));
            self.summary.shadowed = would.count() as u64;
            return Ok(());
        }
        if self.is_held() {
            // Nothing is sent of a held round; it continues by itself once its zeros are gone.
            let mut entries = self.entries().await?;
            let all = entries.len();
            self.hold = judge_apart(&self.session, &self.round, &mut entries).await?;
            if self.is_held_whole() {
                self.summary.waiting = all as u64;
                return Ok(());
            }
        }
        self.judged = true;
        let connection = &self.session.key();
        let store = &self.session.app.store;
        let mut open = store.open_feeds(connection).await?;
        if !open.is_empty() {
            self.strongly = true;
            let resumed = feed::resume(&self.session, open, &mut self.summary);
            let resumed = Box::pin(resumed).await;
            self.stop = self.part(resumed)?.flatten();
            if matches!(self.stop, Some(Stop::OutOfTime | Stop::SwitchedOff)) {
                return Ok(());
            }
            open = store.open_feeds(connection).await?;
        }
        let entries = self.entries().await?;
        self.round_of(entries, open).await
    }

    /// The outcome of a part whose failure stops no other part; `None` if it failed.
    ///
    /// # Errors
    /// Authorisation revoked: nothing more can be sent.
    fn part<T>(&mut self, outcome: Result<T>) -> Result<Option<T>> {
        match outcome {
            Ok(done) => Ok(Some(done)),
            Err(error) if error.class() == Class::AuthRevoked => Err(error),
            Err(error) => {
                self.fail(error);
                Ok(None)
            }
        }
    }

    /// Notes a failure. One that is for good is for a person: a tick that comes again would fail again.
    fn fail(&mut self, error: Error) {
        if error.class() != Class::Permanent {
            self.failed.get_or_insert(error);
            return;
        }
        error!(connection.id = %self.session.key(), error = error.chain(), "a part of a round failed for good");
        let why = refusal(&error).map_or_else(|| error.chain(), general_words);
        self.stop = Some(Stop::Refused(why));
    }

    /// Whether nothing may be sent.
    fn is_held_whole(&self) -> bool {
        self.hold.as_ref().is_some_and(|held| !held.ends_alone)
    }

    fn is_held(&self) -> bool {
        self.round.held.is_some() && !is_released(&self.round, Timestamp::now())
    }

    async fn entries(&mut self) -> Result<Vec<ToSend>> {
        let connection = &self.session.key();
        let store = &self.session.app.store;
        let entries = store.to_send(connection, self.strongly).await?;
        let entries = drop_unmanaged_prices(&self.session, entries).await?;
        self.summary.looked_at = entries.len() as u64;
        Ok(entries)
    }

    /// Sends what is not to wait.
    async fn round_of(&mut self, mut entries: Vec<ToSend>, open: Vec<Feed>) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let in_flight = open.iter().filter(|feed| feed.state.is_in_flight());
        let gate = self
            .session
            .gate(in_flight.map(|feed| feed.id.clone()).collect());
        entries.retain(|entry| gate.allows(entry));
        // What could not be submitted goes first, and what failed just now is left for a while.
        let feeds_wait = self.failed.is_some()
            || self.stop == Some(Stop::Limited)
            || open.iter().any(|feed| feed.state.is_unsubmitted());
        let mut leased = false;
        if entries.iter().any(|entry| entry.urgent) {
            leased = self.session.lease_urgent(&self.owner).await?;
            // What the run that had them before has sent must not be sent again.
            self.strongly = true;
            entries = self.entries().await?;
            entries.retain(|entry| gate.allows(entry) && (leased || !entry.urgent));
        }
        self.summary.waiting += self.summary.looked_at - entries.len() as u64;
        let routes = self.routes(&open).await?;
        let unsubmitted = Unsubmitted::read(&self.session, &open).await?;
        let begun = self.judge_and_send_urgent(entries, routes, &unsubmitted);
        let begun = Box::pin(begun).await;
        if leased {
            // Those that come from now on do not wait for the rest of the round.
            self.session.release_urgent(&self.owner).await?;
        }
        let Some((rest, routes)) = begun? else {
            return Ok(());
        };
        self.send_rest(rest, &routes, &unsubmitted, feeds_wait)
            .await
    }

    /// Patches what is urgent; returns what is to be sent after it, and how. `None`: the round is held.
    async fn judge_and_send_urgent(
        &mut self,
        mut entries: Vec<ToSend>,
        mut routes: Routes,
        unsubmitted: &Unsubmitted,
    ) -> Result<Option<(Vec<ToSend>, Routes)>> {
        // All of them, so that none goes before the others are looked at.
        let all = entries.len();
        self.hold = judge_apart(&self.session, &self.round, &mut entries).await?;
        if self.is_held_whole() {
            self.summary.waiting += all as u64;
            return Ok(None);
        }
        self.summary.waiting += (all - entries.len()) as u64;
        let (urgent, mut rest): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| entry.urgent);
        if urgent.is_empty() {
            return Ok(Some((rest, routes)));
        }
        let renew = || self.session.lease_urgent(&self.owner);
        let looked = look_first(&self.session, urgent, URGENT_TIME);
        let looked = while_leased(renew, looked).await?;
        let Some(clear) = self.clear(looked).await? else {
            self.summary.waiting += rest.len() as u64;
            return Ok(None);
        };
        let plan = plan(clear, &routes);
        self.summary.waiting += plan.waiting;
        routes.patch_most = routes.patch_most.saturating_sub(plan.patches.len());
        let session = &self.session;
        let renew = || session.lease_urgent(&self.owner);
        let sent = patch_all(session, &plan.patches, unsubmitted, &mut self.summary);
        let stop = while_leased(renew, sent).await?.stop;
        self.patches_stop = stop.clone();
        self.note_stop(stop);
        let by_feed = plan.feeds.into_iter().flat_map(|batch| batch.entries);
        rest.extend(by_feed);
        Ok(Some((rest, routes)))
    }

    /// What may be sent of what was looked at, counted by the brake. `None`: the round is held.
    async fn clear(&mut self, looked: Looked) -> Result<Option<Vec<ToSend>>> {
        self.summary.waiting += looked.waiting;
        self.summary.refused += looked.refused;
        let held = judge_and_count(&self.session, &self.round, &looked.counted()).await?;
        if held.is_some() {
            self.hold = held;
            self.summary.waiting += looked.clear.len() as u64;
            return Ok(None);
        }
        match looked.stop {
            // What was looked at is sent all the same.
            Some(Stop::OutOfTime) => self.looks_left = true,
            stop => self.note_stop(stop),
        }
        Ok(Some(looked.clear))
    }

    async fn routes(&self, open: &[Feed]) -> Result<Routes> {
        let now = Timestamp::now();
        let closed = self.round.closed.iter().filter(|it| it.until > now);
        let stuck = open.iter().any(|feed| feed.stuck);
        Ok(Routes {
            home: self.session.sending.home(),
            patch_most: self.session.app.patch_most,
            closed: closed.map(|it| it.marketplace).collect(),
            feeds_are_stuck: stuck || feed::are_returned(&self.session).await?,
        })
    }

    /// Sends what did not have to go first: the patches, then the feeds, each whatever became of the other.
    async fn send_rest(
        &mut self,
        entries: Vec<ToSend>,
        routes: &Routes,
        unsubmitted: &Unsubmitted,
        feeds_wait: bool,
    ) -> Result<()> {
        let looked = Box::pin(look_first(&self.session, entries, REST_TIME)).await;
        let Some(looked) = self.part(looked)? else {
            return Ok(());
        };
        let Some(clear) = self.clear(looked).await? else {
            return Ok(());
        };
        let plan = plan(clear, routes);
        self.summary.waiting += plan.waiting;
        let by_feed: usize = plan.feeds.iter().map(|batch| batch.entries.len()).sum();
        if self.patches_stop.is_none() {
            let patched = patch_all(&self.session, &plan.patches, unsubmitted, &mut self.summary);
            let patched = Box::pin(patched).await;
            let patched = self.part(patched)?;
            self.note_stop(patched.and_then(|outcome| outcome.stop));
        } else {
            self.summary.waiting += plan.patches.len() as u64;
        }
        if feeds_wait || matches!(self.stop, Some(Stop::OutOfTime | Stop::SwitchedOff)) {
            self.summary.waiting += by_feed as u64;
            return Ok(());
        }
        let sent = feed::send_all(&self.session, plan.feeds, &mut self.summary);
        let sent = Box::pin(sent).await;
        let stop = self.part(sent)?.flatten();
        self.note_stop(stop);
        Ok(())
    }

    /// Of two reasons to stop, the one that somebody must know of.
    fn note_stop(&mut self, stop: Option<Stop>) {
        let refused = matches!(self.stop, Some(Stop::Refused(_)));
        if stop.is_some() && !(refused && stop == Some(Stop::Limited)) {
            self.stop = stop;
        }
    }
}
