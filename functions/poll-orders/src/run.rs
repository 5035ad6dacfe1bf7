//! One run over one connection's changed orders, under the lease of its cursor.

mod failure;

use crate::App;
use crate::sweep::{BACK_FILL, Window, missing_from};
use failure::{Chances, offset_ms};
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::connection::Connection;
use stallkeeper::error::Result;
use stallkeeper::queue::order_message;
use stallkeeper::seller_session::{CallOutcome, SellerSession, Waiting};
use stallkeeper::sp_api::{Account, Answer, Dataset, Operation, OrdersPage, SpApi, Sweep};
use stallkeeper::store::{Cursor, Leased, OverlapMemory, Written};
use std::time::{Duration, SystemTime};
use tracing::info;

/// How long a run has the cursor to itself; longer than the function may take.
const LEASE: SignedDuration = SignedDuration::from_secs(90);
/// What one more page may need: Amazon's slowest answer, and queueing it.
const PAGE_TIME: Duration = Duration::from_secs(30);
/// How a run ended that did not fail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RunOutcome {
    /// The window is swept.
    Swept,
    /// Amazon's limit is reached; the next tick continues.
    Limited,
    /// Time ran out; a message to ourselves continues.
    OutOfTime,
    /// Another run has the cursor.
    Lost,
}

/// One run: takes the lease, sweeps, gives the lease back.
pub(crate) async fn poll(
    app: &App,
    connection: &Connection,
    deadline: SystemTime,
) -> Result<RunOutcome> {
    let now = Timestamp::now();
    let owner = ulid::Ulid::generate().to_string();
    let until = now.saturating_add(LEASE).unwrap_or(now);
    let first = now.saturating_sub(BACK_FILL).unwrap_or(now);
    let leased = app
        .store
        .lease_order_cursor(&connection.key(), &owner, now, until, first)
        .await?;
    let Some(cursor) = leased else {
        info!(connection.id = %connection.id, "another run sweeps connection `{}`", connection.id);
        return Ok(RunOutcome::Lost);
    };
    let mut run = Run {
        app,
        connection,
        session: SellerSession::new(&app.store, &app.vault, &app.amazon, connection),
        cursor,
        refused: Vec::new(),
        chances: Chances::default(),
        deadline,
    };
    let outcome = run.sweep().await;
    if outcome.is_err() {
        // A connection that only ever fails must be seen to fall behind.
        let cursor_age_seconds = run.age_seconds();
        info!(connection.id = %connection.id, cursor_age_seconds, "reading the orders of connection `{}` broke off", connection.id);
        // The place is saved page by page; this only lets the next run start before the lease expires.
        let _ = run.save(true).await;
    }
    outcome
}

/// A run that holds the lease.
struct Run<'a> {
    app: &'a App,
    connection: &'a Connection,
    session: SellerSession<'a>,
    cursor: Leased<Cursor>,
    /// Datasets that a refusal was put down to; right only once Amazon answers without them.
    refused: Vec<Dataset>,
    chances: Chances,
    deadline: SystemTime,
}

