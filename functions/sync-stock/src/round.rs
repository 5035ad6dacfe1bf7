//! One round: a run over all that may have to be sent of a connection, under the lease of its rounds.

use crate::App;
use crate::brake::{is_released, judge};
use crate::feed;
use crate::patch::{Unsubmitted, patch_all};
use crate::plan::{Plan, plan};
use crate::price::drop_unmanaged_prices;
use crate::send_session::{SendSession, Stop};
use crate::sending::Sending;
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::feed::Feed;
use stallkeeper::error::Result;
use stallkeeper::store::{HeldRound, Leased, Round, RoundSummary, ToSend, Written};
use std::collections::HashSet;
use std::time::SystemTime;
use tracing::{info, warn};

/// How long a run has the rounds to itself; longer than the function may take.
pub(crate) const LEASE: SignedDuration = SignedDuration::from_secs(330);

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
    let now = Timestamp::now();
    let owner = ulid::Ulid::generate().to_string();
    let until = now.saturating_add(LEASE).unwrap_or(now);
    let connection = &sending.connection;
    let leased = app
        .store
        .lease_round(&connection.key(), &owner, now, until)
        .await?;
    let Some(round) = leased else {
        info!(connection.id = %connection.id, "another run sends the stock of connection `{}`", connection.id);
        return Ok(RoundOutcome::Lost);
    };
    let mut run = Run {
        session: SendSession::new(app, sending, deadline).await?,
        owner,
        round,
        // What the run before has just taken out or put in must be seen.
        strongly: hop > 0,
        summary: RoundSummary::default(),
        hold: None,
        judged: false,
        stop: None,
    };
    let sent = run.send().await;
    if sent.is_err() {
        // What was sent is noted line by line; this only lets the next run start before the lease expires.
        let _ = run.leave().await;
    }
    sent?;
    run.leave().await
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
}

