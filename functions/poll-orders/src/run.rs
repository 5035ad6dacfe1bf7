//! One run over one connection's orders, under the lease of its cursor: the live lane first, then the back-fill lane with
//! what Amazon's limit leaves.

mod back_fill;
mod failure;
mod marketplaces;
mod missed;
mod notices;

use crate::App;
use crate::clock;
use crate::silence::Judged;
use crate::sweep::{LIVE_REACH, Turn, Window};
use failure::Chances;
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::connection::{Connection, MarketplaceSettings};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::Result;
use stallkeeper::queue::order_message;
use stallkeeper::seller_session::{CallOutcome, SellerSession, Waiting};
use stallkeeper::sp_api::{
    Account, Answer, Operation, OrdersPage, RawOrder, RefusedWith, SpApi, Sweep,
};
use stallkeeper::store::{Cursor, Leased, OverlapMemory, Written};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};
use tracing::{error, info};

/// How long a run has the cursor to itself; longer than the function may take.
const LEASE: SignedDuration = SignedDuration::from_secs(90);
/// What one more page may need: Amazon's slowest answer, and queueing it.
const PAGE_TIME: Duration = Duration::from_secs(30);
/// Calls that the back-fill lane leaves in Amazon's bucket for the live one.
const RESERVE: u32 = 8;

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

/// Which lane asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    Live,
    BackFill,
}

/// What asking for a page led to.
enum Asked {
    Page(Answer<OrdersPage>),
    /// The window changed; it is asked for again.
    Again,
    Ended(RunOutcome),
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
    let first = now.saturating_sub(LIVE_REACH).unwrap_or(now);
    let leased = app
        .store
        .lease_order_cursor(&connection.key(), &owner, now, until, first)
        .await?;
    let Some(mut cursor) = leased else {
        info!(connection.id = %connection.id, "another run sweeps connection `{}`", connection.id);
        return Ok(RunOutcome::Lost);
    };
    cursor.adopt_former_refusals();
    let mut run = Run {
        app,
        connection,
        settings: Vec::new(),
        session: SellerSession::new(&app.store, &app.vault, &app.amazon, connection),
        cursor,
        refused_with: None,
        chances: Chances::default(),
        deadline,
    };
    match run.work().await {
        Ok(RunOutcome::Lost) => Ok(RunOutcome::Lost),
        Ok(outcome) => run.leave(outcome).await,
        Err(error) => {
            // A connection that only ever fails must be seen to fall behind.
            let cursor_age_seconds = run.age_seconds();
            info!(connection.id = %connection.id, cursor_age_seconds, "reading the orders of connection `{}` broke off", connection.id);
            run.cursor.note_failure(error.class(), Timestamp::now());
            // The place is saved page by page; this lets the next run start before the lease expires, and says what failed.
            let _ = run.save(true).await;
            Err(error)
        }
    }
}

/// A run that holds the lease.
struct Run<'a> {
    app: &'a App,
    connection: &'a Connection,
    settings: Vec<MarketplaceSettings>,
    session: SellerSession<'a>,
    cursor: Leased<Cursor>,
    /// What Amazon said to the window's last question that it refused.
    refused_with: Option<RefusedWith>,
    chances: Chances,
    deadline: SystemTime,
}

