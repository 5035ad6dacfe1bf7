//! Orders in: a sweep of a seller's orders, each read, given its term and courier service, and stored; then the steps
//! that need no table, alone, beside the same steps in Python.

use crate::functions::Functions;
use crate::queues::Bench;
use crate::report::{Phase, phases_table};
use crate::{OrdersArguments, median, peers, seller, world};
use anyhow::{Context as _, Result, ensure};
use comfy_table::{Cell, CellAlignment, Table, presets};
use flate2::write::DeflateEncoder;
use flate2::{Compress, Compression, FlushCompress};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use remap_carriers::intake::{Intake, Reading, Rules, take_in};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stallkeeper::domain::courier::{Courier, CourierService, Mapping, MappingOwner, Scope};
use stallkeeper::domain::ids::{ConnectionId, ConnectionKey};
use stallkeeper::domain::order::Version;
use stallkeeper::queue::TickMessage;
use stallkeeper::sp_api::{Dataset, Operation, RawOrder, read_order};
use stallkeeper::store::Written;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

/// A page of Amazon's.
const PAGE: usize = 100;
const PAGE_FILE: &str = "target/bench/orders-page.json";
/// How often each step takes the page; the median counts.
const ROUNDS: u32 = 50;
/// The steps that are timed alone. Python has no compressor to keep.
const STEPS: [(&str, &str); 5] = [
    ("parse", "parse the page"),
    ("read", "part public from personal data"),
    ("decide", "derive the term, choose the service"),
    ("deflate", "encode and deflate both bodies"),
    ("deflate_new", "the same, a new compressor each time"),
];

/// Microseconds an order, by step.
type Steps = BTreeMap<String, f64>;

#[derive(Debug, Serialize)]
struct Report {
    orders_stored: u32,
    orders_per_second: f64,
    phase: Phase,
    steps: Steps,
    python: Steps,
}

#[derive(Deserialize)]
struct Page {
    orders: Vec<RawOrder>,
}

pub(crate) async fn run(arguments: &OrdersArguments) -> Result<()> {
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {elapsed} {msg}")?);
    bar.enable_steady_tick(Duration::from_millis(120));
    let (_child, at) = world::start().await?;
    let mut bench = Bench {
        functions: Functions::start(&at).await?,
        at,
        http: reqwest::Client::builder().no_proxy().build()?,
        efforts: BTreeMap::default(),
    };
    let connection = ConnectionKey {
        tenant: "bench".parse()?,
        id: ConnectionId::new(Timestamp::now(), ulid::Ulid::generate().0),
    };
    prepare(&bench, &connection, arguments.orders).await?;
    bench.forget().await?;
    let started = Instant::now();
    let tick = TickMessage::Tick {
        connection: connection.clone(),
        hop: 0,
    };
    let ticks = bench.functions.poll_orders.ticks.clone();
    ticks.send(&connection, tick, 0).await?;
    bench
        .drain(|function| bar.set_message(function.to_owned()))
        .await?;
    let seconds = started.elapsed().as_secs_f64();
    // Those that Amazon fulfils are not fetched, so that what is generated is more than what is counted here.
    let orders = merchant_orders(&bench).await?;
    all_stored(&bench, &connection, &orders).await?;
    let orders_stored = u32::try_from(orders.len())?;
    let phase = bench
        .phase("orders in, the first time", orders_stored)
        .await?;
    bar.set_message("each step alone");
    save_page(orders)?;
    let settings = bench.functions.store.settings(&connection).await?;
    let steps = steps(
        &connection,
        &Rules::new(settings, Some(Timestamp::UNIX_EPOCH)),
    )?;
    let python = match arguments.no_peer {
        true => Steps::new(),
        false => {
            bar.set_message("the same steps in Python");
            python().await?
        }
    };
    bar.finish_and_clear();
    let report = Report {
        orders_stored,
        orders_per_second: f64::from(orders_stored) / seconds,
        phase,
        steps,
        python,
    };
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)?)?;
    }
    report.print()
}

/// The seller with its orders, a courier, and a mapping for the commonest term.
async fn prepare(bench: &Bench, connection: &ConnectionKey, orders: u32) -> Result<()> {
    seller::connect(bench, connection).await?;
    let store = &bench.functions.store;
    let courier = Courier {
        code: "DPD".parse()?,
        name: "DPD".into(),
        services: vec![CourierService::new("next-day".parse()?, "Next day")],
    };
    store.put_courier(&connection.tenant, &courier).await?;
    let mapping = Mapping {
        term: "STD UK DOM".parse()?,
        service: "DPD/next-day".parse()?,
        carries_prime: false,
        scope: Scope::Tenant,
    };
    store
        .put_mapping(&MappingOwner::Tenant(connection.tenant.clone()), &mapping)
        .await?;
    note_rate(bench, connection).await?;
    // Of the last day: older ones would come by the back-fill lane, tick by tick.
    let since = Timestamp::now() - SignedDuration::from_hours(20);
    let generate = json!({"count": orders, "seed": 1, "since": since.to_string()});
    let generate = json!({"generate": generate});
    seller::sandbox(bench, "POST", "/orders", generate).await?;
    Ok(())
}

/// The cursor knows the sandbox's rate from an earlier sweep. One that met it only now, a thousand times Amazon's, would
/// take the first call for a debt and leave the other pages to the next ticks.
async fn note_rate(bench: &Bench, connection: &ConnectionKey) -> Result<()> {
    let store = &bench.functions.store;
    let now = Timestamp::now();
    let day_ago = now - SignedDuration::from_hours(24);
    let mut cursor = store
        .lease_order_cursor(connection, "bench", now, now, day_ago)
        .await?
        .context("another run has the cursor")?;
    cursor.rate = Some(Operation::SearchOrders.limit().rate * world::REFILL_FACTOR);
    let saved = store.give_back(connection, &mut cursor).await?;
    ensure!(saved == Written::Done, "the cursor was not saved");
    Ok(())
}

