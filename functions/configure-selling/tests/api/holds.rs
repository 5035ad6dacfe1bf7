//! Holds: a person's word on one listing.

use crate::stock::Stock;
use jiff::{SignedDuration, Timestamp};
use kit::sample;
use serde_json::{Value, json};
use stallkeeper::api::{Caller, Scope};
use stallkeeper::domain::feed::{Feed, FeedState};
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::store::Written;

const SKUS: [&str; 3] = ["A", "Tee & \"ß\"", "C"];

impl Stock {
    async fn list(&self, sku: &str) {
        let connection = sample::connection("north", crate::stock::ID);
        let sku: stallkeeper::domain::ids::AmazonSku = sku.parse().unwrap();
        let mut listing = Listing::new(&connection, sku.clone(), ListingState::Matched);
        listing.product = Some(sku.as_product());
        let store = &self.database.store;
        let placed = store.place_listing(&listing, None, false).await;
        assert_eq!(placed.unwrap(), Written::Done);
    }

    async fn listing(&self, sku: &str) -> Listing {
        let key = self.key().listing(&sku.parse().unwrap());
        let listing = self.database.store.listing(&key).await;
        listing.unwrap().unwrap()
    }

    /// Rows as CSV.
    async fn csv(&self, path: &str, rows: &str) -> Value {
        let caller = Caller::new("north".parse().unwrap(), &[Scope::Connections]);
        let request =
            axum::http::Request::post(format!("/connections/{}/{path}", crate::stock::ID))
                .header("content-type", "text/csv")
                .extension(caller)
                .body(axum::body::Body::from(rows.to_owned()));
        let router = configure_selling::router(self.app.clone());
        kit::Answer::of(router, request.unwrap()).await.is(200)
    }

    /// The SKUs that were queued to be computed again, each with its delay.
    fn recomputed(&self) -> Vec<(Value, i64)> {
        let sent = self.outside.aws().take("stock-changes").into_iter();
        sent.map(|(message, delay)| {
            assert_eq!(
                (&message["kind"], &message["raise"]),
                (&json!("recompute"), &json!(false))
            );
            (message["skus"].clone(), delay)
        })
        .collect()
    }
}

fn path(sku: &str) -> String {
    let sku: String = sku.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("holds?sku={sku}")
}

#[tokio::test]
async fn a_listing_is_held_shown_and_released() {
    let stock = Stock::new().await;
    let sku = SKUS[1];
    stock.list(sku).await;
    let hold = json!({"mode": "zero", "reason": " a recall "});
    let held = stock.ask("PUT", &path(sku), hold.clone()).await;
    assert_eq!(
        (&held["sku"], &held["mode"], &held["reason"], &held["until"]),
        (
            &json!(sku),
            &json!("zero"),
            &json!("a recall"),
            &Value::Null
        )
    );
    assert_eq!(stock.recomputed(), [(json!([sku]), 0)]);
    let again = stock.ask("PUT", &path(sku), hold).await;
    assert_eq!(again, held, "held since then");
    assert_eq!(stock.recomputed(), [(json!([sku]), 0)]);
    let listed = stock.ask("GET", "holds", Value::Null).await;
    assert_eq!(listed, json!({"holds": [held], "next": null}));

    for _ in 0..2 {
        stock.told("DELETE", &path(sku), Value::Null).await.is(204);
        assert_eq!(stock.recomputed(), [(json!([sku]), 0)]);
        assert_eq!(stock.listing(sku).await.hold, None);
    }
    let listed = stock.ask("GET", "holds", Value::Null).await;
    assert_eq!(listed["holds"], json!([]));
    let store = &stock.database.store;
    let key = stock.key().listing(&sku.parse().unwrap());
    let history = store.hold_history(&key).await.unwrap();
    assert_eq!(history.len(), 2, "what changed nothing is no entry");
}

#[tokio::test]
async fn a_hold_names_its_author_and_a_second_one_replaces_it() {
    let stock = Stock::new().await;
    stock.list("A").await;
    let put = async |author: &str, body: Value| {
        let caller = Caller::new("north".parse().unwrap(), &[Scope::Connections]).named(author);
        let path = format!("/connections/{}/{}", crate::stock::ID, path("A"));
        let request = axum::http::Request::put(path)
            .extension(caller)
            .body(axum::body::Body::from(body.to_string()));
        let router = configure_selling::router(stock.app.clone());
        kit::Answer::of(router, request.unwrap()).await.is(200)
    };
    let first = put("ann", json!({"mode": "leave", "reason": "x"})).await;
    let until = Timestamp::now() + SignedDuration::from_mins(10);
    let second = json!({"mode": "zero", "reason": "x", "until": until});
    let second = put("bob", second).await;
    assert_eq!(
        (&first["author"], &second["author"]),
        (&json!("ann"), &json!("bob"))
    );
    let listed = stock.ask("GET", "holds", Value::Null).await;
    assert_eq!(listed["holds"], json!([second]));
    let delays: Vec<i64> = stock.recomputed().into_iter().map(|(_, it)| it).collect();
    assert_eq!(delays[..2], [0, 0]);
    assert!((599..=601).contains(&delays[2]), "at its end: {delays:?}");
}