impl Run<'_> {
    async fn work(&mut self) -> Result<RunOutcome> {
        let key = &self.connection.key();
        self.settings = self.app.store.marketplaces(key).await?;
        match self.live().await? {
            RunOutcome::Swept => self.back_fill().await,
            outcome => Ok(outcome),
        }
    }

    /// The live lane: what changed since the last sweep.
    async fn live(&mut self) -> Result<RunOutcome> {
        self.leave_gap_to_back_fill().await?;
        let Some(mut window) = Window::next(&self.cursor, self.fba_wanted(), Timestamp::now())
        else {
            return Ok(RunOutcome::Swept);
        };
        if let Some(rate) = self.cursor.rate {
            self.session
                .note_rate(Operation::SearchOrders, rate)
                .await?;
        }
        let mut judged = Judged::of_window(&self.cursor.notices, window.before);
        let memory = self
            .app
            .store
            .overlap_memory(&self.connection.key(), self.cursor.generation)
            .await?;
        if self.cursor.refusals.is_probing()
            && let Some(outcome) = self.ask_by_marketplace(&mut window).await?
        {
            return Ok(outcome);
        }
        loop {
            if !self.has_time() {
                return Ok(RunOutcome::OutOfTime);
            }
            let page = match self.ask(&mut window, Lane::Live).await? {
                Asked::Page(page) => page,
                Asked::Again => continue,
                Asked::Ended(outcome) => return Ok(outcome),
            };
            let held = page.value.held();
            let changed = page.value.orders.iter().map(RawOrder::updated_at);
            for at in changed {
                judged.note(at);
                self.cursor.note_order(at);
            }
            let next = self.queue_page(page, &mut window, &memory).await?;
            match window.turn(next, held) {
                Turn::Last => {
                    let swept = self.finish(window, memory).await?;
                    self.judge_notices(&judged).await?;
                    return Ok(swept);
                }
                Turn::Endless => {
                    self.leave_endless_to_back_fill(&window).await?;
                    return self.finish(window, memory).await;
                }
                Turn::Next(token) => {
                    self.cursor.sweep = Some(window.place(token, Timestamp::now()));
                    if self.save(false).await? == Written::Conflict {
                        return Ok(RunOutcome::Lost);
                    }
                }
            }
        }
    }

    /// Asks for the window's next page, and learns from what Amazon answers.
    async fn ask(&mut self, window: &mut Window, lane: Lane) -> Result<Asked> {
        match self.search(window, lane).await {
            Ok(CallOutcome::Answered(page)) => {
                let _ = clock::learn(&mut self.cursor, page.server_time, Timestamp::now());
                if window.token.is_none() {
                    self.learn(window, lane).await?;
                }
                Ok(Asked::Page(page))
            }
            Ok(CallOutcome::Limited(_)) => Ok(Asked::Ended(RunOutcome::Limited)),
            Err(error) => self.after_failure(error, window, lane).await,
        }
    }

    async fn search(&self, window: &Window, lane: Lane) -> Result<CallOutcome<OrdersPage>> {
        let sweep = Sweep {
            by: window.by,
            after: window.after,
            before: window.before,
            token: window.token.as_deref(),
            datasets: &window.datasets,
            marketplaces: &window.marketplaces,
            open_only: window.open_only,
            fulfilled_by_merchant_only: window.fulfilled_by_merchant_only,
        };
        let search = async |amazon: &SpApi, account: Account<'_>| {
            amazon.search_orders(&account, &sweep).await
        };
        let operation = Operation::SearchOrders;
        match lane {
            Lane::Live => self.session.call(operation, Waiting::No, search).await,
            Lane::BackFill => self.session.call_if_spare(operation, RESERVE, search).await,
        }
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
        if let Some(rate) = page.rate_limit {
            self.cursor.rate = Some(rate);
        }
        let key = &self.connection.key();
        for nameless in &page.value.nameless {
            // The alarm `UnreadableRecords` counts these words.
            error!(connection.id = %key.id, order.id = nameless.id, why = nameless.why, "an order cannot be read; it is set aside");
            self.app
                .store
                .note_nameless_order(key, nameless, fetched_at)
                .await?;
        }
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
        self.cursor.note_success(Timestamp::now());
        Ok(RunOutcome::Swept)
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

    fn has_time(&self) -> bool {
        let left = self.deadline.duration_since(SystemTime::now());
        left.unwrap_or_default() >= PAGE_TIME
    }

    fn fba_wanted(&self) -> bool {
        self.settings
            .iter()
            .any(|marketplace| marketplace.active && marketplace.fba_orders)
    }

    /// The marketplaces that a search without names covers, as far as we know: the seller's, and those switched on.
    fn marketplaces(&self) -> Vec<Marketplace> {
        let parts = self.connection.participations.iter();
        let taking_part = parts
            .filter(|part| part.participating)
            .map(|part| part.marketplace);
        let on = self.settings.iter().filter(|it| it.active);
        let all: BTreeSet<_> = taking_part.chain(on.map(|it| it.marketplace)).collect();
        all.into_iter().collect()
    }

    fn amazons_now(&self) -> Timestamp {
        self.cursor.amazons_clock(Timestamp::now())
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
