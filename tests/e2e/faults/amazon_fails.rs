//! Amazon fails: what is acknowledged, what comes again, and that nothing is lost by it.

use crate::world::amazon::{order, order_id, orders};
use crate::world::queues::Delivered;
use crate::world::{Scene, World, play};
use jiff::Timestamp;
use serde_json::{Value, json};
use stallkeeper::domain::connection::ConnectionStatus;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::queue::OrderMessage;

const DONE: Delivered = Delivered::all_of(1);
const COMES_AGAIN: Delivered = Delivered {
    messages: 1,
    failed: 1,
};

#[tokio::test]
async fn a_storm_of_429_costs_time_and_nothing_else() {
    // Login with Amazon has a limit of its own, which no bucket of ours keeps: it is asked once a tick.
    for (operation, asked_per_gust) in [("searchOrders", 1), ("token", 2)] {
        play(Scene::default(), async |world| {
            world.amazon.add(orders(12)).await;
            let storm = json!({ "operation": operation, "kind": "status", "status": 429, "count": 1_000 });
            world.amazon.break_down(storm).await;
            for gusts in 1..=4 {
                assert_eq!(world.tick().await, DONE, "a limit is no failure");
                assert_eq!(
                    world.amazon.count(operation).await,
                    (gusts - 1) * asked_per_gust + 1
                );
                assert_eq!(world.tick().await, DONE);
                assert_eq!(
                    world.amazon.count(operation).await,
                    gusts * asked_per_gust,
                    "Amazon said that the limit is reached, so it is not asked before that has refilled"
                );
                world.let_limits_refill().await;
            }
            world.amazon.recover().await;
            assert_eq!(world.tick().await, DONE);
            all_orders_come(world).await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_cut_off_answer_a_reset_and_a_500_come_again() {
    let faults = [
        json!({ "kind": "cut_off" }),
        json!({ "kind": "reset" }),
        json!({ "kind": "status", "status": 500 }),
        json!({ "kind": "status", "status": 503 }),
    ];
    for operation in ["searchOrders", "token"] {
        for fault in &faults {
            let mut fault = fault.clone();
            fault["operation"] = operation.into();
            sweep_again_after(fault).await;
        }
    }
}

async fn sweep_again_after(fault: Value) {
    play(Scene::default(), async |world| {
        world.amazon.add(orders(12)).await;
        world.amazon.break_down(fault.clone()).await;
        assert_eq!(world.tick().await, COMES_AGAIN, "{fault}");
        assert_eq!(world.dead_letters().await, 0, "{fault}");
        assert_eq!(world.deliver_ticks().await, DONE, "{fault}");
        all_orders_come(world).await;
    })
    .await;
}

async fn all_orders_come(world: &World) {
    world.deliver_orders().await;
    assert_eq!(world.stored_ids().await, world.amazon.ids().await);
    assert_eq!(world.dead_letters().await, 0);
}

#[tokio::test]
async fn an_order_that_must_be_fetched_waits_for_amazon_and_is_not_buried() {
    let rows = [
        (json!({ "kind": "cut_off" }), COMES_AGAIN),
        (json!({ "kind": "reset" }), COMES_AGAIN),
        (json!({ "kind": "status", "status": 500 }), COMES_AGAIN),
        (json!({ "kind": "status", "status": 429 }), DONE),
    ];
    for (mut fault, expected) in rows {
        play(Scene::default(), async |world| {
            world.amazon.add(orders(1)).await;
            world.send_order_message(too_big(world)).await;
            fault["operation"] = "getOrder".into();
            world.amazon.break_down(fault.clone()).await;
            assert_eq!(world.deliver_orders().await, expected, "{fault}");
            if expected == DONE {
                assert_eq!(world.orders.delayed().await, 1, "a copy waits");
                world.let_limits_refill().await;
                world.send_order_message(too_big(world)).await;
            }
            assert_eq!(world.deliver_orders().await, DONE, "{fault}");
            assert_eq!(world.stored_ids().await, [order_id(1)]);
            assert_eq!(world.dead_letters().await, 0, "{fault}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_notice_costs_a_call_only_for_news_and_an_order_that_amazon_does_not_have_is_no_failure()
{
    play(Scene::default(), async |world| {
        let noticed = |number: u32, updated_at: Timestamp| {
            let mut message = too_big(world);
            if let OrderMessage::OrderId {
                order_id,
                updated_at: at,
                noticed,
                ..
            } = &mut message
            {
                *order_id = self::order_id(number).parse().unwrap();
                (*at, *noticed) = (updated_at, true);
            }
            message
        };
        world.amazon.add(orders(1)).await;
        let asked = async || {
            let calls = world.amazon.calls().await;
            let fetched = calls.iter().filter(|it| it.operation == "getOrder");
            fetched.count()
        };
        let long_ago = Timestamp::UNIX_EPOCH;
        for (message, calls) in [
            (noticed(1, Timestamp::now()), 1),
            (noticed(1, long_ago), 1),
            (noticed(9, Timestamp::now()), 2),
        ] {
            world.send_order_message(message).await;
            assert_eq!(world.deliver_orders().await, DONE);
            assert_eq!(asked().await, calls);
        }
        assert_eq!(world.stored_ids().await, [order_id(1)]);
        assert_eq!(world.dead_letters().await, 0);
    })
    .await;
}

fn too_big(world: &World) -> OrderMessage {
    OrderMessage::OrderId {
        connection: ConnectionKey {
            tenant: world.tenant.clone(),
            id: world.id().clone(),
        },
        order_id: order_id(1).parse().unwrap(),
        updated_at: Timestamp::now(),
        due: None,
        tries: 0,
        noticed: false,
    }
}

#[tokio::test]
async fn a_revoked_token_stops_the_connection_and_reauthorising_goes_on_where_it_stopped() {
    play(Scene::default(), async |world| {
        world.amazon.add(orders(120)).await;
        world.follow_schedules().await;
        let page_2_fails = json!({ "operation": "searchOrders", "kind": "status", "page": 2 });
        world.amazon.break_down(page_2_fails).await;
        assert_eq!(world.tick().await, COMES_AGAIN);

        world.amazon.revoke().await;
        assert_eq!(
            world.deliver_ticks().await,
            DONE,
            "what is to do is in the table"
        );
        let stopped = world.connection_now().await;
        assert_eq!(stopped.status, ConnectionStatus::NeedsReauthorisation);
        assert_eq!(stopped.resume, Some(ConnectionStatus::Active));

        let calls = world.amazon.calls().await.len();
        assert_eq!(world.tick().await, DONE);
        assert_eq!(
            world.amazon.calls().await.len(),
            calls,
            "Amazon is left alone"
        );
        assert_eq!(world.connection_now().await, stopped, "it is said once");
        assert!(
            !world.has_schedule().await,
            "a tick for it deletes its schedule"
        );

        world.reauthorise().await;
        assert_eq!(world.tick().await, DONE);
        let searches = world.searches().await;
        assert_eq!(
            searches.last().unwrap().page_token(),
            searches[1].page_token()
        );
        let first_pages = searches.iter().filter(|call| call.page_token().is_none());
        assert_eq!(first_pages.count(), 1, "page 1 is not asked for again");
        assert_eq!(world.queued_ids().await, world.amazon.ids().await);
        assert_eq!(world.dead_letters().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_tick_for_a_connection_that_fetches_nothing_deletes_its_schedule() {
    let idle = [ConnectionStatus::Inactive, ConnectionStatus::Disconnected];
    for status in idle {
        play(Scene::default(), async |world| {
            world.follow_schedules().await;
            assert_eq!(world.tick().await, DONE);
            assert!(world.has_schedule().await);
            let calls = world.amazon.calls().await.len();
            world.set_status(status).await;
            assert_eq!(world.tick().await, DONE);
            assert!(!world.has_schedule().await);
            assert_eq!(world.amazon.calls().await.len(), calls);
        })
        .await;
    }
}

#[tokio::test]
async fn a_paused_connection_still_fetches_orders() {
    play(Scene::default(), async |world| {
        world.amazon.add(vec![order(1, json!({}))]).await;
        world.set_status(ConnectionStatus::Paused).await;
        assert_eq!(world.tick().await, DONE);
        all_orders_come(world).await;
    })
    .await;
}
