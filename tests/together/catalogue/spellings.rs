use super::*;

const ODD: [&str; 10] = [
    "A#B",
    "A/B",
    "A B",
    " A",
    "A%20B",
    "A&B",
    "A\"B",
    "Käse-Größe",
    "部品①",
    "A+B;C,D'E?",
];

fn encoded(sku: &str) -> String {
    sku.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn a_sku_is_kept_to_the_letter_through_api_and_queue() {
    let stand = Stand::new().await;
    let products: Vec<Value> = ODD
        .iter()
        .map(|sku| json!({"sku": sku, "title": sku}))
        .collect();
    let told = stand.put("/products", json!(products)).await.is(202);
    assert_eq!(told["accepted"], ODD.len(), "{told}");
    stand.work().await;
    let mut csv = String::from("sku,warehouse,quantity,measured_at\n");
    for (quantity, name) in (1..).zip(ODD) {
        stand.list(name, name, 1, 0).await;
        let quoted = name.replace('"', "\"\"");
        csv.push_str(&format!("\"{quoted}\",LON #1,{quantity},{}\n", at(1)));
    }
    let told = stand
        .send("PUT", "/stock-levels", Some("text/csv; charset=utf-8"), csv)
        .await
        .is(202);
    assert_eq!(told["accepted"], ODD.len(), "{told}");
    stand.work().await;
    for (quantity, name) in (1..).zip(ODD) {
        assert_eq!(stand.wanted(name).await, Some(quantity), "{name}");
        let shown = stand
            .get(&format!("/products?sku={}", encoded(name)))
            .await
            .is(200);
        assert_eq!(shown["product"]["title"], name);
        assert_eq!(shown["stock"]["levels"][0]["warehouse"], "LON #1");
        assert_eq!(shown["listings"][0]["amazon_sku"], name);
    }
    // No two of them are one: each may be deleted alone.
    for name in ODD {
        let path = format!("/products?sku={}", encoded(name));
        stand
            .send("DELETE", &path, None, String::new())
            .await
            .is(204);
    }
    stand.work().await;
    assert_eq!(stand.get("/products").await.is(200)["products"], json!([]));
}

#[tokio::test]
async fn case_makes_another_sku() {
    let stand = Stand::new().await;
    stand.keep(&["mug", "MUG"]).await;
    let rows = json!([level("mug", "LON", 1, 1), level("MUG", "LON", 2, 1)]);
    stand.put("/stock-levels", rows).await.is(202);
    stand.work().await;
    let shown = stand.get("/stock-levels?sku=mug").await.is(200);
    assert_eq!(shown["levels"][0]["quantity"], 1);
}
