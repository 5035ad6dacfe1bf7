//! The embedded DynamoDB answers as the store needs it to: items by key, and indexes.

use std::time::Instant;

use aws_sdk_dynamodb::types::AttributeValue;

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

#[tokio::test]
async fn an_item_that_was_put_is_read_and_found_in_its_index() {
    let dynamo = tables::embedded().await;
    let orders = dynamo.name("OrdersTable");
    dynamo
        .client
        .put_item()
        .table_name(orders)
        .item("pk", text("ORDER#c1#026-1"))
        .item("sk", text("ORDER"))
        .item("waiting_pk", text("c1"))
        .item("waiting_sk", text("STD UK DOM#026-1"))
        .send()
        .await
        .expect("the item is put");

    let read = dynamo
        .client
        .get_item()
        .table_name(orders)
        .key("pk", text("ORDER#c1#026-1"))
        .key("sk", text("ORDER"))
        .send()
        .await
        .expect("the item is read");
    let waiting = dynamo
        .client
        .query()
        .table_name(orders)
        .index_name("waiting")
        .key_condition_expression("waiting_pk = :c AND begins_with(waiting_sk, :term)")
        .expression_attribute_values(":c", text("c1"))
        .expression_attribute_values(":term", text("STD UK"))
        .send()
        .await
        .expect("the index is queried");

    assert_eq!(read.item().expect("it is there")["waiting_pk"], text("c1"));
    assert_eq!(waiting.count(), 1);
}

/// Both indexes of the catalogue list what carries their keys and nothing else of the table.
#[tokio::test]
async fn products_and_listings_are_each_found_in_their_own_index() {
    let dynamo = tables::embedded().await;
    let catalogue = dynamo.name("CatalogueTable");
    let items = [
        ("SKU#t#a", "LEVELS", None),
        ("SKU#t#a", "PRODUCT", Some(("product_pk", "product_sk"))),
        (
            "LISTING#t#c#a",
            "LISTING",
            Some(("listing_pk", "listing_sk")),
        ),
        ("LISTING#t#c#a", "OFFER#UK", None),
    ];
    for (pk, sk, indexed) in items {
        let mut put = dynamo
            .client
            .put_item()
            .table_name(catalogue)
            .item("pk", text(pk))
            .item("sk", text(sk));
        if let Some((index_pk, index_sk)) = indexed {
            put = put.item(index_pk, text("t")).item(index_sk, text("a"));
        }
        put.send().await.expect("the item is put");
    }
    for (index, key, found) in [
        ("by_tenant", "product_pk", "PRODUCT"),
        ("by_connection", "listing_pk", "LISTING"),
    ] {
        let listed = dynamo
            .client
            .query()
            .table_name(catalogue)
            .index_name(index)
            .key_condition_expression(format!("{key} = :t"))
            .expression_attribute_values(":t", text("t"))
            .send()
            .await
            .expect("the index is queried");
        let kinds: Vec<_> = listed.items().iter().map(|item| &item["sk"]).collect();
        assert_eq!(kinds, [&text(found)], "{index}");
    }
}

#[tokio::test]
async fn each_database_is_alone_and_ready_at_once() {
    let started = Instant::now();
    let (one, other) = tokio::join!(tables::embedded(), tables::embedded());
    println!("two databases after {:?}", started.elapsed());
    let put = one
        .client
        .put_item()
        .table_name(one.name("BuyersTable"))
        .item("pk", text("p"))
        .item("sk", text("s"));
    put.send().await.expect("the item is put");

    let scan = other.client.scan().table_name(other.name("BuyersTable"));
    let seen = scan.send().await.expect("the other is read");

    assert_ne!(one.endpoint, other.endpoint);
    assert_eq!(seen.count(), 0);
}
