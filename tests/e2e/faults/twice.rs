//! At least once means twice: every message is delivered again, afterwards and at the same moment, and runs of one
//! connection meet.

use super::at_every_call;
use crate::tripwire::{Side, Tripwire};
use crate::world::amazon::{order_id, orders};
use crate::world::queues::Delivered;
use crate::world::{Scene, World, play, poll, remap};
use jiff::SignedDuration;
use serde_json::json;
use stallkeeper::domain::order::HistoryKind::{Changed, Imported};
use stallkeeper::store::{BackFillJob, BackFillKind};
use std::time::Duration;

const TEN_MINUTES: Duration = Duration::from_secs(600);

/// How a message comes a second time.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Again {
    Afterwards,
    AtTheSameMoment,
}

#[tokio::test]
async fn every_message_delivered_twice_is_done_once() {
    for again in [Again::Afterwards, Again::AtTheSameMoment] {
        play(Scene::default(), async |world| {
            world.amazon.generate(40).await;
            world.amazon.add(orders(12)).await;
            tick_twice(world, again).await;
            deliver_orders_twice(world, again).await;
            assert_eq!(world.stored_ids().await, world.amazon.ids().await);
            let first = world.portraits().await;
            assert!(
                first.values().all(|one| one.history == [Imported]),
                "{again:?}"
            );

            let shipped = json!({ "fulfillment": { "fulfillmentStatus": "SHIPPED" } });
            for number in 1..=5 {
                world
                    .amazon
                    .change(&order_id(number), shipped.clone())
                    .await;
            }
            world.let_time_pass(TEN_MINUTES).await;
            tick_twice(world, again).await;
            deliver_orders_twice(world, again).await;
            let changed: Vec<String> = (1..=5).map(order_id).collect();
            let mut second = world.portraits().await;
            for id in &changed {
                let one = second.remove(id).unwrap();
                assert_eq!(one.history, [Imported, Changed], "{again:?}");
            }
            assert!(second.iter().all(|(id, one)| *one == first[id]));
            assert_eq!(world.dead_letters().await, 0);
        })
        .await;
    }
}

async fn tick_twice(world: &World, again: Again) {
    let event = world.received_tick().await;
    let other = world.new_poll_orders(&world.outside).await;
    let (one, two) = (
        poll(&world.poll_orders, event.clone()),
        poll(&other, event.clone()),
    );
    let responses = match again {
        Again::Afterwards => (one.await, two.await),
        Again::AtTheSameMoment => futures::join!(one, two),
    };
    assert!(responses.0.unwrap().batch_item_failures.is_empty());
    let delivered = world.ticks.settle(&event, &responses.1.unwrap()).await;
    assert_eq!(delivered, Delivered::all_of(1));
}

async fn deliver_orders_twice(world: &World, again: Again) {
    let other = world.new_remap_carriers(&world.outside).await;
    while let Some(event) = world.orders.receive(10).await {
        let (one, two) = (
            remap(&world.remap_carriers, event.clone()),
            remap(&other, event.clone()),
        );
        let responses = match again {
            Again::Afterwards => (one.await, two.await),
            Again::AtTheSameMoment => futures::join!(one, two),
        };
        assert!(responses.0.unwrap().batch_item_failures.is_empty());
        let delivered = world.orders.settle(&event, &responses.1.unwrap()).await;
        assert_eq!(delivered.failed, 0);
    }
}

/// Amazon's search, as the wire sees it.
const SEARCH: &str = "GET /orders/2026-01-01/orders";

