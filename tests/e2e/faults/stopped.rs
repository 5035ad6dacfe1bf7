//! A function is killed at each of its calls to the outside, before it and after it: what it had done remains, what it had
//! not comes again, and nothing is done twice.

use super::{at_each, at_every_call};
use crate::tripwire::{Side, Tripwire};
use crate::world::amazon::{of_store, order, order_id, orders};
use crate::world::queues::Delivered;
use crate::world::records::Portrait;
use crate::world::{Scene, World, play, poll, remap};
use aws_lambda_events::sqs::SqsEvent;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::marketplace::Marketplace::Fr;
use stallkeeper::domain::order::HistoryKind::Imported;
use stallkeeper::domain::order::OrderStatus;
use stallkeeper::queue::OrderMessage;
use std::collections::BTreeMap;
use std::time::Duration;

/// A sweep of one page that fills two batches.
const SMALL: u32 = 11;
/// A sweep of two pages.
const TWO_PAGES: u32 = 104;

#[tokio::test]
async fn poll_orders_stopped_at_any_call_loses_no_order_and_doubles_none() {
    at_every_call(calls_of_a_sweep(SMALL).await, async |n, side| {
        play(Scene::default(), async |world| {
            sweep_stopped_at(world, SMALL, n, side).await;
            world.deliver_orders().await;
            let portraits = world.portraits().await;
            let at = format!("stopped {side:?} call {n}");
            assert!(portraits.keys().eq(&world.amazon.ids().await), "{at}");
            assert!(
                portraits.values().all(|one| one.history == [Imported]),
                "{at}"
            );
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_sweep_of_two_pages_stopped_at_any_call_queues_every_order() {
    // One call comes after the other, so before a call is just after the one before: one side will do.
    let points = (1..=calls_of_a_sweep(TWO_PAGES).await).map(|n| (n, Side::After));
    at_each(points, async |n, side| {
        play(Scene::default(), async |world| {
            sweep_stopped_at(world, TWO_PAGES, n, side).await;
            let mut queued = world.queued_ids().await;
            queued.dedup();
            assert_eq!(
                queued,
                world.amazon.ids().await,
                "stopped {side:?} call {n}"
            );
        })
        .await;
    })
    .await;
}

async fn calls_of_a_sweep(count: u32) -> usize {
    let mut calls = 0;
    play(Scene::default(), async |world| {
        world.amazon.add(orders(count)).await;
        let tripwire = Tripwire::across(&world.outside).await;
        let app = world.new_poll_orders(&tripwire.outside).await;
        let tick = world.received_tick().await;
        poll(&app, tick).await.unwrap();
        calls = tripwire.calls().len();
    })
    .await;
    assert!(calls >= 12, "a sweep was {calls} calls only");
    calls
}

/// A sweep is killed; its tick comes again, and one more.
async fn sweep_stopped_at(world: &World, count: u32, n: usize, side: Side) {
    let at = format!("stopped {side:?} call {n}");
    world.amazon.add(orders(count)).await;
    let tripwire = Tripwire::across(&world.outside).await;
    let app = world.new_poll_orders(&tripwire.outside).await;
    let tick = world.received_tick().await;
    tripwire.arm(n, side);
    let ended = tripwire.kill(poll(&app, tick.clone())).await;
    assert!(ended.is_none(), "not {at}");
    world.ticks.come_again(&tick).await;
    world.let_leases_expire().await;
    assert_eq!(world.deliver_ticks().await, Delivered::all_of(1), "{at}");
    assert_eq!(world.tick().await, Delivered::all_of(1), "{at}");

    let cursor = world.cursor().await;
    let long_ago = Timestamp::now() - SignedDuration::from_mins(5);
    assert!(
        cursor.since > long_ago && cursor.sweep.is_none(),
        "{at}: {cursor:?}"
    );
    assert_eq!((cursor.owner, cursor.leased_until_ms), (None, 0), "{at}");
    assert_eq!(world.dead_letters().await, 0, "{at}");
}

#[tokio::test]
async fn remap_carriers_stopped_before_any_call_ends_as_if_it_had_not_been() {
    remap_stopped(Side::Before).await;
}

#[tokio::test]
async fn remap_carriers_stopped_after_any_call_ends_as_if_it_had_not_been() {
    remap_stopped(Side::After).await;
}

async fn remap_stopped(side: Side) {
    let base = Timestamp::now();
    let (calls, expected) = remapped_undisturbed(base).await;
    at_each((1..=calls).map(|n| (n, side)), async |n, side| {
        play(Scene::default(), async |world| {
            let batch = batch_of_every_kind(world, base).await;
            let tripwire = Tripwire::across(&world.outside).await;
            let app = world.new_remap_carriers(&tripwire.outside).await;
            tripwire.arm(n, side);
            let at = format!("stopped {side:?} call {n}");
            match tripwire.kill(remap(&app, batch.clone())).await {
                None => world.orders.come_again(&batch).await,
                // Messages are worked on side by side, so the number of calls varies a little.
                Some(response) => {
                    assert!(n + 8 > calls, "not {at}");
                    world.orders.settle(&batch, &response.unwrap()).await;
                }
            }
            assert_eq!(world.deliver_orders().await.failed, 0, "{at}");
            assert_eq!(comparable(world).await, expected, "{at}");
            assert_eq!(
                world
                    .store
                    .parked_marks(&world.connection.key())
                    .await
                    .unwrap()
                    .len(),
                1
            );
            assert_eq!(world.dead_letters().await, 0, "{at}");
        })
        .await;
    })
    .await;
}

/// Portraits that are the same in two worlds: the buyer data of a cancelled order lives for a day after the cancellation was
/// seen, which no two worlds see in the same second.
async fn comparable(world: &World) -> BTreeMap<String, Portrait> {
    let mut portraits = world.portraits().await;
    for portrait in portraits.values_mut() {
        if portrait.status == OrderStatus::Cancelled {
            let day = SignedDuration::from_hours(24);
            let until = portrait.buyer_until.take().unwrap_or_default();
            let until = Timestamp::from_second(until.parse().unwrap()).unwrap();
            let now = Timestamp::now();
            assert!(until > now && until <= now + day, "{until}");
        }
    }
    portraits
}

async fn remapped_undisturbed(base: Timestamp) -> (usize, BTreeMap<String, Portrait>) {
    let (mut calls, mut portraits) = (0, BTreeMap::new());
    play(Scene::default(), async |world| {
        let batch = batch_of_every_kind(world, base).await;
        let tripwire = Tripwire::across(&world.outside).await;
        let app = world.new_remap_carriers(&tripwire.outside).await;
        let response = remap(&app, batch.clone()).await.unwrap();
        assert_eq!(world.orders.settle(&batch, &response).await.failed, 0);
        calls = tripwire.calls().len();
        portraits = comparable(world).await;
    })
    .await;
    assert!(calls >= 20, "the batch was {calls} calls only");
    let statuses: Vec<&str> = portraits.values().map(|one| one.status.as_str()).collect();
    assert_eq!(
        statuses,
        ["ready", "cancelled", "ready", "parked", "ready", "ready"]
    );
    (calls, portraits)
}

/// A batch with one message of each kind that is different work: an order that is replaced, one that is cancelled, one
/// that is new, one to be parked, a re-run that finds a waiting order, one that must be fetched.
async fn batch_of_every_kind(world: &World, base: Timestamp) -> SqsEvent {
    let dated = |minutes: i64, mut changes: Value| {
        let at = |minutes| {
            let at = base + SignedDuration::from_mins(minutes);
            json!(at.strftime("%FT%TZ").to_string())
        };
        changes["createdTime"] = at(-60);
        changes["lastUpdatedTime"] = at(minutes);
        changes
    };
    let [replaced, cancelled, new, parked, waiting, fetched] = [1, 2, 3, 4, 5, 6];
    let express = json!({ "fulfillment": { "fulfillmentServiceLevel": "PRIORITY" } });
    let before = [
        order(replaced, dated(-30, json!({}))),
        order(cancelled, dated(-30, json!({}))),
        order(waiting, dated(-30, express)),
    ];
    world.amazon.add(before.into()).await;
    world.tick().await;
    assert_eq!(world.deliver_orders().await, Delivered::all_of(3));

    let later =
        json!({ "fulfillment": { "shipByWindow": { "latestDateTime": "2030-01-03T12:00:00Z" } } });
    world
        .amazon
        .change(&order_id(replaced), dated(10, later))
        .await;
    let end = json!({ "fulfillment": { "fulfillmentStatus": "CANCELLED" } });
    world
        .amazon
        .change(&order_id(cancelled), dated(10, end))
        .await;
    let after = [
        order(new, dated(10, json!({}))),
        order(parked, dated(10, of_store(Fr, "FR", "69001"))),
        order(fetched, dated(10, json!({}))),
    ];
    world.amazon.add(after.into()).await;
    world.let_time_pass(Duration::from_secs(1_800)).await;
    world.tick().await;
    world.put_mapping("PRIO UK DOM", "DPD/express").await;
    world.send_rerun("PRIO UK DOM").await;
    world
        .send_order_message(OrderMessage::OrderId {
            connection: ConnectionKey {
                tenant: world.tenant.clone(),
                id: world.id().clone(),
            },
            order_id: order_id(fetched).parse().unwrap(),
            updated_at: base,
            due: None,
            tries: 0,
            noticed: false,
        })
        .await;
    let batch = world.received_orders().await;
    assert_eq!(batch.records.len(), 7);
    batch
}
