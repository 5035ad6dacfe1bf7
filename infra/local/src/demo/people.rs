//! What people do while rounds run: buyers order, a shelf is emptied or counted, the seller corrects a listing.

use std::time::Instant;

use anyhow::{Result, bail};
use jiff::Timestamp;
use serde_json::json;

use super::Journey;
use super::goods::{self, Goods, HELD, REFUSED, URGENT_ZERO};
use super::scene::BY_CONSENT;
use super::stock::{JUMP_MS, LONGEST, of_sku};
use super::watch::LOOK_AGAIN;
use crate::console::Step;

/// Shown units of what buyers order from.
const ENOUGH: u64 = 8;

impl Journey<'_> {
    /// Buyers order from listings that are live, and Amazon's clock advances, so that the next sweep finds the orders.
    pub(super) async fn sell(&mut self, goods: &Goods, orders: u32, seed: u64) -> Result<()> {
        let connected: Vec<(String, &'static str)> = self
            .connected
            .iter()
            .map(|one| (one.id.clone(), one.seller))
            .collect();
        for (n, (id, seller)) in connected.into_iter().enumerate() {
            let count = orders.div_ceil(4).max(1);
            // Buyers cannot order what Amazon does not show.
            let live = self.scene.quantities(seller).await?;
            let mut for_sale = goods.sold(seller);
            for_sale.retain(|sku| live.get(sku).is_some_and(|units| *units >= ENOUGH));
            self.scene
                .sell(seller, count, seed + 10 + n as u64, for_sale)
                .await?;
            let orders = self.scene.merchant_orders(seller).await?;
            self.on_amazon
                .extend(orders.into_iter().map(|order| (id.clone(), order)));
        }
        self.scene.jump(JUMP_MS).await?;
        self.tick().await
    }

    /// The last one breaks: a level of zero goes out at once, without a round.
    pub(super) async fn empty_a_shelf(&self, step: &Step) -> Result<()> {
        let now = Timestamp::now().to_string();
        self.put_all("/stock-levels", &[goods::level(URGENT_ZERO, 0, &now)])
            .await?;
        let started = Instant::now();
        while self.scene.live(BY_CONSENT, URGENT_ZERO).await? != Some(0) {
            if started.elapsed() > LONGEST {
                bail!("{URGENT_ZERO} is still for sale on Amazon");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        step.detail(&format!(
            "{URGENT_ZERO} was at zero on Amazon {:.1} s after its level came, without a round",
            started.elapsed().as_secs_f64()
        ));
        Ok(())
    }

    /// A person counts a shelf: whatever the platform says of it meanwhile, Amazon's number stays.
    pub(super) async fn hold(&mut self) -> Result<()> {
        self.held_at = self.scene.live(BY_CONSENT, HELD).await?;
        let path = format!(
            "/connections/{}/holds?{}",
            self.connected[0].id,
            of_sku(HELD)
        );
        let hold = json!({"mode": "leave", "reason": "its shelf is counted"});
        self.platform.put(&path, hold).await?;
        let now = Timestamp::now().to_string();
        self.put_all("/stock-levels", &[goods::level(HELD, 0, &now)])
            .await
    }

    /// The seller gives the listing what Amazon missed, and the next count goes through.
    pub(super) async fn correct(&mut self) -> Result<()> {
        let lines = self.listing_lines().await?;
        self.refused = lines.iter().filter(|line| line.refused).count();
        self.scene.refuse(BY_CONSENT, json!({})).await?;
        // Fewer than Amazon shows: an increase would wait for the next sweep of orders that is newer than the count.
        let now = Timestamp::now().to_string();
        self.put_all("/stock-levels", &[goods::level(REFUSED, 3, &now)])
            .await
    }
}
