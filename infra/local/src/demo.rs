//! The demo's journey on a running local cloud: what a platform would do, through the API alone, and a look at both
//! sides at the end.

mod browser;
mod bus;
mod platform;
mod report;
mod scene;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::addresses::Addresses;
use crate::cli::DemoArgs;
use crate::cloud::Cloud;
use crate::console::{Console, Step};
use browser::Browser;
use platform::{LATE_MAPPING, MAPPINGS, Platform};
use report::{ConnectionLine, Report, compare};
use scene::{BY_CONSENT, BY_TOKEN, Scene};

const TENANT: &str = "demo";
/// How long nothing may happen before the demo ticks once more, and before it gives up.
const PATIENCE: Duration = Duration::from_secs(20);
const LONGEST: Duration = Duration::from_secs(420);
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// A connection of the demo and whose it is.
struct Connected {
    id: String,
    seller: &'static str,
}

pub(crate) async fn run(cloud: &Cloud, console: &Console, arguments: &DemoArgs) -> Result<()> {
    let started = Instant::now();
    let addresses = &cloud.addresses;
    let scene = Scene::at(&addresses.sandbox_url);
    let platform = Platform::sign_in(addresses, TENANT).await?;
    let heard = bus::listen(addresses).await?;

    let step = console.step("Two sellers connect: one by consent, one by a pasted token");
    scene.set(arguments.orders, arguments.seed).await?;
    let connected = [
        connect_by_consent(&platform).await?,
        connect_by_token(&platform, &scene).await?,
    ];
    step.done();

    let step = console.step("Couriers, mappings, marketplaces UK and DE");
    platform.put_couriers().await?;
    for mapping in MAPPINGS {
        platform.put_mapping(mapping).await?;
    }
    for Connected { id, .. } in &connected {
        for marketplace in ["UK", "DE"] {
            platform.switch_on(id, marketplace).await?;
        }
        platform
            .patch(&format!("/connections/{id}"), json!({"status": "active"}))
            .await?;
    }
    step.done();

    let on_amazon = on_amazon(&scene, &connected).await?;
    let step = console.step("Orders are fetched, and each looks for its courier");
    let mut watch = Watch {
        addresses,
        platform: &platform,
        connected: &connected,
        extra_ticks: 0,
    };
    watch
        .until(&step, |rows| (rows.len(), on_amazon.len()))
        .await?;
    step.done();

    let step = console.step("A mapping is put while orders wait for it; France is switched on");
    platform.put_mapping(LATE_MAPPING).await?;
    platform.switch_on(&connected[0].id, "FR").await?;
    watch
        .until(&step, |rows| {
            let parked = rows
                .iter()
                .filter(|row| row.marketplace.as_deref() == Some("FR") && row.status == "parked")
                .count();
            let waiting = rows
                .iter()
                .filter(|row| {
                    row.term.as_deref() == Some(LATE_MAPPING.0)
                        && row.reason.as_deref() == Some("no_mapping")
                })
                .count();
            (on_amazon.len() - parked - waiting, on_amazon.len())
        })
        .await?;
    let extra_ticks = watch.extra_ticks;
    step.done();

    let step = console.step("The desk picks a service for one, and acknowledges three");
    desk(&platform).await?;
    step.done();

    let report = look(
        cloud,
        &platform,
        &scene,
        &connected,
        &on_amazon,
        heard,
        started,
        extra_ticks,
    )
    .await?;
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)?)?;
    }
    report.print();
    report.verdict()
}

async fn connect_by_consent(platform: &Platform) -> Result<Connected> {
    let body =
        json!({"name": "Shop by consent", "marketplace": "UK", "authorisation": {"kind": "oauth"}});
    let made = platform.post("/connections", body).await?;
    let id = text(&made, "id")?;
    let mut browser = Browser::default();
    let consent = browser
        .open(&text(&made, "authorise_url")?)
        .await
        .context("on the way to the consent page")?;
    browser
        .consent(&consent, BY_CONSENT)
        .await
        .context("on the way back from the consent page")?;
    platform
        .post(
            &format!("/connections/{id}/confirm"),
            json!({"seller_id": BY_CONSENT}),
        )
        .await?;
    Ok(Connected {
        id,
        seller: BY_CONSENT,
    })
}

async fn connect_by_token(platform: &Platform, scene: &Scene) -> Result<Connected> {
    let refresh_token = scene.self_authorise(BY_TOKEN).await?;
    let authorisation =
        json!({"kind": "token", "seller_id": BY_TOKEN, "refresh_token": refresh_token});
    let made = platform
        .post(
            "/connections",
            json!({"name": "Shop by token", "marketplace": "DE", "authorisation": authorisation}),
        )
        .await?;
    Ok(Connected {
        id: text(&made, "id")?,
        seller: BY_TOKEN,
    })
}

/// A person picks one of the candidates for an order that waits, and the desk takes over what is ready.
async fn desk(platform: &Platform) -> Result<()> {
    for row in platform.orders("pending_review").await? {
        let order = platform
            .get(&format!("/orders/{}/{}", row.connection, row.order_id))
            .await?;
        if let Some(service) = order
            .pointer("/decision/candidates/0")
            .and_then(Value::as_str)
        {
            platform
                .post(
                    &format!("/orders/{}/{}/courier", row.connection, row.order_id),
                    json!({"service": service}),
                )
                .await?;
            break;
        }
    }
    let ready: Vec<Value> = platform
        .orders("ready")
        .await?
        .iter()
        .take(3)
        .map(|row| json!({"connection": row.connection, "id": row.order_id}))
        .collect();
    if !ready.is_empty() {
        platform
            .post("/orders/acknowledge", json!({"orders": ready}))
            .await?;
    }
    Ok(())
}

