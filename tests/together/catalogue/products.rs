use super::*;

#[tokio::test]
async fn the_listings_of_a_deleted_product_go_to_zero_at_once_unless_they_are_to_be_left() {
    let stand = Stand::new().await;
    stand.keep(&["A"]).await;
    stand.list("A", "A", 1, 9).await;
    stand.list("A twice", "A", 2, 4).await;
    stand
        .deliver(&[levels_message(vec![level("A", "LON", 9, 10)])])
        .await;
    stand.queued("ticks");
    let delete = async |more: &str| {
        let path = format!("/products?sku=A{more}");
        let told = stand.send("DELETE", &path, None, String::new()).await;
        told.is(204);
        stand.work().await;
    };
    for more in ["", "&listings=zero"] {
        delete(more).await;
        for sku in ["A", "A twice"] {
            let listing = stand.listing(sku).await;
            assert_eq!(listing.wanted_quantity(), Some(0), "{sku}");
            assert!(listing.wanted.unwrap().why.contains("was deleted"));
            assert!(stand.to_send(sku).await.unwrap().urgent, "{sku}");
        }
    }
    assert!(!stand.queued("ticks").is_empty());
    // A level that comes late changes nothing of that.
    stand
        .deliver(&[levels_message(vec![level("A", "LON", 5, 11)])])
        .await;
    assert_eq!(stand.wanted("A").await, Some(0));
    delete("&listings=leave").await;
    assert_eq!(stand.wanted("A").await, None);
    let told = stand
        .send(
            "DELETE",
            "/products?sku=A&listings=end",
            None,
            String::new(),
        )
        .await;
    told.problem(422, "invalid-request");
    stand.keep(&["A"]).await;
    assert_eq!(stand.wanted("A").await, Some(5));
}

#[tokio::test]
async fn a_product_that_an_older_release_deleted_leaves_its_listings() {
    let stand = Stand::new().await;
    stand.keep(&["A"]).await;
    stand.list("A", "A", 1, 9).await;
    stand
        .send("DELETE", "/products?sku=A", None, String::new())
        .await
        .is(204);
    let tables = &stand.database.tables;
    for name in ["listings", "bundle"] {
        let update = tables.client.update_item();
        let tombstone = stand.database.items("CatalogueTable").await;
        let tombstone = tombstone
            .into_iter()
            .find(|it| it["sk"].as_s().unwrap() == "PRODUCT");
        let tombstone = tombstone.unwrap();
        update
            .table_name(tables.name("CatalogueTable"))
            .key("pk", tombstone["pk"].clone())
            .key("sk", tombstone["sk"].clone())
            .update_expression("REMOVE #name")
            .expression_attribute_names("#name", name)
            .send()
            .await
            .unwrap();
    }
    stand.work().await;
    assert_eq!(stand.wanted("A").await, None);
}

#[tokio::test]
async fn a_product_whose_listings_are_to_be_left_is_sent_nothing_and_comes_back_where_it_was() {
    let stand = Stand::new().await;
    stand.keep(&["A"]).await;
    stand.list("A", "A", 1, 1_000).await;
    stand
        .deliver(&[levels_message(vec![level("A", "LON", 4, 10)])])
        .await;
    let before = stand.listing("A").await.wanted.unwrap();
    assert_eq!(before.quantity, Some(4));
    for _ in 0..2 {
        stand
            .send(
                "DELETE",
                "/products?sku=A&listings=leave",
                None,
                String::new(),
            )
            .await
            .is(204);
        stand.work().await;
    }
    let after = stand.listing("A").await.wanted.unwrap();
    assert_eq!(after.quantity, None);
    assert!(after.generation > before.generation && after.why.contains("no product"));
    let page = stand.get("/products").await.is(200);
    assert_eq!(page["products"], json!([]));
    let shown = stand.get("/products?sku=A").await.is(200);
    assert_eq!(shown["product"], Value::Null);
    assert_eq!(shown["stock"]["levels"][0]["quantity"], 4);
    // An older level is still known to be older, and the product comes back as a newer one.
    let told = stand
        .put("/stock-levels", json!([level("A", "LON", 9, 9)]))
        .await
        .is(202);
    assert_eq!(told["rejected"][0]["code"], "older");
    stand.keep(&["A"]).await;
    assert_eq!(stand.wanted("A").await, Some(4));
}

#[tokio::test]
async fn a_bundle_deleted_goes_to_zero_even_if_its_parts_count_on() {
    let stand = Stand::new().await;
    stand.keep(&["A"]).await;
    let set = json!([{"sku": "SET", "parts": [{"sku": "A", "units": 1}]}]);
    stand.put("/products", set).await.is(202);
    stand.work().await;
    stand.list("SET", "SET", 1, 1_000).await;
    for second in 1..20 {
        let row = level("A", "LON", 4, second);
        stand
            .store
            .raise_counter(&tenant(), &sku("A"), 100, false)
            .await
            .unwrap();
        stand
            .deliver(&[levels_message(vec![row]), recompute_message(&["A"], true)])
            .await;
    }
    assert_eq!(stand.wanted("SET").await, Some(4));
    let part = stand
        .send("DELETE", "/products?sku=A", None, String::new())
        .await;
    let problem = part.problem(409, "part-of-bundles");
    assert_eq!(problem["current"], json!(["SET"]));
    stand
        .send("DELETE", "/products?sku=SET", None, String::new())
        .await
        .is(204);
    stand.work().await;
    assert_eq!(stand.wanted("SET").await, Some(0));
    stand
        .send("DELETE", "/products?sku=A", None, String::new())
        .await
        .is(204);
    let never = stand
        .send("DELETE", "/products?sku=never", None, String::new())
        .await;
    never.problem(404, "not-found");
}

