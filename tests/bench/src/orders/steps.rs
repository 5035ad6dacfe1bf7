//! The steps of an order's intake that need no table, each alone, beside the same steps in Python.

use crate::{median, peers};
use anyhow::{Context as _, Result, ensure};
use flate2::write::DeflateEncoder;
use flate2::{Compress, Compression, FlushCompress};
use jiff::Timestamp;
use remap_carriers::intake::{Intake, Reading, Rules, take_in};
use serde::Deserialize;
use serde_json::{Value, json};
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::order::Version;
use stallkeeper::sp_api::{Dataset, RawOrder, read_order};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::Write as _;
use std::time::Instant;

/// What an order's body is deflated after.
const PRIMER: &[u8] = include_bytes!("../../../../shared/src/store/primed/order_1.txt");
/// A page of Amazon's.
const PAGE: usize = 100;
const PAGE_FILE: &str = "target/bench/orders-page.json";
/// How often each step takes the page; the median counts.
const ROUNDS: u32 = 50;
/// The steps that are timed alone. Python has no compressor to keep.
pub(super) const STEPS: [(&str, &str); 5] = [
    ("parse", "parse the page"),
    ("read", "part public from personal data"),
    ("decide", "derive the term, choose the service"),
    ("deflate", "encode and deflate both bodies"),
    (
        "deflate_new",
        "the same without a primer, a new compressor each time",
    ),
];

/// Microseconds an order, by step.
pub(super) type Steps = BTreeMap<String, f64>;

#[derive(Deserialize)]
struct Page {
    orders: Vec<RawOrder>,
}

/// Orders that one core takes through all steps in a second, tables and queues apart.
pub(super) fn per_second_and_core(steps: &Steps) -> f64 {
    let all = STEPS.iter().filter(|(name, _)| *name != "deflate_new");
    1e6 / all.filter_map(|(name, _)| steps.get(*name)).sum::<f64>()
}

/// A page for both languages.
pub(super) fn save_page(mut orders: Vec<Value>) -> Result<()> {
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

pub(super) fn steps(connection: &ConnectionKey, rules: &Rules) -> Result<Steps> {
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
        stored.iter().flat_map(|(order, buyer)| {
            [
                (PRIMER, serde_json::to_vec(order)),
                (b"".as_slice(), serde_json::to_vec(buyer)),
            ]
        })
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
            for (primer, body) in bodies() {
                let body = body?;
                kept.reset();
                let mut deflated = Vec::with_capacity(primer.len() + body.len() + 64);
                kept.compress_vec(primer, &mut deflated, FlushCompress::Sync)?;
                deflated.clear();
                kept.compress_vec(&body, &mut deflated, FlushCompress::Finish)?;
                black_box(deflated);
            }
            Ok(())
        })?,
        timed(&mut || {
            for (_, body) in bodies() {
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

pub(super) async fn python() -> Result<Steps> {
    let mut command = tokio::process::Command::new(peers::python().await?);
    command.args([&peers::script("orders"), PAGE_FILE, &ROUNDS.to_string()]);
    serde_json::from_slice(&peers::run(&mut command).await?).context("the peer's answer")
}
