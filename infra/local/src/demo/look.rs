//! A look at both sides at the end: what is stored, what was called, what was announced, and which promise was broken.

use anyhow::Result;

use super::goods::{CLOSED, HELD};
use super::listings::{Compared, Line};
use super::parcels::{Dispatches, Package, differences};
use super::platform::Row;
use super::report::{ConnectionLine, Report, compare};
use super::scene::SHIP_PLUS_ORDER;
use super::watch::Progress;
use super::{Connected, Journey, text};

/// Orders of a connection are fetched by themselves every five minutes.
const SCHEDULE_SECONDS: u64 = 5 * 60;
/// At most one sweep in so long a time is brought by notices.
const EARLY_SWEEP_SECONDS: u64 = 3 * 60;
/// Orders on a page of a search.
const PAGE: usize = 100;

impl Journey<'_> {
    pub(super) async fn look(&self) -> Result<Report> {
        let rows = self.platform.all_orders().await?;
        let orders = compare(&self.on_amazon, &rows);
        let announced = self.hear_of(orders.stored).await;
        let lines = self.listing_lines().await?;
        let mut listings = Compared::of(&lines);
        listings.refused = self.refused;
        let packages = self.packages().await?;
        let shop = self.look_at_shop().await?;
        let mut report = Report {
            connections: self.connection_lines().await?,
            orders,
            listings,
            offers: shop.offers,
            prices: shop.prices,
            oversold: self.oversold().await?,
            dispatches: Dispatches::of(&self.parcels, &packages),
            cancellations: self.cancellations().await?,
            median_seconds_to_stored: self.median_seconds_to_stored(),
            sp_api_calls: self.scene.calls().await?,
            events: self.heard.counts(),
            dead_letters: self.dead_letters().await?,
            elapsed_seconds: self.started.elapsed().as_secs_f64(),
            broken: Vec::new(),
            rows,
            taken_over: self.taken_over.clone(),
            lines,
            price_lines: shop.lines,
            parcels: self.parcels.clone(),
        };
        report.broken = self.broken(&report).await?;
        report.broken.extend(shop.broken);
        report.broken.extend(differences(&self.parcels, &packages));
        if !announced {
            report
                .broken
                .push("Not every stored order was announced on the bus.".into());
        }
        Ok(report)
    }

    async fn packages(&self) -> Result<Vec<Package>> {
        let mut packages = Vec::new();
        for connected in &self.connected {
            packages.extend(self.scene.packages(connected.seller).await?);
        }
        Ok(packages)
    }

    /// The bus follows the tables with a little delay.
    async fn hear_of(&self, stored: usize) -> bool {
        let imported = || {
            self.heard
                .counts()
                .get("order.imported")
                .copied()
                .unwrap_or_default()
        };
        let mut seen = Progress::new();
        // A tick would bring no event: as long as the demo would wait for one.
        while imported() < stored && !seen.wants_tick() {
            seen.is_at(imported());
            seen.pause().await;
        }
        imported() >= stored
    }

    /// Each promise of the demo that does not hold, in words.
    async fn broken(&self, report: &Report) -> Result<Vec<String>> {
        let mut broken = Vec::new();
        let orders = &report.orders;
        if orders.lost > 0 || orders.duplicated > 0 || orders.stored != orders.on_amazon {
            broken.push("Not every merchant-fulfilled order is stored exactly once.".into());
        }
        broken.extend(self.misplaced(&report.rows));
        let listings = &report.listings;
        if listings.equal_on_amazon != listings.matched || listings.wanted != listings.matched {
            broken.push("Amazon does not show what is wanted of every matched listing.".into());
        }
        let closed = |line: &&Line| {
            line.sku == CLOSED && line.state == "closed_elsewhere" && line.on_amazon == Some(0)
        };
        if !report.lines.iter().any(|line| closed(&line)) {
            broken.push(format!(
                "{CLOSED}, which the seller closed, was not left closed."
            ));
        }
        let left_alone = |line: &&Line| line.sku == HELD && line.on_amazon == self.held_at;
        if !report.lines.iter().any(|line| left_alone(&line)) {
            broken.push(format!("{HELD}, which a person holds, was not left alone."));
        }
        let cancelled = &report.cancellations;
        let wanted = cancelled.by_merchant + cancelled.by_buyer;
        if cancelled.cancelled != wanted || cancelled.unasked > 0 {
            broken.push("Amazon does not show as cancelled what was, and nothing else.".into());
        }
        if report.dead_letters > 0 {
            broken.push("There are dead letters: cargo dev replay orders --peek".into());
        }
        for wrong in self.scene.violations().await? {
            broken.push(format!(
                "A request broke Amazon's model: {} {}",
                wrong["operation"], wrong["wrong"]
            ));
        }
        for Connected { id, seller } in &self.connected {
            let held = self
                .on_amazon
                .iter()
                .filter(|(connection, _)| connection == id)
                .count();
            // One poll when it was switched on with five slices of a first read, one poll and one slice for the marketplace
            // that was switched on late, what was ticked beyond, and what the schedule ticked.
            let scheduled = self.started.elapsed().as_secs() / SCHEDULE_SECONDS;
            // Many notices at once bring a sweep early, every three minutes at most.
            let early = self.started.elapsed().as_secs() / EARLY_SWEEP_SECONDS + 1;
            let most = 8 + self.extra_ticks + scheduled + early;
            // A sweep reads again what changed within ten minutes: of a demo that may be all there is, but nothing twice.
            let most_pages = most * held.div_ceil(PAGE).max(1) as u64;
            let (sweeps, pages) = self.scene.searches(seller).await?;
            if sweeps > most || pages > most_pages {
                broken.push(format!(
                    "{sweeps} sweeps of {pages} pages for {held} orders of connection {id}: more than {most} of {most_pages}."
                ));
            }
        }
        Ok(broken)
    }

    /// Orders that are not with whom they belong, by the take-over moment and a person's word.
    fn misplaced(&self, rows: &[Row]) -> Vec<String> {
        let mut wrong = Vec::new();
        for row in rows.iter().filter(|row| row.created_at < self.orders_from) {
            let named = (row.connection.clone(), row.order_id.clone());
            let right = match row.status.as_str() {
                "elsewhere" => self.taken_over.as_ref() != Some(&named),
                "pending_review" | "ready" | "acknowledged" | "partly_dispatched" => {
                    self.taken_over.as_ref() == Some(&named)
                }
                _ => true,
            };
            if !right {
                wrong.push(format!(
                    "Order {} was bought before the take-over moment and is {}.",
                    row.order_id, row.status
                ));
            }
        }
        let is_ready = |row: &&Row| {
            row.order_id == SHIP_PLUS_ORDER
                && row.status == "ready"
                && row.label_source.as_deref() == Some("amazon")
        };
        if !rows.iter().any(|row| is_ready(&row)) {
            wrong.push(format!(
                "The Ship+ order {SHIP_PLUS_ORDER} is not ready with Amazon's label."
            ));
        }
        wrong
    }

    async fn oversold(&self) -> Result<u64> {
        let mut oversold = 0;
        for Connected { seller, .. } in &self.connected {
            oversold += self.scene.oversold(seller).await?;
        }
        Ok(oversold)
    }

    async fn connection_lines(&self) -> Result<Vec<ConnectionLine>> {
        let mut lines = Vec::new();
        for Connected { id, .. } in &self.connected {
            let connection = self.platform.get(&format!("/connections/{id}")).await?;
            let answer = self
                .platform
                .get(&format!("/connections/{id}/marketplaces"))
                .await?;
            let list = answer["marketplaces"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let active = list
                .iter()
                .filter(|marketplace| marketplace["active"] == true);
            let marketplaces = active
                .map(|marketplace| text(marketplace, "marketplace"))
                .collect::<Result<_>>()?;
            lines.push(ConnectionLine {
                id: id.clone(),
                status: text(&connection, "status")?,
                marketplaces,
            });
        }
        Ok(lines)
    }

    /// Messages in all dead-letter queues.
    async fn dead_letters(&self) -> Result<u64> {
        let sqs = aws_sdk_sqs::Client::new(&self.addresses.aws().await);
        let name = "ApproximateNumberOfMessages";
        let mut count = 0;
        let queues = self
            .addresses
            .outputs
            .iter()
            .filter(|(output, _)| output.ends_with("DeadLetterQueueUrl"));
        for (_, url) in queues {
            let answer = sqs
                .get_queue_attributes()
                .queue_url(url)
                .attribute_names(name.into())
                .send()
                .await?;
            let found = answer
                .attributes()
                .and_then(|all| all.get(&name.into())?.parse::<u64>().ok());
            count += found.unwrap_or_default();
        }
        Ok(count)
    }
}
