//! How soon an order is on the desk: a few are placed on a quiet Amazon, which sends a notice of each, and each
//! has the moment at which it was stored with its courier.

use std::time::Instant;

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use super::watch::PATIENCE;
use super::{Connected, Journey};

/// Orders a seller: more notices in a minute would bring a sweep instead, which is slower.
const EACH: u32 = 3;
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_millis(50);

impl Journey<'_> {
    /// Keeps the seconds of each order, up to one that does not come in time.
    pub(super) async fn arrive(&mut self) -> Result<()> {
        let connected: Vec<(String, &'static str)> = self
            .connected
            .iter()
            .map(|Connected { id, seller }| (id.clone(), *seller))
            .collect();
        let mut number = 0;
        for _ in 0..EACH {
            for (connection, seller) in &connected {
                number += 1;
                let order = self.scene.place(seller, number).await?;
                let placed = Timestamp::now();
                self.on_amazon.insert((connection.clone(), order.clone()));
                let Some(stored) = self.stored_at(connection, &order).await? else {
                    // No notice comes; a sweep brings it later.
                    return Ok(());
                };
                let seconds = stored.duration_since(placed).as_secs_f64();
                self.seconds_to_stored.push(seconds.max(0.0));
            }
        }
        Ok(())
    }

    async fn stored_at(&self, connection: &str, order: &str) -> Result<Option<Timestamp>> {
        let (path, started) = (format!("/orders/{connection}/{order}"), Instant::now());
        while started.elapsed() < PATIENCE {
            if let Ok(known) = self.platform.get(&path).await {
                let at = known["imported_at"].as_str().context("no imported_at")?;
                return Ok(Some(at.parse()?));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(None)
    }

    /// None: no order came in time.
    pub(super) fn median_seconds_to_stored(&self) -> Option<f64> {
        let mut seconds = self.seconds_to_stored.clone();
        seconds.sort_by(f64::total_cmp);
        seconds.get(seconds.len() / 2).copied()
    }
}
