//! The stock half of the journey: the catalogue goes in through the API, listings are matched, the settings published,
//! and rounds run until Amazon shows what is wanted, while buyers order.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::goods::{ALIAS, BUFFER, Goods, LOW_STOCK_MARK, REFUSED};
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
pub(super) const ROUND: std::time::Duration = std::time::Duration::from_secs(15);
pub(super) const LONGEST: std::time::Duration = std::time::Duration::from_secs(1_200);
/// Amazon's numbers are settled once they have not changed for so long.
const STILL: std::time::Duration = std::time::Duration::from_secs(3);
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
        self.open_shop().await?;
        step.done();

        let step = console.step(
            "Stock, selection and price rules: Amazon's listings are matched, publishing shows its effect first",
        );
        self.draft_prices().await?;
        self.preview(&step).await?;
        self.hold_price().await?;
        self.publish().await?;
        self.want_offers().await?;
        step.done();

        let step = console.step("Rounds: few by patch, many by feed");
        self.until_equal(&step, Some(REFUSED)).await?;
        step.done();

        let step = console.step(
            "Prices follow their rules; one that the brake held is released, one offer is answered",
        );
        self.release_price(&step).await?;
        self.answer_offer().await?;
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
        self.see_offers().await?;
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
    pub(super) async fn until_stored(&self, product: &str) -> Result<()> {
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

    pub(super) async fn put_all(&self, path: &str, rows: &[Value]) -> Result<()> {
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
    pub(super) async fn stock_round(&mut self) -> Result<()> {
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
pub(super) fn of_sku(sku: &str) -> String {
    let url = reqwest::Url::parse_with_params("http://any", [("sku", sku)]).ok();
    url.and_then(|url| url.query().map(str::to_owned))
        .unwrap_or_default()
}
