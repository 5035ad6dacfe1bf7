//! Cost follows change: what a sweep and an order may cost, counted at the wire.

use crate::tripwire::{Call, Service, Tripwire};
use crate::world::amazon::orders;
use crate::world::queues::Delivered;
use crate::world::{Scene, World, play, poll, remap};
use std::time::Duration;

const FIVE_MINUTES: Duration = Duration::from_secs(300);

fn count(calls: &[Call], matches: impl Fn(&Call) -> bool) -> usize {
    calls.iter().filter(|call| matches(call)).count()
}

/// Calls of the Selling Partner API; log-ins are not.
fn of_amazon(call: &Call) -> bool {
    call.to == Service::Amazon && !call.name.ends_with("/auth/o2/token")
}

async fn sweep(world: &World, app: &poll_orders::App) {
    let tick = world.received_tick().await;
    let response = poll(app, tick.clone()).await.unwrap();
    assert_eq!(
        world.ticks.settle(&tick, &response).await,
        Delivered::all_of(1)
    );
}

#[tokio::test]
async fn a_quiet_sweep_costs_one_call_of_amazon_and_at_most_three_writes() {
    play(Scene::default(), async |world| {
        world.amazon.add(orders(12)).await;
        let tripwire = Tripwire::across(&world.outside).await;
        let app = world.new_poll_orders(&tripwire.outside).await;
        sweep(world, &app).await;
        // The same orders are in the overlap of the next window; in the one after that, none are.
        for _ in 0..4 {
            world.let_time_pass(FIVE_MINUTES).await;
            tripwire.forget_calls();
            sweep(world, &app).await;
            let calls = tripwire.calls();
            assert_eq!(count(&calls, of_amazon), 1, "{calls:#?}");
            assert!(count(&calls, Call::writes) <= 3, "{calls:#?}");
            assert_eq!(
                count(&calls, |call| call.name.starts_with("SendMessage")),
                0
            );
        }
        assert_eq!(world.queued_ids().await.len(), 12, "each is queued once");
    })
    .await;
}

#[tokio::test]
async fn two_hundred_and_fifty_orders_cost_three_searches_and_a_send_for_each_ten() {
    play(Scene::default(), async |world| {
        world.amazon.add(orders(250)).await;
        let tripwire = Tripwire::across(&world.outside).await;
        let app = world.new_poll_orders(&tripwire.outside).await;
        sweep(world, &app).await;
        let calls = tripwire.calls();
        assert_eq!(count(&calls, of_amazon), 3, "{calls:#?}");
        assert_eq!(count(&calls, |call| call.name == "SendMessageBatch"), 25);
        // Lease, a permit and a place for each page (the first permit is one write, the others two), overlap, end; and how
        // far the tenant's orders were looked at for those at risk, with a query for each of their statuses.
        assert!(count(&calls, Call::writes) <= 11, "{calls:#?}");
        assert!(calls.len() <= 61, "{} calls", calls.len());
    })
    .await;
}

#[tokio::test]
async fn a_new_order_costs_two_writes_and_no_call_of_amazon() {
    play(Scene::default(), async |world| {
        world.amazon.add(orders(10)).await;
        world.tick().await;
        let tripwire = Tripwire::across(&world.outside).await;
        let app = world.new_remap_carriers(&tripwire.outside).await;
        let batch = world.received_orders().await;
        remap(&app, batch.clone()).await.unwrap();
        let calls = tripwire.calls();
        assert_eq!(
            count(&calls, Call::writes),
            22,
            "buyer and order, their shipping term once, and the tenant's key of postcodes"
        );
        assert_eq!(
            count(&calls, |call| call.name == "Query"),
            3,
            "the rules, once a batch"
        );
        assert_eq!(
            calls.len(),
            51,
            "four more for that key once, a look at each order and at its connection, one at that before, and one at what listings are known: {calls:#?}"
        );

        tripwire.forget_calls();
        remap(&app, batch).await.unwrap();
        let again = tripwire.calls();
        assert_eq!(
            count(&again, Call::writes),
            0,
            "the same once more changes nothing"
        );
    })
    .await;
}
