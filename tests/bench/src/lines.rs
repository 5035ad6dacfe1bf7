//! The two documents that are read and written by the line, each alone: a feed of 25,000 messages and a listings report.

use crate::MEMORY;
use anyhow::Result;
use serde::Serialize;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::sp_api::listings_feed::{FeedWriter, MAX_MESSAGES, Pushed};
use stallkeeper::sp_api::listings_report::ListingsReader;
use stallkeeper::sp_api::{Change, ListingPatch};
use std::hint::black_box;
use std::io::Write as _;
use std::time::Instant;

/// How fast lines go through one core.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Speed {
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    pub(crate) lines_per_second: u64,
    /// Heap on top of what was there before.
    pub(crate) peak_mb: f32,
}

fn measured(lines: u64, before: f32, started: Instant, bytes: u64) -> Speed {
    let seconds = started.elapsed().as_secs_f64();
    Speed {
        lines,
        bytes,
        lines_per_second: (lines as f64 / seconds) as u64,
        peak_mb: MEMORY.peak_usage_as_mb() - before,
    }
}

/// Builds a whole feed.
pub(crate) fn feed() -> Result<Speed> {
    let seller = "A1BENCH".parse()?;
    let before = MEMORY.current_usage_as_mb();
    MEMORY.reset_peak_usage();
    let started = Instant::now();
    let mut writer = FeedWriter::new(Vec::new(), &seller)?;
    for n in 0..MAX_MESSAGES {
        let patch = ListingPatch {
            product_type: None,
            change: Change::Quantity(n % 50),
        };
        let pushed = writer.push(&format!("SHELF-{n:06}"), &patch)?;
        anyhow::ensure!(pushed != Pushed::Full, "the feed is full after {n} lines");
    }
    let document = black_box(writer.finish()?);
    let bytes = document.len() as u64;
    Ok(measured(u64::from(MAX_MESSAGES), before, started, bytes))
}

/// Reads a report of so many lines, chunk by chunk as a download brings it; the lines are made as they are read.
pub(crate) fn report(lines: u32) -> Result<Speed> {
    let before = MEMORY.current_usage_as_mb();
    MEMORY.reset_peak_usage();
    let mut reader = ListingsReader::new(
        Some("text/tab-separated-values; charset=UTF-8"),
        Marketplace::Uk,
    );
    let (mut bytes, mut quantity) = (0, 0u64);
    let mut chunk =
        b"item-name\tseller-sku\tprice\tquantity\tasin1\tfulfillment-channel\tstatus\n".to_vec();
    let started = Instant::now();
    for n in 0..lines {
        writeln!(
            chunk,
            "Article {n}\tSHELF-{n:06}\t12.50\t{}\tB0{n:08}\tDEFAULT\tActive",
            n % 50
        )?;
        if chunk.len() > 64 * 1024 || n + 1 == lines {
            bytes += chunk.len() as u64;
            reader.push(&chunk, |row| {
                quantity += u64::from(row.quantity.unwrap_or(0))
            })?;
            chunk.clear();
        }
    }
    let counts = reader.finish(|_| {})?;
    black_box(quantity);
    anyhow::ensure!(
        counts.rows == u64::from(lines),
        "{} rows were read",
        counts.rows
    );
    Ok(measured(u64::from(lines), before, started, bytes))
}
