//! The desk's lists over many orders: what a page reads, first and deep, and whether a walk through all pages misses or
//! repeats an order while others change.

mod orders;
mod walk;

use crate::DeskArguments;
use crate::meter::write_and_read;
use crate::queues::ApiRequest;
use crate::shop::Shop;
use anyhow::Result;
use comfy_table::{Cell, CellAlignment, Table, presets};
use orders::{RARE_SKU, SOUGHT, fill};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::Write as _;
use std::time::Instant;
use walk::{Walk, walk};

/// Rows of a page.
const LIMIT: usize = 100;
/// Pages before the one that counts as deep.
const DEEP: usize = 50;

/// Name, path and scope of each list that is measured.
const LISTS: [(&str, &str, &str); 13] = [
    ("one status", "/orders?status=ready", "desk"),
    ("all open, by status", "/orders?", "desk"),
    ("all open, by ship-by", "/orders?sort=ship_by", "desk"),
    (
        "at risk, by ship-by",
        "/orders?sort=ship_by&at_risk=true",
        "desk",
    ),
    (
        "one marketplace (1 in 4)",
        "/orders?sort=ship_by&marketplace=DE",
        "desk",
    ),
    (
        "one courier (1 in 2)",
        "/orders?sort=ship_by&courier=DPD",
        "desk",
    ),
    (
        "one reason (1 in 8)",
        "/orders?status=pending_review&reason=address_missing",
        "desk",
    ),
    (
        "one connection (1 in 10)",
        "/orders?sort=ship_by&connection=C3",
        "desk",
    ),
    ("a rare SKU (1 in 2,000)", RARE_SKU, "desk"),
    ("with lines", "/orders?status=ready&include=items", "desk"),
    ("one order id, 10 connections", SOUGHT, "desk"),
    ("operator, all tenants", "/operator/orders?", "operator"),
    (
        "operator, one tenant (1 in 5)",
        "/operator/orders?tenant=other",
        "operator",
    ),
];

#[derive(Debug, Serialize)]
struct Page {
    list: &'static str,
    page: usize,
    orders: usize,
    queries: u64,
    read_units: f64,
    milliseconds: f64,
}

#[derive(Debug, Serialize)]
struct Report {
    orders: u32,
    pages: Vec<Page>,
    walks: Vec<Walk>,
}

pub(crate) async fn run(arguments: &DeskArguments) -> Result<()> {
    let (mut shop, _child) = Shop::open(0, &[]).await?;
    shop.bar.set_message("the orders");
    fill(&shop, arguments.orders).await?;
    let mut pages = Vec::new();
    for (list, path, scope) in LISTS {
        shop.bar.set_message(list);
        pages.extend(measure(&mut shop, list, path, scope).await?);
    }
    pages.push(by_postcode(&mut shop).await?);
    let mut walks = Vec::new();
    for (list, query) in [
        ("all open, by status", ""),
        ("all open, by ship-by", "sort=ship_by"),
    ] {
        shop.bar.set_message("a walk while orders change");
        walks.push(walk(&shop, list, query).await?);
    }
    shop.bar.finish_and_clear();
    let report = Report {
        orders: arguments.orders,
        pages,
        walks,
    };
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)?)?;
    }
    report.print()
}

/// The first page of a list, and one that is deep or the last.
async fn measure(
    shop: &mut Shop,
    list: &'static str,
    path: &str,
    scope: &str,
) -> Result<Vec<Page>> {
    let (first, mut next) = one(shop, list, 1, path, scope, None).await?;
    let mut pages = vec![first];
    for page in 2..=DEEP {
        let Some(after) = next else { break };
        let read = one(shop, list, page, path, scope, Some(&after)).await?;
        pages.push(read.0);
        next = read.1;
    }
    let last = (pages.len() > 1).then(|| pages.pop()).flatten();
    pages.truncate(1);
    pages.extend(last);
    Ok(pages)
}

/// A page and what it consumed, without the limit of the tenant's calls.
async fn one(
    shop: &mut Shop,
    list: &'static str,
    page: usize,
    path: &str,
    scope: &str,
    after: Option<&str>,
) -> Result<(Page, Option<String>)> {
    let after = after
        .map(|after| format!("&after={after}"))
        .unwrap_or_default();
    let path = format!("{path}&limit={LIMIT}{after}");
    let request = ApiRequest {
        method: "GET",
        path: &path,
        scope,
        body: String::new(),
    };
    let (answer, page) = counted(shop, list, page, request).await?;
    Ok((page, answer["next"].as_str().map(str::to_owned)))
}

async fn by_postcode(shop: &mut Shop) -> Result<Page> {
    let body = json!({"postcode": orders::POSTCODE, "limit": LIMIT}).to_string();
    let request = ApiRequest {
        method: "POST",
        path: "/orders/search",
        scope: "desk buyer",
        body,
    };
    let (_, page) = counted(shop, "a postcode", 1, request).await?;
    Ok(page)
}

async fn counted(
    shop: &mut Shop,
    list: &'static str,
    page: usize,
    request: ApiRequest<'_>,
) -> Result<(Value, Page)> {
    shop.bench.forget().await?;
    let routes = desk_orders::router(shop.bench.functions.desk_orders.clone());
    let started = Instant::now();
    let answer = shop.bench.api("desk-orders", routes, request).await?;
    let milliseconds = started.elapsed().as_secs_f64() * 1_000.0;
    let sums = shop.bench.units().await?;
    let reads = ["Query", "GetItem", "BatchGetItem"];
    let queries = sums
        .iter()
        .filter(|(name, _)| reads.contains(&name.as_str()));
    let page = Page {
        list,
        page,
        orders: answer["orders"].as_array().map_or(0, Vec::len),
        queries: queries.map(|(_, sum)| sum.requests).sum(),
        read_units: write_and_read(&sums).1,
        milliseconds,
    };
    Ok((answer, page))
}

impl Report {
    fn print(&self) -> Result<()> {
        let mut pages = Table::new();
        pages.load_style(presets::UTF8_BORDERS_ONLY).set_header([
            "List",
            "Page",
            "Orders",
            "Reads",
            "Read units",
            "ms",
        ]);
        let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
        for page in &self.pages {
            pages.add_row([
                Cell::new(page.list),
                right(page.page.to_string()),
                right(page.orders.to_string()),
                right(page.queries.to_string()),
                right(format!("{:.1}", page.read_units)),
                right(format!("{:.0}", page.milliseconds)),
            ]);
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "{} orders\n{pages}", self.orders)?;
        for Walk {
            list,
            pages,
            orders,
            changed,
            missed,
            repeated,
        } in &self.walks
        {
            writeln!(
                out,
                "{list}: {orders} orders on {pages} pages while {changed} others changed, {missed} missed, {repeated} repeated"
            )?;
        }
        Ok(())
    }
}
