//! Stopped at any call of the table, before it or with its answer lost, the next check ends as an undisturbed one does.

use crate::ends::{four_lines, four_lines_in};
use crate::world::World;
use kit::Side;
use stallkeeper::domain::feed::Feed;
use stallkeeper::domain::listing::Listing;
use stallkeeper::store::ToSend;

/// What a check leaves, except for the moments of our own clock.
async fn left(world: &World) -> (Feed, Vec<Listing>, Vec<ToSend>) {
    let mut listings = Vec::new();
    for sku in ["A/1", "B #2", "C&3", "D%4"] {
        listings.push(world.shown(sku).await);
    }
    let mut entries = world.to_send().await;
    for entry in &mut entries {
        entry.at = jiff::Timestamp::UNIX_EPOCH;
    }
    let feed = Feed {
        revision: 0,
        created_at: jiff::Timestamp::UNIX_EPOCH,
        ..world.feed().await
    };
    (feed, listings, entries)
}

async fn stopped_everywhere(status: &'static str, sides: &[Side]) {
    let first = four_lines().await;
    first.heard(|heard| heard.status = status);
    assert!(first.check(0).await);
    let whole = left(&first).await;
    for side in sides.iter().copied() {
        for call in 1.. {
            let world = four_lines_in(first.again().await).await;
            world.heard(|heard| heard.status = status);
            let came_through = world.check_failing_at(call, side).await;
            assert!(world.check(0).await);
            assert_eq!(
                left(&world).await,
                whole,
                "stopped at call {call}, {side:?} it"
            );
            if came_through && call > 6 {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_feed_that_is_settled_by_its_report() {
    stopped_everywhere("DONE", &[Side::Before, Side::After]).await;
}

#[tokio::test]
async fn a_feed_that_came_to_nothing() {
    stopped_everywhere("FATAL", &[Side::After]).await;
}
