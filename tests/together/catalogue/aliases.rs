//! Amazon SKUs tied by hand: what moves with them, twice, and stopped at any point.

use super::listings::place;
use super::*;
use stallkeeper::domain::stock::{Dispatch, Reservation, Sale};

fn order(name: &str, units: u32) -> Reservation {
    Reservation {
        connection: c1(),
        order: name.parse().unwrap(),
        line: "1".into(),
        amazon_sku: "on-amazon".parse().unwrap(),
        units,
        sale: Some(Sale {
            ordered_at: at(5),
            units,
            most: units,
            reduced_at: None,
        }),
        acknowledged_at: None,
        dispatched: Vec::new(),
        is_elsewhere: false,
        warehouse: None,
        revision: 3,
    }
}

async fn reserve(stand: &Stand, under: &str, reservation: &Reservation) {
    let store = &stand.store;
    let put = store
        .put_reservation(&tenant(), &sku(under), reservation)
        .await;
    assert_eq!(put.unwrap(), Written::Done);
}

/// Units that orders hold of a SKU.
async fn reserved(stand: &Stand, under: &str) -> Vec<u32> {
    let inputs = stand
        .store
        .sku_inputs(&tenant(), &sku(under))
        .await
        .unwrap();
    inputs.reservations.iter().map(|it| it.units).collect()
}

async fn listed(stand: &Stand, under: &str) -> Vec<(String, u32)> {
    let inputs = stand
        .store
        .sku_inputs(&tenant(), &sku(under))
        .await
        .unwrap();
    let listed = inputs.listed.iter();
    listed
        .map(|it| (it.amazon_sku.to_string(), it.units))
        .collect()
}

const PATH: &str = "/connections/C1/aliases?sku=on-amazon";

/// Products P and Q, a bundle B of 2 P and 1 Q, levels of both; Amazon lists `on-amazon`, which is none of ours.
async fn stand() -> Stand {
    let stand = Stand::new().await;
    stand.keep(&["P", "Q"]).await;
    let bundle =
        json!([{"sku": "B", "parts": [{"sku": "P", "units": 2}, {"sku": "Q", "units": 1}]}]);
    stand.put("/products", bundle).await.is(202);
    stand.work().await;
    let levels = vec![level("P", "LON", 100, 10), level("Q", "LON", 50, 10)];
    stand.deliver(&[levels_message(levels)]).await;
    place(&stand, "on-amazon", ListingState::UnknownHere).await;
    reserve(&stand, "on-amazon", &order("o1", 3)).await;
    stand
}

#[tokio::test]
async fn what_is_tied_is_matched_and_its_orders_hold_the_product() {
    let stand = stand().await;
    for _ in 0..2 {
        let told = stand
            .put(PATH, json!({"product": "P", "units": 6}))
            .await
            .is(200);
        assert_eq!(
            (&told["state"], &told["units"]),
            (&json!("matched"), &json!(6))
        );
        stand.work().await;
        assert_eq!(listed(&stand, "P").await, [("on-amazon".to_owned(), 6)]);
        assert_eq!(reserved(&stand, "P").await, [18]);
        assert!(reserved(&stand, "on-amazon").await.is_empty());
        assert_eq!(stand.wanted("on-amazon").await, Some((100 - 18) / 6));
    }
    assert!(stand.listing("on-amazon").await.alias);
    let revision = stand.listing("on-amazon").await.revision;
    stand
        .put(PATH, json!({"product": "P", "units": 6}))
        .await
        .is(200);
    assert_eq!(
        stand.listing("on-amazon").await.revision,
        revision,
        "nothing changed"
    );
}

#[tokio::test]
async fn a_tie_goes_on_to_a_bundle_and_back_and_nothing_is_lost() {
    let stand = stand().await;
    let acknowledged = Reservation {
        dispatched: vec![Dispatch {
            at: at(8),
            units: 1,
        }],
        ..order("o2", 2)
    };
    reserve(&stand, "on-amazon", &acknowledged).await;
    stand
        .put(PATH, json!({"product": "P", "units": 6}))
        .await
        .is(200);
    stand.work().await;
    assert_eq!(reserved(&stand, "P").await, [18, 12]);
    stand.put(PATH, json!({"product": "B"})).await.is(200);
    stand.work().await;
    assert_eq!(reserved(&stand, "P").await, [6, 4]);
    assert_eq!(reserved(&stand, "Q").await, [3, 2]);
    assert_eq!(listed(&stand, "P").await, []);
    assert_eq!(listed(&stand, "B").await, [("on-amazon".to_owned(), 1)]);
    // 100 − 6 − 4, of which 2 were dispatched before the level was measured: 92 ÷ 2; and 50 − 3 − 2 + 1.
    assert_eq!(stand.wanted("on-amazon").await, Some(46));
    let gone = stand.send("DELETE", PATH, None, String::new()).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    stand.work().await;
    let listing = stand.listing("on-amazon").await;
    assert_eq!(
        (listing.state, listing.product, listing.alias),
        (ListingState::UnknownHere, None, false)
    );
    assert_eq!(reserved(&stand, "on-amazon").await, [3, 2]);
    for left in ["P", "Q", "B"] {
        assert!(reserved(&stand, left).await.is_empty(), "{left}");
        assert!(listed(&stand, left).await.is_empty(), "{left}");
    }
    let again = stand.send("DELETE", PATH, None, String::new()).await;
    assert_eq!(again.status, StatusCode::NO_CONTENT);
    assert!(stand.queued("changes").is_empty(), "nothing was left to do");
}

