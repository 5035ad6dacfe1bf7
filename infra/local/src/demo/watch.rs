//! Watching until the orders are as they should be, and ticking if nothing moves.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::json;

use super::platform::Row;
use super::{Connected, Journey, TENANT};
use crate::console::Step;

/// How long nothing may happen before the demo ticks once more.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// How long nothing may happen before the demo gives up, however long it takes in all: that depends on the number of orders.
pub(super) const STUCK: Duration = Duration::from_secs(420);
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// How far something is, and since when it is no further.
pub(super) struct Progress {
    best: usize,
    /// When it last got further.
    at: Instant,
    /// When it last got further, or was ticked.
    moved: Instant,
    looked: Instant,
}

impl Progress {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            best: 0,
            at: now,
            moved: now,
            looked: now,
        }
    }

    pub(super) fn is_at(&mut self, reached: usize) {
        if reached > self.best {
            let now = Instant::now();
            (self.best, self.at, self.moved) = (reached, now, now);
        }
    }

    /// Whether nothing happens any more.
    pub(super) fn is_stuck(&self) -> bool {
        self.at.elapsed() > STUCK
    }

    /// Whether to tick once more; if so, it counts as ticked.
    pub(super) fn wants_tick(&mut self) -> bool {
        let wants = self.moved.elapsed() > PATIENCE;
        if wants {
            self.moved = Instant::now();
        }
        wants
    }

    /// Sleeps as long as the look took, so that looking never takes most of the machine.
    pub(super) async fn pause(&mut self) {
        tokio::time::sleep(self.looked.elapsed().max(LOOK_AGAIN)).await;
        self.looked = Instant::now();
    }
}

impl Journey<'_> {
    /// `progress` gives how many orders are as they should be, and of how many.
    pub(super) async fn until(
        &mut self,
        step: &Step,
        progress: impl Fn(&[Row]) -> (usize, usize),
    ) -> Result<()> {
        let mut seen = Progress::new();
        loop {
            let rows = self.platform.all_orders().await?;
            let (reached, wanted) = progress(&rows);
            step.detail(&format!("{reached} of {wanted}"));
            if reached >= wanted {
                return Ok(());
            }
            seen.is_at(reached);
            if seen.is_stuck() {
                let (seconds, logs) = (STUCK.as_secs(), self.addresses.logs.display());
                bail!(
                    "For {seconds} s no more than {reached} of {wanted} orders are as they should be; see the logs in {logs}."
                );
            }
            if seen.wants_tick() {
                self.tick().await?;
            }
            seen.pause().await;
        }
    }

    /// What the schedule does every five minutes.
    pub(super) async fn tick(&mut self) -> Result<()> {
        let sqs = aws_sdk_sqs::Client::new(&self.addresses.aws().await);
        let queue = self.addresses.output("OrderTicksQueueUrl")?;
        for Connected { id, .. } in &self.connected {
            let tick =
                json!({"v": 1, "kind": "tick", "tenant": TENANT, "connection": id, "hop": 0});
            sqs.send_message()
                .queue_url(queue)
                .message_body(tick.to_string())
                .send()
                .await?;
        }
        self.extra_ticks += 1;
        Ok(())
    }
}