impl Run<'_> {
    async fn sweep(&mut self) -> Result<RunOutcome> {
        let (app, connection) = (self.app, self.connection);
        let settings = app.store.marketplaces(&connection.key()).await?;
        let fba_wanted = settings
            .iter()
            .any(|marketplace| marketplace.active && marketplace.fba_orders);
        let Some(mut window) = Window::next(&self.cursor, fba_wanted, Timestamp::now()) else {
            return self.leave(RunOutcome::Swept).await;
        };
        if let Some(rate) = self.cursor.rate {
            self.session
                .note_rate(Operation::SearchOrders, rate)
                .await?;
        }
        let memory = app
            .store
            .overlap_memory(&connection.key(), self.cursor.generation)
            .await?;
        loop {
            if self
                .deadline
                .duration_since(SystemTime::now())
                .unwrap_or_default()
                < PAGE_TIME
            {
                return self.leave(RunOutcome::OutOfTime).await;
            }
            let page = match self.search(&window).await {
                Ok(CallOutcome::Answered(page)) => page,
                Ok(CallOutcome::Limited(_)) => return self.leave(RunOutcome::Limited).await,
                Err(error) => match self.after_failure(error, &mut window)? {
                    Some(outcome) => return self.leave(outcome).await,
                    None => continue,
                },
            };
            let next = self.queue_page(page, &mut window, &memory).await?;
            match next {
                None => return self.finish(window, memory).await,
                Some(token) => {
                    window.token = Some(token.clone());
                    self.cursor.sweep = Some(window.place(token, Timestamp::now()));
                    if self.save(false).await? == Written::Conflict {
                        return Ok(RunOutcome::Lost);
                    }
                }
            }
        }
    }

    async fn search(&self, window: &Window) -> Result<CallOutcome<OrdersPage>> {
        let sweep = Sweep {
            after: window.after,
            before: window.before,
            token: window.token.as_deref(),
            datasets: &window.datasets,
            fulfilled_by_merchant_only: window.fulfilled_by_merchant_only,
        };
        let search = async |amazon: &SpApi, account: Account<'_>| {
            amazon.search_orders(&account, &sweep).await
        };
        self.session
            .call(Operation::SearchOrders, Waiting::No, search)
            .await
    }

    /// Queues what a page holds that is new; returns Amazon's token for the next one.
    async fn queue_page(
        &mut self,
        page: Answer<OrdersPage>,
        window: &mut Window,
        memory: &OverlapMemory,
    ) -> Result<Option<String>> {
        let fetched_at = Timestamp::now();
        window.note_end(page.value.last_updated_before);
        if !self.refused.is_empty() {
            self.cursor.refused = missing_from(&window.datasets);
            self.cursor.refused_at = Some(fetched_at);
            self.refused.clear();
        }
        if let Some(rate) = page.rate_limit {
            self.cursor.rate = Some(rate);
        }
        if let Some(theirs) = page.server_time {
            self.cursor.clock_offset_ms = offset_ms(theirs, fetched_at);
        }
        let key = &self.connection.key();
        let held = page.value.orders.len();
        let messages = window
            .take(page.value.orders, memory)
            .into_iter()
            .map(|order| order_message(key, fetched_at, &window.datasets, order))
            .collect::<Result<Vec<_>>>()?;
        info!(connection.id = %&key.id, orders.held = held, orders.queued = messages.len(), "read a page of orders");
        self.app.orders.send_all(&key.id, messages).await?;
        Ok(page.value.next_token)
    }

    /// All pages are queued: the cursor moves. The memory goes first; lost, it only costs repeated messages.
    async fn finish(&mut self, window: Window, memory: OverlapMemory) -> Result<RunOutcome> {
        let end = window.end();
        if !window.seen.is_subset(&memory.hashes) {
            let memory = OverlapMemory {
                generation: self.cursor.generation,
                hashes: window.seen,
            };
            self.app
                .store
                .remember_overlap(&self.connection.key(), &memory)
                .await?;
        }
        self.cursor.since = end;
        self.cursor.sweep = None;
        self.leave(RunOutcome::Swept).await
    }

    async fn leave(&mut self, outcome: RunOutcome) -> Result<RunOutcome> {
        let id = &self.connection.id;
        let cursor_age_seconds = self.age_seconds();
        info!(connection.id = %id, cursor_age_seconds, ?outcome, "read the orders of connection `{id}`");
        Ok(match self.save(true).await? {
            Written::Done => outcome,
            Written::Conflict => RunOutcome::Lost,
        })
    }

    fn age_seconds(&self) -> i64 {
        Timestamp::now().duration_since(self.cursor.since).as_secs()
    }

    async fn save(&mut self, give_back: bool) -> Result<Written> {
        let (store, key) = (&self.app.store, &self.connection.key());
        match give_back {
            true => store.give_back(key, &mut self.cursor).await,
            false => store.save_leased(key, &mut self.cursor).await,
        }
    }
}
