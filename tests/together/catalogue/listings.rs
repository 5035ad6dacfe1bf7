//! Listings by state, their counts, their feeds; and that nothing of another tenant shows.

use super::*;
use stallkeeper::domain::feed::{Feed, FeedKind, FeedState, SentBy};
use stallkeeper::domain::ids::{ConnectionKey, FeedId};
use stallkeeper::domain::listing::Sent;
use stallkeeper::store::{HeldReport, ListingCounts, Matching};

pub(super) async fn place(stand: &Stand, amazon_sku: &str, state: ListingState) {
    let listing = Listing::new(&connection("C1"), amazon_sku.parse().unwrap(), state);
    let placed = stand.store.place_listing(&listing, None, false).await;
    assert_eq!(placed.unwrap(), Written::Done);
}

pub(super) fn feed(id: &str, state: FeedState) -> Feed {
    Feed {
        connection: ConnectionKey {
            tenant: tenant(),
            id: c1(),
        },
        id: id.parse().unwrap(),
        kind: FeedKind::Quantity,
        marketplace: Marketplace::Uk,
        state,
        lines: 3,
        parts: 0,
        created_at: at(100),
        amazon_id: Some("23492394".into()),
        submitted_at: Some(at(101)),
        applied_at: (state == FeedState::Settled).then(|| at(160)),
        accepted: 2,
        refused: 1,
        note: None,
        stuck: false,
        decreases_again: false,
        next_check_at: None,
        overtaken: Vec::new(),
        revision: 1,
    }
}

pub(super) async fn save(stand: &Stand, feed: &Feed) {
    let saved = stand.store.save_feed(feed).await;
    assert_eq!(saved.unwrap(), Written::Done);
}

/// Claims what is wanted of a listing for a feed or a patch.
pub(super) async fn send(stand: &Stand, amazon_sku: &str, by: SentBy, second: i64) {
    let listing = stand.listing(amazon_sku).await;
    let wanted = listing.wanted.unwrap();
    let sent = Sent {
        value: wanted.quantity.unwrap(),
        generation: wanted.generation,
        at: at(second),
        by,
    };
    let (store, sku, send_count) = (&stand.store, listing.amazon_sku, listing.send_count);
    let claimed = store
        .claim_listing(&key().listing(&sku), send_count, &sent)
        .await;
    let claimed = format!("{:?}", claimed.unwrap());
    assert!(claimed.starts_with("Done"), "{claimed}");
}