impl Run<'_> {
    async fn send(&mut self) -> Result<()> {
        if self.session.sending.shadow() {
            let entries = self.entries().await?;
            let gate = self.session.gate(HashSet::new());
            let would = entries.iter().filter(|entry| gate.allows(entry));
            self.summary.shadowed = would.count() as u64;
            return Ok(());
        }
        if self.is_held() {
            // Nothing is sent of a held round; it continues by itself once its zeros are gone.
            let entries = self.entries().await?;
            self.hold = judge(&self.session, &self.round, &entries).await?;
            if self.hold.is_some() {
                self.summary.waiting = entries.len() as u64;
                return Ok(());
            }
        }
        self.judged = true;
        let connection = &self.session.key();
        let store = &self.session.app.store;
        let mut open = store.open_feeds(connection).await?;
        if !open.is_empty() {
            self.strongly = true;
            self.stop = feed::resume(&self.session, open, &mut self.summary).await?;
            if !matches!(self.stop, None | Some(Stop::Limited)) {
                return Ok(());
            }
            open = store.open_feeds(connection).await?;
        }
        let entries = self.entries().await?;
        self.round_of(entries, open).await
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
        let gate = self
            .session
            .gate(open.iter().map(|feed| feed.id.clone()).collect());
        entries.retain(|entry| gate.allows(entry));
        let mut urgent_lease = None;
        if entries.iter().any(|entry| entry.urgent) {
            urgent_lease = self.lease_urgent().await?;
            // What the run that had them before has sent must not be sent again.
            self.strongly = true;
            entries = self.entries().await?;
            let alone = urgent_lease.is_some();
            entries.retain(|entry| gate.allows(entry) && (alone || !entry.urgent));
        }
        self.summary.waiting += self.summary.looked_at - entries.len() as u64;
        let sent = self.judge_and_send(entries, open).await;
        if let Some(owner) = urgent_lease {
            let connection = &self.session.key();
            let store = &self.session.app.store;
            store.release_urgent(connection, &owner).await?;
        }
        sent
    }

    /// One run at a time has the urgent decreases, and sends them.
    async fn lease_urgent(&self) -> Result<Option<String>> {
        let connection = &self.session.key();
        let now = Timestamp::now();
        let until = now.saturating_add(LEASE).unwrap_or(now);
        let store = &self.session.app.store;
        let leased = store
            .lease_urgent(connection, &self.owner, now, until)
            .await?;
        Ok(leased.then(|| self.owner.clone()))
    }

    async fn judge_and_send(&mut self, entries: Vec<ToSend>, open: Vec<Feed>) -> Result<()> {
        self.hold = judge(&self.session, &self.round, &entries).await?;
        if self.hold.is_some() {
            self.summary.waiting += entries.len() as u64;
            return Ok(());
        }
        let session = &self.session;
        let unsubmitted = Unsubmitted::read(session, &open).await?;
        let Plan { patches, feeds } = plan(entries, session.sending.home(), session.app.patch_most);
        let (_, stop) = patch_all(session, &patches, &unsubmitted, &mut self.summary).await?;
        if stop.is_some() && stop != Some(Stop::Limited) {
            self.stop = stop;
            return Ok(());
        }
        if self.stop.is_some() || open.iter().any(|feed| feed.state.is_unsubmitted()) {
            // What could not be submitted goes first, and what failed just now is left for a while.
            let entries = feeds.iter().map(|batch| batch.entries.len() as u64);
            self.summary.waiting += entries.sum::<u64>();
            return Ok(());
        }
        let stop = feed::send_all(session, feeds, &mut self.summary)
            .await?
            .or(stop);
        self.stop = stop.or(self.stop.take());
        Ok(())
    }

    /// Notes what the round did, and gives the lease back: one write.
    async fn leave(&mut self) -> Result<RoundOutcome> {
        let connection = &self.session.key();
        let store = &self.session.app.store;
        let stale_since = self.stale_since().await?;
        let mut round = self.round.clone();
        loop {
            if round.owner.as_ref() != Some(&self.owner) {
                return Ok(RoundOutcome::Lost);
            }
            self.note(&mut round);
            round.stale_since = stale_since;
            round.tenant = Some(connection.tenant.clone());
            round.connection = Some(connection.id.clone());
            match store.give_back(connection, &mut round).await? {
                Written::Done => break,
                // Zeros of an urgent message were counted, or a person released what was held.
                Written::Conflict => round = store.round(connection).await?,
            }
        }
        self.log();
        Ok(match self.stop {
            Some(Stop::OutOfTime) => RoundOutcome::OutOfTime,
            _ => RoundOutcome::Done,
        })
    }

    fn note(&self, round: &mut Round) {
        let now = Timestamp::now();
        let before = RoundSummary {
            at: None,
            ..round.last.clone()
        };
        let quiet = self.summary.looked_at == 0 && before.waiting == 0 && before.shadowed == 0;
        let sent = self.summary.patched + self.summary.fed + self.summary.refused > 0;
        if sent || (!quiet && before != self.summary) {
            round.last = RoundSummary {
                at: Some(now),
                ..self.summary.clone()
            };
        }
        match &self.hold {
            Some(_) if is_released(round, now) => {}
            Some(held) if round.held.is_none() => round.held = Some(held.clone()),
            Some(_) => {}
            // One that an urgent message held meanwhile stays.
            None if self.judged && round.held == self.round.held => round.held = None,
            None => {}
        }
        match &self.stop {
            Some(Stop::Refused(words)) => round.failed = Some(words.clone()),
            _ if sent => round.failed = None,
            _ => {}
        }
    }

    /// Since when no stock level came, if that is too long ago. If none ever came, it counts from publishing.
    async fn stale_since(&self) -> Result<Option<Timestamp>> {
        let tenant = &self.session.key().tenant;
        let sending = self.session.sending;
        let hours = sending.settings().stale_after_hours;
        if hours == 0 {
            return Ok(None);
        }
        let seen = self.session.app.store.stock_seen(tenant).await?;
        let seen = seen.unwrap_or(sending.published.at);
        let stale =
            Timestamp::now().duration_since(seen) >= SignedDuration::from_hours(i64::from(hours));
        Ok(stale.then(|| self.round.stale_since.unwrap_or(seen)))
    }

    fn log(&self) {
        let id = &self.session.key().id;
        let RoundSummary {
            looked_at,
            patched,
            fed,
            refused,
            waiting,
            shadowed,
            ..
        } = self.summary;
        let held = self.hold.is_some();
        let stop = self.stop.as_ref();
        let order_cursor_age_seconds = self.session.exposure_seconds();
        if let Some(held) = &self.hold {
            warn!(connection.id = %id, held.zeros, held.matched, "the round of connection `{id}` is held for a person");
        }
        info!(connection.id = %id, looked_at, patched, fed, refused, waiting, shadowed, held, ?stop, order_cursor_age_seconds, "a round of connection `{id}`");
    }
}
