use super::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Levels of two warehouses, each with a moment of its own, and an order in which they arrive, some of them again.
fn histories() -> impl Strategy<Value = Vec<(usize, u32, i64)>> {
    let level = (0..2usize, 0u32..50);
    prop::collection::vec(level, 1..8).prop_flat_map(|levels| {
        let levels: Vec<(usize, u32, i64)> = levels
            .into_iter()
            .zip(1i64..)
            .map(|((warehouse, quantity), second)| (warehouse, quantity, second))
            .collect();
        let again = prop::collection::vec(prop::sample::select(levels.clone()), 0..6);
        again.prop_flat_map(move |again| Just([levels.clone(), again].concat()).prop_shuffle())
    })
}

#[test]
fn whatever_the_order_of_arrival_the_newest_level_stands_and_is_wanted() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stand = runtime.block_on(Stand::new());
    let cases = AtomicUsize::new(0);
    let config = Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&histories(), |history| {
            let name = format!("P{}", cases.fetch_add(1, Ordering::Relaxed));
            runtime.block_on(arrives(&stand, &name, &history));
            Ok(())
        })
        .unwrap();
}

async fn arrives(stand: &Stand, name: &str, history: &[(usize, u32, i64)]) {
    stand.keep(&[name]).await;
    stand.list(name, name, 1, 1_000).await;
    for &(warehouse, quantity, second) in history {
        let row = level(name, ["LON", "MAN"][warehouse], quantity, second);
        assert!(stand.deliver(&[levels_message(vec![row])]).await.is_empty());
    }
    let mut newest: BTreeMap<usize, (i64, u32)> = BTreeMap::new();
    for &(warehouse, quantity, second) in history {
        let told = newest.entry(warehouse).or_default();
        *told = (*told).max((second, quantity));
    }
    let sum: u32 = newest.values().map(|(_, quantity)| quantity).sum();
    let listing = stand.listing(name).await;
    assert_eq!(listing.wanted_quantity(), Some(sum), "{history:?}");
    let levels = stand.store.sku_inputs(&tenant(), &sku(name)).await.unwrap();
    let stored: u32 = levels
        .levels
        .levels
        .values()
        .map(|level| level.quantity)
        .sum();
    assert_eq!(stored, sum);
}

