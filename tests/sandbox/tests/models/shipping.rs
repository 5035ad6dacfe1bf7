//! `confirmShipment` over HTTP: what becomes of an order and its packages, and what is refused.

use reqwest::Response;
use serde_json::{Value, json};

use crate::{
    amazon::{Amazon, ORDERS, SELLER, UK, document, models},
    shop::{Shop, checked},
};

const ID: &str = "202-0000000-0000001";
const CREATED: &str = "2026-11-01T00:00:00Z";
const SHIPPED: &str = "2026-11-02T10:00:00Z";

fn order() -> Value {
    json!({"orderId": ID, "createdTime": CREATED, "lastUpdatedTime": CREATED,
    "salesChannel": {"marketplaceId": UK, "channelName": "AMAZON"},
    "fulfillment": {"fulfilledBy": "MERCHANT", "fulfillmentStatus": "UNSHIPPED"},
    "orderItems": [
        {"orderItemId": "11", "quantityOrdered": 3, "product": {"sellerSku": "A"}},
        {"orderItemId": "12", "quantityOrdered": 1, "product": {"sellerSku": "B"}},
    ]})
}

/// The usual package, with what is given on top.
fn package(number: &str, items: &[(&str, u64)], more: Value) -> Value {
    let items: Vec<Value> = items
        .iter()
        .map(|(id, units)| json!({"orderItemId": id, "quantity": units}))
        .collect();
    let mut detail = json!({"packageReferenceId": number, "carrierCode": "DPD", "shippingMethod": "Next Day",
        "trackingNumber": format!("1550{number}"), "shipDate": SHIPPED, "orderItems": items});
    detail
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    detail
}

/// A shop with one open order of two lines.
struct Desk(Shop);

impl Desk {
    async fn open(more: Value) -> Self {
        let shop = Shop::open().await;
        let mut order = order();
        order
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        shop.admin("POST", "orders", json!({"orders": [order]}))
            .await;
        Self(shop)
    }

    async fn send(&self, detail: &Value) -> Response {
        let body = json!({"marketplaceId": UK, "packageDetail": detail});
        let path = format!("/orders/v0/orders/{ID}/shipmentConfirmation");
        self.0.call("POST", &path, &[], body).await
    }

    async fn confirm(&self, detail: &Value) {
        let answer = self.send(detail).await;
        assert_eq!(answer.status(), 204);
        assert_eq!(answer.text().await.unwrap(), "");
    }

    /// Amazon's words.
    async fn refused(&self, detail: &Value) -> String {
        let answer = checked("confirmShipment", 400, self.send(detail).await).await;
        let error = &answer["errors"][0];
        format!(
            "{} {}",
            error["message"].as_str().unwrap(),
            error["details"].as_str().unwrap()
        )
    }

    async fn order(&self) -> Value {
        let query = [("includedData", "FULFILLMENT,PACKAGES,CANCELLATION")];
        let answer = self.0.0.get(&format!("{ORDERS}/{ID}"), &query).await;
        let order = checked("getOrder", 200, answer).await;
        order["order"].clone()
    }

    async fn effects(&self) -> Vec<Vec<String>> {
        let packages = self.0.admin("GET", "packages", Value::Null).await;
        let of = |package: &Value| {
            let all = package["confirmations"].as_array().unwrap().iter();
            all.map(|one| one["effect"].as_str().unwrap().to_owned())
                .collect()
        };
        packages.as_array().unwrap().iter().map(of).collect()
    }
}

