//! What becomes of feeds: late ones, lost answers, reports that are missing, feeds that Amazon gives up.

use super::environments::{Environments, Maker};
use super::scene::{PARTS, settings};
use super::stall::{Stall, play};
use serde_json::{Value, json};
use stallkeeper::domain::feed::FeedState;

/// An environment that sends by feed whatever is not urgent.
fn by_feed(stall: &Stall) -> Environments {
    let maker = Maker {
        patch_most: 0,
        ..stall.maker.clone()
    };
    maker.environments()
}

/// A round by feed.
async fn round(stall: &Stall, apps: &Environments) {
    use super::environments::Function::SyncStock;
    stall.send_of_connection(SyncStock, json!({ "kind": "tick" }));
    while stall.deliver_one(apps, SyncStock, 1).await {}
}

/// A stall at rest, and new levels that are known and not sent.
async fn with_news(stall: &Stall) -> [u32; 3] {
    stall.open([10, 20, 30], settings(0)).await;
    stall.quiet().await;
    stall.pass(60).await;
    let left = [8, 16, 24];
    for (part, quantity) in PARTS.iter().zip(left) {
        stall.level(part, quantity, stall.now());
    }
    stall.work().await;
    stall.pass(240).await;
    left
}

async fn feed_fault(stall: &Stall, faults: Value) {
    let path = format!("sellers/{}/feed-faults", crate::world::amazon::SELLER);
    let put = stall.amazon.admin(reqwest::Method::PUT, &path, faults);
    put.await;
}

async fn states(stall: &Stall) -> Vec<FeedState> {
    let key = &stall.ids();
    let page = stall.store.feed_page(key, None, 50).await.unwrap();
    page.feeds.iter().map(|feed| feed.state).collect()
}

#[tokio::test]
async fn an_answer_of_create_feed_that_is_lost_costs_a_second_feed_and_nothing_else() {
    // Of the first two Amazon has the feed, of the others not: nobody can tell.
    for kind in ["cut_off", "lost", "reset", "status"] {
        play(async |stall| {
            let left = with_news(stall).await;
            let fault = json!({ "operation": "createFeed", "kind": kind });
            stall.amazon.break_down(fault).await;
            let apps = by_feed(stall);
            round(stall, &apps).await;
            round(stall, &apps).await;
            stall.quiet().await;
            stall.shows_what_is_wanted(left, kind).await;
            let states = states(stall).await;
            let settled = states.iter().filter(|state| **state == FeedState::Settled);
            assert!(settled.count() >= 1, "{kind}: {states:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn whatever_becomes_of_a_feed_amazon_ends_up_with_what_is_wanted() {
    let faults = [
        json!([{ "kind": "report_missing" }]),
        json!([{ "kind": "report_missing", "count": 9 }]),
        json!([{ "kind": "report_cut" }]),
        json!([{ "kind": "fatal", "applied": 0.5 }]),
        json!([{ "kind": "cancelled" }]),
        json!([{ "kind": "quota" }]),
    ];
    for fault in faults {
        play(async |stall| {
            let left = with_news(stall).await;
            let what = fault.to_string();
            feed_fault(stall, fault).await;
            let apps = by_feed(stall);
            round(stall, &apps).await;
            stall.pass(700).await;
            stall.check_feeds().await;
            feed_fault(stall, json!([])).await;
            round(stall, &apps).await;
            stall.quiet().await;
            stall.shows_what_is_wanted(left, &what).await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_feed_that_is_applied_late_takes_nothing_back() {
    play(async |stall| {
        with_news(stall).await;
        stall.settings(json!({ "feed_hold": true })).await;
        let apps = by_feed(stall);
        round(stall, &apps).await;
        assert_eq!(states(stall).await[0], FeedState::Submitted);
        // While Amazon holds the feed, the last bolts are gone: that waits for nothing.
        stall.pass(60).await;
        stall.level(PARTS[0], 0, stall.now());
        stall.work().await;
        stall
            .deliver(super::environments::Function::SyncStock)
            .await;
        assert_eq!(stall.shown().await[PARTS[0]], 0);
        stall.settings(json!({ "feed_hold": false })).await;
        let release = stall
            .amazon
            .admin(reqwest::Method::POST, "feeds/release", json!({}));
        release.await;
        stall.pass(60).await;
        assert_eq!(
            stall.shown().await[PARTS[0]],
            0,
            "the late feed reopened it"
        );
        stall.quiet().await;
        stall.shows_what_is_wanted([0, 16, 24], "at last").await;
    })
    .await;
}

#[tokio::test]
async fn a_refused_line_is_told_and_not_sent_again_until_something_changes() {
    play(async |stall| {
        with_news(stall).await;
        let refusals = json!({ PARTS[1]: { "code": "8541", "message": "The SKU data provided is different" } });
        let path = format!("sellers/{}/refusals", crate::world::amazon::SELLER);
        stall
            .amazon
            .admin(reqwest::Method::PUT, &path, refusals)
            .await;
        round(stall, &by_feed(stall)).await;
        stall.quiet().await;
        let refused = stall.listings().await[PARTS[1]].refused.clone().unwrap();
        assert_eq!((refused.value, refused.code.as_str()), (16, "8541"));
        let calls = stall.amazon.calls().await.len();
        stall.tick().await;
        assert_eq!(stall.amazon.calls().await.len(), calls, "it was sent again");

        let none = json!({});
        stall.amazon.admin(reqwest::Method::PUT, &path, none).await;
        stall.level(PARTS[1], 15, stall.now());
        stall.work().await;
        stall.quiet().await;
        stall.shows_what_is_wanted([8, 15, 24], "corrected").await;
    })
    .await;
}
