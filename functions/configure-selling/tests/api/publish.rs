//! Publishing: its effect shown first, and cured after a crash.

use crate::stock::{ID, ORDERS, Stock};
use jiff::Timestamp;
use serde_json::{Value, json};
use stallkeeper::store::{Matching, Written};

#[tokio::test]
async fn publishing_shows_its_effect_first() {
    let stock = Stock::new().await;
    stock
        .ask("PUT", "stock-settings", json!({"on": true}))
        .await;
    assert_eq!(
        stock.refused("POST", "publish", json!({}), 409).await,
        "not-previewed"
    );
    for _ in 0..2 {
        let told = stock
            .told("POST", "publish", json!({"preview": true, "revision": 1}))
            .await;
        let preview = told.is(202)["preview"].clone();
        assert_eq!(
            (&preview["revision"], &preview["of_this_draft"]),
            (&json!(1), &json!(true))
        );
        assert_eq!(stock.jobs(), ["preview"], "asked again, it is queued again");
        assert_eq!(
            stock.refused("POST", "publish", json!({}), 409).await,
            "preview-running"
        );
    }
    stock.preview_ends(Some("Amazon made no report.")).await;
    let told = stock.told("POST", "publish", json!({})).await;
    assert!(
        told.text.contains("Amazon made no report."),
        "{}",
        told.text
    );
    assert_eq!(told.problem_kind(409), "preview-failed");
    stock
        .told("POST", "publish", json!({"preview": true}))
        .await
        .is(202);
    stock.preview_ends(None).await;
    stock.jobs();
    assert_eq!(
        stock
            .refused("POST", "publish", json!({"revision": 2}), 409)
            .await,
        "draft-changed"
    );
    assert!(stock.jobs().is_empty());

    for _ in 0..2 {
        let told = stock.ask("POST", "publish", json!({"revision": 1})).await;
        assert_eq!(
            (
                &told["published"]["generation"],
                &told["published"]["shadow"]
            ),
            (&json!(1), &json!(false))
        );
        assert_eq!(
            (&told["draft_is_published"], &told["sending"]["now"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(told["preview"]["effect"]["to_zero"], 2);
        assert_eq!(
            stock.jobs(),
            ["recompute_all", "match"],
            "again: whatever was left undone"
        );
    }
    let schedules = stock.outside.aws().schedules.clone();
    for kind in ["orders", "stock", "match"] {
        assert!(
            schedules.contains_key(&format!("{kind}-{ID}")),
            "{schedules:?}"
        );
    }

    stock
        .ask(
            "PUT",
            "stock-settings",
            json!({"on": true, "every_minutes": 60}),
        )
        .await;
    assert_eq!(
        stock.refused("POST", "publish", json!({}), 409).await,
        "not-previewed"
    );
    let shown = stock.ask("GET", "stock-settings", Value::Null).await;
    assert_eq!(
        shown["published"]["settings"]["every_minutes"], 15,
        "a draft is not in force"
    );
    assert_eq!(shown["preview"]["of_this_draft"], false);
}

#[tokio::test]
async fn a_crash_after_publishing_is_cured_by_the_same_request() {
    let stock = Stock::new().await;
    stock
        .ask("PUT", "stock-settings", json!({"on": true}))
        .await;
    stock.outside.aws().queues_down = true;
    assert_eq!(
        stock
            .refused("POST", "publish", json!({"preview": true}), 503)
            .await,
        "unavailable"
    );
    stock.outside.aws().queues_down = false;
    stock
        .told("POST", "publish", json!({"preview": true}))
        .await
        .is(202);
    assert_eq!(stock.jobs(), ["preview"]);
    stock.preview_ends(None).await;
    stock.outside.aws().queues_down = true;
    assert_eq!(
        stock.refused("POST", "publish", json!({}), 503).await,
        "unavailable"
    );
    stock.outside.aws().queues_down = false;
    let told = stock.ask("POST", "publish", json!({})).await;
    assert_eq!(told["published"]["generation"], 1);
    assert_eq!(stock.jobs(), ["recompute_all", "match"]);
}

#[tokio::test]
async fn shadow_mode_is_left_by_publishing_again_and_off_needs_no_preview() {
    let stock = Stock::new().await;
    stock.previewed().await;
    let shadow = stock.ask("POST", "publish", json!({"shadow": true})).await;
    assert_eq!(
        (&shadow["published"]["shadow"], &shadow["sending"]["now"]),
        (&json!(true), &json!(false))
    );
    let real = stock.ask("POST", "publish", json!({})).await;
    assert_eq!(
        (&real["published"]["generation"], &real["sending"]["now"]),
        (&json!(2), &json!(true))
    );
    stock.jobs();
    stock
        .ask("PUT", "stock-settings", json!({"on": false}))
        .await;
    let off = stock.ask("POST", "publish", json!({})).await;
    assert_eq!(
        (&off["published"]["generation"], &off["sending"]["now"]),
        (&json!(3), &json!(false))
    );
    assert!(stock.jobs().is_empty(), "nothing is computed any more");
    let schedules = stock.outside.aws().schedules.clone();
    let names: Vec<&String> = schedules.keys().collect();
    assert_eq!(names, [ORDERS], "the clocks of stock stop");
}

#[tokio::test]
async fn what_was_matched_just_now_is_not_matched_again_for_publishing() {
    let stock = Stock::new().await;
    let matching = Matching {
        done_at: Some(Timestamp::now()),
        ..Matching::default()
    };
    let store = &stock.database.store;
    let saved = store.save_leased(&stock.key(), &mut matching.into()).await;
    assert_eq!(saved.unwrap(), Written::Done);
    stock.previewed().await;
    stock.jobs();
    stock.ask("POST", "publish", json!({})).await;
    assert_eq!(stock.jobs(), ["recompute_all"]);
}