#[tokio::test]
async fn boxes_of_an_order_ship_it_part_by_part() {
    let desk = Desk::open(json!({})).await;
    desk.confirm(&package("7", &[("11", 2)], json!({}))).await;
    let order = desk.order().await;
    assert_eq!(
        order["fulfillment"]["fulfillmentStatus"],
        "PARTIALLY_SHIPPED"
    );
    assert_eq!(
        order["orderItems"][0]["fulfillment"],
        json!({"quantityFulfilled": 2, "quantityUnfulfilled": 1})
    );
    assert_ne!(order["lastUpdatedTime"], CREATED);
    desk.confirm(&package("8", &[("11", 1), ("12", 1)], json!({})))
        .await;
    let order = desk.order().await;
    assert_eq!(order["fulfillment"]["fulfillmentStatus"], "SHIPPED");
    let package = &order["packages"][1];
    assert_eq!(
        (
            &package["trackingNumber"],
            &package["carrier"],
            &package["shippingService"],
            &package["shipTime"]
        ),
        (
            &json!("15508"),
            &json!("DPD"),
            &json!("Next Day"),
            &json!(SHIPPED)
        )
    );
    assert_eq!(
        package["packageItems"],
        json!([{"orderItemId": "11", "quantity": 1}, {"orderItemId": "12", "quantity": 1}])
    );
    assert_eq!(desk.0.0.violations().await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_same_number_again_edits_and_never_ships_twice() {
    let desk = Desk::open(json!({})).await;
    let first = package("7", &[("11", 2)], json!({}));
    desk.confirm(&first).await;
    desk.confirm(&first).await;
    let edit =
        json!({"trackingNumber": "X2", "carrierCode": "Other", "carrierName": "Bike & Sons"});
    desk.confirm(&package("7", &[("11", 2)], edit)).await;
    let order = desk.order().await;
    assert_eq!(order["packages"].as_array().unwrap().len(), 1);
    assert_eq!(order["packages"][0]["trackingNumber"], "X2");
    assert_eq!(order["packages"][0]["carrier"], "Bike & Sons");
    assert_eq!(
        order["orderItems"][0]["fulfillment"]["quantityFulfilled"],
        2
    );
    assert_eq!(desk.effects().await, [["new", "repeated", "edited"]]);
    let words = desk.refused(&package("7", &[("11", 1)], json!({}))).await;
    assert!(words.contains("cannot be changed"), "{words}");
}

#[tokio::test]
async fn units_that_are_shipped_are_refused_under_another_number() {
    let desk = Desk::open(json!({})).await;
    let words = desk.refused(&package("7", &[("11", 4)], json!({}))).await;
    assert!(words.contains("Invalid quantity"), "{words}");
    desk.confirm(&package("7", &[("11", 3)], json!({}))).await;
    let words = desk.refused(&package("8", &[("11", 3)], json!({}))).await;
    assert!(words.contains("order already fulfilled"), "{words}");
    // Seller Central ships the rest.
    let path = format!("orders/{ID}/packages");
    let by_hand = json!({"carrierCode": "DHL", "trackingNumber": "H1"});
    let order = desk.0.admin("POST", &path, by_hand).await;
    assert_eq!(order["fulfillment"]["fulfillmentStatus"], "SHIPPED");
    let words = desk.refused(&package("9", &[("12", 1)], json!({}))).await;
    assert!(words.contains("PackageToUpdateNotFound"), "{words}");
    assert_eq!(desk.0.0.violations().await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_no_client_may_send_is_refused_and_written_down() {
    let desk = Desk::open(json!({})).await;
    let line = [("12", 1)];
    let wrong = [
        package("0", &line, json!({})),
        package("BOX-1", &line, json!({})),
        package("7", &line, json!({"packageReferenceId": 7})),
        package("7", &line, json!({"shipDate": "2099-01-01T00:00:00Z"})),
        package("7", &line, json!({"shipDate": "2026-10-31T23:00:00Z"})),
        package("7", &line, json!({"shipDate": "02/21/2026"})),
        package("7", &line, json!({"carrierCode": "Other"})),
        package("7", &line, json!({"trackingNumber": ""})),
        package("7", &[("99", 1)], json!({})),
        package("7", &[("12", 0)], json!({})),
        package("7", &[("11", 1), ("11", 1)], json!({})),
        package("7", &[], json!({})),
    ];
    for (index, detail) in wrong.iter().enumerate() {
        desk.refused(detail).await;
        assert_eq!(desk.0.0.violations().await.len(), index + 1, "{detail}");
    }
    assert_eq!(
        desk.order().await["fulfillment"]["fulfillmentStatus"],
        "UNSHIPPED"
    );
}

#[tokio::test]
async fn orders_that_amazon_ships_or_labels_are_never_confirmed() {
    let ship_plus = Desk::open(json!({"programs": ["FBM_SHIP_PLUS"]})).await;
    let words = ship_plus
        .refused(&package("7", &[("12", 1)], json!({})))
        .await;
    assert!(words.contains("Ship+"), "{words}");
    let label = json!({"carrierCode": "Royal Mail", "trackingNumber": "RM1"});
    let path = format!("orders/{ID}/packages");
    ship_plus.0.admin("POST", &path, label).await;
    assert_eq!(
        ship_plus.order().await["packages"][0]["trackingNumber"],
        "RM1"
    );
    let fba = json!({"fulfillment": {"fulfilledBy": "AMAZON", "fulfillmentStatus": "UNSHIPPED"}});
    let fba = Desk::open(fba).await;
    fba.refused(&package("7", &[("12", 1)], json!({}))).await;
}

#[tokio::test]
async fn carriers_and_transparency_codes_are_checked() {
    let mut items = order()["orderItems"].clone();
    items[1]["programs"] = json!(["TRANSPARENCY"]);
    let desk = Desk::open(json!({"orderItems": items})).await;
    desk.0.0.settings(json!({"carrier_codes": ["DPD"]})).await;
    let unlisted = package("7", &[("11", 1)], json!({"carrierCode": "dpd"}));
    assert!(desk.refused(&unlisted).await.contains("carrier code"));
    let words = desk.refused(&package("7", &[("12", 1)], json!({}))).await;
    assert!(words.contains("transparency"), "{words}");
    let mut coded = package("7", &[("12", 1)], json!({}));
    coded["orderItems"][0]["transparencyCodes"] = json!(["AZ:1"]);
    desk.confirm(&coded).await;
    assert_eq!(
        desk.order().await["packages"][0]["packageItems"][0]["transparencyCodes"],
        json!(["AZ:1"])
    );
}

#[tokio::test]
async fn an_answer_that_is_lost_or_late_was_applied_all_the_same() {
    let desk = Desk::open(json!({})).await;
    let lost = json!({"operation": "confirmShipment", "kind": "lost", "order": ID});
    desk.0.0.admin("POST", "/faults", lost).await;
    let first = package("7", &[("11", 3)], json!({}));
    let body = json!({"marketplaceId": UK, "packageDetail": first});
    let amazon = &desk.0.0;
    let path = amazon.url(&format!("/orders/v0/orders/{ID}/shipmentConfirmation"));
    let request = amazon.http.post(path);
    let request = request.header("x-amz-access-token", &amazon.access_token);
    assert!(request.json(&body).send().await.is_err());
    desk.confirm(&first).await;
    assert_eq!(desk.effects().await, [["new", "repeated"]]);
    let late = json!({"operation": "confirmShipment", "kind": "late", "delay_ms": 60_000});
    amazon.admin("POST", "/faults", late).await;
    let second = package("8", &[("12", 1)], json!({}));
    let waiting = desk.send(&second);
    let gave_up = tokio::time::timeout(std::time::Duration::from_millis(500), waiting).await;
    assert!(gave_up.is_err());
    assert_eq!(
        desk.order().await["fulfillment"]["fulfillmentStatus"],
        "SHIPPED"
    );
}

#[tokio::test]
async fn an_unknown_order_is_not_found_and_the_limit_is_ten_at_once() {
    let amazon = Amazon::start().await;
    let path = "/orders/v0/orders/202-0000000-0000009/shipmentConfirmation";
    let body = json!({"marketplaceId": UK, "packageDetail": package("1", &[("1", 1)], json!({}))});
    for status in [404; 10].into_iter().chain([429]) {
        let request = amazon.http.post(amazon.url(path)).json(&body);
        let request = request.header("x-amz-access-token", &amazon.access_token);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status);
        let answer = answer.json().await.unwrap();
        assert_eq!(
            models().check_answer("confirmShipment", status, &answer),
            Vec::<String>::new()
        );
    }
}

#[tokio::test]
async fn the_requests_of_amazons_example_are_read_as_the_example_says() {
    let model = document("orders-api-model/ordersV0.json");
    let operation = &model["paths"]["/orders/v0/orders/{orderId}/shipmentConfirmation"]["post"];
    for (status, expected) in [("204", 204), ("400", 400)] {
        let case = &operation["responses"][status]["x-amzn-api-sandbox"]["static"][0]["request"];
        let (id, body) = (
            case["parameters"]["orderId"]["value"].as_str().unwrap(),
            &case["parameters"]["body"]["value"],
        );
        let amazon = Amazon::start().await;
        let us = json!({"region": "NA", "marketplaces": ["ATVPDKIKX0DER"]});
        amazon.admin("PUT", &format!("/sellers/{SELLER}"), us).await;
        let mut order = order();
        order["orderId"] = json!(id);
        order["createdTime"] = json!("2022-02-10T00:00:00Z");
        order["salesChannel"]["marketplaceId"] = json!("ATVPDKIKX0DER");
        order["orderItems"][0]["orderItemId"] = json!("79039765272157");
        let orders = format!("/sellers/{SELLER}/orders");
        amazon
            .admin("POST", &orders, json!({"orders": [order]}))
            .await;
        let path = amazon.url(&format!("/orders/v0/orders/{id}/shipmentConfirmation"));
        let request = amazon.http.post(path).json(body);
        let request = request.header("x-amz-access-token", &amazon.access_token);
        assert_eq!(request.send().await.unwrap().status(), expected);
    }
}

#[tokio::test]
async fn a_buyer_asks_for_a_line_takes_it_back_and_amazon_cancels_what_nobody_ships() {
    let window = json!({"latestDateTime": "2026-11-03T00:00:00Z"});
    let fulfillment = json!({"fulfilledBy": "MERCHANT", "fulfillmentStatus": "UNSHIPPED", "shipByWindow": window});
    let desk = Desk::open(json!({"fulfillment": fulfillment})).await;
    desk.0.0.settings(json!({"cancel_restores": true})).await;
    let path = format!("orders/{ID}/cancel-request");
    desk.0.admin("PUT", &path, json!({"items": ["12"]})).await;
    let order = desk.order().await;
    let request = &order["orderItems"][1]["cancellation"]["cancellationRequest"];
    assert_eq!(request["requester"], "BUYER");
    assert!(order["orderItems"][0].get("cancellation").is_none());
    desk.0.admin("DELETE", &path, Value::Null).await;
    let order = desk.order().await;
    assert!(order["orderItems"][1].get("cancellation").is_none());
    let deed = json!({"by": "MERCHANT", "reason": "NO_INVENTORY", "items": ["12"]});
    desk.0
        .admin("POST", &format!("orders/{ID}/cancel"), deed)
        .await;
    assert_eq!((desk.0.live("A").await, desk.0.live("B").await), (7, 10));
    desk.0.0.settings(json!({"cancels_overdue": true})).await;
    let order = desk.order().await;
    assert_eq!(order["fulfillment"]["fulfillmentStatus"], "CANCELLED");
    let by = |line: usize| &order["orderItems"][line]["cancellation"]["cancellationExecution"]["cancelledBy"];
    assert_eq!((by(0), by(1)), (&json!("AMAZON"), &json!("MERCHANT")));
    assert_eq!(desk.0.live("A").await, 10);
}
