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