#[tokio::test]
async fn listings_are_listed_by_state_page_by_page() {
    let stand = Stand::new().await;
    stand.keep(&["A"]).await;
    stand.list("A", "A", 2, 10).await;
    for name in ["b/1", "b#2", "ü 3"] {
        place(&stand, name, ListingState::UnknownHere).await;
    }
    place(&stand, "F", ListingState::FulfilledByAmazon).await;
    let all = stand.get("/connections/C1/listings").await.is(200);
    assert_eq!(all["listings"].as_array().unwrap().len(), 5);
    assert_eq!(all["next"], Value::Null);
    let matched = &stand
        .get("/connections/C1/listings?state=matched")
        .await
        .is(200)["listings"][0];
    assert_eq!(
        (
            &matched["sku"],
            &matched["product"],
            &matched["units"],
            &matched["marketplaces"]
        ),
        (&json!("A"), &json!("A"), &json!(2), &json!(["UK"]))
    );
    assert_eq!(
        (&matched["live_lowest"], &matched["live_highest"]),
        (&json!(10), &json!(10))
    );
    assert_eq!(
        (&matched["wanted"], &matched["sent"]),
        (&Value::Null, &Value::Null)
    );

    let mut names = Vec::new();
    let mut path = "/connections/C1/listings?state=unknown_here&limit=1".to_owned();
    loop {
        let page = stand.get(&path).await.is(200);
        let rows = page["listings"].as_array().unwrap().clone();
        names.extend(
            rows.iter()
                .map(|row| row["sku"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/connections/C1/listings?state=unknown_here&limit=1&after={next}");
        let other = format!("/connections/C1/listings?state=matched&after={next}");
        stand.get(&other).await.problem(422, "invalid-request");
    }
    names.sort();
    assert_eq!(names, ["b#2", "b/1", "ü 3"]);
    for query in [
        "state=lost",
        "limit=0",
        "limit=501",
        "after=x",
        "format=xml",
        "colour=red",
    ] {
        let path = format!("/connections/C1/listings?{query}");
        stand.get(&path).await.problem(422, "invalid-request");
    }
}

#[tokio::test]
async fn a_list_comes_as_csv_too() {
    let stand = Stand::new().await;
    stand.keep(&["A"]).await;
    stand.list("A\"1, x", "A", 1, 10).await;
    stand.list("A2", "A", 1, 5).await;
    stand
        .deliver(&[levels_message(vec![level("A", "LON", 7, 10)])])
        .await;
    let csv = stand.get("/connections/C1/listings?format=csv").await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    let lines: Vec<&str> = csv.text.lines().collect();
    assert!(
        lines[0].starts_with("sku,state,product,units,alias,"),
        "{lines:?}"
    );
    assert!(
        lines[1].starts_with("\"A\"\"1, x\",matched,A,1,false,,UK,7,,"),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 3);
    let first = stand
        .get("/connections/C1/listings?format=csv&limit=1")
        .await;
    let next = first.headers["next-page"].to_str().unwrap();
    let path = format!("/connections/C1/listings?format=csv&limit=1&after={next}");
    let second = stand.get(&path).await;
    assert!(
        second
            .text
            .lines()
            .nth(1)
            .unwrap()
            .starts_with("A2,matched,"),
        "{}",
        second.text
    );
    let caller = Caller::new(tenant(), &[Scope::Catalogue]);
    let request = Request::builder().uri("/connections/C1/listings");
    let request = request.header("accept", "text/csv").extension(caller);
    let request = request.body(Body::empty()).unwrap();
    let told = Answer::of(router(stand.app.clone()), request).await;
    assert_eq!(told.headers["content-type"], "text/csv; charset=utf-8");
}

#[tokio::test]
async fn counts_are_those_of_the_last_matching() {
    let stand = Stand::new().await;
    let matching = Matching {
        done_at: Some(at(60)),
        counts: ListingCounts {
            matched: 7,
            case_mismatch: 1,
            ..ListingCounts::default()
        },
        failed: Some("Amazon made no report".into()),
        ..Matching::default()
    };
    let saved = stand.store.save_leased(&key(), &mut matching.into()).await;
    assert_eq!(saved.unwrap(), Written::Done);
    let counts = stand.get("/connections/C1/listings/counts").await.is(200);
    assert_eq!(
        (&counts["matched"], &counts["case_mismatch"]),
        (&json!(7), &json!(1))
    );
    assert_eq!(counts["matching"]["failed"], "Amazon made no report");
    assert_eq!(counts["last_round"]["held"], false);
}

#[tokio::test]
async fn matching_is_asked_for_where_amazon_can_be_asked() {
    let stand = Stand::new().await;
    let path = "/connections/C1/listings/match";
    for _ in 0..2 {
        stand.send("POST", path, None, String::new()).await.is(202);
        let job = json!({"v": 1, "kind": "match", "tenant": "north", "connection": "C1", "why": "on_demand", "hop": 0});
        assert_eq!(stand.queued("jobs"), [job]);
    }
    let revoked = Connection {
        id: "C2".parse().unwrap(),
        status: stallkeeper::domain::connection::ConnectionStatus::NeedsReauthorisation,
        ..connection("C2")
    };
    let created = stand.store.create_connection(&revoked).await;
    assert_eq!(created.unwrap(), Written::Done);
    let told = stand
        .send(
            "POST",
            "/connections/C2/listings/match",
            None,
            String::new(),
        )
        .await;
    told.problem(409, "not-authorised");
    assert!(stand.queued("jobs").is_empty());
}

#[tokio::test]
async fn feeds_are_listed_the_newest_first_with_what_became_of_them() {
    let stand = Stand::new().await;
    let ids: Vec<FeedId> = (0..3).map(|n| FeedId::new(at(n), 7)).collect();
    for (n, id) in ids.iter().enumerate() {
        let state = if n == 2 {
            FeedState::Submitted
        } else {
            FeedState::Settled
        };
        save(&stand, &feed(id.as_str(), state)).await;
    }
    let page = stand.get("/connections/C1/feeds?limit=2").await.is(200);
    let shown = |page: &Value| -> Vec<String> {
        let feeds = page["feeds"].as_array().unwrap().iter();
        feeds
            .map(|feed| feed["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(shown(&page), [ids[2].as_str(), ids[1].as_str()]);
    let next = page["next"].as_str().unwrap();
    let rest = stand
        .get(&format!("/connections/C1/feeds?after={next}"))
        .await
        .is(200);
    assert_eq!(shown(&rest), [ids[0].as_str()]);
    let one = stand
        .get(&format!("/connections/C1/feeds/{}", ids[1]))
        .await
        .is(200);
    assert_eq!(
        (
            &one["state"],
            &one["accepted"],
            &one["refused"],
            &one["kind"]
        ),
        (&json!("settled"), &json!(2), &json!(1), &json!("quantity"))
    );
    stand
        .get("/connections/C1/feeds/none")
        .await
        .problem(404, "not-found");
    stand
        .get("/connections/C1/feeds?limit=0")
        .await
        .problem(422, "invalid-request");
    stand
        .get("/connections/C1/feeds?after=!")
        .await
        .problem(422, "invalid-request");
}

/// Every route of listings: method, path below the connection, body.
const ROUTES: [(&str, &str, &str); 10] = [
    ("GET", "listings", ""),
    ("GET", "listings?sku=A", ""),
    ("GET", "listings/counts", ""),
    ("POST", "listings/match", ""),
    ("POST", "listings/reports/release", ""),
    ("POST", "listings/reopen?sku=A", ""),
    ("PUT", "aliases?sku=A", r#"{"product":"A"}"#),
    ("DELETE", "aliases?sku=A", ""),
    ("GET", "feeds", ""),
    ("POST", "prices/release?sku=A&marketplace=UK", ""),
];

#[tokio::test]
async fn another_tenants_connection_does_not_exist_and_without_the_scope_nothing_does() {
    let stand = Stand::new().await;
    stand.keep(&["A"]).await;
    stand.list("A", "A", 1, 10).await;
    let feed = feed("F1", FeedState::Submitted);
    save(&stand, &feed).await;
    let feed = ("GET", "feeds/F1", "");
    for (method, path, body) in ROUTES.into_iter().chain([feed]) {
        let path = format!("/connections/C1/{path}");
        let ask = |caller| stand.send_as(caller, method, &path, None, body.to_owned());
        ask(None).await.problem(401, "no-tenant");
        let desk = Caller::new(tenant(), &[Scope::Desk, Scope::Connections]);
        ask(Some(desk)).await.problem(403, "missing-scope");
        let south = Caller::new("south".parse().unwrap(), &[Scope::Catalogue]);
        ask(Some(south)).await.problem(404, "not-found");
    }
    assert_eq!(stand.listing("A").await.revision, 1, "nothing was written");
    assert!(stand.queued("jobs").is_empty() && stand.queued("changes").is_empty());
    assert!(stand.queued("ticks").is_empty());
}

#[tokio::test]
async fn a_listing_that_somebody_closed_is_sent_again_once_a_person_reopens_it() {
    let stand = Stand::new().await;
    stand.keep(&["A"]).await;
    stand.list("A", "A", 1, 0).await;
    let path = "/connections/C1/listings/reopen?sku=A";
    stand
        .send("POST", path, None, String::new())
        .await
        .problem(409, "not-closed");
    let read = stand.listing("A").await;
    let closed = Listing {
        state: ListingState::ClosedElsewhere,
        ..read.clone()
    };
    let placed = stand.store.place_listing(&closed, Some(&read), false);
    assert_eq!(placed.await.unwrap(), Written::Done);
    let row = &stand.get("/connections/C1/listings?sku=A").await.is(200);
    let note = row["state_note"].as_str().unwrap();
    assert!(note.contains("listings/reopen"), "{note}");
    for _ in 0..2 {
        let reopened = stand.send("POST", path, None, String::new()).await.is(200);
        assert_eq!(reopened["state"], "matched");
        assert!(stand.listing("A").await.reopened_at.is_some());
    }
    let missing = "/connections/C1/listings/reopen?sku=B";
    stand
        .send("POST", missing, None, String::new())
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn a_held_report_is_released_once_a_person_says_that_its_listings_are_gone() {
    let stand = Stand::new().await;
    let path = "/connections/C1/listings/reports/release";
    stand
        .send("POST", path, None, String::new())
        .await
        .problem(409, "nothing-held");
    let mut matching = Matching::default();
    let uk = matching.reports_of_mut(Marketplace::Uk);
    uk.doubt("it lost 5 of 9 listings".into());
    uk.held = Some(HeldReport {
        at: at(50),
        known: 9,
        lost: 5,
    });
    let saved = stand.store.save_leased(&key(), &mut matching.into()).await;
    assert_eq!(saved.unwrap(), Written::Done);
    let counts = stand.get("/connections/C1/listings/counts").await.is(200);
    let uk = &counts["matching"]["marketplaces"][0];
    assert_eq!(
        (&uk["marketplace"], &uk["held"]["lost"]),
        (&json!("UK"), &json!(5))
    );
    for _ in 0..2 {
        stand.send("POST", path, None, String::new()).await.is(202);
        let release = stand.store.report_release(&key()).await.unwrap();
        assert!(release.unwrap().until > Timestamp::now());
    }
}
