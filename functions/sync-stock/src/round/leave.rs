//! How a round ends: what is noted of it, and the lease given back.

use super::{RoundOutcome, Run};
use crate::brake::is_released;
use crate::send_session::Stop;
use jiff::{SignedDuration, Timestamp};
use stallkeeper::error::Result;
use stallkeeper::store::{Round, RoundSummary, Written};
use tracing::{info, warn};

impl Run<'_> {
    /// Notes what the round did, and gives the lease back: one write.
    pub(super) async fn leave(&mut self) -> Result<RoundOutcome> {
        let connection = &self.session.key();
        let store = &self.session.app.store;
        let stale_since = self.stale_since().await?;
        let mut round = self.round.clone();
        for () in Written::attempts_among_many() {
            if round.owner.as_ref() != Some(&self.owner) {
                return Ok(RoundOutcome::Lost);
            }
            self.note(&mut round);
            round.stale_since = stale_since;
            round.tenant = Some(connection.tenant.clone());
            round.connection = Some(connection.id.clone());
            match store.give_back(connection, &mut round).await? {
                Written::Done => return Ok(self.outcome()),
                // Zeros of an urgent message were counted, or a person released what was held.
                Written::Conflict => round = store.round(connection).await?,
            }
        }
        Err(Written::given_up("give a round's lease back"))
    }

    fn outcome(&self) -> RoundOutcome {
        self.log();
        match self.stop {
            Some(Stop::OutOfTime) => RoundOutcome::OutOfTime,
            _ if self.looks_left => RoundOutcome::OutOfTime,
            _ => RoundOutcome::Done,
        }
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
            Some(held) => {
                // What is held longer keeps its moment.
                let before = round.held.iter_mut();
                before.for_each(|before| before.ends_alone = held.ends_alone);
            }
            // One that an urgent message held meanwhile stays.
            None if self.judged && round.held == self.round.held => round.held = None,
            None => {}
        }
        self.session.note_closed(&mut round.closed, now);
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