#[tokio::test]
async fn other_units_of_the_same_product_are_counted_anew() {
    let stand = stand().await;
    for units in [6, 4, 10] {
        stand
            .put(PATH, json!({"product": "P", "units": units}))
            .await
            .is(200);
        stand.work().await;
        assert_eq!(reserved(&stand, "P").await, [3 * units]);
        assert_eq!(
            stand.wanted("on-amazon").await,
            Some((100 - 3 * units) / units)
        );
    }
}

#[tokio::test]
async fn a_listing_that_amazon_does_not_list_yet_may_be_tied_and_is_not_sent() {
    let stand = stand().await;
    let path = "/connections/C1/aliases?sku=new%2Fone";
    let told = stand
        .put(path, json!({"product": "P", "units": 1}))
        .await
        .is(200);
    assert_eq!(told["state"], "not_on_amazon");
    stand.work().await;
    assert_eq!(stand.to_send("new/one").await, None);
    let listing = stand.listing("new/one").await;
    assert_eq!((listing.alias, listing.product), (true, Some(sku("P"))));
    stand.send("DELETE", path, None, String::new()).await;
    let gone = stand
        .store
        .listing(&key().listing(&"new/one".parse().unwrap()))
        .await;
    assert_eq!(
        gone.unwrap(),
        None,
        "neither Amazon nor the catalogue has it"
    );
    assert!(listed(&stand, "P").await.is_empty() && listed(&stand, "new/one").await.is_empty());
}

#[tokio::test]
async fn a_case_mismatch_is_cured_by_a_tie_and_stands_again_without_it() {
    let stand = stand().await;
    place(&stand, "p", ListingState::CaseMismatch).await;
    let path = "/connections/C1/aliases?sku=p";
    let told = stand.put(path, json!({"product": "P"})).await.is(200);
    assert_eq!(told["state"], "matched");
    stand.work().await;
    assert_eq!(stand.wanted("p").await, Some(100));
    assert_eq!(stand.listing("p").await.other_spelling, None);
    stand.send("DELETE", path, None, String::new()).await;
    let listing = stand.listing("p").await;
    assert_eq!(
        (listing.state, listing.other_spelling),
        (ListingState::CaseMismatch, Some(sku("P")))
    );
}

#[tokio::test]
async fn a_listing_that_amazon_fulfils_stays_so_whatever_it_is_tied_to() {
    let stand = stand().await;
    place(&stand, "fba", ListingState::FulfilledByAmazon).await;
    let path = "/connections/C1/aliases?sku=fba";
    let told = stand.put(path, json!({"product": "P"})).await.is(200);
    assert_eq!(told["state"], "fulfilled_by_amazon");
    stand.work().await;
    assert_eq!(stand.to_send("fba").await, None);
}

#[tokio::test]
async fn what_cannot_be_tied_is_told_in_words() {
    let stand = stand().await;
    for (path, body) in [
        (PATH, json!({"product": "none"})),
        (PATH, json!({"product": ""})),
        (PATH, json!({"product": "P", "units": 0})),
        (PATH, json!({"product": "P", "units": 10_001})),
        (PATH, json!({"product": "P", "unit": 1})),
        (PATH, json!({})),
        ("/connections/C1/aliases", json!({"product": "P"})),
        ("/connections/C1/aliases?sku=", json!({"product": "P"})),
    ] {
        stand.put(path, body).await.problem(422, "invalid-request");
    }
    assert_eq!(stand.listing("on-amazon").await.revision, 1);
}

#[tokio::test]
async fn a_tie_that_stops_anywhere_is_finished_by_the_same_request() {
    for side in [Side::Before, Side::After] {
        for n in 1.. {
            let stand = stand().await;
            stand
                .put(PATH, json!({"product": "Q", "units": 2}))
                .await
                .is(200);
            stand.work().await;
            stand.calls.stop_at(n, side);
            let body = json!({"product": "B", "units": 3});
            let told = stand.put(PATH, body.clone()).await;
            let stopped = stand.calls.go_on();
            if stopped {
                assert_ne!(told.status, StatusCode::OK, "{side:?} {n}");
                stand.put(PATH, body).await.is(200);
            }
            stand.work().await;
            assert_eq!(reserved(&stand, "P").await, [18], "{side:?} {n}");
            assert_eq!(reserved(&stand, "Q").await, [9], "{side:?} {n}");
            assert_eq!(reserved(&stand, "on-amazon").await, [0; 0], "{side:?} {n}");
            assert_eq!(listed(&stand, "Q").await, [], "{side:?} {n}");
            assert_eq!(
                stand.wanted("on-amazon").await,
                Some((100 - 18) / 2 / 3),
                "{side:?} {n}"
            );
            if !stopped {
                break;
            }
        }
    }
}