#[tokio::test]
async fn older_conflicting_and_future_levels_are_told_and_change_nothing() {
    let stand = Stand::new().await;
    stand
        .put("/stock-levels", json!([level("A", "LON", 5, 100)]))
        .await
        .is(202);
    stand.work().await;
    let ahead = Timestamp::now() + jiff::SignedDuration::from_mins(6);
    let rows = json!([
        level("A", "LON", 9, 99),
        level("A", "LON", 6, 100),
        {"sku": "A", "warehouse": "LON", "quantity": 7, "measured_at": ahead},
        level("A", "LON", 5, 100),
        level("A", "MAN", 1, 1),
    ]);
    let told = stand.put("/stock-levels", rows).await.is(202);
    assert_eq!(
        (&told["accepted"], &told["unchanged"]),
        (&json!(1), &json!(1))
    );
    let codes: Vec<(u64, &str)> = told["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["row"].as_u64().unwrap(), row["code"].as_str().unwrap()))
        .collect();
    assert_eq!(codes, [(1, "older"), (2, "conflict"), (3, "ahead")]);
    assert!(
        told["rejected"][1]["detail"]
            .as_str()
            .unwrap()
            .contains("5 units")
    );
    stand.work().await;
    let shown = stand.get("/stock-levels?sku=A").await.is(200);
    assert_eq!(shown["levels"][0]["quantity"], 5);
    assert_eq!(shown["levels"][1]["quantity"], 1);
}

#[tokio::test]
async fn what_the_platform_queues_itself_goes_the_same_way_and_what_is_refused_is_noted() {
    let stand = Stand::new().await;
    let unchecked =
        |rows: Vec<Value>| json!({"v": 1, "kind": "levels", "tenant": "north", "levels": rows});
    stand
        .deliver(&[unchecked(vec![level("A", "LON", 5, 100)])])
        .await;
    stand.work().await;
    stand
        .deliver(&[unchecked(vec![
            level("A", "LON", 6, 100),
            level("B", "LON", 1, 1),
        ])])
        .await;
    stand.work().await;
    assert!(stand.refusal("A").await.unwrap().contains("same moment"));
    assert_eq!(stand.refusal("B").await, None);
    let shown = stand.get("/stock-levels?sku=B").await.is(200);
    assert_eq!(shown["levels"][0]["quantity"], 1);
}

/// A and B, each listed, with levels that were counted at second 1.
async fn two_in_stock() -> Stand {
    let stand = Stand::new().await;
    stand.keep(&["A", "B"]).await;
    stand.list("A", "A", 1, 5).await;
    stand.list("B", "B", 1, 7).await;
    let stored = json!([level("A", "LON", 5, 1), level("B", "LON", 7, 1)]);
    stand.put("/stock-levels", stored).await.is(202);
    stand.work().await;
    stand
}

#[tokio::test]
async fn a_negative_level_by_the_api_is_zero_and_reported() {
    let stand = two_in_stock().await;
    let row = json!({"sku": "A", "warehouse": "LON", "quantity": -2, "measured_at": at(60)});
    let answer = stand.put("/stock-levels", json!([row])).await.is(202);
    assert_eq!(answer["accepted"], 1);
    let adjusted = &answer["adjusted"][0];
    assert_eq!(
        (&adjusted["row"], &adjusted["field"], &adjusted["code"]),
        (&json!(1), &json!("quantity"), &json!("negative"))
    );
    stand.work().await;
    assert_eq!(stand.wanted("A").await, Some(0));
}

#[tokio::test]
async fn odd_rows_in_a_queued_message_are_noted_alone_and_the_neighbours_go_in() {
    let stand = two_in_stock().await;
    let message = json!({"v": 1, "kind": "levels", "tenant": "north", "levels": [
        {"sku": "A", "warehouse": "LON", "quantity": -2, "measured_at": at(60)},
        {"sku": "C", "warehouse": "LON", "quantity": "some", "measured_at": at(60)},
        {"sku": "D", "warehouse": "LON", "quantity": 1},
        {"warehouse": "LON", "quantity": 1, "measured_at": at(60)},
        17,
        level("B", "LON", 0, 60),
    ]});
    for _ in 0..2 {
        assert!(
            stand
                .deliver(std::slice::from_ref(&message))
                .await
                .is_empty()
        );
        stand.work().await;
        assert_eq!(stand.wanted("A").await, Some(0));
        assert_eq!(stand.wanted("B").await, Some(0));
    }
    assert!(
        stand
            .refusal("A")
            .await
            .unwrap()
            .starts_with("quantity: Less than nothing")
    );
    assert!(
        stand
            .refusal("C")
            .await
            .unwrap()
            .starts_with("quantity: expected")
    );
    assert!(stand.refusal("D").await.unwrap().contains("missing field"));
    assert_eq!(stand.refusal("B").await, None);
}

#[tokio::test]
async fn of_two_counts_of_one_moment_the_lower_holds_and_the_conflict_is_reported() {
    for quantities in [[1, 0], [0, 1]] {
        let stand = two_in_stock().await;
        let mut adjusted = Vec::new();
        for quantity in quantities {
            let row = json!([level("A", "LON", quantity, 60)]);
            let answer = stand.put("/stock-levels", row).await.is(202);
            let remarks = ["adjusted", "rejected"].map(|list| answer[list][0]["code"].clone());
            adjusted.push(json!(remarks));
            stand.work().await;
        }
        let last = match quantities {
            [1, 0] => json!(["conflict", null]),
            _ => json!([null, "conflict"]),
        };
        assert_eq!(adjusted, [json!([null, null]), last]);
        assert_eq!(stand.wanted("A").await, Some(0));
    }
}

#[tokio::test]
async fn by_queue_too_the_lower_of_one_moment_holds_in_whatever_order_both_are_written() {
    for quantities in [[1, 0], [0, 1]] {
        let stand = two_in_stock().await;
        let messages =
            quantities.map(|quantity| levels_message(vec![level("A", "LON", quantity, 60)]));
        for message in [&messages[0], &messages[1], &messages[0]] {
            assert!(
                stand
                    .deliver(std::slice::from_ref(message))
                    .await
                    .is_empty()
            );
        }
        assert_eq!(stand.wanted("A").await, Some(0));
        assert!(stand.refusal("A").await.unwrap().contains("same moment"));
    }
}

#[tokio::test]
async fn a_lower_count_of_a_sender_whose_clock_is_ahead_is_taken_and_a_higher_one_is_not() {
    let stand = two_in_stock().await;
    let ahead = Timestamp::now() + jiff::SignedDuration::from_mins(6);
    let row = |quantity: u32| json!([{"sku": "A", "warehouse": "LON", "quantity": quantity, "measured_at": ahead}]);
    let answer = stand.put("/stock-levels", row(6)).await.is(202);
    assert_eq!(answer["rejected"][0]["code"], "ahead");
    let answer = stand.put("/stock-levels", row(2)).await.is(202);
    assert_eq!(answer["adjusted"][0]["code"], "ahead");
    stand.work().await;
    assert_eq!(stand.wanted("A").await, Some(2));
    // The sender's clock is right again.
    let next = json!([level("A", "LON", 9, 2)]);
    stand.put("/stock-levels", next).await.is(202);
    stand.work().await;
    assert_eq!(stand.wanted("A").await, Some(9));
}

#[tokio::test]
async fn a_repeated_upload_writes_nothing_and_queues_nothing() {
    let stand = Stand::new().await;
    let skus: Vec<String> = (0..120).map(|n| format!("S{n}")).collect();
    let products: Vec<Value> = skus
        .iter()
        .map(|sku| json!({"sku": sku, "title": "T"}))
        .collect();
    let levels: Vec<Value> = skus.iter().map(|sku| level(sku, "LON", 5, 1)).collect();
    for (path, body) in [
        ("/products", json!(products)),
        ("/stock-levels", json!(levels)),
    ] {
        let told = stand.put(path, body.clone()).await.is(202);
        assert_eq!(told["accepted"], 120);
        stand.work().await;
        stand.calls.take();
        let told = stand.put(path, body).await.is(202);
        assert_eq!(
            (&told["accepted"], &told["unchanged"]),
            (&json!(0), &json!(120))
        );
        let mut calls = stand.calls.take();
        // One write in ten requests says how fast the tenant calls.
        calls.retain(|call| !call.body.contains("LIMIT#TENANT#"));
        let reads = |call: &kit::Call| call.name == "BatchGetItem" || call.name == "GetItem";
        assert!(calls.iter().all(reads) && calls.len() <= 3, "{calls:?}");
    }
}

#[tokio::test]
async fn one_sku_changed_a_thousand_times_ends_right_with_the_newest() {
    let stand = Stand::new().await;
    stand.keep(&["A"]).await;
    stand.list("A", "A", 1, 1_000).await;
    let mut rows: Vec<Value> = (1..=1_000)
        .map(|n| level("A", "LON", u32::try_from(n % 97).unwrap(), n))
        .collect();
    // Far from the order in which they were measured, and the newest neither first nor last.
    rows.sort_by_key(|row| {
        let quantity = row["quantity"].as_u64().unwrap();
        (quantity * 31 % 97, row["measured_at"].to_string())
    });
    for batch in rows.chunks(50) {
        let messages: Vec<Value> = batch
            .chunks(5)
            .map(|rows| levels_message(rows.to_vec()))
            .collect();
        assert!(stand.deliver(&messages).await.is_empty());
    }
    assert_eq!(stand.wanted("A").await, Some(1_000 % 97));
    assert_eq!(
        stand.to_send("A").await.unwrap().generation,
        stand.listing("A").await.wanted.unwrap().generation
    );
}

#[tokio::test]
async fn a_hundred_writers_of_one_sku_end_right() {
    let stand = Stand::new().await;
    stand.keep(&["A"]).await;
    stand.list("A", "A", 1, 1_000).await;
    let writers = (1..=100u32).map(|n| {
        let (quantity, second) = (n * 7 % 101, i64::from(n * 37 % 101));
        let message = levels_message(vec![level("A", "LON", quantity, second)]);
        let stand = &stand;
        async move { assert!(stand.deliver(&[message]).await.is_empty()) }
    });
    futures::future::join_all(writers).await;
    let newest = (1..=100u32).max_by_key(|n| n * 37 % 101).unwrap();
    assert_eq!(stand.wanted("A").await, Some(newest * 7 % 101));
}

#[tokio::test]
async fn a_newer_level_of_the_same_quantity_does_not_lose_the_recompute_that_an_older_one_owes() {
    let stand = Stand::new().await;
    stand.keep(&["A"]).await;
    stand.list("A", "A", 1, 1_000).await;
    let first = levels_message(vec![level("A", "LON", 5, 1)]);
    // It is written, and then the function stops.
    stand.calls.stop_at(1, Side::After);
    assert_eq!(stand.deliver(std::slice::from_ref(&first)).await.len(), 1);
    stand.calls.go_on();
    assert!(
        stand
            .deliver(&[levels_message(vec![level("A", "LON", 5, 2)])])
            .await
            .is_empty()
    );
    assert!(stand.deliver(&[first]).await.is_empty());
    assert_eq!(stand.wanted("A").await, Some(5));
}

#[tokio::test]
async fn the_sample_batch_is_worked_on() {
    let stand = Stand::new().await;
    let event = include_str!("../../../events/compute-listings.json");
    let event = serde_json::from_str(event).unwrap();
    let response = compute_listings::handle(&stand.worker, event)
        .await
        .unwrap();
    assert!(response.batch_item_failures.is_empty());
    let demo = "demo".parse().unwrap();
    let inputs = stand
        .store
        .sku_inputs(&demo, &sku("MUG-BLUE"))
        .await
        .unwrap();
    assert_eq!(inputs.levels.levels.len(), 1);
}
