//! The orders' way in, under everything that can go wrong on it: the functions in process, on real queues and tables,
//! with an Amazon that fails on demand.

mod amazon_fails;
mod between;
mod cost;
mod pages;
mod privacy;
mod refusals;
mod stopped;
mod storms;
mod twice;

use crate::tripwire::Side;
use futures::{StreamExt as _, stream};

/// Worlds that are played at a time.
const SIDE_BY_SIDE: usize = 4;

/// Plays a test once for each call from the first to the `calls`-th, and each side of it.
async fn at_every_call(calls: usize, test: impl AsyncFn(usize, Side)) {
    let points = (1..=calls).flat_map(|n| Side::BOTH.map(|side| (n, side)));
    at_each(points, test).await;
}

async fn at_each(points: impl Iterator<Item = (usize, Side)>, test: impl AsyncFn(usize, Side)) {
    stream::iter(points)
        .for_each_concurrent(SIDE_BY_SIDE, |(n, side)| test(n, side))
        .await;
}
