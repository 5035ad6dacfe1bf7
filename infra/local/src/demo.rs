//! The demo's journey on a running local cloud: what a platform would do, through the API alone, and a look at both
//! sides at the end.

mod arrival;
mod browser;
mod bus;
mod cancelling;
mod goods;
mod listings;
mod look;
mod parcels;
mod people;
mod platform;
mod prices;
mod report;
mod scene;
mod stock;
mod watch;

use std::collections::BTreeSet;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::addresses::Addresses;
use crate::cli::DemoArgs;
use crate::cloud::Cloud;
use crate::console::Console;
use browser::Browser;
use cancelling::Unwanted;
use parcels::Parcel;
use platform::{LATE_MAPPING, MAPPINGS, Platform, Row};
use prices::Shop;
use scene::{BY_CONSENT, BY_TOKEN, SHIP_PLUS_ORDER, Scene};

const TENANT: &str = "demo";
/// The sellers' former system ships what was bought before.
const TAKE_OVER: SignedDuration = SignedDuration::from_hours(60);

/// A connection of the demo and whose it is.
struct Connected {
    id: String,
    seller: &'static str,
}

/// All that the journey has at hand.
struct Journey<'a> {
    addresses: &'a Addresses,
    platform: Platform,
    scene: Scene,
    heard: bus::Heard,
    connected: Vec<Connected>,
    /// Connection and id of every order that the sellers ship themselves.
    on_amazon: BTreeSet<(String, String)>,
    extra_ticks: u64,
    /// Rounds of stock that the demo asked for.
    rounds: u64,
    /// Lines that Amazon refused on the way.
    refused: usize,
    /// Orders bought from then on are the platform's.
    orders_from: Timestamp,
    /// An older order that a person took over: connection and id.
    taken_over: Option<(String, String)>,
    /// What Amazon showed of the listing that a person holds.
    held_at: Option<u64>,
    /// What is sold at prices that follow from rules.
    shop: Shop,
    /// From order on Amazon to stored here, by notice.
    seconds_to_stored: Vec<f64>,
    parcels: Vec<Parcel>,
    unwanted: Unwanted,
    started: Instant,
}

pub(crate) async fn run(cloud: &Cloud, console: &Console, arguments: &DemoArgs) -> Result<()> {
    let mut journey = Journey {
        addresses: &cloud.addresses,
        platform: Platform::sign_in(&cloud.addresses, TENANT).await?,
        scene: Scene::at(&cloud.addresses.sandbox_url),
        heard: bus::listen(&cloud.addresses).await?,
        connected: Vec::new(),
        on_amazon: BTreeSet::new(),
        extra_ticks: 0,
        rounds: 0,
        refused: 0,
        orders_from: Timestamp::now().checked_sub(TAKE_OVER)?,
        taken_over: None,
        held_at: None,
        shop: Shop::default(),
        seconds_to_stored: Vec::new(),
        parcels: Vec::new(),
        unwanted: Unwanted::default(),
        started: Instant::now(),
    };
    let step = console.step("Two sellers connect: one by consent, one by a pasted token");
    journey.scene.set(arguments.orders, arguments.seed).await?;
    journey.connect_by_consent().await?;
    journey.connect_by_token().await?;
    step.done();

    let step = console.step("Couriers, mappings, marketplaces UK and DE");
    journey.switch_on().await?;
    step.done();

    let step = console.step("Orders are fetched, and each looks for its courier");
    let all = journey.on_amazon.len();
    journey.until(&step, |rows| (rows.len(), all)).await?;
    step.done();

    let step = console.step("A mapping is put while orders wait for it; France is switched on");
    journey.platform.put_mapping(LATE_MAPPING).await?;
    journey
        .platform
        .switch_on(&journey.connected[0].id, "FR")
        .await?;
    journey
        .until(&step, |rows| {
            (
                all - rows.iter().filter(|row| waits_in_vain(row)).count(),
                all,
            )
        })
        .await?;
    step.done();

    let step = console.step("The desk picks a service for one, and acknowledges three");
    journey.desk().await?;
    step.done();

    let step = console.step("One order from before the take-over moment is taken over by hand");
    journey.take_over().await?;
    step.done();

    let step = console.step("A few orders more, one at a time: Amazon's notices bring them");
    journey.arrive().await?;
    step.done();

    journey
        .stock(console, arguments.skus, arguments.orders, arguments.seed)
        .await?;
    let all = journey.on_amazon.len();
    let step = console.step("Every order that came meanwhile is stored");
    journey.until(&step, |rows| (rows.len(), all)).await?;
    step.done();

    journey.ship(console).await?;
    let step = console.step("Until Amazon shows again what is wanted");
    journey.until_equal(&step, None).await?;
    journey.until_sold(&step).await?;
    step.done();

    let report = journey.look().await?;
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)?)?;
    }
    report.print();
    report.verdict()
}