/// Watches the orders until they are as they should be.
struct Watch<'a> {
    addresses: &'a Addresses,
    platform: &'a Platform,
    connected: &'a [Connected],
    extra_ticks: u64,
}

impl Watch<'_> {
    /// `progress` gives how many orders are as they should be, and of how many.
    async fn until(
        &mut self,
        step: &Step,
        progress: impl Fn(&[platform::Row]) -> (usize, usize),
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
                bail!(
                    "After {} s only {reached} of {wanted} orders are as they should be; see the logs in {}.",
                    LONGEST.as_secs(),
                    self.addresses.logs.display()
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
    async fn tick(&mut self) -> Result<()> {
        let sqs = aws_sdk_sqs::Client::new(&self.addresses.aws().await);
        for Connected { id, .. } in self.connected {
            let tick =
                json!({"v": 1, "kind": "tick", "tenant": TENANT, "connection": id, "hop": 0});
            sqs.send_message()
                .queue_url(self.addresses.output("OrderTicksQueueUrl")?)
                .message_body(tick.to_string())
                .send()
                .await?;
        }
        self.extra_ticks += 1;
        Ok(())
    }
}

async fn on_amazon(scene: &Scene, connected: &[Connected]) -> Result<BTreeSet<(String, String)>> {
    let mut all = BTreeSet::new();
    for Connected { id, seller } in connected {
        all.extend(
            scene
                .merchant_orders(seller)
                .await?
                .into_iter()
                .map(|order| (id.clone(), order)),
        );
    }
    Ok(all)
}

#[expect(
    clippy::too_many_arguments,
    reason = "it puts together what the whole journey gathered"
)]
async fn look(
    cloud: &Cloud,
    platform: &Platform,
    scene: &Scene,
    connected: &[Connected],
    on_amazon: &BTreeSet<(String, String)>,
    heard: bus::Heard,
    started: Instant,
    extra_ticks: u64,
) -> Result<Report> {
    let rows = platform.all_orders().await?;
    let orders = compare(on_amazon, &rows);
    // The bus follows the tables with a little delay.
    let stored = orders.stored;
    let all_told = || {
        heard
            .counts()
            .get("order.imported")
            .copied()
            .unwrap_or_default()
            >= stored
    };
    let patience = Instant::now();
    while !all_told() && patience.elapsed() < PATIENCE {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let mut report = Report {
        connections: connection_lines(platform, connected).await?,
        orders,
        sp_api_calls: scene.calls().await?,
        events: heard.counts(),
        dead_letters: dead_letters(&cloud.addresses).await?,
        elapsed_seconds: started.elapsed().as_secs_f64(),
        broken: Vec::new(),
        rows,
    };
    report.broken = broken(
        &report,
        scene,
        connected,
        on_amazon,
        extra_ticks,
        all_told(),
    )
    .await?;
    Ok(report)
}

/// Each promise of the demo that does not hold, in words.
async fn broken(
    report: &Report,
    scene: &Scene,
    connected: &[Connected],
    on_amazon: &BTreeSet<(String, String)>,
    extra_ticks: u64,
    all_told: bool,
) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    let orders = &report.orders;
    if orders.lost > 0 || orders.duplicated > 0 || orders.stored != orders.on_amazon {
        broken.push("Not every merchant-fulfilled order is stored exactly once.".into());
    }
    if report.dead_letters > 0 {
        broken.push("There are dead letters: cargo dev replay orders --peek".into());
    }
    if !all_told {
        broken.push("Not every stored order was announced on the bus.".into());
    }
    for wrong in scene.violations().await? {
        broken.push(format!(
            "A request broke Amazon's model: {} {}",
            wrong["operation"], wrong["wrong"]
        ));
    }
    for Connected { id, seller } in connected {
        let held = on_amazon
            .iter()
            .filter(|(connection, _)| connection == id)
            .count();
        // One poll when it was switched on, one for the store that came late, and what was ticked beyond.
        let most = held.div_ceil(100) as u64 + 2 + extra_ticks;
        let searches = scene.searches(seller).await?;
        if searches > most {
            broken.push(format!(
                "{searches} searches for {held} orders of connection {id}: more than {most}."
            ));
        }
    }
    Ok(broken)
}

async fn connection_lines(
    platform: &Platform,
    connected: &[Connected],
) -> Result<Vec<ConnectionLine>> {
    let mut lines = Vec::new();
    for Connected { id, .. } in connected {
        let connection = platform.get(&format!("/connections/{id}")).await?;
        let marketplaces = platform
            .get(&format!("/connections/{id}/marketplaces"))
            .await?;
        let list = marketplaces["marketplaces"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let active = list
            .iter()
            .filter(|marketplace| marketplace["active"] == true)
            .filter_map(|marketplace| text(marketplace, "marketplace").ok());
        lines.push(ConnectionLine {
            id: id.clone(),
            status: text(&connection, "status")?,
            marketplaces: active.collect(),
        });
    }
    Ok(lines)
}

/// Messages in all dead-letter queues.
async fn dead_letters(addresses: &Addresses) -> Result<u64> {
    let sqs = aws_sdk_sqs::Client::new(&addresses.aws().await);
    let mut count = 0;
    for (_, url) in addresses
        .outputs
        .iter()
        .filter(|(name, _)| name.ends_with("DeadLetterQueueUrl"))
    {
        let name = "ApproximateNumberOfMessages";
        let answer = sqs
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(name.into())
            .send()
            .await?;
        count += answer
            .attributes()
            .and_then(|all| all.get(&name.into())?.parse::<u64>().ok())
            .unwrap_or_default();
    }
    Ok(count)
}

fn text(json: &Value, name: &str) -> Result<String> {
    json[name]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("the answer has no `{name}`"))
}
