//! Somebody changes the rules, or Amazon the order, between any two calls of `remap-carriers`: every interleaving of the
//! two ends the same.

use super::at_every_call;
use crate::tripwire::Tripwire;
use crate::world::amazon::{of_store, order, order_id};
use crate::world::queues::Delivered;
use crate::world::{Scene, World, play, remap};
use aws_lambda_events::sqs::SqsEvent;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stallkeeper::domain::courier::Reason;
use stallkeeper::domain::marketplace::Marketplace::{Fr, Uk};
use stallkeeper::domain::order::{OrderStatus, StoredOrder};
use std::time::Duration;

const TEN_MINUTES: Duration = Duration::from_secs(600);
const UNMAPPED: &str = "PRIO UK DOM";

fn unmapped_order(number: u32) -> Value {
    order(
        number,
        json!({ "fulfillment": { "fulfillmentServiceLevel": "PRIORITY" } }),
    )
}

fn french_order(number: u32) -> Value {
    order(number, of_store(Fr, "FR", "69001"))
}

/// Orders on their way: swept, queued, and being handed to `remap-carriers`.
async fn on_their_way(world: &World, orders: Vec<Value>) -> SqsEvent {
    world.amazon.add(orders).await;
    world.tick().await;
    world.received_orders().await
}

/// Lets `remap-carriers` work on a batch, with `meanwhile` at the point where the wire is armed.
async fn interrupted(
    world: &World,
    batch: SqsEvent,
    tripwire: &Tripwire,
    meanwhile: impl Future<Output = ()>,
) {
    let app = world.new_remap_carriers(&tripwire.outside).await;
    let (response, _) = tripwire
        .interrupt(remap(&app, batch.clone()), meanwhile)
        .await;
    let delivered = world.orders.settle(&batch, &response.unwrap()).await;
    assert_eq!(delivered.failed, 0);
}

async fn calls_of_a_batch(orders: Vec<Value>) -> usize {
    let mut calls = 0;
    play(Scene::default(), async |world| {
        let batch = on_their_way(world, orders).await;
        let tripwire = Tripwire::across(&world.outside).await;
        interrupted(world, batch, &tripwire, async {}).await;
        calls = tripwire.calls().len();
    })
    .await;
    assert!(calls >= 5, "the batch was {calls} calls only");
    calls
}

