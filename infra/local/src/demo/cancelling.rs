//! Orders that are not shipped: two that the merchant cancels, two that their buyers no longer want.

use anyhow::{Result, bail};
use serde::Serialize;
use serde_json::{Value, json};

use super::Journey;
use super::platform::Row;
use super::stock::JUMP_MS;
use super::watch::{Progress, STUCK};
use crate::console::Step;

/// What is to be cancelled, and who wants it.
#[derive(Debug, Default)]
pub(crate) struct Unwanted {
    by_merchant: Vec<Row>,
    by_buyer: Vec<Row>,
}

/// Orders by who wanted them cancelled, and what became of them.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Cancellations {
    pub(crate) by_merchant: usize,
    pub(crate) by_buyer: usize,
    /// Shown by Amazon as cancelled by the merchant, whoever wanted it.
    pub(crate) cancelled: usize,
    /// Shown so although nobody here wanted it.
    pub(crate) unasked: usize,
}

impl Journey<'_> {
    /// Takes two orders for the merchant and two for buyers off the shelf.
    pub(super) fn set_aside(&mut self, shelf: &mut Vec<Row>) {
        self.unwanted.by_merchant = shelf.split_off(shelf.len() - 2);
        self.unwanted.by_buyer = shelf.split_off(shelf.len() - 2);
    }

    pub(super) async fn ask_to_cancel(&mut self) -> Result<()> {
        for (row, reason) in self
            .unwanted
            .by_merchant
            .iter()
            .zip(["no_inventory", "other"])
        {
            let path = format!("/orders/{}/{}/cancel", row.connection, row.order_id);
            let body = json!({"all_open": true, "reason": reason});
            self.platform.post(&path, body).await?;
        }
        for row in &self.unwanted.by_buyer {
            let seller = self.seller_of(&row.connection)?;
            self.scene.want_cancelled(seller, &row.order_id).await?;
        }
        self.let_time_pass(2).await
    }

    /// The buyers' wishes are granted as soon as they are known; then Amazon shows all four as cancelled.
    pub(super) async fn grant(&mut self, step: &Step) -> Result<()> {
        let buyers = self.unwanted.by_buyer.clone();
        self.until_all(step, &buyers, "ask to be cancelled", |order| {
            let lines = order.pointer("/amazon/items").and_then(Value::as_array);
            let asks = |line: &Value| line["cancel_requested"] == true;
            lines.is_some_and(|lines| lines.iter().any(asks))
        })
        .await?;
        for row in &buyers {
            let path = format!("/orders/{}/{}/cancel-request", row.connection, row.order_id);
            self.platform
                .put(&path, json!({"answer": "accept"}))
                .await?;
        }
        let all = [buyers, self.unwanted.by_merchant.clone()].concat();
        self.until_all(step, &all, "are accepted by Amazon", |order| {
            let state = order.pointer("/cancellations/0/state");
            state.is_some_and(|state| state == "accepted" || state == "cancelled")
        })
        .await?;
        self.let_time_pass(3).await?;
        self.until_all(step, &all, "are shown as cancelled", |order| {
            order["status"] == "cancelled"
        })
        .await
    }

    /// Amazon's clock advances, so that the next sweep finds what has just changed.
    async fn let_time_pass(&mut self, jumps: i64) -> Result<()> {
        self.scene.jump(jumps * JUMP_MS).await?;
        self.tick().await
    }

    /// Ticks again if nothing moves: Amazon's clock is known only from its next answer.
    async fn until_all(
        &mut self,
        step: &Step,
        rows: &[Row],
        what: &str,
        holds: impl Fn(&Value) -> bool,
    ) -> Result<()> {
        let mut seen = Progress::new();
        loop {
            let mut reached = 0;
            for row in rows {
                let path = format!("/orders/{}/{}", row.connection, row.order_id);
                reached += usize::from(holds(&self.platform.get(&path).await?));
            }
            step.detail(&format!("{reached} of {} {what}", rows.len()));
            if reached == rows.len() {
                return Ok(());
            }
            seen.is_at(reached);
            if seen.wants_tick() {
                self.tick().await?;
            }
            if seen.is_stuck() {
                let seconds = STUCK.as_secs();
                bail!(
                    "for {seconds} s no more than {reached} of {} orders {what}",
                    rows.len()
                );
            }
            seen.pause().await;
        }
    }

    /// Both sides.
    pub(super) async fn cancellations(&self) -> Result<Cancellations> {
        let wanted: Vec<&str> = [&self.unwanted.by_merchant, &self.unwanted.by_buyer]
            .into_iter()
            .flatten()
            .map(|row| row.order_id.as_str())
            .collect();
        let mut cancelled = Vec::new();
        for connected in &self.connected {
            cancelled.extend(self.scene.cancelled_by_merchant(connected.seller).await?);
        }
        let (asked, unasked): (Vec<_>, Vec<_>) = cancelled
            .into_iter()
            .partition(|id| wanted.contains(&id.as_str()));
        Ok(Cancellations {
            by_merchant: self.unwanted.by_merchant.len(),
            by_buyer: self.unwanted.by_buyer.len(),
            cancelled: asked.len(),
            unasked: unasked.len(),
        })
    }
}
