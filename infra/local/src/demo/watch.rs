//! Watching until the orders are as they should be, and ticking if nothing moves.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::json;

use super::platform::Row;
use super::{Connected, Journey, TENANT};
use crate::console::Step;

/// How long nothing may happen before the demo ticks once more.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// How long it may take in all.
pub(super) const LONGEST: Duration = Duration::from_secs(420);
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(500);

impl Journey<'_> {
    /// `progress` gives how many orders are as they should be, and of how many.
    pub(super) async fn until(
        &mut self,
        step: &Step,
        progress: impl Fn(&[Row]) -> (usize, usize),
    ) -> Result<()> {
        let started = Instant::now();
        let (mut best, mut moved) = (0, Instant::now());
        loop {
            let rows = self.platform.all_orders().await?;
            let (reached, wanted) = progress(&rows);
            step.detail(&format!("{reached} of {wanted}"));
            if reached >= wanted {
                return Ok(());
            }
            if reached > best {
                (best, moved) = (reached, Instant::now());
            }
            if started.elapsed() > LONGEST {
                let (seconds, logs) = (LONGEST.as_secs(), self.addresses.logs.display());
                bail!(
                    "After {seconds} s only {reached} of {wanted} orders are as they should be; see the logs in {logs}."
                );
            }
            if moved.elapsed() > PATIENCE {
                self.tick().await?;
                moved = Instant::now();
            }
            tokio::time::sleep(LOOK_AGAIN).await;
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
