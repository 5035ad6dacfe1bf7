//! The stock half of the journey: the catalogue goes in through the API, listings are matched, the settings published,
//! and rounds run until Amazon shows what is wanted, while buyers order.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::goods::{self, ALIAS, BUFFER, Goods, HELD, LOW_STOCK_MARK, REFUSED, URGENT_ZERO};
use super::listings::{Compared, Line};
use super::scene::{BY_CONSENT, BY_TOKEN};
use super::watch::LOOK_AGAIN;
use super::{Connected, Journey, TENANT};
use crate::console::{Console, Step};

/// Rows that the API takes in one call.
const ROWS: usize = 1_000;
/// How far Amazon's clock jumps, so that nobody waits until fresh orders are old enough to be searched.
pub(super) const JUMP_MS: i64 = 15 * 60 * 1_000;
/// How long nothing may change before there is another round; the schedule's is fifteen minutes.
const ROUND: std::time::Duration = std::time::Duration::from_secs(15);
const LONGEST: std::time::Duration = std::time::Duration::from_secs(1_200);
/// Amazon's numbers are settled once they have not changed for so long.
const STILL: std::time::Duration = std::time::Duration::from_secs(3);
/// Shown units of what buyers order from.
const ENOUGH: u64 = 8;
/// Amazon's code of a listing that lacks something.
const REFUSAL: &str = "90220";

