//! A walk through all pages of a list while orders come in, change and leave.

use super::{LIMIT, orders};
use crate::shop::Shop;
use anyhow::Result;
use desk_orders::list::page;
use desk_orders::query::{ListRequest, Reach};
use jiff::Timestamp;
use serde::Serialize;
use stallkeeper::api::Problem;
use stallkeeper::domain::order::{HistoryEntry, HistoryKind, OrderStatus, StoredOrder};
use std::collections::{BTreeMap, BTreeSet};

/// Orders that change between two pages, and as many that come in.
const CHANGES: u32 = 3;
/// Where the numbers of orders that come in begin.
const NEW: u32 = 5_000_000;

/// What became of the orders that did not change.
#[derive(Debug, Serialize)]
pub(super) struct Walk {
    pub(super) list: &'static str,
    pub(super) pages: u32,
    pub(super) orders: usize,
    pub(super) changed: usize,
    pub(super) missed: usize,
    pub(super) repeated: usize,
}

pub(super) async fn walk(shop: &Shop, list: &'static str, query: &str) -> Result<Walk> {
    let before = open_orders(shop).await?;
    let mut changing = before.clone().into_iter();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut changed = BTreeSet::new();
    let (mut pages, mut after) = (0, String::new());
    loop {
        pages += 1;
        let query = format!("{query}&limit={LIMIT}{after}");
        let request = ListRequest::parse(&query, Reach::OneTenant).map_err(refused)?;
        let app = &shop.bench.functions.desk_orders;
        let page = page(app, &shop.connection.tenant, &request).await;
        let (orders_of_page, next) = page.map_err(refused)?;
        for order in orders_of_page {
            *seen.entry(order.row.order_id.to_string()).or_default() += 1;
        }
        let Some(next) = next else { break };
        after = format!("&after={next}");
        for (id, order) in changing.by_ref().take(CHANGES as usize) {
            change(shop, order, pages).await?;
            changed.insert(id);
        }
        for n in 0..CHANGES {
            let new = orders::order(NEW + pages * CHANGES + n, Timestamp::now())?;
            // The second walk finds those of the first.
            let _written = shop.bench.functions.store.insert_order(&new).await?;
        }
    }
    let kept: Vec<&String> = before.keys().filter(|id| !changed.contains(*id)).collect();
    let times = |id: &String| seen.get(id).copied().unwrap_or_default();
    Ok(Walk {
        list,
        pages,
        orders: kept.len(),
        changed: changed.len(),
        missed: kept.iter().filter(|id| times(id) == 0).count(),
        repeated: kept.iter().filter(|id| times(id) > 1).count(),
    })
}

fn refused(problem: Problem) -> anyhow::Error {
    anyhow::anyhow!("the list was refused: {problem:?}")
}

/// The tenant's open orders, past the API.
async fn open_orders(shop: &Shop) -> Result<BTreeMap<String, StoredOrder>> {
    let scan = shop
        .bench
        .functions
        .unmetered
        .scan()
        .table_name(&shop.bench.at.orders);
    let mut items = scan.into_paginator().items().send();
    let mut found = BTreeMap::new();
    while let Some(item) = items.next().await {
        let item = item?;
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
        let status = text("status").and_then(|status| status.parse::<OrderStatus>().ok());
        let is_open = status.is_some_and(|status| OrderStatus::AT_A_DESK.contains(&status));
        let is_ours =
            text("tenant").is_some_and(|tenant| tenant == shop.connection.tenant.as_str());
        if let (true, true, Some(connection), Some(id)) =
            (is_open, is_ours, text("connection"), text("order_id"))
        {
            let key = stallkeeper::domain::ids::ConnectionKey::new(
                &shop.connection.tenant,
                &connection.parse()?,
            );
            let order = shop.bench.functions.store.order(&key, &id.parse()?).await?;
            found.extend(order.map(|order| (id.clone(), order)));
        }
    }
    Ok(found)
}

/// It is dispatched, taken over, or to be shipped at another moment.
async fn change(shop: &Shop, mut order: StoredOrder, page: u32) -> Result<()> {
    match page % 3 {
        0 => order.status = OrderStatus::Dispatched,
        1 => order.status = OrderStatus::Acknowledged,
        _ => order.order.ship_by = Some(Timestamp::now()),
    }
    order.revision += 1;
    let entry = HistoryEntry {
        at: Timestamp::now(),
        kind: HistoryKind::Changed,
        note: "changed at Amazon".into(),
    };
    let _written = shop
        .bench
        .functions
        .store
        .replace_order(&order, &entry)
        .await?;
    Ok(())
}
