use super::explain::explained;
use super::*;
use stallkeeper::domain::product::{Product, digest};
use stallkeeper::store::ProductWritten;

/// A bundle SET of one A and two Bs, with a listing, and levels of both.
async fn with_bundle(stand: &Stand) {
    stand.keep(&["A", "B"]).await;
    let set = json!({"sku": "SET", "parts": [{"sku": "A", "units": 1}, {"sku": "B", "units": 2}]});
    let told = stand.put("/products", json!([set])).await.is(202);
    assert_eq!(told["accepted"], 1, "{told}");
    stand.work().await;
    stand.list("SET", "SET", 1, 1_000).await;
    let rows = vec![level("A", "LON", 10, 1), level("B", "LON", 10, 1)];
    stand.deliver(&[levels_message(rows)]).await;
    assert_eq!(stand.wanted("SET").await, Some(5));
}

#[tokio::test]
async fn two_parts_changed_at_once_leave_the_bundle_right() {
    let stand = Stand::new().await;
    with_bundle(&stand).await;
    for round in 2..30i64 {
        let (a, b) = (
            u32::try_from(round * 5 % 17).unwrap(),
            u32::try_from(round * 7 % 23).unwrap(),
        );
        let (a_row, b_row) = (level("A", "LON", a, round), level("B", "LON", b, round));
        let (a_messages, b_messages) =
            ([levels_message(vec![a_row])], [levels_message(vec![b_row])]);
        let (failed_a, failed_b) =
            tokio::join!(stand.deliver(&a_messages), stand.deliver(&b_messages));
        assert!(failed_a.is_empty() && failed_b.is_empty());
        assert_eq!(
            stand.wanted("SET").await,
            Some(a.min(b / 2)),
            "round {round}"
        );
    }
}

#[tokio::test]
async fn a_part_that_leaves_counts_no_more_however_far_it_had_counted() {
    let stand = Stand::new().await;
    with_bundle(&stand).await;
    let old = stand.listing("SET").await.wanted.unwrap();
    // A counts on and on, so that the sum of the old parts is far ahead.
    for second in 2..200 {
        let row = level("A", "LON", 1 + u32::try_from(second % 2).unwrap(), second);
        stand
            .store
            .raise_counter(&tenant(), &sku("A"), 10, false)
            .await
            .unwrap();
        stand.deliver(&[levels_message(vec![row])]).await;
    }
    let ahead = stand.listing("SET").await.wanted.unwrap();
    assert!(ahead.generation > old.generation + 1_000);
    let set = json!([{"sku": "SET", "parts": [{"sku": "B", "units": 2}]}]);
    stand.put("/products", set).await.is(202);
    stand.work().await;
    let now = stand.listing("SET").await.wanted.unwrap();
    assert_eq!(now.quantity, Some(5), "{}", now.why);
    assert!(now.generation > ahead.generation + 1_000);
    // A changes the bundle no more.
    let inputs = stand.store.sku_inputs(&tenant(), &sku("A")).await.unwrap();
    assert!(inputs.part_of.is_empty());
    stand
        .deliver(&[levels_message(vec![level("A", "LON", 0, 500)])])
        .await;
    assert_eq!(stand.wanted("SET").await, Some(5));
}

#[tokio::test]
async fn bundles_of_bundles_are_refused_at_the_api_whichever_comes_first() {
    let stand = Stand::new().await;
    with_bundle(&stand).await;
    let of = |sku: &str, part: &str| json!({"sku": sku, "parts": [{"sku": part, "units": 1}]});
    let rows = json!([
        of("BIG", "SET"),
        of("A", "C"),
        of("X", "Y"),
        of("Y", "Z"),
        of("L", "M"),
        of("M", "L"),
        of("S", "S")
    ]);
    let told = stand.put("/products", rows).await.is(202);
    let codes: Vec<(&str, &str)> = told["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["sku"].as_str().unwrap(), row["code"].as_str().unwrap()))
        .collect();
    let nested = "nested_bundle";
    let expected = [
        ("BIG", nested),
        ("A", nested),
        ("X", nested),
        ("L", nested),
        ("M", nested),
        ("S", "part_of_itself"),
    ];
    assert_eq!(codes, expected);
    assert_eq!(told["accepted"], 1);
}

#[tokio::test]
async fn a_bundle_of_bundles_that_comes_by_the_queue_is_refused_and_noted() {
    let stand = Stand::new().await;
    with_bundle(&stand).await;
    let message = |sku: &str, part: &str| {
        json!({"v": 1, "kind": "products", "tenant": "north", "at": Timestamp::now(),
            "products": [{"sku": sku, "parts": [{"sku": part, "units": 1}]}]})
    };
    stand
        .deliver(&[message("BIG", "SET"), message("A", "C")])
        .await;
    assert!(
        stand
            .refusal("BIG")
            .await
            .unwrap()
            .contains("bundle itself")
    );
    assert!(stand.refusal("A").await.unwrap().contains("part of SET"));
    stand.get("/products?sku=A").await.is(200);
    assert_eq!(stand.wanted("SET").await, Some(5));
}

#[tokio::test]
async fn a_bundle_in_a_bundle_is_explained_as_the_recompute_decides_it() {
    let stand = Stand::new().await;
    with_bundle(&stand).await;
    // Two changes at the same moment: neither saw the other, so both were accepted.
    let inner = json!({"sku": "A", "parts": [{"sku": "C", "units": 1}]});
    let inner: Product = serde_json::from_value(inner).unwrap();
    let read = stand.store.sku_inputs(&tenant(), &inner.sku).await.unwrap();
    let (hash, now) = (digest(&inner).unwrap(), Timestamp::now());
    let written = stand
        .store
        .put_product(&tenant(), &inner, &hash, now, &read, 0)
        .await;
    assert_eq!(written.unwrap(), ProductWritten::Done);
    stand.deliver(&[recompute_message(&["A"], true)]).await;
    let written = stand.listing("SET").await.wanted.unwrap();
    let why = "its part A is a bundle itself";
    assert_eq!((written.quantity, written.why.as_str()), (None, why));
    let explained = explained(&stand, "SET").await;
    let computed = &explained["computed"];
    assert_eq!(
        (
            &computed["value"],
            &computed["why"],
            &computed["generation"]
        ),
        (&Value::Null, &json!(why), &json!(written.generation)),
    );
    assert_eq!(explained["wanted"]["why"], why);
    assert_eq!(explained["policy"], json!([]));
}

#[tokio::test]
async fn a_bundle_and_a_product_change_places_and_nothing_old_stands() {
    let stand = Stand::new().await;
    with_bundle(&stand).await;
    stand
        .put("/products", json!([{"sku": "SET"}]))
        .await
        .is(202);
    stand.work().await;
    let now = stand.listing("SET").await.wanted.unwrap();
    assert_eq!(
        (now.quantity, now.why.as_str()),
        (None, "no stock level of SET yet")
    );
    stand
        .deliver(&[levels_message(vec![level("SET", "LON", 3, 1)])])
        .await;
    assert_eq!(stand.wanted("SET").await, Some(3));
}

#[tokio::test]
async fn bundles_can_be_left_alone() {
    let stand = Stand::new().await;
    with_bundle(&stand).await;
    stand
        .publish(|plan| plan.published.as_mut().unwrap().settings.bundles = false)
        .await;
    stand.deliver(&[recompute_message(&["SET"], false)]).await;
    assert_eq!(stand.wanted("SET").await, None);
}
