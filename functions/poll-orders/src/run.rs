//! One run over one connection's changed orders, under the lease of its cursor.

use crate::App;
use crate::sweep::{BACK_FILL, Window, datasets, missing_from, without_refused};
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::SellerId;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::queue::order_message;
use stallkeeper::sp_api::{self, Answer, Dataset, Operation, OrdersPage, Sweep};
use stallkeeper::store::{Bucket, Cursor, OverlapMemory, Permit, Written};
use stallkeeper::vault::SellerLogin;
use std::time::{Duration, SystemTime};
use tracing::{info, warn};

/// How long a run has the cursor to itself; longer than the function may take.
const LEASE: SignedDuration = SignedDuration::from_secs(90);
/// What one more page may need: Amazon's slowest answer, and queueing it.
const PAGE_TIME: Duration = Duration::from_secs(30);
/// How a run ended that did not fail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The window is swept.
    Swept,
    /// Amazon's limit is reached; the next tick goes on.
    Limited,
    /// Time ran out; a message to ourselves goes on.
    OutOfTime,
    /// Another run has the cursor.
    Lost,
}

/// One run: takes the lease, sweeps, gives the lease back.
pub(crate) async fn poll(app: &App, connection: &Connection, deadline: SystemTime) -> Result<End> {
    let now = Timestamp::now();
    let owner = ulid::Ulid::generate().to_string();
    let until = now.saturating_add(LEASE).unwrap_or(now);
    let first = now.saturating_sub(BACK_FILL).unwrap_or(now);
    let leased = app
        .store
        .lease_order_cursor(
            &connection.tenant,
            &connection.id,
            &owner,
            now,
            until,
            first,
        )
        .await?;
    let Some(cursor) = leased else {
        info!(connection.id = %connection.id, "another run sweeps connection `{}`", connection.id);
        return Ok(End::Lost);
    };
    let mut run = Run {
        app,
        connection,
        owner,
        cursor,
        refused: Vec::new(),
        deadline,
    };
    let end = run.sweep().await;
    if end.is_err() {
        // The place is saved page by page; this only lets the next run start before the lease expires.
        let _ = run.save(true).await;
    }
    end
}

/// A run that holds the lease.
struct Run<'a> {
    app: &'a App,
    connection: &'a Connection,
    owner: String,
    cursor: Cursor,
    /// Datasets that a refusal was put down to; right only once Amazon answers without them.
    refused: Vec<Dataset>,
    deadline: SystemTime,
}

