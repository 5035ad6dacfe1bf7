//! A feed that is not done: when it is looked at again, and when a person is notified.

use crate::ends::four_lines;
use crate::world::{World, minutes_ago};
use jiff::Timestamp;
use serde_json::Value;
use stallkeeper::domain::connection::ConnectionStatus;
use stallkeeper::domain::feed::{Feed, FeedState, SentBy};
use stallkeeper::domain::ids::AmazonSku;

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

/// A feed of a decrease and an increase that Amazon has had for so long.
async fn in_progress_for(minutes: i64, change: impl FnOnce(&mut Feed)) -> World {
    let world = World::start().await;
    let mut lines = [world.listing("DOWN", 1).await, world.listing("UP", 9).await];
    lines[1].increase = true;
    world
        .submitted(&lines, |feed| {
            feed.created_at = minutes_ago(minutes);
            change(feed);
        })
        .await;
    world.heard(|heard| heard.status = "IN_PROGRESS");
    world
}

#[tokio::test]
async fn after_half_an_hour_the_decreases_of_a_feed_go_again_by_patch() {
    let world = in_progress_for(29, |_| {}).await;
    assert!(world.check(7).await);
    assert!(world.to_send().await.is_empty());
    let (_, _, delay) = queued(&world).pop().unwrap();
    assert!(
        (1..=60).contains(&delay),
        "{delay}: it looks again when it is due"
    );

    let world = in_progress_for(31, |_| {}).await;
    assert!(world.check(8).await);
    let feed = world.feed().await;
    assert!(feed.stuck && feed.decreases_again && feed.state == FeedState::Submitted);
    let entries = world.to_send().await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].sku.as_str(), "DOWN");
    assert!(entries[0].by_patch && entries[0].decrease);
    let to: Vec<_> = queued(&world).into_iter().map(|it| (it.0, it.1)).collect();
    assert_eq!(
        (to[0].0.as_str(), &to[0].1["kind"]),
        ("stock-ticks", &"tick".into())
    );
    assert_eq!(to[1].0, "feed-checks", "it goes on looking");
}

#[tokio::test]
async fn after_four_hours_a_feed_is_set_aside_and_a_late_result_settles_what_it_still_carries() {
    let world = in_progress_for(241, |feed| feed.decreases_again = true).await;
    assert!(world.check(30).await);
    let feed = world.feed().await;
    assert_eq!((feed.state, feed.stuck), (FeedState::SetAside, true));
    assert!(feed.next_check_at.unwrap() > Timestamp::now());
    assert_eq!(world.skus_to_send().await, ["DOWN", "UP"]);
    let up = world.to_send().await.pop().unwrap();
    assert!(!up.decrease && !up.by_patch, "it goes as any increase does");

    let patched: AmazonSku = "DOWN".parse().unwrap();
    world.claim(&patched, 1, 1, 1, SentBy::Patch).await;
    world.heard(|heard| {
        heard.status = "DONE";
        heard.report = crate::world::report(2, &[(1, "13013"), (2, "90220")]);
    });
    assert!(world.check(0).await, "a round asks");
    assert_eq!(world.feed().await.state, FeedState::Settled);
    assert_eq!(
        world.shown("DOWN").await.refused,
        None,
        "the patch is newer"
    );
    assert!(world.shown("UP").await.refused.is_some());
}

#[tokio::test]
async fn a_feed_that_is_set_aside_is_looked_at_ever_later() {
    let world = in_progress_for(480, |feed| feed.state = FeedState::SetAside).await;
    assert!(world.check(0).await);
    assert!(queued(&world).is_empty(), "the rounds have it looked at");
    let wait = world.feed().await.next_check_at.unwrap() - Timestamp::now();
    let minutes = wait.total(jiff::Unit::Minute).unwrap();
    assert!((119.0..=121.0).contains(&minutes), "{minutes}");
}

#[tokio::test]
async fn what_amazon_has_had_for_too_long_goes_again_although_nobody_learns_how_far_it_is() {
    for answer in [403, 429, 500] {
        let world = in_progress_for(31, |_| {}).await;
        world.heard(|heard| heard.answer = answer);
        let _ = world.check(8).await;
        assert_eq!(world.skus_to_send().await, ["DOWN"], "{answer}");
        assert!(world.feed().await.stuck, "{answer}");
    }
}

#[tokio::test]
async fn a_check_that_has_come_too_often_is_left_to_the_rounds() {
    let world = in_progress_for(20, |_| {}).await;
    assert!(world.check(200).await);
    assert!(queued(&world).is_empty());
}

#[tokio::test]
async fn a_check_that_a_round_sends_for_an_old_feed_starts_no_second_chain() {
    let world = World::start().await;
    let lines = [world.listing("A", 1).await];
    world
        .submitted(&lines, |feed| {
            feed.created_at = minutes_ago(150);
            feed.decreases_again = true;
        })
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
