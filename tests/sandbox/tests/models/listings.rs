//! Listings, feeds and reports over HTTP: what Amazon's models allow, and what becomes of quantities.

use std::io::Read;

use flate2::read::GzDecoder;
use reqwest::Response;
use serde_json::{Value, json};

use crate::amazon::{Amazon, DE, SELLER, UK, models};

const REPORT: &str = "GET_MERCHANT_LISTINGS_ALL_DATA";
const AWKWARD: &str = "LAMP/BRASS #2 50% & \"Größe\"";

fn item(sku: &str) -> String {
    let sku: String = url::form_urlencoded::byte_serialize(sku.as_bytes()).collect();
    format!(
        "/listings/2021-08-01/items/{SELLER}/{}",
        sku.replace('+', "%20")
    )
}

fn quantity(units: u64) -> Value {
    json!({"op": "merge", "path": "/attributes/fulfillment_availability",
        "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": units}]})
}

fn message(id: u64, sku: &str, units: u64) -> Value {
    json!({"messageId": id, "sku": sku, "operationType": "PATCH", "productType": "PRODUCT", "patches": [quantity(units)]})
}

fn feed(messages: &[Value]) -> Value {
    json!({"header": {"sellerId": SELLER, "version": "2.0"}, "messages": messages})
}

fn order(number: u32, sku: &str, units: u64) -> Value {
    json!({"orders": [{"orderId": format!("202-0000000-{number:07}"),
        "salesChannel": {"marketplaceId": UK, "channelName": "AMAZON"},
        "fulfillment": {"fulfilledBy": "MERCHANT", "fulfillmentStatus": "UNSHIPPED"},
        "orderItems": [{"orderItemId": "1", "quantityOrdered": units, "product": {"sellerSku": sku}}]}]})
}

/// What these tests do to the sandbox beside what all do.
struct Shop(Amazon);

impl Shop {
    /// Listings A, B, C with 10 units each, one of Amazon's and one with an awkward SKU.
    async fn open() -> Self {
        let shop = Self(Amazon::start().await);
        let price = json!({"amount": "12.99", "currency": "GBP"});
        let mut listings: Vec<Value> = ["A", "B", "C", AWKWARD]
            .iter()
            .map(|sku| json!({"sku": sku, "title": "Größe ™", "stores": [UK, DE], "quantity": 10, "price": price}))
            .collect();
        listings.push(json!({"sku": "F", "stores": [UK], "fulfilment": "AMAZON"}));
        listings.push(json!({"sku": "ONLY-DE", "stores": [DE], "quantity": 10}));
        shop.admin("PUT", "listings", json!({ "listings": listings }))
            .await;
        shop.0
            .settings(json!({"feed_seconds": 0, "refill_factor": 1e9}))
            .await;
        shop
    }

    async fn admin(&self, method: &str, path: &str, body: Value) -> Value {
        self.0
            .admin(method, &format!("/sellers/{SELLER}/{path}"), body)
            .await
    }

    async fn listing(&self, sku: &str) -> Value {
        let all = self.admin("GET", "listings", Value::Null).await;
        let mut all = all.as_array().unwrap().iter();
        all.find(|listing| listing["sku"] == sku).unwrap().clone()
    }

    async fn live(&self, sku: &str) -> u64 {
        self.listing(sku).await["quantity"].as_u64().unwrap()
    }