impl Journey<'_> {
    pub(super) async fn stock(
        &mut self,
        console: &Console,
        skus: u32,
        orders: u32,
        seed: u64,
    ) -> Result<()> {
        let goods = Goods::of(skus);
        let step = console.step("Products, bundles and stock levels go in, a thousand rows a call");
        self.fill(&goods).await?;
        step.done();

        let step = console.step("Amazon's listings are matched; publishing shows its effect first");
        self.preview(&step).await?;
        self.publish().await?;
        step.done();

        let step = console.step("Rounds: few by patch, many by feed");
        self.until_equal(&step, Some(REFUSED)).await?;
        step.done();

        let step =
            console.step("A person holds one listing, buyers order, one shelf is emptied, one listing is corrected");
        self.hold().await?;
        self.sell(&goods, orders, seed).await?;
        self.empty_a_shelf(&step).await?;
        self.correct().await?;
        step.done();

        let step = console.step("Until Amazon shows everywhere what is wanted");
        self.until_equal(&step, None).await?;
        step.done();
        Ok(())
    }

    /// Amazon's side before anything is sent, and ours.
    async fn fill(&self, goods: &Goods) -> Result<()> {
        for seller in [BY_CONSENT, BY_TOKEN] {
            let listings = goods.listings(seller);
            self.scene.list(seller, listings).await?;
        }
        self.scene.refuse(BY_CONSENT, json!({REFUSED: {"code": REFUSAL, "message": "'Battery type' is required but missing.", "attribute": "batteries_required"}})).await?;
        for rows in goods.products().chunks(ROWS) {
            self.put_all("/products", rows).await?;
        }
        // Counted before the orders were last fetched, so that increases need not wait.
        let earlier = Timestamp::now().checked_sub(SignedDuration::from_mins(20))?;
        for rows in goods.stock(&earlier.to_string()).chunks(ROWS) {
            self.put_all("/stock-levels", rows).await?;
        }
        self.until_stored(ALIAS.1).await?;
        let alias = json!({"product": ALIAS.1, "units": ALIAS.2});
        let path = format!(
            "/connections/{}/aliases?{}",
            self.connected[0].id,
            of_sku(ALIAS.0)
        );
        self.platform.put(&path, alias).await?;
        Ok(())
    }

    /// What is put is taken first and stored a moment later.
    async fn until_stored(&self, product: &str) -> Result<()> {
        let started = Instant::now();
        let path = format!("/products?{}", of_sku(product));
        loop {
            // A level alone is not yet a product.
            let known = self.platform.get(&path).await;
            if known.is_ok_and(|known| known["product"].is_object()) {
                return Ok(());
            }
            if started.elapsed() > LONGEST {
                bail!("{product} was put and is not stored");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn put_all(&self, path: &str, rows: &[Value]) -> Result<()> {
        let answer = self.platform.put(path, json!(rows)).await?;
        let rejected = answer["rejected"].as_array().map_or(0, Vec::len);
        if rejected > 0 {
            bail!("{path} refused {rejected} rows: {}", answer["rejected"]);
        }
        Ok(())
    }

    /// Draft settings, and what they would do.
    async fn preview(&self, step: &Step) -> Result<()> {
        let settings = json!({"on": true, "every_minutes": 15, "policy": {"buffer": BUFFER, "percentage": 100, "low_stock_mark": LOW_STOCK_MARK}});
        for Connected { id, .. } in &self.connected {
            let path = format!("/connections/{id}");
            self.platform
                .put(&format!("{path}/stock-settings"), settings.clone())
                .await?;
            self.platform
                .post(&format!("{path}/publish"), json!({"preview": true}))
                .await?;
        }
        for Connected { id, .. } in &self.connected {
            let started = Instant::now();
            loop {
                let plan = self
                    .platform
                    .get(&format!("/connections/{id}/stock-settings"))
                    .await?;
                let preview = &plan["preview"];
                if let Some(failed) = preview["failed"].as_str() {
                    bail!("the preview of {id} failed: {failed}");
                }
                if preview["effect"].is_object() {
                    step.detail(&preview["effect"].to_string());
                    break;
                }
                if started.elapsed() > LONGEST {
                    bail!("no preview of {id} after {} s: {plan}", LONGEST.as_secs());
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
        Ok(())
    }

    async fn publish(&self) -> Result<()> {
        for Connected { id, .. } in &self.connected {
            self.platform
                .post(&format!("/connections/{id}/publish"), json!({}))
                .await?;
        }
        Ok(())
    }

    /// Buyers order from listings that are live, and Amazon's clock advances, so that the next sweep finds the orders.
    async fn sell(&mut self, goods: &Goods, orders: u32, seed: u64) -> Result<()> {
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
    async fn empty_a_shelf(&self, step: &Step) -> Result<()> {
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
    async fn hold(&mut self) -> Result<()> {
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
    async fn correct(&mut self) -> Result<()> {
        let lines = self.listing_lines().await?;
        self.refused = lines.iter().filter(|line| line.refused).count();
        self.scene.refuse(BY_CONSENT, json!({})).await?;
        // Fewer than Amazon shows: an increase would wait for the next sweep of orders that is newer than the count.
        let now = Timestamp::now().to_string();
        self.put_all("/stock-levels", &[goods::level(REFUSED, 3, &now)])
            .await
    }

    /// Every matched listing with what we want and what Amazon shows.
    pub(super) async fn listing_lines(&self) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        for Connected { id, seller } in &self.connected {
            let live = self.scene.quantities(seller).await?;
            let rows = self.platform.listings(id).await?;
            for row in rows {
                lines.push(Line::read(&row, &live).context("a listing")?);
            }
        }
        Ok(lines)
    }

    /// Waits until Amazon shows what is wanted of all but `except`, with a round wherever nothing moves. The API is asked
    /// only when Amazon's numbers are settled: it reads each listing with all its inputs.
    pub(super) async fn until_equal(&mut self, step: &Step, except: Option<&str>) -> Result<()> {
        let started = Instant::now();
        self.stock_round().await?;
        let (mut shown, mut moved, mut asked) = (self.shown().await?, Instant::now(), false);
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            let now = self.shown().await?;
            if now != shown {
                (shown, moved, asked) = (now, Instant::now(), false);
            }
            if moved.elapsed() < STILL {
                continue;
            }
            if !asked {
                let lines = self.listing_lines().await?;
                asked = true;
                if is_settled(&lines, except, step) {
                    return Ok(());
                }
                if started.elapsed() > LONGEST {
                    let some: Vec<&Line> =
                        lines.iter().filter(|line| line.is_open()).take(5).collect();
                    let seconds = LONGEST.as_secs();
                    bail!("after {seconds} s not all listings are as wanted, such as {some:?}");
                }
            }
            if moved.elapsed() >= ROUND {
                self.stock_round().await?;
                (moved, asked) = (Instant::now(), false);
            }
        }
    }

    /// What Amazon shows of everything.
    async fn shown(&self) -> Result<Vec<BTreeMap<String, u64>>> {
        let mut shown = Vec::new();
        for Connected { seller, .. } in &self.connected {
            shown.push(self.scene.quantities(seller).await?);
        }
        Ok(shown)
    }

    /// What the schedules do: a sweep, so that increases may go, and a round.
    async fn stock_round(&mut self) -> Result<()> {
        self.tick().await?;
        let sqs = aws_sdk_sqs::Client::new(&self.addresses.aws().await);
        let queue = self.addresses.output("StockTicksQueueUrl")?;
        for Connected { id, .. } in &self.connected {
            let tick =
                json!({"v": 1, "kind": "tick", "tenant": TENANT, "connection": id, "hop": 0});
            sqs.send_message()
                .queue_url(queue)
                .message_body(tick.to_string())
                .send()
                .await?;
        }
        self.rounds += 1;
        Ok(())
    }
}

/// Whether every matched listing but `except` has a wanted quantity, and Amazon shows it.
fn is_settled(lines: &[Line], except: Option<&str>, step: &Step) -> bool {
    let compared = Compared::of(lines);
    let open = lines
        .iter()
        .filter(|line| line.is_open() && Some(line.sku.as_str()) != except)
        .count();
    step.detail(&format!(
        "{} of {} as wanted",
        compared.equal_on_amazon, compared.wanted
    ));
    open == 0 && compared.wanted > 0 && compared.wanted == compared.matched
}

/// A query that names a SKU.
fn of_sku(sku: &str) -> String {
    let url = reqwest::Url::parse_with_params("http://any", [("sku", sku)]).ok();
    url.and_then(|url| url.query().map(str::to_owned))
        .unwrap_or_default()
}
