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
async fn what_amazon_finds_wrong_with_an_accepted_listing_is_kept_with_its_moment() {
    let world = four_lines().await;
    let issue = |code: &str, severity: &str| serde_json::json!({"code": code, "severity": severity, "message": "words"});
    let mut warning = issue("99300", "WARNING");
    warning["messageId"] = 1.into();
    let report = serde_json::json!({
        "header": {"sellerId": "A1STALL", "version": "2.0", "feedId": "9001"},
        "issues": [warning],
        "items": [{"sku": "B #2", "issues": [issue("90220", "ERROR")]}],
        "summary": {
            "errors": 0, "warnings": 1, "messagesProcessed": 4, "messagesAccepted": 4, "messagesInvalid": 0,
        },
    });
    world.heard(|heard| heard.report = report.to_string());
    assert!(world.check(0).await);
    assert_eq!(world.feed().await.accepted, 4);
    for (sku, code) in [("A/1", "99300"), ("B #2", "90220")] {
        let listing = world.shown(sku).await;
        assert_eq!(listing.refused, None);
        let issues = listing.issues.unwrap();
        assert_eq!((issues.at, issues.issues[0].code.as_str()), (at(120), code));
    }
    assert_eq!(world.shown("C&3").await.issues, None);
}

#[tokio::test]
async fn one_odd_issue_sends_its_line_again_and_settles_the_others() {
    let world = four_lines().await;
    let report = serde_json::json!({
        "header": {"sellerId": "A1STALL", "version": "2.0", "feedId": "9001"},
        "issues": [{"messageId": 2, "code": ["13013"], "severity": "ERROR"}],
        "summary": {
            "errors": 1, "warnings": 0, "messagesProcessed": 4, "messagesAccepted": 3, "messagesInvalid": 1,
        },
    });
    world.heard(|heard| heard.report = report.to_string());
    assert!(world.check(0).await);
    assert_eq!(world.feed().await.state, FeedState::Settled);
    let entries = world.to_send().await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].sku.as_str(), "B #2");
    assert!(entries[0].by_patch, "a patch has a verdict of its own");
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
async fn a_feed_that_amazon_does_not_know_comes_to_nothing_once_it_says_so_again_and_again() {
    let world = four_lines().await;
    world.heard(|heard| heard.answer = 404);
    assert!(world.check(0).await);
    for _ in 0..3 {
        assert_eq!(world.feed().await.state, FeedState::Submitted);
        assert!(world.next_check().await);
    }
    assert_eq!(world.feed().await.state, FeedState::Returned);
    assert_eq!(world.skus_to_send().await.len(), 3);
}

#[tokio::test]
async fn an_answer_that_a_feed_is_not_known_may_be_wrong_once() {
    let world = four_lines().await;
    world.heard(|heard| heard.answer = 404);
    assert!(world.check(0).await);
    world.heard(|heard| heard.answer = 200);
    assert!(world.next_check().await);
    assert_eq!(world.feed().await.state, FeedState::Settled);
}

/// A report of a feed that Amazon refused as a whole.
fn refused_as_a_whole(code: &str, processed: u32) -> String {
    serde_json::json!({
        "header": {"sellerId": "A1STALL", "version": "2.0", "feedId": "9001"},
        "issues": [{
            "code": code, "severity": "ERROR", "message": "The JSON is not valid against the schema.",
        }],
        "summary": {
            "errors": 1, "warnings": 0, "messagesProcessed": processed, "messagesAccepted": 0,
            "messagesInvalid": processed,
        },
    })
    .to_string()
}

#[tokio::test]
async fn a_feed_that_is_refused_as_a_whole_is_refused_for_good_and_its_lines_go_by_patch() {
    for (code, processed) in [("4002006", 0), ("4002006", 2), ("999999", 0)] {
        let world = World::start().await;
        let lines = [world.listing("A", 4).await, world.listing("B", 5).await];
        world.submitted(&lines, |_| {}).await;
        world.heard(|heard| heard.report = refused_as_a_whole(code, processed));
        assert!(world.check(0).await);
        let feed = world.feed().await;
        assert_eq!((feed.state, feed.refused), (FeedState::Returned, 2));
        let note = feed.note.unwrap();
        assert!(note.starts_with("Amazon refused it as a whole"), "{note}");
        assert!(note.contains(code), "{note}");
        for (sku, value) in [("A", 4), ("B", 5)] {
            let refused = world.shown(sku).await.refused.unwrap();
            assert_eq!((refused.code.as_str(), refused.value), (code, value));
        }
        let entries = world.to_send().await;
        assert_eq!(entries.len(), 2);
        assert!(entries.iter().all(|entry| entry.by_patch), "{entries:?}");
        assert!(world.check(0).await);
        assert_eq!(world.to_send().await.len(), 2, "once");
    }
}

#[tokio::test]
async fn a_fatal_feed_whose_report_refuses_it_as_a_whole_is_refused_for_good() {
    for (accepted, refused) in [(0, Some("4002001")), (1, None)] {
        let world = World::start().await;
        let lines = [world.listing("A", 4).await, world.listing("B", 5).await];
        world.submitted(&lines, |_| {}).await;
        let report = refused_as_a_whole("4002001", 0);
        world.heard(|heard| {
            heard.status = "FATAL";
            heard.report = report.replace(
                "\"messagesAccepted\":0",
                &format!("\"messagesAccepted\":{accepted}"),
            );
        });
        assert!(world.check(0).await);
        assert_eq!(world.feed().await.state, FeedState::Returned);
        assert_eq!(world.skus_to_send().await, ["A", "B"]);
        let shown = world.shown("A").await;
        let code = shown.refused.map(|refused| refused.code);
        assert_eq!(code.as_deref(), refused, "{accepted}");
    }
}

#[tokio::test]
async fn of_a_big_feed_that_is_refused_as_a_whole_all_decreases_go_by_patch_and_some_others() {
    let world = World::start().await;
    let mut lines = vec![world.listing("DOWN", 4).await];
    for n in 0..103 {
        let mut line = world.listing(&format!("UP{n:03}"), 9).await;
        line.increase = true;
        lines.push(line);
    }
    world.submitted(&lines, |_| {}).await;
    world.heard(|heard| heard.report = refused_as_a_whole("4002005", 0));
    assert!(world.check(0).await);
    let skus = world.skus_to_send().await;
    assert_eq!(skus.len(), 101);
    assert_eq!(skus[0], "DOWN");
    assert!(world.shown("UP102").await.refused.is_some());
}

#[tokio::test]
async fn a_feed_that_amazon_failed_to_read_by_an_error_of_its_own_goes_again() {
    let world = World::start().await;
    let lines = [world.listing("A", 4).await];
    world.submitted(&lines, |_| {}).await;
    world.heard(|heard| heard.report = refused_as_a_whole("4000000", 0));
    assert!(world.check(0).await);
    assert_eq!(world.feed().await.state, FeedState::Returned);
    assert_eq!(world.skus_to_send().await, ["A"]);
    assert_eq!(world.shown("A").await.refused, None);
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
