//! Feeds over HTTP: what becomes of their messages, when, and what goes wrong.

use serde_json::{Value, json};

use crate::{
    amazon::{SELLER, UK},
    shop::{Shop, checked, feed, feed_text, message, order, quantity, unpacked},
};

#[tokio::test]
async fn a_feed_that_is_processed_late_never_overwrites_a_later_patch() {
    let shop = Shop::open().await;
    shop.0.settings(json!({"feed_hold": true})).await;
    let id = shop
        .submit(&[message(1, "A", 20), message(2, "B", 20)])
        .await;
    assert_eq!(shop.feed(&id).await["processingStatus"], "IN_QUEUE");
    shop.patch("A", quantity(1)).await;
    shop.admin("POST", "orders", order(1, "B", 2)).await;
    assert_eq!(shop.live("B").await, 8);
    assert_eq!(
        shop.0.admin("POST", "/feeds/release", Value::Null).await["released"],
        1
    );
    let report = shop.report_of(&id).await;
    assert_eq!(
        report["summary"],
        json!({"errors": 0, "warnings": 0, "messagesProcessed": 2, "messagesAccepted": 2, "messagesInvalid": 0})
    );
    assert_eq!((shop.live("A").await, shop.live("B").await), (1, 20));
    let history = shop.listing("B").await["history"].clone();
    let by: Vec<&str> = history
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|step| step["by"].as_str())
        .collect();
    assert_eq!(
        by,
        ["seller", "order 202-0000000-0000001", &format!("feed {id}")]
    );
}

#[tokio::test]
async fn feeds_run_one_after_another_at_their_time() {
    let shop = Shop::open().await;
    shop.0.settings(json!({"feed_seconds": 600})).await;
    let ids = [
        shop.submit(&[message(1, "A", 1)]).await,
        shop.submit(&[message(1, "A", 2)]).await,
    ];
    for (offset, expected, live) in [
        (1, ["IN_PROGRESS", "IN_QUEUE"], 10),
        (700, ["DONE", "IN_PROGRESS"], 1),
        (1_300, ["DONE", "DONE"], 2),
    ] {
        shop.0
            .settings(json!({"clock_offset_ms": offset * 1_000}))
            .await;
        let all = shop.admin("GET", "feeds", Value::Null).await;
        for (index, (id, status)) in ids.iter().zip(expected).enumerate() {
            assert_eq!(all[index]["feedId"], **id);
            assert_eq!(all[index]["processingStatus"], status);
        }
        assert_eq!(shop.live("A").await, live);
    }
}