#[tokio::test]
async fn of_two_runs_of_one_connection_one_sweeps_and_the_other_leaves_quietly() {
    play(Scene::default(), async |world| {
        world.amazon.add(orders(12)).await;
        let tripwire = Tripwire::across(&world.outside).await;
        let first = world.new_poll_orders(&tripwire.outside).await;
        let (tick, other_tick) = (world.received_tick().await, world.received_tick().await);
        tripwire.arm_when(Side::Before, |_, call| call.name == SEARCH);
        let second_run = async {
            let response = poll(&world.poll_orders, other_tick).await.unwrap();
            assert!(response.batch_item_failures.is_empty(), "it leaves quietly");
            assert!(world.searches().await.is_empty());
            assert!(world.orders.peek().await.is_empty());
        };
        let (response, met) = tripwire.interrupt(poll(&first, tick), second_run).await;
        assert!(met && response.unwrap().batch_item_failures.is_empty());
        assert_eq!(world.searches().await.len(), 1);
        assert_eq!(world.queued_ids().await, world.amazon.ids().await);
    })
    .await;
}

#[tokio::test]
async fn a_run_that_outlived_its_lease_sets_nothing_back() {
    play(Scene::default(), async |world| {
        world.amazon.add(orders(12)).await;
        let tripwire = Tripwire::across(&world.outside).await;
        let stalled = world.new_poll_orders(&tripwire.outside).await;
        let tick = world.received_tick().await;
        tripwire.arm_when(Side::After, |_, call| call.name == SEARCH);
        let meanwhile = async {
            world.let_leases_expire().await;
            assert_eq!(world.tick().await, Delivered::all_of(1));
            world.let_time_pass(TEN_MINUTES).await;
            assert_eq!(world.tick().await, Delivered::all_of(1));
        };
        let before = world.amazons_now();
        let (response, met) = tripwire.interrupt(poll(&stalled, tick), meanwhile).await;
        assert!(met && response.unwrap().batch_item_failures.is_empty());
        assert!(
            world.cursor().await.since > before,
            "the cursor is where the others left it"
        );
        world.deliver_orders().await;
        let portraits = world.portraits().await;
        assert!(portraits.keys().eq(&world.amazon.ids().await));
        assert!(portraits.values().all(|one| one.history == [Imported]));
    })
    .await;
}

#[tokio::test]
async fn a_refetch_at_any_moment_of_a_sweep_is_honoured() {
    let mut calls = 0;
    play(Scene::default(), async |world| {
        let (tripwire, quiet) = before_a_quiet_sweep(world).await;
        let tick = world.received_tick().await;
        poll(&quiet, tick).await.unwrap();
        calls = tripwire.calls().len();
    })
    .await;
    at_every_call(calls, async |n, side| {
        play(Scene::default(), async |world| {
            let (tripwire, quiet) = before_a_quiet_sweep(world).await;
            let tick = world.received_tick().await;
            tripwire.arm(n, side);
            let refetch = async {
                let to = world.amazons_now() - SignedDuration::from_hours(1);
                let key = world.connection.key();
                let now = world.amazons_now();
                let job = BackFillJob::of_changes(BackFillKind::Refetch, to, now);
                world.store.ask_for_refused_again(&key).await.unwrap();
                world.store.add_back_fill(&key, job).await.unwrap();
            };
            let (response, met) = tripwire
                .interrupt(poll(&quiet, tick.clone()), refetch)
                .await;
            let at = format!("{side:?} call {n}");
            assert!(met, "not {at}");
            assert_eq!(
                world.ticks.settle(&tick, &response.unwrap()).await,
                Delivered::all_of(1)
            );
            assert_eq!(world.tick().await, Delivered::all_of(1), "{at}");
            assert_eq!(world.queued_ids().await, world.amazon.ids().await, "{at}");
        })
        .await;
    })
    .await;
}

/// Orders that a first sweep has brought in and that the next will see again, in its overlap.
async fn before_a_quiet_sweep(world: &World) -> (Tripwire, poll_orders::App) {
    world.amazon.add(orders(12)).await;
    world.tick().await;
    world.deliver_orders().await;
    world.let_time_pass(TEN_MINUTES / 5).await;
    let tripwire = Tripwire::across(&world.outside).await;
    let app = world.new_poll_orders(&tripwire.outside).await;
    (tripwire, app)
}