#[tokio::test]
async fn holds_are_listed_page_by_page_those_first_that_end_first() {
    let stock = Stock::new().await;
    for (days, sku) in [(None, "C"), (Some(2), "A"), (Some(1), SKUS[1])] {
        stock.list(sku).await;
        let until = days.map(|days| Timestamp::now() + SignedDuration::from_hours(24 * days));
        let hold = json!({"mode": "leave", "reason": "x", "until": until});
        stock.ask("PUT", &path(sku), hold).await;
    }
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = format!("holds?limit=1{after}");
        let page = stock.ask("GET", &page, Value::Null).await;
        seen.extend(page["holds"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let skus: Vec<&str> = seen.iter().map(|it| it["sku"].as_str().unwrap()).collect();
    assert_eq!(skus, [SKUS[1], "A", "C"]);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let stock = Stock::new().await;
    stock.list("A").await;
    let good = json!({"mode": "leave", "reason": "x"});
    let kind = stock.refused("PUT", &path("B"), good.clone(), 404).await;
    assert_eq!(kind, "not-found");
    stock
        .told("DELETE", &path("B"), Value::Null)
        .await
        .problem(404, "not-found");
    let past = Timestamp::now() - SignedDuration::from_secs(1);
    for change in [
        json!({"mode": "stop"}),
        json!({"mode": null}),
        json!({"reason": " "}),
        json!({"reason": "a\nb"}),
        json!({"reason": "x".repeat(201)}),
        json!({"until": past}),
        json!({"until": "soon"}),
        json!({"author": "me"}),
    ] {
        let mut body = good.clone();
        let fields = change.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        let kind = stock.refused("PUT", &path("A"), body, 422).await;
        assert_eq!(kind, "invalid-request", "{change}");
    }
    assert_eq!(stock.listing("A").await.hold, None);
    assert!(stock.recomputed().is_empty());
}

#[tokio::test]
async fn a_held_listing_is_taken_out_of_the_feeds_that_are_not_submitted() {
    let stock = Stock::new().await;
    stock.list("A").await;
    let store = &stock.database.store;
    let key = stock.key();
    for (id, state) in [
        ("F1", FeedState::Building),
        ("F2", FeedState::Claimed),
        ("F3", FeedState::Submitted),
    ] {
        let feed: Feed = serde_json::from_value(json!({
            "tenant": "north", "connection": crate::stock::ID, "id": id, "kind": "quantity", "marketplace": "UK",
            "state": state, "lines": 1, "parts": 1, "created_at": Timestamp::now(), "accepted": 0, "refused": 0,
            "stuck": false, "revision": 1,
        }))
        .unwrap();
        assert_eq!(store.save_feed(&feed).await.unwrap(), Written::Done);
    }
    let hold = json!({"mode": "leave", "reason": "x"});
    stock.ask("PUT", &path("A"), hold).await;
    let mut taken_out = Vec::new();
    for id in ["F1", "F2", "F3"] {
        let feed = store.feed(&key, &id.parse().unwrap()).await.unwrap();
        taken_out.push(feed.unwrap().overtaken.len());
    }
    assert_eq!(taken_out, [1, 1, 0]);
}

#[tokio::test]
async fn many_holds_come_as_csv_each_row_for_itself_and_the_list_is_taken_back() {
    let stock = Stock::new().await;
    for sku in SKUS {
        stock.list(sku).await;
    }
    let hold = json!({"mode": "leave", "reason": "before"});
    stock.ask("PUT", &path("C"), hold).await;
    stock.recomputed();
    let rows = "sku,mode,reason,until\n\
        A,zero,a recall,\n\
        \"Tee & \"\"ß\"\"\",leave,\"a campaign, short\",2099-12-24T12:00:00Z\n\
        C,release,,\n\
        NONE,zero,x,\n\
        A,leave,another,\n\
        B,half,x,\n\
        A,zero,,\n\
        A,zero,x,2020-01-01T00:00:00Z\n";
    for _ in 0..2 {
        let result = stock.csv("holds", rows).await;
        assert_eq!(
            (&result["held"], &result["released"]),
            (&json!(2), &json!(1))
        );
        let rejected = result["rejected"].as_array().unwrap().iter();
        let codes: Vec<_> = rejected
            .map(|it| (it["row"].as_u64().unwrap(), it["code"].as_str().unwrap()))
            .collect();
        let expected = [
            (4, "not_found"),
            (5, "sku_twice"),
            (6, "invalid"),
            (7, "invalid"),
            (8, "invalid"),
        ];
        assert_eq!(codes, expected);
        let skus: Vec<Value> = stock
            .recomputed()
            .into_iter()
            .map(|(skus, _)| skus)
            .collect();
        assert_eq!(skus.len(), 3);
    }
    assert_eq!(stock.listing("C").await.hold, None);
    let table = stock.told("GET", "holds?format=csv", Value::Null).await;
    let table = table.with_status(200).text;
    assert!(table.starts_with("sku,mode,reason,until,state,product,author,since\n"));
    assert!(table.contains("A,zero,a recall,,matched,A,"), "{table}");
    let again = stock.csv("holds", &table).await;
    assert_eq!(
        (&again["held"], &again["rejected"]),
        (&json!(2), &json!([]))
    );
}