/// Whether an order still waits for the mapping that is there, or for France.
fn waits_in_vain(row: &Row) -> bool {
    let parked = row.status == "parked" && row.marketplace.as_deref() == Some("FR");
    let unmapped = row.status == "pending_review"
        && row.reason.as_deref() == Some("no_mapping")
        && row.term.as_deref() == Some(LATE_MAPPING.0);
    parked || unmapped
}

impl Journey<'_> {
    async fn connect_by_consent(&mut self) -> Result<()> {
        let body = json!({"name": "Shop by consent", "marketplace": "UK", "authorisation": {"kind": "oauth"}});
        let made = self.platform.post("/connections", body).await?;
        let id = text(&made, "id")?;
        let mut browser = Browser::default();
        let consent = browser
            .begin(&text(&made, "authorise_url")?)
            .await
            .context("on the way to the consent page")?;
        let last = browser
            .consent(&consent, BY_CONSENT)
            .await
            .context("on the way back from the consent page")?;
        self.platform
            .post(
                &format!("/connections/{id}/confirm"),
                json!({"seller_id": BY_CONSENT, "code": last.code()?}),
            )
            .await?;
        self.note(id, BY_CONSENT).await
    }

    async fn connect_by_token(&mut self) -> Result<()> {
        let refresh_token = self.scene.self_authorise(BY_TOKEN).await?;
        let authorisation =
            json!({"kind": "token", "seller_id": BY_TOKEN, "refresh_token": refresh_token});
        let body =
            json!({"name": "Shop by token", "marketplace": "DE", "authorisation": authorisation});
        let made = self.platform.post("/connections", body).await?;
        self.note(text(&made, "id")?, BY_TOKEN).await
    }

    /// Keeps in mind what is connected, and what it should bring.
    async fn note(&mut self, id: String, seller: &'static str) -> Result<()> {
        let orders = self.scene.merchant_orders(seller).await?;
        self.on_amazon
            .extend(orders.into_iter().map(|order| (id.clone(), order)));
        self.connected.push(Connected { id, seller });
        Ok(())
    }

    async fn switch_on(&self) -> Result<()> {
        self.platform.put_couriers().await?;
        for mapping in MAPPINGS {
            self.platform.put_mapping(mapping).await?;
        }
        for Connected { id, .. } in &self.connected {
            for marketplace in ["UK", "DE"] {
                self.platform.switch_on(id, marketplace).await?;
            }
            self.platform
                .patch(
                    &format!("/connections/{id}"),
                    json!({"status": "active", "orders_from": self.orders_from}),
                )
                .await?;
        }
        Ok(())
    }

    /// A person picks one of the candidates for an order that waits, and the desk takes over what is ready.
    async fn desk(&self) -> Result<()> {
        for row in self.platform.orders("pending_review").await? {
            let path = format!("/orders/{}/{}", row.connection, row.order_id);
            let order = self.platform.get(&path).await?;
            if let Some(service) = order
                .pointer("/decision/candidates/0")
                .and_then(Value::as_str)
            {
                self.platform
                    .post(&format!("{path}/courier"), json!({"service": service}))
                    .await?;
                break;
            }
        }
        let ready = self.platform.orders("ready").await?;
        let ready: Vec<Value> = ready
            .iter()
            .filter(|row| row.order_id != SHIP_PLUS_ORDER)
            .take(3)
            .map(|row| json!({"connection": row.connection, "id": row.order_id}))
            .collect();
        if !ready.is_empty() {
            self.platform
                .post("/orders/acknowledge", json!({"orders": ready}))
                .await?;
        }
        Ok(())
    }

    /// The former system missed one: a person says that it is ours.
    async fn take_over(&mut self) -> Result<()> {
        let elsewhere = self.platform.orders("elsewhere").await?;
        let Some(row) = elsewhere.into_iter().next() else {
            return Ok(());
        };
        let named = json!({"connection": row.connection, "id": row.order_id});
        let answer = self
            .platform
            .post("/orders/take-over", json!({"orders": [named]}))
            .await?;
        let outcome = answer.pointer("/orders/0/outcome").and_then(Value::as_str);
        ensure!(
            outcome == Some("taken_over"),
            "taking over was answered {answer}"
        );
        self.taken_over = Some((row.connection, row.order_id));
        Ok(())
    }
}

fn text(json: &Value, name: &str) -> Result<String> {
    json[name]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("the answer has no `{name}`"))
}