    async fn call(
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

    async fn patch(&self, sku: &str, patch: Value) -> Value {
        let body = json!({"productType": "PRODUCT", "patches": [patch]});
        let answer = self
            .call("PATCH", &item(sku), &[("marketplaceIds", UK)], body)
            .await;
        checked("patchListingsItem", 200, answer).await
    }

    async fn upload(&self, text: String) -> String {
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

    async fn create_feed(&self, document: &str) -> Response {
        let body = json!({"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [UK], "inputFeedDocumentId": document});
        self.call("POST", "/feeds/2021-06-30/feeds", &[], body)
            .await
    }

    async fn submit(&self, messages: &[Value]) -> String {
        let document = self.upload(feed(messages).to_string()).await;
        let created = checked("createFeed", 202, self.create_feed(&document).await).await;
        created["feedId"].as_str().unwrap().to_owned()
    }

    async fn feed(&self, id: &str) -> Value {
        let answer = self
            .0
            .get(&format!("/feeds/2021-06-30/feeds/{id}"), &[])
            .await;
        checked("getFeed", 200, answer).await
    }

    async fn document(&self, api: &str, operation: &str, id: &str) -> (Value, Response) {
        let answer = self
            .0
            .get(&format!("/{api}/2021-06-30/documents/{id}"), &[])
            .await;
        let document = checked(operation, 200, answer).await;
        let download = self.0.http.get(document["url"].as_str().unwrap());
        (document, download.send().await.unwrap())
    }

    /// The processing report of a feed that is done.
    async fn report_of(&self, id: &str) -> Value {
        let feed = self.feed(id).await;
        assert_eq!(feed["processingStatus"], "DONE");
        let result = feed["resultFeedDocumentId"].as_str().unwrap();
        let (document, download) = self.document("feeds", "getFeedDocument", result).await;
        assert_eq!(document["compressionAlgorithm"], "GZIP");
        serde_json::from_str(&unpacked(&download.bytes().await.unwrap())).unwrap()
    }

    async fn report(&self, store: &str) -> Response {
        let body = json!({"reportType": REPORT, "marketplaceIds": [store]});
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

async fn checked(operation: &str, status: u16, answer: Response) -> Value {
    let given = answer.status();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(given, status, "{body}");
    assert_eq!(
        models().check_answer(operation, status, &body),
        Vec::<String>::new()
    );
    body
}

fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn one_item_shows_the_live_number_beside_what_was_submitted() {
    let shop = Shop::open().await;
    shop.admin("POST", "orders", order(1, AWKWARD, 3)).await;
    let query = [
        ("marketplaceIds", UK),
        (
            "includedData",
            "summaries,attributes,offers,fulfillmentAvailability,issues,productTypes",
        ),
    ];
    let answer = shop.0.get(&item(AWKWARD), &query).await;
    let shown = checked("getListingsItem", 200, answer).await;
    assert_eq!(shown["sku"], AWKWARD);
    assert_eq!(
        shown["fulfillmentAvailability"],
        json!([{"fulfillmentChannelCode": "DEFAULT", "quantity": 7}])
    );
    assert_eq!(
        shown["attributes"]["fulfillment_availability"][0]["quantity"],
        10
    );
    assert_eq!(
        shown["offers"][0]["price"],
        json!({"currencyCode": "GBP", "amount": "12.99"})
    );
    let fba = shop
        .0
        .get(
            &item("F"),
            &[query[0], ("includedData", "fulfillmentAvailability")],
        )
        .await;
    let fba = checked("getListingsItem", 200, fba).await;
    assert_eq!(
        fba["fulfillmentAvailability"],
        json!([{"fulfillmentChannelCode": "AMAZON_EU"}])
    );
    for (sku, status) in [("a", 404), ("ONLY-DE", 404), ("A", 200)] {
        assert_eq!(
            shop.0.get(&item(sku), &query[..1]).await.status(),
            status,
            "{sku}"
        );
    }
    assert_eq!(shop.0.violations().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_patch_is_live_at_once_and_a_refused_one_says_why() {
    let shop = Shop::open().await;
    assert_eq!(shop.patch("A", quantity(4)).await["status"], "ACCEPTED");
    assert_eq!(shop.live("A").await, 4);
    shop.admin(
        "PUT",
        "refusals",
        json!({"B": {"code": "8541", "message": "The SKU data conflicts."}}),
    )
    .await;
    for (sku, code) in [("B", "8541"), ("ONLY-DE", "13013"), ("a", "13013")] {
        let refused = shop.patch(sku, quantity(4)).await;
        assert_eq!(
            (
                refused["status"].as_str(),
                refused["issues"][0]["code"].as_str()
            ),
            (Some("INVALID"), Some(code))
        );
    }
    assert_eq!(shop.0.violations().await, Vec::<Value>::new());
    assert_eq!(shop.patch("F", quantity(4)).await["status"], "INVALID");
    assert_eq!(
        shop.0.violations().await.len(),
        1,
        "DEFAULT is never sent for what Amazon ships"
    );
}

#[tokio::test]
async fn orders_lower_the_quantity_once_and_count_what_was_oversold() {
    let shop = Shop::open().await;
    for _ in 0..2 {
        shop.admin("POST", "orders", order(1, "A", 8)).await;
    }
    assert_eq!(shop.live("A").await, 2, "the same order sells once");
    shop.admin("POST", "orders", order(2, "A", 5)).await;
    let listing = shop.listing("A").await;
    assert_eq!(
        (&listing["quantity"], &listing["oversold"]),
        (&json!(0), &json!(3))
    );
    let cancel = json!({"fulfillment": {"fulfillmentStatus": "CANCELLED"}});
    shop.admin("PATCH", "orders/202-0000000-0000001", cancel.clone())
        .await;
    assert_eq!(shop.live("A").await, 0);
    shop.0.settings(json!({"cancel_restores": true})).await;
    shop.admin("PATCH", "orders/202-0000000-0000002", cancel)
        .await;
    assert_eq!(shop.live("A").await, 5);
    let generate = json!({"generate": {"count": 60, "skus": ["B", "C"]}});
    shop.admin("POST", "orders", generate).await;
    assert_eq!((shop.live("B").await, shop.live("C").await), (0, 0));
}

#[tokio::test]
async fn a_feed_that_is_processed_late_never_overwrites_a_later_patch() {
    let shop = Shop::open().await;
    shop.0.settings(json!({"feed_hold": true})).await;
    let id = shop
        .submit(&[message(1, "A", 20), message(2, "B", 20)])
        .await;
    assert_eq!(shop.feed(&id).await["processingStatus"], "IN_QUEUE");
    shop.patch("A", quantity(1)).await;
    shop.admin("POST", "orders", order(1, "B", 2)).await;
    assert_eq!(shop.live("B").await, 8);
    assert_eq!(
        shop.0.admin("POST", "/feeds/release", Value::Null).await["released"],
        1
    );
    let report = shop.report_of(&id).await;
    assert_eq!(
        report["summary"],
        json!({"errors": 0, "warnings": 0, "messagesProcessed": 2, "messagesAccepted": 2, "messagesInvalid": 0})
    );
    assert_eq!((shop.live("A").await, shop.live("B").await), (1, 20));
    let history = shop.listing("B").await["history"].clone();
    let by: Vec<&str> = history
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|step| step["by"].as_str())
        .collect();
    assert_eq!(
        by,
        ["seller", "order 202-0000000-0000001", &format!("feed {id}")]
    );
}

#[tokio::test]
async fn feeds_run_one_after_another_at_their_time() {
    let shop = Shop::open().await;
    shop.0.settings(json!({"feed_seconds": 600})).await;
    let ids = [
        shop.submit(&[message(1, "A", 1)]).await,
        shop.submit(&[message(1, "A", 2)]).await,
    ];
    for (offset, expected, live) in [
        (1, ["IN_PROGRESS", "IN_QUEUE"], 10),
        (700, ["DONE", "IN_PROGRESS"], 1),
        (1_300, ["DONE", "DONE"], 2),
    ] {
        shop.0
            .settings(json!({"clock_offset_ms": offset * 1_000}))
            .await;
        let all = shop.admin("GET", "feeds", Value::Null).await;
        for (index, (id, status)) in ids.iter().zip(expected).enumerate() {
            assert_eq!(all[index]["feedId"], **id);
            assert_eq!(all[index]["processingStatus"], status);
        }
        assert_eq!(shop.live("A").await, live);
    }
}

#[tokio::test]
async fn a_refused_line_stands_in_the_report_and_the_others_count() {
    let shop = Shop::open().await;
    shop.admin(
        "PUT",
        "refusals",
        json!({"C": {"code": "90220", "message": "'size' is required.", "attribute": "size"}}),
    )
    .await;
    let id = shop
        .submit(&[
            message(1, "A", 1),
            message(2, "nowhere", 1),
            message(7, "C", 1),
            message(9, "F", 1),
        ])
        .await;
    let report = shop.report_of(&id).await;
    assert_eq!(
        report["summary"],
        json!({"errors": 3, "warnings": 0, "messagesProcessed": 4, "messagesAccepted": 1, "messagesInvalid": 3})
    );
    let issues = report["issues"].as_array().unwrap();
    let codes: Vec<_> = issues
        .iter()
        .map(|issue| {
            (
                issue["messageId"].as_u64().unwrap(),
                issue["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(codes, [(2, "13013"), (7, "90220"), (9, "90244")]);
    assert_eq!((shop.live("A").await, shop.live("C").await), (1, 10));
    assert_eq!(shop.0.violations().await.len(), 1, "that of F");
}

#[tokio::test]
async fn mishaps_strike_feeds_as_ordered() {
    let shop = Shop::open().await;
    let faults = json!([{"kind": "fatal", "applied": 0.5}, {"kind": "cancelled"}, {"kind": "report_missing"}, {"kind": "report_cut"}, {"kind": "quota"}, {"kind": "stuck"}]);
    shop.admin("PUT", "feed-faults", faults).await;
    let fatal = shop.submit(&[message(1, "A", 1), message(2, "B", 1)]).await;
    assert_eq!(shop.feed(&fatal).await["processingStatus"], "FATAL");
    assert_eq!(
        (shop.live("A").await, shop.live("B").await),
        (1, 10),
        "some are applied"
    );
    let cancelled = shop.submit(&[message(1, "A", 2)]).await;
    assert_eq!(shop.feed(&cancelled).await["processingStatus"], "CANCELLED");
    let missing = shop.submit(&[message(1, "B", 3)]).await;
    let feed = shop.feed(&missing).await;
    assert_eq!(
        (&feed["processingStatus"], feed.get("resultFeedDocumentId")),
        (&json!("DONE"), None)
    );
    let cut = shop.submit(&[message(1, "C", 4)]).await;
    let result = shop.feed(&cut).await["resultFeedDocumentId"]
        .as_str()
        .unwrap()
        .to_owned();
    let (_, download) = shop.document("feeds", "getFeedDocument", &result).await;
    let text = unpacked(&download.bytes().await.unwrap());
    assert!(serde_json::from_str::<Value>(&text).is_err());
    let document = shop.upload(feed_text()).await;
    assert_eq!(shop.create_feed(&document).await.status(), 429);
    let stuck = shop.submit(&[message(1, "A", 5)]).await;
    let behind = shop.submit(&[message(1, "A", 6)]).await;
    shop.0
        .settings(json!({"clock_offset_ms": 80_000_000}))
        .await;
    let all = shop.admin("GET", "feeds", Value::Null).await;
    assert_eq!(
        (&all[4]["processingStatus"], &all[5]["processingStatus"]),
        (&json!("IN_PROGRESS"), &json!("IN_QUEUE"))
    );
    assert_eq!(
        (
            shop.live("A").await,
            shop.live("B").await,
            shop.live("C").await
        ),
        (1, 3, 4)
    );
    shop.0.admin("POST", "/feeds/release", Value::Null).await;
    let all = shop.admin("GET", "feeds", Value::Null).await;
    assert_eq!(
        (&all[4]["feedId"], &all[5]["feedId"]),
        (&json!(stuck), &json!(behind))
    );
    assert_eq!(all[5]["processingStatus"], "DONE");
    assert_eq!(shop.live("A").await, 6);
    assert_eq!(shop.0.violations().await, Vec::<Value>::new());
}

fn feed_text() -> String {
    feed(&[message(1, "A", 1)]).to_string()
}

#[tokio::test]
async fn a_lost_answer_leaves_a_feed_behind_that_a_list_of_feeds_shows() {
    let shop = Shop::open().await;
    let document = shop.upload(feed_text()).await;
    shop.0
        .admin(
            "POST",
            "/faults",
            json!({"operation": "createFeed", "kind": "lost"}),
        )
        .await;
    let body = json!({"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [UK], "inputFeedDocumentId": document});
    let request = shop.0.http.post(shop.0.url("/feeds/2021-06-30/feeds"));
    let request = request
        .header("x-amz-access-token", &shop.0.access_token)
        .json(&body);
    assert!(request.send().await.is_err());
    shop.submit(&[message(1, "B", 2)]).await;
    let query = [("feedTypes", "JSON_LISTINGS_FEED"), ("pageSize", "1")];
    let answer = shop.0.get("/feeds/2021-06-30/feeds", &query).await;
    let newest = checked("getFeeds", 200, answer).await;
    let token = newest["nextToken"].as_str().unwrap();
    let answer = shop
        .0
        .get("/feeds/2021-06-30/feeds", &[("nextToken", token)])
        .await;
    let oldest = checked("getFeeds", 200, answer).await;
    assert!(oldest.get("nextToken").is_none());
    let ids = [&oldest["feeds"][0]["feedId"], &newest["feeds"][0]["feedId"]];
    let all = shop.admin("GET", "feeds", Value::Null).await;
    assert_eq!(ids, [&all[0]["feedId"], &all[1]["feedId"]]);
    assert_eq!(shop.live("A").await, 1);
}

#[tokio::test]
async fn a_feed_document_that_breaks_a_rule_is_a_violation_and_changes_nothing() {
    let shop = Shop::open().await;
    let mut twice = feed(&[message(1, "A", 1), message(1, "B", 1)]);
    let many: Vec<Value> = (1..=25_001).map(|id| message(id, "A", 1)).collect();
    let mut foreign = feed(&[message(1, "A", 1)]);
    foreign["header"]["sellerId"] = json!("ANOTHER");
    let mut old = feed(&[message(1, "A", 1)]);
    old["header"]["version"] = json!("1.0");
    let mut untyped = message(1, "A", 1);
    untyped.as_object_mut().unwrap().remove("productType");
    twice["header"]["issueLocale"] = json!("en_GB");
    let large = feed(&[message(1, &"x".repeat(10 << 20), 1)]).to_string();
    for (index, (text, status)) in [
        (twice.to_string(), "DONE"),
        (feed(&many).to_string(), "FATAL"),
        (foreign.to_string(), "DONE"),
        (old.to_string(), "DONE"),
        (feed(&[untyped]).to_string(), "DONE"),
        (feed(&[message(0, "A", 1)]).to_string(), "DONE"),
        ("{".to_owned(), "DONE"),
        (large, "FATAL"),
    ]
    .into_iter()
    .enumerate()
    {
        // Five in five minutes are allowed.
        shop.0.settings(json!({"refill": true})).await;
        let document = shop.upload(text).await;
        let created = checked("createFeed", 202, shop.create_feed(&document).await).await;
        let feed = shop.feed(created["feedId"].as_str().unwrap()).await;
        assert_eq!(feed["processingStatus"], status, "{index}");
        assert_eq!(shop.0.violations().await.len(), index + 1);
    }
    assert_eq!(shop.live("A").await, 10);
}

#[tokio::test]
async fn five_listings_feeds_in_five_minutes_and_no_sixth() {
    let shop = Shop::open().await;
    shop.0.settings(json!({"refill_factor": 1})).await;
    let document = shop.upload(feed_text()).await;
    for _ in 0..5 {
        assert_eq!(shop.create_feed(&document).await.status(), 202);
    }
    assert_eq!(shop.create_feed(&document).await.status(), 429);
}

#[tokio::test]
async fn an_address_is_good_for_its_document_its_type_and_five_minutes() {
    let shop = Shop::open().await;
    let answer = shop
        .call(
            "POST",
            "/feeds/2021-06-30/documents",
            &[],
            json!({"contentType": "application/json"}),
        )
        .await;
    let url = checked("createFeedDocument", 201, answer).await["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let put = |kind: &'static str| {
        shop.0
            .http
            .put(&url)
            .header("content-type", kind)
            .body("{}")
    };
    assert_eq!(put("text/plain").send().await.unwrap().status(), 403);
    let with_token = put("application/json").header("x-amz-access-token", &shop.0.access_token);
    assert_eq!(with_token.send().await.unwrap().status(), 403);
    assert_eq!(shop.0.violations().await.len(), 2);
    assert_eq!(
        shop.0.http.get(&url).send().await.unwrap().status(),
        403,
        "it is for a PUT"
    );
    assert_eq!(put("application/json").send().await.unwrap().status(), 200);
    shop.0.settings(json!({"clock_offset_ms": 301_000})).await;
    assert_eq!(put("application/json").send().await.unwrap().status(), 403);
    assert_eq!(
        shop.0.violations().await.len(),
        2,
        "time passes for a correct client too"
    );
}

#[tokio::test]
async fn a_report_has_one_line_per_listing_of_the_store_in_the_encoding_of_the_store() {
    let shop = Shop::open().await;
    for (encoding, expected) in [
        ("windows-1252", &b"Gr\xf6\xdfe \x99\t"[..]),
        ("iso-8859-1", b"Gr\xf6\xdfe ?\t"),
        ("shift_jis", b"Gr??e ?\t"),
        ("utf-8", "\u{feff}item-name".as_bytes()),
    ] {
        shop.0
            .settings(json!({"gzip": false, "report_encoding": {"*": encoding}}))
            .await;
        let download = shop.report(UK).await;
        let kind = download.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(kind, format!("text/plain;charset={encoding}"));
        let bytes = download.bytes().await.unwrap();
        assert!(
            bytes.windows(expected.len()).any(|part| part == expected),
            "{encoding}"
        );
    }
    shop.0.settings(json!({"gzip": true})).await;
    let text = unpacked(&shop.report(UK).await.bytes().await.unwrap());
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert!(rows.iter().all(|row| row.len() == 29));
    let column = |name: &str| {
        rows[0]
            .iter()
            .position(|heading| heading.trim_start_matches('\u{feff}') == name)
            .unwrap()
    };
    let cells =
        |name: &str| -> Vec<&str> { rows[1..].iter().map(|row| row[column(name)]).collect() };
    assert_eq!(cells("seller-sku"), ["A", "B", "C", "F", AWKWARD]);
    assert_eq!(cells("quantity"), ["10", "10", "10", "", "10"]);
    assert_eq!(
        cells("fulfillment-channel"),
        ["DEFAULT", "DEFAULT", "DEFAULT", "AMAZON_EU", "DEFAULT"]
    );
    assert_eq!(cells("price")[0], "12.99");
    assert_eq!(cells("status")[0], "Active");
}

#[tokio::test]
async fn a_report_can_be_stale_and_its_document_cut() {
    let shop = Shop::open().await;
    shop.0
        .settings(json!({"gzip": false, "clock_offset_ms": 3_000_000}))
        .await;
    shop.patch("A", quantity(1)).await;
    let lines = |text: String| {
        text.lines()
            .find(|line| line.contains("\tA\t"))
            .unwrap()
            .to_owned()
    };
    assert!(lines(shop.report(UK).await.text().await.unwrap()).contains("\tA\t12.99\t1\t"));
    shop.0
        .settings(json!({"report_stale_seconds": 2_000}))
        .await;
    assert!(lines(shop.report(UK).await.text().await.unwrap()).contains("\tA\t12.99\t10\t"));
    shop.admin("PUT", "report-faults", json!([{"kind": "report_cut"}]))
        .await;
    let text = shop.report(UK).await.text().await.unwrap();
    assert!(!text.ends_with('\n') && text.lines().count() == 3);
}
