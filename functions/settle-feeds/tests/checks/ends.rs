//! How a feed ends, and what becomes of its lines.

use crate::world::{World, at, report};
use stallkeeper::domain::feed::{FeedState, LineValue, SentBy};
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::queue::{FeedCheck, Versioned};

/// Four lines: accepted, refused for good, refused by Amazon's own failure, and overtaken by a patch.
pub(crate) async fn four_lines() -> World {
    four_lines_in(World::start().await).await
}

pub(crate) async fn four_lines_in(world: World) -> World {
    let mut lines = Vec::new();
    for (sku, quantity) in [("A/1", 4), ("B #2", 5), ("C&3", 0), ("D%4", 7)] {
        lines.push(world.listing(sku, quantity).await);
    }
    let overtaken: AmazonSku = "D%4".parse().unwrap();
    world.want(&overtaken, 1, 2).await;
    world.claim(&overtaken, 1, 2, 1, SentBy::Patch).await;
    world.submitted(&lines, |_| {}).await;
    world.heard(|heard| {
        heard.report = report(4, &[(2, "13013"), (3, "4000000"), (4, "90220")]);
    });
    world
}

#[tokio::test]
async fn each_line_is_accepted_or_refused_in_amazons_words_and_the_feed_is_settled() {
    let world = four_lines().await;
    assert!(world.check(0).await);
    let feed = world.feed().await;
    assert_eq!(feed.state, FeedState::Settled);
    assert_eq!(feed.applied_at, Some(at(120)));
    assert_eq!((feed.accepted, feed.refused), (1, 3));
    assert_eq!(world.shown("A/1").await.refused, None);
    let refused = world.shown("B #2").await.refused.unwrap();
    assert_eq!((refused.value, refused.code.as_str()), (5, "13013"));
    assert_eq!(
        (refused.message.as_str(), refused.at),
        ("Amazon's words", at(120))
    );
    assert_eq!(
        world.shown("D%4").await.refused,
        None,
        "a late result settles its own version alone"
    );
    let entries = world.to_send().await;
    assert_eq!(entries.len(), 1, "only Amazon's own failure is tried again");
    assert_eq!(entries[0].sku.as_str(), "C&3");
    assert_eq!(
        (&entries[0].value, entries[0].send_count),
        (&LineValue::Quantity(0), 1)
    );
    let ticks = world.queued();
    assert_eq!(ticks.len(), 1);
    assert_eq!(
        (ticks[0].0.as_str(), &ticks[0].1["kind"]),
        ("stock-ticks", &"urgent".into())
    );
}

#[tokio::test]
async fn a_second_check_of_a_settled_feed_does_nothing() {
    let world = four_lines().await;
    assert!(world.check(0).await);
    let (feed, asked) = (world.feed().await, world.heard(|heard| heard.asked));
    assert!(world.check(0).await);
    assert_eq!(world.feed().await, feed);
    assert_eq!(world.heard(|heard| heard.asked), asked);
}

#[tokio::test]
async fn a_feed_that_amazon_gave_up_gives_back_what_it_still_carries() {
    for status in ["FATAL", "CANCELLED"] {
        let world = four_lines().await;
        let changed: AmazonSku = "A/1".parse().unwrap();
        world.want(&changed, 9, 3).await;
        world.heard(|heard| heard.status = status);
        assert!(world.check(0).await);
        let feed = world.feed().await;
        assert_eq!(feed.state, FeedState::Returned);
        assert!(feed.note.unwrap().starts_with("Amazon"));
        assert_eq!(world.skus_to_send().await, ["A/1", "B #2", "C&3"]);
        let entries = world.to_send().await;
        assert_eq!(
            entries[0].value,
            LineValue::Quantity(9),
            "what is wanted now"
        );
        assert_eq!(entries[0].generation, 3);
        assert!(
            entries[2].urgent && entries[2].decrease,
            "Amazon may show more"
        );
    }
}

#[tokio::test]
async fn a_report_that_does_not_account_for_all_settles_nothing_but_its_refusals() {
    let world = four_lines().await;
    world.heard(|heard| heard.report = report(2, &[(2, "13013")]));
    assert!(world.check(0).await);
    let feed = world.feed().await;
    assert_eq!(feed.state, FeedState::Returned);
    assert_eq!(feed.note.unwrap(), "Amazon processed 2 of 4 messages");
    assert!(world.shown("B #2").await.refused.is_some());
    assert_eq!(world.skus_to_send().await, ["A/1", "C&3"]);
}

#[tokio::test]
async fn a_price_feed_settles_its_offers() {
    let world = World::start().await;
    let lines = [
        world.offer("A", "12.50").await,
        world.offer("B", "7.00").await,
    ];
    world.submitted(&lines, |_| {}).await;
    world.heard(|heard| heard.report = report(2, &[(1, "19037")]));
    assert!(world.check(0).await);
    assert_eq!(world.feed().await.state, FeedState::Settled);
    let refused = world.offered("A").await.refused.unwrap();
    assert_eq!(
        (refused.value.to_string(), refused.code.as_str()),
        ("12.50".into(), "19037")
    );
    assert_eq!(world.offered("B").await.refused, None);

    let world = World::start().await;
    let lines = [world.offer("A", "12.50").await];
    world.submitted(&lines, |_| {}).await;
    world.heard(|heard| heard.status = "FATAL");
    assert!(world.check(0).await);
    let entries = world.to_send().await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].value, lines[0].value);
    assert!(entries[0].price_on.is_some() && !entries[0].urgent);
}

#[tokio::test]
async fn a_feed_that_amazon_does_not_know_comes_to_nothing() {
    let world = four_lines().await;
    world.heard(|heard| heard.answer = 404);
    assert!(world.check(0).await);
    assert_eq!(world.feed().await.state, FeedState::Returned);
    assert_eq!(world.skus_to_send().await.len(), 3);
}

#[test]
fn the_sample_event_holds_a_check_and_another_try_at_a_report() {
    let sample = include_str!("../../../../events/settle-feeds.json");
    let event: aws_lambda_events::sqs::SqsEvent = serde_json::from_str(sample).unwrap();
    let message = |record: usize| {
        let body = event.records[record].body.as_deref().unwrap();
        let message: Versioned<FeedCheck> = serde_json::from_str(body).unwrap();
        message.open().unwrap()
    };
    assert!(matches!(message(0), FeedCheck::Check { hop: 0, .. }));
    assert!(matches!(message(1), FeedCheck::ReadAgain { tries: 1, .. }));
}