#[tokio::test]
async fn an_order_whose_term_has_no_mapping_waits_with_its_reason() {
    play(Scene::default(), async |world| {
        world.amazon.add(vec![unmapped_order(1)]).await;
        world.tick().await;
        world.deliver_orders().await;
        let stored = world.stored().await;
        let StoredOrder {
            status, decision, ..
        } = &stored[0].order;
        assert_eq!(*status, OrderStatus::PendingReview);
        assert_eq!(decision.reason, Some(Reason::NoMapping));
        assert!(!decision.candidates.is_empty() && !decision.explanation.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_mapping_put_at_any_moment_while_orders_arrive_leaves_none_waiting() {
    let arriving = || (1..=2).map(unmapped_order).collect::<Vec<_>>();
    at_every_call(calls_of_a_batch(arriving()).await, async |n, side| {
        play(Scene::default(), async |world| {
            let batch = on_their_way(world, arriving()).await;
            let tripwire = Tripwire::across(&world.outside).await;
            tripwire.arm(n, side);
            interrupted(world, batch, &tripwire, async {
                world.put_mapping(UNMAPPED, "DPD/express").await;
                world.send_rerun(UNMAPPED).await;
                assert_eq!(world.deliver_orders().await, Delivered::all_of(1));
            })
            .await;
            // The second of the two messages that a new mapping owes.
            world.send_rerun(UNMAPPED).await;
            assert_eq!(world.deliver_orders().await, Delivered::all_of(1));
            let at = format!("put {side:?} call {n}");
            assert_eq!(world.count_with_status(OrderStatus::Ready).await, 2, "{at}");
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_mapping_put_while_many_orders_arrive_at_two_environments_leaves_none_waiting() {
    for seed in 0..4 {
        play(Scene::default(), async |world| {
            world
                .amazon
                .add((1..=60).map(unmapped_order).collect())
                .await;
            world.tick().await;
            let put = async {
                for _ in 0..seed * 50 {
                    tokio::task::yield_now().await;
                }
                world.put_mapping(UNMAPPED, "DPD/express").await;
                world.send_rerun(UNMAPPED).await;
            };
            let other = world.new_remap_carriers(&world.outside).await;
            let at_the_other = world
                .orders
                .deliver(10, async |event| remap(&other, event).await);
            futures::join!(put, world.deliver_orders(), at_the_other);
            world.send_rerun(UNMAPPED).await;
            world.deliver_orders().await;
            assert_eq!(
                world.count_with_status(OrderStatus::Ready).await,
                60,
                "seed {seed}"
            );
            assert_eq!(world.dead_letters().await, 0);
        })
        .await;
    }
}

#[tokio::test]
async fn a_store_switched_on_at_any_moment_while_its_orders_are_parked_leaves_none_parked() {
    let arriving = || (1..=2).map(french_order).collect::<Vec<_>>();
    at_every_call(calls_of_a_batch(arriving()).await, async |n, side| {
        play(Scene::default(), async |world| {
            let batch = on_their_way(world, arriving()).await;
            let tripwire = Tripwire::across(&world.outside).await;
            tripwire.arm(n, side);
            interrupted(world, batch, &tripwire, world.switch_on(Fr)).await;
            world.let_time_pass(TEN_MINUTES).await;
            world.tick().await;
            world.deliver_orders().await;
            let portraits = world.portraits().await;
            let at = format!("switched on {side:?} call {n}");
            assert!(portraits.keys().eq(&world.amazon.ids().await), "{at}");
            for one in portraits.values() {
                assert_eq!(one.status, OrderStatus::PendingReview, "{at}");
                assert_eq!(one.term.as_deref(), Some("STD FR DOM"), "{at}");
                assert!(one.buyer_until.is_some(), "{at}: it has its address");
            }
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn parked_orders_flow_once_their_store_is_switched_on() {
    play(Scene::default(), async |world| {
        world.amazon.add((1..=15).map(french_order).collect()).await;
        world.amazon.add(vec![order(16, json!({}))]).await;
        world.tick().await;
        world.deliver_orders().await;
        assert_eq!(world.count_with_status(OrderStatus::Parked).await, 15);
        world.let_time_pass(TEN_MINUTES * 12).await;
        world.tick().await;
        assert_eq!(
            world.deliver_orders().await,
            Delivered::all_of(0),
            "they are not in the window any more"
        );

        world.put_mapping("STD FR DOM", "DPD/standard").await;
        world.switch_on(Fr).await;
        world.tick().await;
        world.deliver_orders().await;
        assert_eq!(world.count_with_status(OrderStatus::Ready).await, 16);
        let marks = world.store.parked_marks(&world.connection.key()).await;
        assert!(marks.unwrap().is_empty());
    })
    .await;
}

/// Which of two readings is on its way when the other is stored.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Held {
    Older,
    Newer,
}

#[tokio::test]
async fn an_order_cancelled_while_it_is_being_stored_is_cancelled_and_its_buyer_soon_forgotten() {
    for held in [Held::Older, Held::Newer] {
        let calls = calls_of_a_batch(vec![order(1, json!({}))]).await;
        at_every_call(calls, async |n, side| {
            play(Scene::default(), async |world| {
                let (older, newer) = order_and_its_cancellation(world).await;
                let (first, second) = match held {
                    Held::Older => (older, newer),
                    Held::Newer => (newer, older),
                };
                let tripwire = Tripwire::across(&world.outside).await;
                tripwire.arm(n, side);
                interrupted(world, first, &tripwire, async {
                    let response = remap(&world.remap_carriers, second.clone()).await.unwrap();
                    assert_eq!(world.orders.settle(&second, &response).await.failed, 0);
                })
                .await;
                cancelled_in_the_end(world, &format!("{held:?} reading held {side:?} call {n}"))
                    .await;
            })
            .await;
        })
        .await;
    }
}

/// Two messages of one order on their way at once.
async fn order_and_its_cancellation(world: &World) -> (SqsEvent, SqsEvent) {
    let older = on_their_way(world, vec![order(1, json!({}))]).await;
    let cancelled = json!({ "fulfillment": { "fulfillmentStatus": "CANCELLED" } });
    world.amazon.change(&order_id(1), cancelled).await;
    world.let_time_pass(TEN_MINUTES).await;
    world.tick().await;
    (older, world.received_orders().await)
}

async fn cancelled_in_the_end(world: &World, at: &str) {
    let portraits = world.portraits().await;
    let order = &portraits[&order_id(1)];
    assert_eq!(order.status, OrderStatus::Cancelled, "{at}");
    let tomorrow = world.amazons_now() + SignedDuration::from_hours(24);
    let until: i64 = order.buyer_until.as_deref().unwrap_or("0").parse().unwrap();
    let until = Timestamp::from_second(until).unwrap();
    assert!(until <= tomorrow, "{at}: buyer data until {until}");
}

#[tokio::test]
async fn a_switched_off_store_parks_its_orders_without_buyer_data() {
    let only_germany = Scene {
        switched_on: &[],
        ..Scene::default()
    };
    play(only_germany, async |world| {
        world.amazon.add(vec![order(1, json!({}))]).await;
        world.tick().await;
        world.deliver_orders().await;
        assert_eq!(world.count_with_status(OrderStatus::Parked).await, 1);
        assert!(world.items("BuyersTable").await.is_empty());
        let marks = world
            .store
            .parked_marks(&world.connection.key())
            .await
            .unwrap();
        assert_eq!(marks[0].marketplace_id, Uk.id());
    })
    .await;
}
