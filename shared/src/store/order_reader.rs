//! A page out of several partitions of orders, the most urgent of all first.
//!
//! All partitions sort by the same key (ship-by, connection, order), so that one key says how far all of them were read: an
//! order that moves from one to another between two pages, and keeps its ship-by moment, comes exactly once. What a page
//! may read is bounded: its cost follows the page, however many orders there are.

use super::{ListedOrder, OrderFilter, OrderPartition, Store};
use crate::error::Result;
use futures::future::try_join_all;
use std::collections::VecDeque;

/// How many queries one page may cost beyond the first of each partition. A filter that matches next to nothing ends its page
/// there, with `next`.
const MOST_READS: usize = 10;
/// How many rows a query reads if most of them may be filtered out.
const FILTERED_READ: usize = 500;

/// Reads pages, within what one request may read.
#[derive(Debug)]
pub struct OrderReader<'a> {
    store: &'a Store,
    filter: &'a OrderFilter,
    reads_left: usize,
}

/// Orders, and how far they were read.
#[derive(Debug)]
pub struct MergedOrders {
    pub orders: Vec<ListedOrder>,
    /// `None`: nothing follows.
    pub next: Option<String>,
}

/// A partition, and what was read of it and not taken yet.
struct Source<'a> {
    partition: &'a OrderPartition,
    read: VecDeque<ListedOrder>,
    place: Option<String>,
    is_ended: bool,
}

impl Source<'_> {
    fn is_dry(&self) -> bool {
        self.read.is_empty() && !self.is_ended
    }

    fn head(&self) -> Option<String> {
        self.read.front().map(|order| order.row.place())
    }
}

impl<'a> OrderReader<'a> {
    pub fn new(store: &'a Store, filter: &'a OrderFilter) -> Self {
        let reads_left = MOST_READS;
        Self {
            store,
            filter,
            reads_left,
        }
    }

    /// The first `wanted` orders after a place, of all partitions.
    pub async fn merge(
        &mut self,
        partitions: &[OrderPartition],
        after: Option<&str>,
        wanted: usize,
    ) -> Result<MergedOrders> {
        let mut sources: Vec<Source<'_>> = partitions
            .iter()
            .map(|partition| Source {
                partition,
                read: VecDeque::new(),
                place: after.map(str::to_owned),
                is_ended: false,
            })
            .collect();
        self.reads_left = self.reads_left.max(partitions.len());
        let mut orders = Vec::new();
        loop {
            let dry = sources.iter().filter(|source| source.is_dry()).count();
            if dry > self.reads_left {
                return Ok(self.cut(sources, orders, wanted));
            }
            self.reads_left -= dry;
            try_join_all(
                sources
                    .iter_mut()
                    .filter(|source| source.is_dry())
                    .map(|source| read_partition(self.store, self.filter, source, wanted)),
            )
            .await?;
            if sources.iter().any(Source::is_dry) {
                continue;
            }
            while !sources.iter().any(Source::is_dry) {
                let Some(order) = first(&mut sources, None) else {
                    return Ok(MergedOrders { orders, next: None });
                };
                orders.push(order);
                if orders.len() == wanted {
                    let next = orders.last().map(|order| order.row.place());
                    return Ok(MergedOrders { orders, next });
                }
            }
        }
    }

    /// The page as it is, since no more may be read: up to where every partition was read.
    fn cut(
        &self,
        mut sources: Vec<Source<'_>>,
        mut orders: Vec<ListedOrder>,
        wanted: usize,
    ) -> MergedOrders {
        let dry = sources.iter().filter(|source| source.is_dry());
        let reached = dry.map(|source| source.place.clone()).min().flatten();
        while orders.len() < wanted
            && let Some(order) = first(&mut sources, reached.as_deref())
        {
            orders.push(order);
        }
        let last = orders.last().map(|order| order.row.place());
        let next = if orders.len() < wanted { reached } else { last };
        MergedOrders { orders, next }
    }
}

/// The most urgent of what was read, not beyond `until`.
fn first(sources: &mut [Source<'_>], until: Option<&str>) -> Option<ListedOrder> {
    let heads = sources
        .iter_mut()
        .filter_map(|source| Some((source.head()?, source)));
    let (place, source) = heads.min_by(|(one, _), (other, _)| one.cmp(other))?;
    let is_within = until.is_none_or(|until| place.as_str() <= until);
    is_within.then(|| source.read.pop_front()).flatten()
}

async fn read_partition(
    store: &Store,
    filter: &OrderFilter,
    source: &mut Source<'_>,
    wanted: usize,
) -> Result<()> {
    let rows = if narrows(filter) {
        wanted.max(FILTERED_READ)
    } else {
        wanted
    };
    let rows = i32::try_from(rows).unwrap_or(i32::MAX);
    let page = store
        .orders_in(source.partition, filter, source.place.as_deref(), rows)
        .await?;
    source.read.extend(page.rows);
    source.is_ended = page.next.is_none();
    source.place = page.next;
    Ok(())
}

/// Whether rows may be read that are not listed. The ship-by moment is part of the key and costs nothing.
fn narrows(filter: &OrderFilter) -> bool {
    let by_moment_alone = OrderFilter {
        ship_by_from: filter.ship_by_from,
        ship_by_before: filter.ship_by_before,
        ..OrderFilter::default()
    };
    *filter != by_moment_alone
}
