//! Feeds and reports: what is sent for each step, and how far Amazon says it is.

use super::*;
use crate::domain::marketplace::Marketplace;
use crate::error::Class;

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

#[tokio::test]
async fn a_feed_goes_from_a_document_to_an_id() {
    let world = World::new().await;
    let made = json!({ "feedDocumentId": "amzn1.tortuga.4.eu.x", "url": world.uri("/s3/up?X-Amz-Signature=Hush") });
    Mock::given(path("/feeds/2021-06-30/documents"))
        .respond_with(ResponseTemplate::new(201).set_body_json(made))
        .mount(&world.server)
        .await;
    Mock::given(path("/feeds/2021-06-30/feeds"))
        .respond_with(ResponseTemplate::new(202).set_body_json(json!({ "feedId": "50021018827" })))
        .mount(&world.server)
        .await;
    world.answers("PUT", ResponseTemplate::new(200)).await;

    let kind = FeedType::JsonListings;
    let address = world
        .amazon
        .create_feed_document(&world.account(), kind)
        .await
        .unwrap()
        .value;
    assert!(is_discreet(&format!("{address:?}")), "{address:?}");
    world
        .amazon
        .upload_feed_document(&address, b"{}".to_vec())
        .await
        .unwrap();
    let id = world
        .amazon
        .create_feed(
            &world.account(),
            kind,
            Marketplace::Uk,
            &address.document_id,
        )
        .await
        .unwrap()
        .value;
    assert_eq!(id, "50021018827");

    let content_type = "application/json; charset=UTF-8";
    let documents = world.requests("/feeds/2021-06-30/documents").await;
    assert_eq!(body(&documents[0]), json!({ "contentType": content_type }));
    let upload = &world.requests("/s3/up").await[0];
    assert_eq!(upload.method.as_str(), "PUT");
    assert_eq!(
        upload.headers["content-type"], content_type,
        "Amazon signs the address for this type"
    );
    assert_eq!(upload.headers["content-length"], "2");
    assert!(!upload.headers.contains_key("x-amz-access-token"));
    let feeds = world.requests("/feeds/2021-06-30/feeds").await;
    let expected = json!({
        "feedType": "JSON_LISTINGS_FEED",
        "marketplaceIds": ["A1F83G8C2ARO7P"],
        "inputFeedDocumentId": "amzn1.tortuga.4.eu.x",
    });
    assert_eq!(body(&feeds[0]), expected);
}

#[tokio::test]
async fn a_feed_tells_how_far_amazon_is() {
    let rows = [
        ("IN_QUEUE", ProcessingStatus::InQueue, false),
        ("IN_PROGRESS", ProcessingStatus::InProgress, false),
        ("DONE", ProcessingStatus::Done, true),
        ("CANCELLED", ProcessingStatus::Cancelled, true),
        ("FATAL", ProcessingStatus::Fatal, true),
        ("ASLEEP", ProcessingStatus::Other("ASLEEP".into()), false),
    ];
    for (word, status, is_final) in rows {
        let world = World::new().await;
        let answer = json!({
            "feedId": "7", "feedType": "JSON_LISTINGS_FEED", "processingStatus": word,
            "createdTime": "2026-11-20T10:00:00+00:00",
            "processingStartTime": "2026-11-20T10:01:00Z", "resultFeedDocumentId": "d",
        });
        world
            .answers("GET", ResponseTemplate::new(200).set_body_json(answer))
            .await;
        let account = world.account();
        let feed = world.amazon.get_feed(&account, "7").await.unwrap().value;
        assert_eq!(feed.status.is_final(), is_final, "{word}");
        assert_eq!(serde_json::to_value(&feed.status).unwrap(), word);
        let expected = ProcessingState {
            status,
            created_at: "2026-11-20T10:00:00Z".parse().unwrap(),
            processing_start: Some("2026-11-20T10:01:00Z".parse().unwrap()),
            processing_end: None,
            document: Some("d".into()),
        };
        assert_eq!(feed, expected);
        let path = world.the_request().await.url.path().to_owned();
        assert_eq!(path, "/feeds/2021-06-30/feeds/7");
    }
}

#[tokio::test]
async fn a_report_is_asked_for_with_english_columns_and_looked_at() {
    let world = World::new().await;
    let asked = ResponseTemplate::new(202).set_body_json(json!({ "reportId": "R/1" }));
    world.answers("POST", asked).await;
    let answer = json!({
        "reportId": "R/1", "reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "processingStatus": "DONE",
        "createdTime": "2026-11-20T10:00:00Z", "reportDocumentId": "d",
    });
    world
        .answers("GET", ResponseTemplate::new(200).set_body_json(answer))
        .await;
    let (amazon, account) = (&world.amazon, world.account());
    let id = amazon
        .create_report(&account, ReportType::AllListings, Marketplace::Jp)
        .await
        .unwrap()
        .value;
    let report = amazon.get_report(&account, &id).await.unwrap().value;
    assert_eq!(
        (report.status, report.document.as_deref()),
        (ProcessingStatus::Done, Some("d"))
    );
    let posted = world.requests("/reports/2021-06-30/reports").await;
    let expected = json!({
        "reportType": "GET_MERCHANT_LISTINGS_ALL_DATA",
        "marketplaceIds": ["A1VC38T7YXB528"],
        "reportOptions": { "preferredReportDocumentLocale": "en_US" },
    });
    assert_eq!(body(&posted[0]), expected);
    let looked = world.requests("/reports/2021-06-30/reports/R%2F1").await;
    assert_eq!(looked.len(), 1);
}

#[tokio::test]
async fn a_feed_that_was_refused_is_told_from_one_that_may_exist() {
    let rows = [
        (ResponseTemplate::new(500), Class::Retryable, Some(500)),
        (ResponseTemplate::new(202), Class::Retryable, None),
        (
            ResponseTemplate::new(429),
            Class::Throttled { retry_after: None },
            Some(429),
        ),
        (
            ResponseTemplate::new(400).set_body_json(errors("InvalidInput", "")),
            Class::Permanent,
            Some(400),
        ),
    ];
    for (answer, class, status) in rows {
        let world = World::new().await;
        world.answers("POST", answer).await;
        let error = world
            .amazon
            .create_feed(
                &world.account(),
                FeedType::JsonListings,
                Marketplace::Uk,
                "d",
            )
            .await
            .unwrap_err();
        assert_eq!(error.class(), class);
        assert_eq!(refusal(&error).map(|refusal| refusal.status), status);
        let _ = world.the_request().await;
    }
}
