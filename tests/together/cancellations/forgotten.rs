//! Feeds that nobody looks at any more, that are looked at twice, and that Amazon does not end.

use crate::world::{SELLER, World};
use jiff::SignedDuration;
use serde_json::{Value, json};
use stallkeeper::domain::cancellation::{CancelReason, CancellationState};
use stallkeeper::domain::feed::{Feed, FeedState};
use stallkeeper::domain::ids::OrderId;

/// A cancellation in a feed that Amazon keeps, and the message that has the feed looked at.
async fn held(world: &World) -> (OrderId, Vec<(Value, i64)>) {
    world
        .admin("PUT", "settings", json!({"feed_hold": true}))
        .await;
    let order = world.order("026-0000000-0000001").await;
    world.ask(&order, &["1"], CancelReason::Other).await;
    assert!(world.send().await);
    (order, world.sent("checks"))
}

async fn feed(world: &World) -> Feed {
    world.feeds().await.remove(0)
}

/// As if all that happened to the feed had happened so much earlier.
async fn age(world: &World, by: SignedDuration) {
    let feed = feed(world).await;
    let change = |feed: &mut Feed| {
        feed.created_at -= by;
        feed.submitted_at = feed.submitted_at.map(|at| at - by);
        feed.next_check_at = feed.next_check_at.map(|at| at - by);
    };
    world.store.change_open_feed(&feed, change).await.unwrap();
}

#[tokio::test]
async fn a_feed_whose_check_is_lost_is_looked_at_again_once_in_two_hours() {
    let world = World::start().await;
    let (order, lost) = held(&world).await;
    assert_eq!(lost.len(), 1);
    assert!(world.send().await);
    assert!(world.sent("checks").is_empty(), "its check is on its way");
    age(&world, SignedDuration::from_hours(2)).await;
    assert!(world.send().await && world.send().await);
    let checks = world.sent("checks");
    assert_eq!((checks.len(), &checks[0].0["hop"]), (1, &json!(0)), "once");
    world.admin("POST", "feeds/release", json!({})).await;
    world.check(&feed(&world).await).await;
    let settled = world.cancellation(&order).await.state;
    assert_eq!(settled, CancellationState::Accepted);
}

#[tokio::test]
async fn a_check_that_comes_twice_is_followed_by_one() {
    let world = World::start().await;
    let (_, first) = held(&world).await;
    assert_eq!(first.len(), 1);
    for _ in 0..3 {
        world.check(&feed(&world).await).await;
    }
    let again = world.sent("checks");
    assert_eq!((again.len(), &again[0].0["hop"]), (1, &json!(1)));
    age(&world, SignedDuration::from_secs(60)).await;
    world.check(&feed(&world).await).await;
    assert_eq!(world.sent("checks").len(), 1, "it is time");
}

#[tokio::test]
async fn a_result_that_does_not_come_is_said_of_the_cancellation_and_settles_it_all_the_same_when_it_comes()
 {
    let world = World::start().await;
    let (order, _) = held(&world).await;
    age(&world, SignedDuration::from_hours(5)).await;
    for _ in 0..2 {
        world.check(&feed(&world).await).await;
    }
    assert!(feed(&world).await.stuck);
    let waiting = world.cancellation(&order).await;
    assert_eq!(waiting.state, CancellationState::Sent);
    assert!(waiting.note.unwrap().contains("gives no result"));
    assert_eq!(world.stored(&order).await.claims.len(), 1);
    world.admin("POST", "feeds/release", json!({})).await;
    world.check(&feed(&world).await).await;
    let settled = world.cancellation(&order).await;
    assert_eq!(settled.state, CancellationState::Accepted);
    assert_eq!(
        (settled.note, feed(&world).await.state),
        (None, FeedState::Settled)
    );
    let by = world.cancelled_at_amazon(&order).await;
    assert_eq!(by[0], "MERCHANT");
    let feeds = format!("sellers/{SELLER}/feeds");
    let feeds = world.admin("GET", &feeds, Value::Null).await;
    assert_eq!(feeds.as_array().unwrap().len(), 1, "it is not sent again");
}
