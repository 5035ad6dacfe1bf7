//! The feed that cancels lines of orders, over HTTP.

use serde_json::{Value, json};

use crate::{
    amazon::{ORDERS, SELLER, UK},
    shop::{Shop, checked, order, unpacked},
};

const XML: &str = "text/xml; charset=UTF-8";

fn id(number: u32) -> String {
    format!("202-0000000-{number:07}")
}

/// The message that cancels a line: order, line, reason, and what else is in its item.
fn message(number: u32, order: u32, line: &str, reason: &str, more: &str) -> String {
    format!(
        "<Message><MessageID>{number}</MessageID><OrderAcknowledgement><AmazonOrderID>{}</AmazonOrderID>\
         <StatusCode>Failure</StatusCode><Item><AmazonOrderItemCode>{line}</AmazonOrderItemCode>\
         <CancelReason>{reason}</CancelReason>{more}</Item></OrderAcknowledgement></Message>",
        id(order)
    )
}

fn envelope(messages: &[String]) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><AmazonEnvelope><Header><DocumentVersion>1.01</DocumentVersion>\
         <MerchantIdentifier>{SELLER}</MerchantIdentifier></Header><MessageType>OrderAcknowledgement</MessageType>{}</AmazonEnvelope>",
        messages.concat()
    )
}

impl Shop {
    /// What Amazon reports of the feed.
    async fn cancel(&self, text: String) -> String {
        let path = "/feeds/2021-06-30/documents";
        let answer = self
            .call("POST", path, &[], json!({"contentType": XML}))
            .await;
        let document = checked("createFeedDocument", 201, answer).await;
        let put = self.0.http.put(document["url"].as_str().unwrap());
        let put = put.header("content-type", XML).body(text);
        assert_eq!(put.send().await.unwrap().status(), 200);
        let body = json!({"feedType": "POST_ORDER_ACKNOWLEDGEMENT_DATA", "marketplaceIds": [UK],
            "inputFeedDocumentId": document["feedDocumentId"]});
        let answer = self
            .call("POST", "/feeds/2021-06-30/feeds", &[], body)
            .await;
        let created = checked("createFeed", 202, answer).await;
        let feed = self.feed(created["feedId"].as_str().unwrap()).await;
        assert_eq!(feed["processingStatus"], "DONE");
        let result = feed["resultFeedDocumentId"].as_str().unwrap();
        let (_, download) = self.document("feeds", "getFeedDocument", result).await;
        assert_eq!(download.headers()["content-type"], XML);
        unpacked(&download.bytes().await.unwrap())
    }

    async fn order(&self, number: u32) -> Value {
        let query = [("includedData", "FULFILLMENT,CANCELLATION")];
        let answer = self
            .0
            .get(&format!("{ORDERS}/{}", id(number)), &query)
            .await;
        checked("getOrder", 200, answer).await["order"].clone()
    }
}

#[tokio::test]
async fn a_line_is_cancelled_by_the_merchant_and_its_units_go_back_if_amazon_does_that() {
    let shop = Shop::open().await;
    shop.0.settings(json!({"cancel_restores": true})).await;
    shop.admin("POST", "orders", order(1, "A", 3)).await;
    let report = shop
        .cancel(envelope(&[message(1, 1, "1", "NoInventory", "")]))
        .await;
    assert!(
        report.contains("<MessagesSuccessful>1</MessagesSuccessful>"),
        "{report}"
    );
    assert!(!report.contains("<Result>"));
    let order = shop.order(1).await;
    assert_eq!(order["fulfillment"]["fulfillmentStatus"], "CANCELLED");
    assert_eq!(
        order["orderItems"][0]["cancellation"]["cancellationExecution"],
        json!({"cancelledBy": "MERCHANT", "cancelReason": "NoInventory"})
    );
    assert_eq!(shop.live("A").await, 10);
    assert_eq!(shop.0.violations().await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_is_shipped_cancelled_or_only_a_part_is_refused_line_by_line() {
    let shop = Shop::open().await;
    for number in 1..=4 {
        shop.admin("POST", "orders", order(number, "A", 2)).await;
    }
    let label = json!({"carrierCode": "DPD", "trackingNumber": "1"});
    shop.admin("POST", &format!("orders/{}/packages", id(1)), label)
        .await;
    let mut one = json!({"carrierCode": "DPD", "trackingNumber": "1"});
    one["orderItems"] = json!([{"orderItemId": "1", "quantity": 1}]);
    shop.admin("POST", &format!("orders/{}/packages", id(2)), one)
        .await;
    let report = shop
        .cancel(envelope(&[
            message(1, 1, "1", "NoInventory", ""),
            message(2, 2, "1", "NoInventory", ""),
            message(3, 3, "1", "NoInventory", "<Quantity>1</Quantity>"),
            message(4, 4, "1", "BuyerCanceled", "<Quantity>2</Quantity>"),
            message(5, 4, "1", "BuyerCanceled", ""),
        ]))
        .await;
    let codes: Vec<_> = report
        .split("<ResultMessageCode>")
        .skip(1)
        .map(|rest| &rest[..5])
        .collect();
    assert_eq!(codes, ["18102", "18103", "18103", "18101"]);
    assert!(
        report.contains("<MessagesWithError>4</MessagesWithError>"),
        "{report}"
    );
    assert_eq!(
        shop.order(3).await["fulfillment"]["fulfillmentStatus"],
        "UNSHIPPED"
    );
    assert_eq!(
        shop.order(4).await["fulfillment"]["fulfillmentStatus"],
        "CANCELLED"
    );
    assert_eq!(shop.0.violations().await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_no_client_may_send_is_refused_and_written_down() {
    let shop = Shop::open().await;
    shop.admin("POST", "orders", order(1, "A", 2)).await;
    let fine = message(1, 1, "1", "NoInventory", "");
    let wrong = [
        message(1, 9, "1", "NoInventory", ""),
        message(1, 1, "9", "NoInventory", ""),
        message(1, 1, "1", "BoredOfIt", ""),
        fine.replace("Failure", "Perhaps"),
    ];
    for (index, message) in wrong.into_iter().enumerate() {
        let report = shop.cancel(envelope(&[message])).await;
        assert!(
            report.contains("<ResultCode>Error</ResultCode>"),
            "{report}"
        );
        assert_eq!(shop.0.violations().await.len(), index + 1);
    }
    for text in [
        envelope(std::slice::from_ref(&fine)).replace("1.01", "2.0"),
        envelope(std::slice::from_ref(&fine)).replace(SELLER, "A2OTHER"),
        envelope(&[fine.clone(), fine.clone()]),
        envelope(&[]),
        "{}".to_owned(),
    ] {
        let report = shop.cancel(text).await;
        assert!(
            report.contains("<MessagesProcessed>0</MessagesProcessed>"),
            "{report}"
        );
    }
    assert_eq!(shop.0.violations().await.len(), 9);
    assert_eq!(
        shop.order(1).await["fulfillment"]["fulfillmentStatus"],
        "UNSHIPPED"
    );
}