#[tokio::test]
async fn a_refused_line_stands_in_the_report_and_the_others_count() {
    let shop = Shop::open().await;
    shop.admin(
        "PUT",
        "refusals",
        json!({"C": {"code": "90220", "message": "'size' is required.", "attribute": "size"}}),
    )
    .await;
    let id = shop
        .submit(&[
            message(1, "A", 1),
            message(2, "nowhere", 1),
            message(7, "C", 1),
            message(9, "F", 1),
        ])
        .await;
    let report = shop.report_of(&id).await;
    assert_eq!(
        report["summary"],
        json!({"errors": 3, "warnings": 0, "messagesProcessed": 4, "messagesAccepted": 1, "messagesInvalid": 3})
    );
    let issues = report["issues"].as_array().unwrap();
    let codes: Vec<_> = issues
        .iter()
        .map(|issue| {
            (
                issue["messageId"].as_u64().unwrap(),
                issue["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(codes, [(2, "13013"), (7, "90220"), (9, "90244")]);
    assert_eq!((shop.live("A").await, shop.live("C").await), (1, 10));
    assert_eq!(shop.0.violations().await.len(), 1, "that of F");
}

#[tokio::test]
async fn mishaps_strike_feeds_as_ordered() {
    let shop = Shop::open().await;
    let faults = json!([{"kind": "fatal", "applied": 0.5}, {"kind": "cancelled"}, {"kind": "report_missing"}, {"kind": "report_cut"}, {"kind": "quota"}, {"kind": "stuck"}]);
    shop.admin("PUT", "feed-faults", faults).await;
    let fatal = shop.submit(&[message(1, "A", 1), message(2, "B", 1)]).await;
    assert_eq!(shop.feed(&fatal).await["processingStatus"], "FATAL");
    assert_eq!(
        (shop.live("A").await, shop.live("B").await),
        (1, 10),
        "some are applied"
    );
    let cancelled = shop.submit(&[message(1, "A", 2)]).await;
    assert_eq!(shop.feed(&cancelled).await["processingStatus"], "CANCELLED");
    let missing = shop.submit(&[message(1, "B", 3)]).await;
    let feed = shop.feed(&missing).await;
    assert_eq!(
        (&feed["processingStatus"], feed.get("resultFeedDocumentId")),
        (&json!("DONE"), None)
    );
    let cut = shop.submit(&[message(1, "C", 4)]).await;
    let result = shop.feed(&cut).await["resultFeedDocumentId"]
        .as_str()
        .unwrap()
        .to_owned();
    let (_, download) = shop.document("feeds", "getFeedDocument", &result).await;
    let text = unpacked(&download.bytes().await.unwrap());
    assert!(serde_json::from_str::<Value>(&text).is_err());
    let document = shop.upload(feed_text()).await;
    assert_eq!(shop.create_feed(&document).await.status(), 429);
    let stuck = shop.submit(&[message(1, "A", 5)]).await;
    let behind = shop.submit(&[message(1, "A", 6)]).await;
    shop.0
        .settings(json!({"clock_offset_ms": 80_000_000}))
        .await;
    let all = shop.admin("GET", "feeds", Value::Null).await;
    assert_eq!(
        (&all[4]["processingStatus"], &all[5]["processingStatus"]),
        (&json!("IN_PROGRESS"), &json!("IN_QUEUE"))
    );
    assert_eq!(
        (
            shop.live("A").await,
            shop.live("B").await,
            shop.live("C").await
        ),
        (1, 3, 4)
    );
    shop.0.admin("POST", "/feeds/release", Value::Null).await;
    let all = shop.admin("GET", "feeds", Value::Null).await;
    assert_eq!(
        (&all[4]["feedId"], &all[5]["feedId"]),
        (&json!(stuck), &json!(behind))
    );
    assert_eq!(all[5]["processingStatus"], "DONE");
    assert_eq!(shop.live("A").await, 6);
    assert_eq!(shop.0.violations().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_lost_answer_leaves_a_feed_behind_that_a_list_of_feeds_shows() {
    let shop = Shop::open().await;
    let document = shop.upload(feed_text()).await;
    shop.0
        .admin(
            "POST",
            "/faults",
            json!({"operation": "createFeed", "kind": "lost"}),
        )
        .await;
    let body = json!({"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [UK], "inputFeedDocumentId": document});
    let request = shop.0.http.post(shop.0.url("/feeds/2021-06-30/feeds"));
    let request = request
        .header("x-amz-access-token", &shop.0.access_token)
        .json(&body);
    assert!(request.send().await.is_err());
    shop.submit(&[message(1, "B", 2)]).await;
    let query = [("feedTypes", "JSON_LISTINGS_FEED"), ("pageSize", "1")];
    let answer = shop.0.get("/feeds/2021-06-30/feeds", &query).await;
    let newest = checked("getFeeds", 200, answer).await;
    let token = newest["nextToken"].as_str().unwrap();
    let answer = shop
        .0
        .get("/feeds/2021-06-30/feeds", &[("nextToken", token)])
        .await;
    let oldest = checked("getFeeds", 200, answer).await;
    assert!(oldest.get("nextToken").is_none());
    let ids = [&oldest["feeds"][0]["feedId"], &newest["feeds"][0]["feedId"]];
    let all = shop.admin("GET", "feeds", Value::Null).await;
    assert_eq!(ids, [&all[0]["feedId"], &all[1]["feedId"]]);
    assert_eq!(shop.live("A").await, 1);
}

#[tokio::test]
async fn a_feed_document_that_breaks_a_rule_is_a_violation_and_changes_nothing() {
    let shop = Shop::open().await;
    let mut twice = feed(&[message(1, "A", 1), message(1, "B", 1)]);
    let many: Vec<Value> = (1..=25_001).map(|id| message(id, "A", 1)).collect();
    let mut foreign = feed(&[message(1, "A", 1)]);
    foreign["header"]["sellerId"] = json!("ANOTHER");
    let mut old = feed(&[message(1, "A", 1)]);
    old["header"]["version"] = json!("1.0");
    let mut untyped = message(1, "A", 1);
    untyped.as_object_mut().unwrap().remove("productType");
    twice["header"]["issueLocale"] = json!("en_GB");
    let large = feed(&[message(1, &"x".repeat(10 << 20), 1)]).to_string();
    for (index, (text, status)) in [
        (twice.to_string(), "DONE"),
        (feed(&many).to_string(), "FATAL"),
        (foreign.to_string(), "DONE"),
        (old.to_string(), "DONE"),
        (feed(&[untyped]).to_string(), "DONE"),
        (feed(&[message(0, "A", 1)]).to_string(), "DONE"),
        ("{".to_owned(), "DONE"),
        (large, "FATAL"),
    ]
    .into_iter()
    .enumerate()
    {
        // Five in five minutes are allowed.
        shop.0.settings(json!({"refill": true})).await;
        let document = shop.upload(text).await;
        let created = checked("createFeed", 202, shop.create_feed(&document).await).await;
        let feed = shop.feed(created["feedId"].as_str().unwrap()).await;
        assert_eq!(feed["processingStatus"], status, "{index}");
        assert_eq!(shop.0.violations().await.len(), index + 1);
    }
    assert_eq!(shop.live("A").await, 10);
}

#[tokio::test]
async fn five_listings_feeds_in_five_minutes_and_no_sixth() {
    let shop = Shop::open().await;
    shop.0.settings(json!({"refill_factor": 1})).await;
    let document = shop.upload(feed_text()).await;
    for _ in 0..5 {
        assert_eq!(shop.create_feed(&document).await.status(), 202);
    }
    assert_eq!(shop.create_feed(&document).await.status(), 429);
}

#[tokio::test]
async fn an_address_is_good_for_its_document_its_type_and_five_minutes() {
    let shop = Shop::open().await;
    let answer = shop
        .call(
            "POST",
            "/feeds/2021-06-30/documents",
            &[],
            json!({"contentType": "application/json"}),
        )
        .await;
    let url = checked("createFeedDocument", 201, answer).await["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let put = |kind: &'static str| {
        shop.0
            .http
            .put(&url)
            .header("content-type", kind)
            .body("{}")
    };
    assert_eq!(put("text/plain").send().await.unwrap().status(), 403);
    let with_token = put("application/json").header("x-amz-access-token", &shop.0.access_token);
    assert_eq!(with_token.send().await.unwrap().status(), 403);
    assert_eq!(shop.0.violations().await.len(), 2);
    assert_eq!(
        shop.0.http.get(&url).send().await.unwrap().status(),
        403,
        "it is for a PUT"
    );
    assert_eq!(put("application/json").send().await.unwrap().status(), 200);
    shop.0.settings(json!({"clock_offset_ms": 301_000})).await;
    assert_eq!(put("application/json").send().await.unwrap().status(), 403);
    assert_eq!(
        shop.0.violations().await.len(),
        2,
        "time passes for a correct client too"
    );
}

#[tokio::test]
async fn a_feed_of_listings_wants_a_role_for_listings() {
    let shop = Shop::open().await;
    shop.0
        .seller(json!({"roles": ["amazon_fulfillment"]}))
        .await;
    let document = shop.upload(feed_text()).await;
    assert_eq!(shop.create_feed(&document).await.status(), 403);
    shop.0
        .seller(json!({"roles": ["inventory_and_order_tracking"]}))
        .await;
    assert_eq!(shop.create_feed(&document).await.status(), 202);
}

#[tokio::test]
async fn uploads_and_downloads_fail_on_demand() {
    let shop = Shop::open().await;
    let answer = shop
        .call(
            "POST",
            "/feeds/2021-06-30/documents",
            &[],
            json!({"contentType": "application/json"}),
        )
        .await;
    let document = checked("createFeedDocument", 201, answer).await;
    let put = || {
        let put = shop.0.http.put(document["url"].as_str().unwrap());
        put.header("content-type", "application/json").body("{}")
    };
    shop.0
        .admin(
            "POST",
            "/faults",
            json!({"operation": "uploadDocument", "kind": "status", "status": 503}),
        )
        .await;
    assert_eq!(put().send().await.unwrap().status(), 503);
    let id = document["feedDocumentId"].as_str().unwrap();
    assert_eq!(
        shop.create_feed(id).await.status(),
        400,
        "nothing was uploaded"
    );
    assert_eq!(put().send().await.unwrap().status(), 200);
    shop.0
        .admin(
            "POST",
            "/faults",
            json!({"operation": "downloadDocument", "kind": "cut_off"}),
        )
        .await;
    let (_, download) = shop.document("feeds", "getFeedDocument", id).await;
    assert!(download.text().await.is_err());
    let calls = shop
        .0
        .admin("GET", &format!("/calls?seller={SELLER}"), Value::Null)
        .await;
    assert_eq!(
        calls["uploadDocument"]["by_status"],
        json!({"200": 1, "503": 1})
    );
}