#[tokio::test]
async fn an_older_telling_of_a_product_never_replaces_a_newer_one() {
    let stand = Stand::new().await;
    let message = |title: &str, second: i64| {
        json!({"v": 1, "kind": "products", "tenant": "north", "at": at(second),
            "products": [{"sku": "A", "title": title}]})
    };
    for (title, second) in [("new", 20), ("old", 10), ("new", 20), ("older", 5)] {
        assert!(stand.deliver(&[message(title, second)]).await.is_empty());
        let shown = stand.get("/products?sku=A").await.is(200);
        assert_eq!(shown["product"]["title"], "new");
    }
}

#[tokio::test]
async fn products_are_listed_page_by_page_and_only_the_tenants_own() {
    let stand = Stand::new().await;
    let names: Vec<String> = (10..35).map(|n| format!("S{n}")).collect();
    stand
        .keep(&names.iter().map(String::as_str).collect::<Vec<_>>())
        .await;
    let mut seen = Vec::new();
    let mut path = "/products?limit=10".to_owned();
    loop {
        let page = stand.get(&path).await.is(200);
        let products = page["products"].as_array().unwrap();
        seen.extend(
            products
                .iter()
                .map(|it| it["sku"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/products?limit=10&after={next}");
    }
    assert_eq!(seen, names);
    let south = Caller::new("south".parse().unwrap(), &[Scope::Catalogue]);
    let other = |path: &str| {
        let (south, path) = (Some(south.clone()), path.to_owned());
        let stand = &stand;
        async move {
            stand
                .send_as(south, "GET", &path, None, String::new())
                .await
        }
    };
    assert_eq!(other("/products").await.is(200)["products"], json!([]));
    other("/products?sku=S10").await.problem(404, "not-found");
    other(&path).await.problem(422, "invalid-request");
}

#[tokio::test]
async fn a_product_that_the_platform_queues_itself_goes_the_same_way() {
    let stand = Stand::new().await;
    let message = json!({"v": 1, "kind": "products", "tenant": "north",
        "products": [{"sku": "A", "title": "Mug"}, {"sku": "B", "ean": "123"}]});
    for _ in 0..2 {
        stand.deliver(std::slice::from_ref(&message)).await;
        stand.work().await;
    }
    let shown = stand.get("/products?sku=A").await.is(200);
    assert_eq!(shown["product"]["title"], "Mug");
    let inputs = stand.store.sku_inputs(&tenant(), &sku("A")).await.unwrap();
    assert_eq!(inputs.product_generation, 1);
    assert!(stand.refusal("B").await.unwrap().starts_with("ean: "));
    let shown = stand.get("/products?sku=B").await.is(200);
    assert_eq!(shown["product"], json!({"sku": "B"}));
}

#[tokio::test]
async fn a_bad_ean_or_a_title_of_two_lines_does_not_keep_a_products_stock_from_going_out() {
    let stand = Stand::new().await;
    stand.list("A", "A", 1, 1_000).await;
    let level = json!([level("A", "LON", 4, 10)]);
    stand.put("/stock-levels", level).await.is(202);
    stand.work().await;
    assert_eq!(stand.wanted("A").await, None);
    let rows = json!([{"sku": "A", "title": "Mug\nblue", "ean": "4006381333932", "brand": "North", "size": "L"}]);
    let answer = stand.put("/products", rows).await.is(202);
    assert_eq!(
        (&answer["accepted"], &answer["rejected"]),
        (&json!(1), &json!([]))
    );
    let adjusted = answer["adjusted"].as_array().unwrap();
    let fields: Vec<&Value> = adjusted.iter().map(|row| &row["field"]).collect();
    assert_eq!(fields, ["size", "title", "ean"]);
    stand.work().await;
    assert_eq!(stand.wanted("A").await, Some(4));
    let shown = stand.get("/products?sku=A").await.is(200);
    assert_eq!(shown["product"], json!({"sku": "A", "brand": "North"}));
}

#[tokio::test]
async fn by_csv_numbers_come_in_the_forms_in_which_programs_write_them() {
    let stand = Stand::new().await;
    let body = "sku; warehouse;quantity;measured_at\nA;LON;8.0;2025-06-01T10:00:00Z\nB; LON;7,5;2025-06-01T10:00:00Z;\nC;LON;-1;2025-06-01T10:00:00Z\n";
    let kind = Some("text/csv");
    let answer = stand
        .send("PUT", "/stock-levels", kind, body.to_owned())
        .await
        .is(202);
    assert_eq!(answer["accepted"], 3);
    let adjusted = answer["adjusted"].as_array().unwrap();
    let codes: Vec<&Value> = adjusted.iter().map(|row| &row["code"]).collect();
    assert_eq!(codes, ["rounded", "negative"]);
    stand.work().await;
    for (sku, quantity) in [("A", 8), ("B", 7), ("C", 0)] {
        let shown = stand.get(&format!("/stock-levels?sku={sku}")).await.is(200);
        assert_eq!(shown["levels"][0]["quantity"], quantity, "{sku}");
        assert_eq!(shown["levels"][0]["warehouse"], "LON");
    }
}
