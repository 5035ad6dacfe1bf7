//! A feed that is not done: when it is looked at again, and when a person is notified.

use crate::ends::four_lines;
use crate::world::{World, minutes_ago};
use serde_json::Value;
use stallkeeper::domain::connection::ConnectionStatus;
use stallkeeper::domain::feed::FeedState;

fn queued(world: &World) -> Vec<(String, Value, i64)> {
    world.queued()
}

#[tokio::test]
async fn a_feed_that_is_not_done_is_looked_at_again_ever_later() {
    let world = four_lines().await;
    world.heard(|heard| heard.status = "IN_QUEUE");
    assert!(world.check(0).await);
    assert!(world.next_check().await);
    world.heard(|heard| heard.status = "IN_PROGRESS");
    assert!(world.next_check().await);
    let hops: Vec<_> = queued(&world)
        .iter()
        .map(|(_, message, delay)| (message["hop"].as_u64().unwrap(), *delay))
        .collect();
    assert_eq!(hops, [(1, 60), (2, 60), (3, 120)]);
    let feed = world.feed().await;
    assert_eq!(feed.note.as_deref(), Some("Amazon: IN_PROGRESS"));
    assert_eq!(
        feed.revision, 3,
        "written only where Amazon says something new"
    );
    world.heard(|heard| heard.status = "DONE");
    assert!(world.next_check().await);
    assert_eq!(world.feed().await.state, FeedState::Settled);
}

#[tokio::test]
async fn beyond_its_age_or_its_hops_a_feed_is_stuck_and_left_to_the_rounds() {
    for (minutes, hop) in [(13 * 60, 30), (60, 200)] {
        let world = World::start().await;
        let lines = [world.listing("A", 1).await];
        world
            .submitted(&lines, |feed| feed.created_at = minutes_ago(minutes))
            .await;
        world.heard(|heard| heard.status = "IN_PROGRESS");
        assert!(world.check(hop).await);
        let feed = world.feed().await;
        assert!(feed.stuck && feed.state == FeedState::Submitted);
        assert!(queued(&world).is_empty());
        world.heard(|heard| {
            heard.status = "DONE";
            heard.report = crate::world::report(1, &[]);
        });
        assert!(world.check(0).await, "a round asks");
        assert_eq!(world.feed().await.state, FeedState::Settled);
    }
}

#[tokio::test]
async fn a_check_that_a_round_sends_for_an_old_feed_starts_no_second_chain() {
    let world = World::start().await;
    let lines = [world.listing("A", 1).await];
    world
        .submitted(&lines, |feed| feed.created_at = minutes_ago(150))
        .await;
    world.heard(|heard| heard.status = "IN_PROGRESS");
    assert!(world.check(0).await);
    assert!(queued(&world).is_empty());
    assert!(world.check(9).await);
    assert_eq!(queued(&world).len(), 1, "the chain that is there goes on");
}

#[tokio::test]
async fn a_report_that_is_missing_or_cut_is_tried_again_and_then_given_up() {
    for cut in [false, true] {
        let world = four_lines().await;
        world.heard(|heard| {
            heard.has_report = cut;
            let half = heard.report.len() / 2;
            heard.report.truncate(half);
        });
        assert!(world.check(0).await);
        for tries in 1..=3u64 {
            let (_, message, _) = queued(&world).last().cloned().unwrap();
            assert_eq!(
                (&message["kind"], message["tries"].as_u64()),
                (&"read_again".into(), Some(tries))
            );
            assert_eq!(world.feed().await.state, FeedState::Submitted);
            assert!(world.next_check().await);
        }
        assert_eq!(world.feed().await.state, FeedState::Returned);
        assert_eq!(world.skus_to_send().await, ["A/1", "B #2", "C&3"]);
        assert_eq!(
            world.shown("B #2").await.refused,
            None,
            "nothing is believed of it"
        );
    }
}

#[tokio::test]
async fn a_report_that_comes_late_is_read() {
    let world = four_lines().await;
    world.heard(|heard| heard.has_report = false);
    assert!(world.check(0).await);
    world.heard(|heard| heard.has_report = true);
    assert!(world.next_check().await);
    assert_eq!(world.feed().await.state, FeedState::Settled);
}

#[tokio::test]
async fn amazons_limit_makes_the_message_wait_and_nothing_else() {
    let world = four_lines().await;
    world.heard(|heard| heard.answer = 429);
    assert!(world.check(7).await);
    let waiting = queued(&world);
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].0, "feed-checks");
    assert_eq!(waiting[0].1["hop"], 7, "the same message, not a hop more");
    assert_eq!(world.feed().await.note, None);
    world.heard(|heard| heard.answer = 200);
    assert!(world.check(7).await);
    assert_eq!(
        world.heard(|heard| heard.asked),
        1,
        "before the bucket has refilled nobody asks"
    );
}

#[tokio::test]
async fn a_revoked_authorisation_is_noted_and_the_feed_left_as_it_is() {
    let world = four_lines().await;
    world.heard(|heard| heard.revoked = true);
    assert!(world.check(0).await);
    let key = &world.connection.key();
    let connection = world.store.connection(key).await.unwrap().unwrap();
    assert_eq!(connection.status, ConnectionStatus::NeedsReauthorisation);
    assert_eq!(world.feed().await.state, FeedState::Submitted);
    assert!(queued(&world).is_empty());
    assert!(
        world.check(0).await,
        "nobody is asked until it is authorised again"
    );
}

#[tokio::test]
async fn a_role_that_is_missing_is_waited_for() {
    let world = four_lines().await;
    world.heard(|heard| heard.answer = 403);
    assert!(world.check(0).await);
    assert_eq!(world.feed().await.state, FeedState::Submitted);
    assert!(world.feed().await.note.unwrap().contains("403"));
    assert_eq!(queued(&world).len(), 1);
}
