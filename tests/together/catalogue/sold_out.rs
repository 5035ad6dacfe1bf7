//! An order that was cancelled because there was none left: the SKU is zero until it is counted again.

use super::*;

#[tokio::test]
async fn none_left_is_zero_until_a_new_level_arrives_be_it_the_same_number() {
    let stand = Stand::new().await;
    stand.keep(&["MUG"]).await;
    stand.list("MUG", "MUG", 1, 1_000).await;
    let count = async |second: i64| {
        let row = level("MUG", "LON", 7, second);
        stand.put("/stock-levels", json!([row])).await.is(202);
        stand.work().await;
        stand.wanted("MUG").await
    };
    assert_eq!(count(10).await, Some(7));
    for _ in 0..2 {
        let (tenant, sku) = (&tenant(), &sku("MUG"));
        stand
            .store
            .note_sold_out(tenant, sku, at(20))
            .await
            .unwrap();
        let failed = stand.deliver(&[recompute_message(&["MUG"], false)]).await;
        assert!(failed.is_empty());
        assert_eq!(stand.wanted("MUG").await, Some(0));
    }
    assert_eq!(count(15).await, Some(0), "it was counted before");
    let listing = stand.get("/connections/C1/listings?sku=MUG").await.is(200);
    let part = &listing["parts"][0];
    assert_eq!(part["sold_out_at"], json!(at(20)));
    assert_eq!(
        (&part["level"], &part["levels"][0]["quantity"]),
        (&json!(0), &json!(7))
    );
    let why = listing["wanted"]["why"].as_str().unwrap();
    assert!(why.contains("none left"), "{why}");
    assert_eq!(count(21).await, Some(7), "the same number, counted since");
}
