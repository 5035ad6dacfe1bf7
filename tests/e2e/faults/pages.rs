//! Sweeps of several pages: where they continue, and orders that move meanwhile.

use crate::stack::until;
use crate::world::amazon::{order, order_id, orders};
use crate::world::queues::Delivered;
use crate::world::{Scene, World, play};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stallkeeper::domain::order::HistoryKind::{self, Changed, Imported};
use stallkeeper::domain::order::OrderStatus;
use std::time::{Duration, SystemTime};

const DONE: Delivered = Delivered::all_of(1);
const TEN_MINUTES: Duration = Duration::from_secs(600);

fn page_2(status: u16) -> Value {
    json!({ "operation": "searchOrders", "kind": "status", "status": status, "page": 2 })
}

#[tokio::test]
async fn page_2_fails_and_the_next_run_goes_on_with_page_2() {
    play(Scene::default(), async |world| {
        world.amazon.add(orders(150)).await;
        world.amazon.break_down(page_2(500)).await;
        assert_eq!(world.tick().await.failed, 1);
        assert_eq!(world.queued_ids().await.len(), 100);
        assert_eq!(world.deliver_ticks().await, DONE);
        let searches = world.searches().await;
        let token = searches[1].page_token();
        assert!(token.is_some());
        let pages: Vec<_> = searches.iter().map(|call| call.page_token()).collect();
        assert_eq!(pages, [None, token.clone(), token]);
        assert_eq!(world.queued_ids().await, world.amazon.ids().await);
        assert_eq!(world.dead_letters().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_page_token_that_amazon_does_not_take_any_more_starts_the_window_anew() {
    play(Scene::default(), async |world| {
        world.amazon.add(orders(150)).await;
        world.amazon.break_down(page_2(500)).await;
        assert_eq!(world.tick().await.failed, 1);
        world.amazon.break_down(page_2(400)).await;
        assert_eq!(world.deliver_ticks().await, DONE);
        let pages = world.searches().await;
        let pages: Vec<_> = pages
            .iter()
            .map(|call| call.page_token().is_some())
            .collect();
        assert_eq!(pages, [false, true, true, false, true]);
        let mut queued = world.queued_ids().await;
        queued.dedup();
        assert_eq!(queued, world.amazon.ids().await);
        assert!(
            world.cursor().await.refusals.refused_datasets().is_empty(),
            "no dataset is blamed"
        );
    })
    .await;
}

/// The order that moves, and what must have happened to it in the end.
struct Move {
    number: u32,
    /// To when, by minutes before the first sweep; `None`: to now, past the window.
    to: Option<i64>,
    history: &'static [HistoryKind],
}

#[tokio::test]
async fn an_order_that_moves_between_two_pages_is_neither_lost_nor_doubled() {
    let moves = [
        // On page 1, and there again on page 2 or in the next sweep.
        Move {
            number: 5,
            to: Some(5),
            history: &[Imported, Changed],
        },
        Move {
            number: 5,
            to: None,
            history: &[Imported, Changed],
        },
        // From page 2 on, before it was read.
        Move {
            number: 105,
            to: Some(5),
            history: &[Imported],
        },
        Move {
            number: 105,
            to: None,
            history: &[Imported],
        },
    ];
    for one in moves {
        play(Scene::default(), async |world| {
            move_between_pages(world, one).await
        })
        .await;
    }
}

async fn move_between_pages(
    world: &World,
    Move {
        number,
        to,
        history,
    }: Move,
) {
    let now = Timestamp::now();
    let minutes_ago = |minutes| now - SignedDuration::from_mins(minutes);
    let in_turn = |n: u32| {
        let at = minutes_ago(60) + SignedDuration::from_secs(n.into());
        order(
            n,
            json!({ "lastUpdatedTime": at.strftime("%FT%TZ").to_string() }),
        )
    };
    world.amazon.add((1..=110).map(in_turn).collect()).await;
    world.amazon.break_down(page_2(500)).await;
    assert_eq!(world.tick().await.failed, 1);

    let mut shipped = json!({ "fulfillment": { "fulfillmentStatus": "SHIPPED" } });
    if let Some(minutes) = to {
        shipped["lastUpdatedTime"] = minutes_ago(minutes).strftime("%FT%TZ").to_string().into();
    }
    world.amazon.change(&order_id(number), shipped).await;
    assert_eq!(world.deliver_ticks().await, DONE);
    world.deliver_orders().await;
    world.let_time_pass(TEN_MINUTES).await;
    assert_eq!(world.tick().await, DONE);
    world.deliver_orders().await;

    let portraits = world.portraits().await;
    assert!(portraits.keys().eq(&world.amazon.ids().await));
    let moved = &portraits[&order_id(number)];
    assert_eq!(moved.status, OrderStatus::Dispatched);
    assert_eq!(moved.history, history);
    let others = portraits.iter().filter(|(id, _)| **id != order_id(number));
    assert!(others.into_iter().all(|(_, one)| one.history == [Imported]));
}

#[tokio::test]
async fn a_run_without_time_for_a_page_goes_on_by_a_message_to_itself() {
    play(Scene::default(), async |world| {
        world.amazon.add(orders(12)).await;
        let event = world.received_tick().await;
        let soon = SystemTime::now() + Duration::from_secs(15);
        let response = poll_orders::handle(&world.poll_orders, event.clone(), soon).await;
        world.ticks.settle(&event, &response.unwrap()).await;
        assert_eq!(world.amazon.count("searchOrders").await, 0);
        let again = world.ticks.peek().await;
        let body: Value = serde_json::from_str(again[0].body.as_deref().unwrap()).unwrap();
        assert_eq!((again.len(), &body["hop"]), (1, &json!(1)));
        assert_eq!(world.deliver_ticks().await, DONE);
        assert_eq!(world.queued_ids().await, world.amazon.ids().await);
    })
    .await;
}

#[tokio::test]
async fn windows_go_by_amazons_clock_however_wrong_ours_is() {
    for minutes in [-30, 30] {
        play(Scene::default(), async |world| {
            let ahead = SignedDuration::from_mins(minutes);
            world.amazon.set_clock(ahead).await;
            world.amazon.add(orders(3)).await;
            assert_eq!(world.tick().await, DONE, "{minutes}");
            // Nobody knew yet how late it is at Amazon: the first window may have been one that it refuses.
            world.amazon.forgive_violations().await;
            if minutes > 0 {
                let queued = world.queued_ids().await;
                assert!(queued.is_empty(), "its orders are in our future");
            }
            // The second answer that says so is believed, and the window after it goes by it; each window must have a second.
            until("its orders are read", async || {
                assert_eq!(world.tick().await, DONE, "{minutes}");
                let queued = world.queued_ids().await;
                (!queued.is_empty()).then_some(())
            })
            .await;
            assert_eq!(
                world.queued_ids().await,
                world.amazon.ids().await,
                "{minutes}"
            );
            let cursor = world.cursor().await;
            assert!(
                cursor.refusals.refused_datasets().is_empty(),
                "no dataset is blamed"
            );
            let lag = (Timestamp::now() + ahead).duration_since(cursor.since);
            assert!(
                lag < SignedDuration::from_mins(4),
                "{minutes}: {lag} behind Amazon's clock"
            );
            assert_eq!(world.dead_letters().await, 0);
        })
        .await;
    }
}

/// What Amazon's bucket of searchOrders holds when full.
const BURST: usize = 20;

#[tokio::test]
async fn a_sweep_of_more_pages_than_amazon_allows_stops_before_amazon_must_say_so() {
    play(Scene::default(), async |world| {
        world.amazon.add(orders(2_010)).await;
        for _ in 0..2 {
            assert_eq!(world.tick().await, DONE, "a limit is no failure");
            assert_eq!(world.searches().await.len(), BURST);
        }
        world.let_limits_refill().await;
        world.amazon.refill().await;
        assert_eq!(world.tick().await, DONE);
        let searches = world.searches().await;
        assert_eq!(searches.len(), BURST + 1, "it continues where it stopped");
        assert!(searches.iter().all(|call| call.status == Some(200)));
        assert_eq!(world.queued_ids().await, world.amazon.ids().await);
    })
    .await;
}