impl Run<'_> {
    async fn sweep(&mut self) -> Result<End> {
        let (app, connection) = (self.app, self.connection);
        let settings = app
            .store
            .marketplaces(&connection.tenant, &connection.id)
            .await?;
        let fba_wanted = settings
            .iter()
            .any(|marketplace| marketplace.active && marketplace.fba_orders);
        let Some(mut window) = Window::next(&self.cursor, fba_wanted, Timestamp::now()) else {
            return self.leave(End::Swept).await;
        };
        let login = app.vault.seller_login(&app.store, connection).await?;
        let memory = app
            .store
            .overlap_memory(&connection.tenant, &connection.id, self.cursor.epoch)
            .await?;
        loop {
            if self
                .deadline
                .duration_since(SystemTime::now())
                .unwrap_or_default()
                < PAGE_TIME
            {
                return self.leave(End::OutOfTime).await;
            }
            if let Permit::NotBefore(moment) = app
                .store
                .permit(self.bucket(&login.seller), Timestamp::now())
                .await?
            {
                info!(connection.id = %connection.id, not_before = %moment, "Amazon's limit of searchOrders is reached");
                return self.leave(End::Limited).await;
            }
            let mut asked = datasets(&self.cursor, Timestamp::now());
            asked.retain(|dataset| !self.refused.contains(dataset));
            let page = match self.search(&login, &window, &asked).await {
                Ok(page) => page,
                Err(error) => match self
                    .after_failure(error, &login.seller, &window, &asked)
                    .await?
                {
                    Some(end) => return self.leave(end).await,
                    None => {
                        window.token = None;
                        window.seen.clear();
                        continue;
                    }
                },
            };
            let next = self.queue_page(page, &mut window, &memory, &asked).await?;
            match next {
                None => return self.finish(window, memory).await,
                Some(token) => {
                    window.token = Some(token.clone());
                    self.cursor.sweep = Some(window.place(token, Timestamp::now()));
                    if self.save(false).await? == Written::Conflict {
                        return Ok(End::Lost);
                    }
                }
            }
        }
    }

    async fn search(
        &self,
        login: &SellerLogin,
        window: &Window,
        asked: &[Dataset],
    ) -> Result<Answer<OrdersPage>> {
        let sweep = Sweep {
            after: window.after,
            before: window.before,
            token: window.token.as_deref(),
            datasets: asked,
            fulfilled_by_merchant_only: window.fulfilled_by_merchant_only,
        };
        self.app
            .amazon
            .search_orders(&login.account(), &sweep)
            .await
    }

    /// What a failed search means: the run ends (`Some`), or the window is asked for again from its first page (`None`).
    async fn after_failure(
        &mut self,
        error: Error,
        seller: &SellerId,
        window: &Window,
        asked: &[Dataset],
    ) -> Result<Option<End>> {
        if error.is_throttled() {
            self.app
                .store
                .drain(self.bucket(seller), Timestamp::now())
                .await?;
            return Ok(Some(End::Limited));
        }
        // A refused token, be it with 400 by Login with Amazon or with 403, says nothing of what was searched for.
        let status = sp_api::refusal(&error)
            .filter(|refusal| refusal.operation == Operation::SearchOrders.name())
            .filter(|_| error.class() == Class::Permanent)
            .map(|refusal| refusal.status)
            .unwrap_or_default();
        if status == 400 && self.cursor.sweep.is_some() && window.token.is_some() {
            warn!(connection.id = %self.connection.id, "Amazon does not take its page token any more; the window starts anew");
            self.cursor.sweep = None;
            return Ok(None);
        }
        match without_refused(asked, status) {
            Some(refused) => {
                warn!(connection.id = %self.connection.id, status, ?refused, "Amazon refuses datasets for this seller");
                self.refused.extend(refused);
                self.cursor.sweep = None;
                Ok(None)
            }
            None => Err(error),
        }
    }

    /// Queues what a page holds that is new; returns Amazon's token for the next one.
    async fn queue_page(
        &mut self,
        page: Answer<OrdersPage>,
        window: &mut Window,
        memory: &OverlapMemory,
        asked: &[Dataset],
    ) -> Result<Option<String>> {
        let fetched_at = Timestamp::now();
        if !self.refused.is_empty() {
            self.cursor.refused = missing_from(asked);
            self.cursor.refused_at = Some(fetched_at);
            self.refused.clear();
        }
        if let Some(rate) = page.rate_limit {
            self.cursor.rate = Some(rate);
        }
        if let Some(theirs) = page.server_time {
            self.cursor.clock_offset_ms = offset_ms(theirs, fetched_at);
        }
        let Connection { tenant, id, .. } = self.connection;
        let held = page.value.orders.len();
        let messages = window
            .take(page.value.orders, memory)
            .into_iter()
            .map(|order| order_message(tenant, id, fetched_at, asked, order))
            .collect::<Result<Vec<_>>>()?;
        info!(connection.id = %id, orders.held = held, orders.queued = messages.len(), "read a page of orders");
        self.app.orders.send_all(id, messages).await?;
        Ok(page.value.next_token)
    }

    /// All pages are queued: the cursor moves. The memory goes first; lost, it only costs repeated messages.
    async fn finish(&mut self, window: Window, memory: OverlapMemory) -> Result<End> {
        if !window.seen.is_subset(&memory.hashes) {
            let memory = OverlapMemory {
                epoch: self.cursor.epoch,
                hashes: window.seen,
            };
            self.app
                .store
                .remember_overlap(&self.connection.tenant, &self.connection.id, &memory)
                .await?;
        }
        self.cursor.since = window.before;
        self.cursor.sweep = None;
        self.leave(End::Swept).await
    }

    async fn leave(&mut self, end: End) -> Result<End> {
        let id = &self.connection.id;
        let cursor_age_seconds = Timestamp::now().duration_since(self.cursor.since).as_secs();
        info!(connection.id = %id, cursor_age_seconds, ?end, "read the orders of connection `{id}`");
        Ok(match self.save(true).await? {
            Written::Done => end,
            Written::Conflict => End::Lost,
        })
    }

    async fn save(&mut self, give_back: bool) -> Result<Written> {
        let mut cursor = self.cursor.clone();
        cursor.version += 1;
        if give_back {
            cursor.owner = None;
            cursor.leased_until_ms = 0;
        }
        let written = self
            .app
            .store
            .save_order_cursor(
                &self.connection.tenant,
                &self.connection.id,
                &self.owner,
                &cursor,
            )
            .await?;
        self.cursor = cursor;
        Ok(written)
    }

    fn bucket<'b>(&self, seller: &'b SellerId) -> Bucket<'b> {
        Bucket {
            region: self.connection.region(),
            seller,
            operation: Operation::SearchOrders,
            rate: self.cursor.rate,
        }
    }
}

/// How far Amazon's clock is ahead of ours. Its `Date` header has whole seconds, so less than two is no difference.
fn offset_ms(theirs: Timestamp, ours: Timestamp) -> i64 {
    let offset = theirs.as_millisecond() - ours.as_millisecond();
    if offset.abs() < 2_000 { 0 } else { offset }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_only_lacks_its_fractions_is_not_off() {
        let ours = Timestamp::from_millisecond(1_790_000_000_900).unwrap();
        let rounded = Timestamp::from_second(1_790_000_000).unwrap();
        assert_eq!(offset_ms(rounded, ours), 0);
        let ahead = Timestamp::from_second(1_790_000_060).unwrap();
        assert_eq!(offset_ms(ahead, ours), 59_100);
    }
}