/// The orders that the seller fulfils, as Amazon writes them.
async fn merchant_orders(bench: &Bench) -> Result<Vec<Value>> {
    let url = format!(
        "{}/_sandbox/sellers/{}/orders",
        bench.at.amazon,
        seller::SELLER
    );
    let mut orders: Vec<Value> = bench.http.get(url).send().await?.json().await?;
    orders.retain(|order| order["fulfillment"]["fulfilledBy"] == "MERCHANT");
    ensure!(!orders.is_empty(), "there are no orders");
    Ok(orders)
}

async fn all_stored(bench: &Bench, connection: &ConnectionKey, orders: &[Value]) -> Result<()> {
    for order in orders {
        let id = order["orderId"].as_str().context("an order without id")?;
        let stored = bench
            .functions
            .store
            .order(connection, &id.parse()?)
            .await?;
        if stored.is_none() {
            eprintln!("{id} {}", order["fulfillment"]);
        }
    }
    Ok(())
}

/// A page for both languages.
fn save_page(mut orders: Vec<Value>) -> Result<()> {
    orders.truncate(PAGE);
    std::fs::create_dir_all("target/bench")?;
    std::fs::write(PAGE_FILE, serde_json::to_vec(&json!({"orders": orders}))?)?;
    Ok(())
}

fn read(raw: &RawOrder, now: Timestamp) -> Result<Reading> {
    let read = read_order(raw)?;
    Ok(Reading {
        order: read.order,
        buyer: read.buyer,
        version: Version {
            updated_at: raw.updated_at(),
            datasets: u8::try_from(Dataset::ORDERS.len())?,
            fetched_at: now,
        },
        datasets: Dataset::ORDERS.to_vec(),
        given: read.given,
        unreadable: read.unreadable,
        unknown_skus: Default::default(),
        content_hash: raw.content_hash(),
    })
}

fn steps(connection: &ConnectionKey, rules: &Rules) -> Result<Steps> {
    let page = std::fs::read(PAGE_FILE)?;
    let parse = || serde_json::from_slice::<Page>(&page);
    let raw = parse()?.orders;
    let now = Timestamp::now();
    let read_all = || {
        raw.iter()
            .map(|raw| read(raw, now))
            .collect::<Result<Vec<_>>>()
    };
    let readings = read_all()?;
    let decide = |reading: &Reading| take_in(connection, reading, None, rules, now);
    let stored: Vec<_> = readings
        .iter()
        .filter_map(|reading| match decide(reading) {
            Intake::Write { order, .. } => Some((order, &reading.buyer)),
            Intake::Known | Intake::NotWanted => None,
        })
        .collect();
    ensure!(stored.len() == raw.len(), "not every order is stored");
    let bodies = || {
        stored
            .iter()
            .flat_map(|(order, buyer)| [serde_json::to_vec(order), serde_json::to_vec(buyer)])
    };
    let mut kept = Compress::new(Compression::default(), false);
    let timed = |step: &mut dyn FnMut() -> Result<()>| {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let started = Instant::now();
            step()?;
            times.push(started.elapsed().as_secs_f64() * 1e6 / raw.len() as f64);
        }
        anyhow::Ok(median(times))
    };
    let times = [
        timed(&mut || {
            black_box(parse()?);
            Ok(())
        })?,
        timed(&mut || {
            black_box(read_all()?);
            Ok(())
        })?,
        timed(&mut || {
            for reading in &readings {
                black_box(decide(reading));
            }
            Ok(())
        })?,
        timed(&mut || {
            for body in bodies() {
                let body = body?;
                kept.reset();
                let mut deflated = Vec::with_capacity(body.len() + 64);
                kept.compress_vec(&body, &mut deflated, FlushCompress::Finish)?;
                black_box(deflated);
            }
            Ok(())
        })?,
        timed(&mut || {
            for body in bodies() {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(&body?)?;
                black_box(encoder.finish()?);
            }
            Ok(())
        })?,
    ];
    let names = STEPS.map(|(name, _)| name.to_owned());
    Ok(names.into_iter().zip(times).collect())
}

async fn python() -> Result<Steps> {
    let mut command = tokio::process::Command::new(peers::python().await?);
    command.args([&peers::script("orders"), PAGE_FILE, &ROUNDS.to_string()]);
    serde_json::from_slice(&peers::run(&mut command).await?).context("the peer's answer")
}

impl Report {
    fn print(&self) -> Result<()> {
        let mut steps = Table::new();
        steps.load_style(presets::UTF8_BORDERS_ONLY).set_header([
            "Step",
            "µs an order",
            "in Python",
        ]);
        for (name, text) in STEPS {
            let cell = |steps: &Steps| {
                let time = steps.get(name).map(|time| format!("{time:.1}"));
                Cell::new(time.unwrap_or("–".to_owned())).set_alignment(CellAlignment::Right)
            };
            steps.add_row([Cell::new(text), cell(&self.steps), cell(&self.python)]);
        }
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "{} orders stored, {:.0} a second\n{}\n{steps}",
            self.orders_stored,
            self.orders_per_second,
            phases_table(std::slice::from_ref(&self.phase))
        )?;
        Ok(())
    }
}
