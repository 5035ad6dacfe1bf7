//! Owns a sandbox whose seller has listings, and the calls that tests make on it.

use std::io::Read;

use flate2::read::GzDecoder;
use reqwest::Response;
use serde_json::{Value, json};

use crate::amazon::{Amazon, DE, SELLER, UK, models};

const REPORT: &str = "GET_MERCHANT_LISTINGS_ALL_DATA";
pub(crate) const AWKWARD: &str = "LAMP/BRASS #2 50% & \"Größe\"";

pub(crate) fn item(sku: &str) -> String {
    let sku: String = url::form_urlencoded::byte_serialize(sku.as_bytes()).collect();
    format!(
        "/listings/2021-08-01/items/{SELLER}/{}",
        sku.replace('+', "%20")
    )
}

pub(crate) fn quantity(units: u64) -> Value {
    json!({"op": "merge", "path": "/attributes/fulfillment_availability",
        "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": units}]})
}

pub(crate) fn message(id: u64, sku: &str, units: u64) -> Value {
    json!({"messageId": id, "sku": sku, "operationType": "PATCH", "productType": "PRODUCT", "patches": [quantity(units)]})
}

pub(crate) fn feed(messages: &[Value]) -> Value {
    json!({"header": {"sellerId": SELLER, "version": "2.0"}, "messages": messages})
}

pub(crate) fn order(number: u32, sku: &str, units: u64) -> Value {
    json!({"orders": [{"orderId": format!("202-0000000-{number:07}"),
        "salesChannel": {"marketplaceId": UK, "channelName": "AMAZON"},
        "fulfillment": {"fulfilledBy": "MERCHANT", "fulfillmentStatus": "UNSHIPPED"},
        "orderItems": [{"orderItemId": "1", "quantityOrdered": units, "product": {"sellerSku": sku}}]}]})
}

/// What these tests do to the sandbox beside what all do.
pub(crate) struct Shop(pub(crate) Amazon);

impl Shop {
    /// Listings A, B, C with 10 units each, one of Amazon's and one with an awkward SKU.
    pub(crate) async fn open() -> Self {
        let shop = Self(Amazon::start().await);
        let price = json!({"amount": "12.99", "currency": "GBP"});
        let mut listings: Vec<Value> = ["A", "B", "C", AWKWARD]
            .iter()
            .map(|sku| json!({"sku": sku, "title": "Größe ™", "marketplaces": [UK, DE], "quantity": 10, "price": price}))
            .collect();
        listings.push(json!({"sku": "F", "marketplaces": [UK], "fulfilment": "AMAZON"}));
        listings.push(json!({"sku": "ONLY-DE", "marketplaces": [DE], "quantity": 10}));
        shop.admin("PUT", "listings", json!({ "listings": listings }))
            .await;
        shop.0
            .settings(json!({"feed_seconds": 0, "refill_factor": 1e9}))
            .await;
        shop
    }

    pub(crate) async fn admin(&self, method: &str, path: &str, body: Value) -> Value {
        self.0
            .admin(method, &format!("/sellers/{SELLER}/{path}"), body)
            .await
    }

    pub(crate) async fn listing(&self, sku: &str) -> Value {
        let all = self.admin("GET", "listings", Value::Null).await;
        let mut all = all.as_array().unwrap().iter();
        all.find(|listing| listing["sku"] == sku).unwrap().clone()
    }

    pub(crate) async fn live(&self, sku: &str) -> u64 {
        self.listing(sku).await["quantity"].as_u64().unwrap()
    }

    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        body: Value,
    ) -> Response {
        let request = self
            .0
            .http
            .request(method.parse().unwrap(), self.0.url(path));
        let request = request
            .query(query)
            .header("x-amz-access-token", &self.0.access_token);
        request.json(&body).send().await.unwrap()
    }

    pub(crate) async fn patch(&self, sku: &str, patch: Value) -> Value {
        let body = json!({"productType": "PRODUCT", "patches": [patch]});
        let answer = self
            .call("PATCH", &item(sku), &[("marketplaceIds", UK)], body)
            .await;
        checked("patchListingsItem", 200, answer).await
    }

    pub(crate) async fn upload(&self, text: String) -> String {
        let kind = "application/json; charset=UTF-8";
        let answer = self
            .call(
                "POST",
                "/feeds/2021-06-30/documents",
                &[],
                json!({"contentType": kind}),
            )
            .await;
        let document = checked("createFeedDocument", 201, answer).await;
        let url = document["url"].as_str().unwrap();
        let put = self.0.http.put(url).header("content-type", kind).body(text);
        assert_eq!(put.send().await.unwrap().status(), 200);
        document["feedDocumentId"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn create_feed(&self, document: &str) -> Response {
        let body = json!({"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [UK], "inputFeedDocumentId": document});
        self.call("POST", "/feeds/2021-06-30/feeds", &[], body)
            .await
    }

    pub(crate) async fn submit(&self, messages: &[Value]) -> String {
        let document = self.upload(feed(messages).to_string()).await;
        let created = checked("createFeed", 202, self.create_feed(&document).await).await;
        created["feedId"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn feed(&self, id: &str) -> Value {
        let answer = self
            .0
            .get(&format!("/feeds/2021-06-30/feeds/{id}"), &[])
            .await;
        checked("getFeed", 200, answer).await
    }

    pub(crate) async fn document(&self, api: &str, operation: &str, id: &str) -> (Value, Response) {
        let answer = self
            .0
            .get(&format!("/{api}/2021-06-30/documents/{id}"), &[])
            .await;
        let document = checked(operation, 200, answer).await;
        let download = self.0.http.get(document["url"].as_str().unwrap());
        (document, download.send().await.unwrap())
    }

    /// The processing report of a feed that is done.
    pub(crate) async fn report_of(&self, id: &str) -> Value {
        let feed = self.feed(id).await;
        assert_eq!(feed["processingStatus"], "DONE");
        let result = feed["resultFeedDocumentId"].as_str().unwrap();
        let (document, download) = self.document("feeds", "getFeedDocument", result).await;
        assert_eq!(document["compressionAlgorithm"], "GZIP");
        serde_json::from_str(&unpacked(&download.bytes().await.unwrap())).unwrap()
    }

    pub(crate) async fn report(&self, marketplace: &str) -> Response {
        let body = json!({"reportType": REPORT, "marketplaceIds": [marketplace]});
        let answer = self
            .call("POST", "/reports/2021-06-30/reports", &[], body)
            .await;
        let created = checked("createReport", 202, answer).await;
        let id = created["reportId"].as_str().unwrap();
        let answer = self
            .0
            .get(&format!("/reports/2021-06-30/reports/{id}"), &[])
            .await;
        let report = checked("getReport", 200, answer).await;
        assert_eq!(report["processingStatus"], "DONE");
        let document = report["reportDocumentId"].as_str().unwrap();
        self.document("reports", "getReportDocument", document)
            .await
            .1
    }
}

pub(crate) async fn checked(operation: &str, status: u16, answer: Response) -> Value {
    let given = answer.status();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(given, status, "{body}");
    assert_eq!(
        models().check_answer(operation, status, &body),
        Vec::<String>::new()
    );
    body
}

pub(crate) fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

pub(crate) fn feed_text() -> String {
    feed(&[message(1, "A", 1)]).to_string()
}
