//! What is asked about one listing, and what is made of the answer.

use super::*;
use crate::domain::ids::SellerId;
use crate::domain::listing::{Finding, Fulfilment};
use crate::domain::marketplace::Marketplace;
use crate::domain::price::{SentLimit, SentLimits};
use crate::error::Class;

fn seller() -> SellerId {
    "A1SELLER".parse().unwrap()
}

fn quantity(quantity: u32) -> ListingPatch<'static> {
    ListingPatch {
        product_type: None,
        change: Change::Quantity(quantity),
    }
}

impl World {
    async fn patch(&self, sku: &str, patch: &ListingPatch<'_>) -> Result<Answer<PatchVerdict>> {
        self.amazon
            .patch_listings_item(&self.account(), &seller(), sku, Marketplace::Uk, patch)
            .await
    }

    async fn listing(&self, sku: &str) -> Result<Answer<Option<ListingsItem>>> {
        let parts = ListingsData::ALL;
        self.amazon
            .get_listings_item(
                &self.account(),
                &seller(),
                sku,
                &[Marketplace::Uk, Marketplace::De],
                parts,
            )
            .await
    }
}

fn accepted() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(
        json!({ "sku": "A", "status": "ACCEPTED", "submissionId": "s1", "issues": [] }),
    )
}

#[tokio::test]
async fn a_quantity_is_merged_so_that_lead_times_stay() {
    let world = World::new().await;
    world.answers("PATCH", accepted()).await;
    let verdict = world.patch("A", &quantity(7)).await.unwrap().value;
    assert_eq!(verdict.status, PatchStatus::Accepted);
    assert_eq!(verdict.submission_id.as_deref(), Some("s1"));
    let request = world.the_request().await;
    assert_eq!(
        request.url.query(),
        Some("marketplaceIds=A1F83G8C2ARO7P&issueLocale=en_US")
    );
    assert_eq!(request.headers["x-amz-access-token"], "Atza|Hush1");
    assert_eq!(request.headers["content-type"], "application/json");
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let value = json!([{ "fulfillment_channel_code": "DEFAULT", "quantity": 7 }]);
    let patch =
        json!({ "op": "merge", "path": "/attributes/fulfillment_availability", "value": value });
    assert_eq!(
        body,
        json!({ "productType": "PRODUCT", "patches": [patch] })
    );
}

#[tokio::test]
async fn a_price_is_merged_in_the_stores_currency_with_the_digits_it_has() {
    let world = World::new().await;
    world.answers("PATCH", accepted()).await;
    let patch = ListingPatch {
        product_type: Some("LUGGAGE"),
        change: Change::Price {
            marketplace: Marketplace::De,
            amount: "1234567890123.10".parse().unwrap(),
            limits: SentLimits {
                least: SentLimit::Removed,
                most: SentLimit::Set("1234567890124.00".parse().unwrap()),
            },
        },
    };
    let _ = world.patch("A", &patch).await.unwrap();
    let body = String::from_utf8(world.the_request().await.body).unwrap();
    assert!(
        body.contains(r#""value_with_tax":1234567890123.10}"#),
        "{body}"
    );
    let body: Value = serde_json::from_str(&body).unwrap();
    let price = json!([{ "schedule": [{ "value_with_tax": 1_234_567_890_123.10 }] }]);
    let offer = json!([{
        "audience": "ALL", "currency": "EUR", "marketplace_id": "A1PA6795UKMFR9", "our_price": price,
        "minimum_seller_allowed_price": null,
        "maximum_seller_allowed_price": [{ "schedule": [{ "value_with_tax": 1_234_567_890_124.00 }] }],
    }]);
    let patch = json!({ "op": "merge", "path": "/attributes/purchasable_offer", "value": offer });
    assert_eq!(
        body,
        json!({ "productType": "LUGGAGE", "patches": [patch] })
    );
}

#[tokio::test]
async fn an_offer_is_ended_by_a_day_and_opened_by_none_on_its_marketplace_alone() {
    for (on, end_at) in [
        (
            Some(jiff::civil::date(2026, 11, 28)),
            json!({ "value": "2026-11-28" }),
        ),
        (None, Value::Null),
    ] {
        let world = World::new().await;
        world.answers("PATCH", accepted()).await;
        let patch = ListingPatch {
            product_type: None,
            change: Change::End {
                marketplace: Marketplace::De,
                on,
            },
        };
        let _ = world.patch("A", &patch).await.unwrap();
        let body: Value = serde_json::from_slice(&world.the_request().await.body).unwrap();
        let offer = json!([{
            "audience": "ALL", "currency": "EUR", "marketplace_id": "A1PA6795UKMFR9", "end_at": end_at,
        }]);
        let patch =
            json!({ "op": "merge", "path": "/attributes/purchasable_offer", "value": offer });
        assert_eq!(body["patches"], json!([patch]));
    }
}

#[tokio::test]
async fn a_refused_patch_says_why_in_amazons_words() {
    let world = World::new().await;
    let issue = json!({
        "code": "90220", "message": "'Brand' is required.", "severity": "ERROR",
        "attributeNames": ["brand"], "categories": ["MISSING_ATTRIBUTE"],
    });
    let odd = json!({ "code": "1", "message": "?", "severity": "GRAVE" });
    let answer =
        json!({ "sku": "A", "status": "INVALID", "submissionId": "s1", "issues": [issue, odd] });
    world
        .answers("PATCH", ResponseTemplate::new(200).set_body_json(answer))
        .await;
    let verdict = world.patch("A", &quantity(0)).await.unwrap().value;
    assert_eq!(verdict.status, PatchStatus::Invalid);
    let expected = Issue {
        code: "90220".into(),
        message: "'Brand' is required.".into(),
        severity: Severity::Error,
        attribute_names: vec!["brand".into()],
    };
    let issues = verdict.named_issues();
    assert_eq!(issues[0], expected);
    assert!(issues[0].refuses());
    assert_eq!(issues[1].severity, Severity::Other("GRAVE".to_owned()));
    assert!(!issues[1].refuses());
}

#[tokio::test]
async fn a_patch_is_repeated_with_a_fresh_access_token_body_and_all() {
    let world = World::new().await;
    let refused = ResponseTemplate::new(403).set_body_json(errors(
        "Unauthorized",
        "The access token you provided has expired.",
    ));
    Mock::given(wiremock::matchers::header(
        "x-amz-access-token",
        "Atza|Hush1",
    ))
    .respond_with(refused)
    .mount(&world.server)
    .await;
    world.answers("PATCH", accepted()).await;
    assert!(world.patch("A", &quantity(7)).await.is_ok());
    let requests = world
        .requests("/listings/2021-08-01/items/A1SELLER/A")
        .await;
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].body, requests[1].body);
}

#[tokio::test]
async fn a_listing_shows_its_product_type_its_live_quantity_and_its_issues() {
    let world = World::new().await;
    let answer = json!({
        "sku": "A b",
        "summaries": [{
            "marketplaceId": "A1F83G8C2ARO7P", "asin": "B071VG5N9D", "productType": "LUGGAGE",
            "status": ["BUYABLE"], "itemName": "A case", "novelty": 1,
        }],
        "fulfillmentAvailability": [
            { "fulfillmentChannelCode": "AMAZON_EU" },
            { "fulfillmentChannelCode": "DEFAULT", "quantity": 11 },
        ],
        "issues": [{ "code": "18027", "message": "Mind this.", "severity": "WARNING" }],
    });
    world
        .answers("GET", ResponseTemplate::new(200).set_body_json(answer))
        .await;
    let item = world.listing("A b").await.unwrap().value.unwrap();
    let merchant_too = item.channels().unwrap().contains(&Fulfilment::Merchant);
    assert!(merchant_too && item.look(None, at(0)).found == Finding::Amazon);
    assert_eq!(item.summaries[0].product_type.as_deref(), Some("LUGGAGE"));
    assert_eq!(item.issues.unwrap()[0].severity, Severity::Warning);
    let query = "marketplaceIds=A1F83G8C2ARO7P%2CA1PA6795UKMFR9&issueLocale=en_US&includedData=summaries%2Cattributes%2Cissues%2CfulfillmentAvailability";
    assert_eq!(world.the_request().await.url.query(), Some(query));
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn item(parts: Value) -> ListingsItem {
    let mut item = json!({ "sku": "A", "summaries": [{ "marketplaceId": "A1F83G8C2ARO7P" }] });
    item.as_object_mut()
        .unwrap()
        .extend(parts.as_object().unwrap().clone());
    serde_json::from_value(item).unwrap()
}

#[test]
fn who_fulfils_a_listing_is_found_by_its_live_channels_and_never_guessed() {
    let live = |codes: &[&str]| {
        let entries: Vec<Value> = codes
            .iter()
            .map(|code| json!({ "fulfillmentChannelCode": code, "quantity": 1 }))
            .collect();
        json!({ "fulfillmentAvailability": entries })
    };
    let submitted = |code: &str| {
        let entry = json!([{ "fulfillment_channel_code": code }]);
        json!({ "attributes": { "fulfillment_availability": entry } })
    };
    let rows = [
        (live(&["DEFAULT"]), Finding::Merchant),
        (live(&[]), Finding::Merchant),
        (live(&["AMAZON_EU"]), Finding::Amazon),
        (live(&["DEFAULT", "AMAZON_NA"]), Finding::Amazon),
        (live(&["0cfcbed2-fab2", "AMAZON_JP"]), Finding::Amazon),
        (
            live(&["DEFAULT", "0cfcbed2-fab2"]),
            Finding::SeveralLocations,
        ),
        (live(&["0cfcbed2-fab2"]), Finding::SeveralLocations),
        (submitted("DEFAULT"), Finding::Merchant),
        (submitted("AMAZON_EU"), Finding::Amazon),
        (json!({}), Finding::Unclear),
        (json!({ "fulfillmentAvailability": null }), Finding::Unclear),
        (
            json!({ "fulfillmentAvailability": [{ "quantity": 3 }] }),
            Finding::Unclear,
        ),
        (json!({ "fulfillmentAvailability": [7] }), Finding::Unclear),
        (
            json!({ "issues": [{ "code": 7 }], "fulfillmentAvailability": [] }),
            Finding::Merchant,
        ),
    ];
    for (parts, found) in rows {
        assert_eq!(
            item(parts.clone()).look(None, at(0)).found,
            found,
            "{parts}"
        );
    }
}

#[test]
fn a_price_that_amazons_rules_set_is_seen_by_its_plan() {
    let plan = json!([{ "merchandising_rule": { "rule_id": "328182282407-COMPETITIVE_BUYBOX" } }]);
    let automated = |offer: Value| {
        let mut offer = offer;
        offer["currency"] = json!("GBP");
        let parts = json!({ "attributes": { "purchasable_offer": [offer] } });
        item(parts).look(None, at(0)).automated_prices.unwrap()
    };
    let field = "automated_pricing_merchandising_rule_plan";
    let here = json!({ "audience": "ALL", "marketplace_id": "A1F83G8C2ARO7P", field: plan });
    assert_eq!(automated(here), [Marketplace::Uk].into());
    let nowhere_named = json!({ field: plan });
    assert_eq!(automated(nowhere_named), [Marketplace::Uk].into());
    for none in [json!(null), json!([]), json!([null]), json!([{}])] {
        let offer = json!({ "marketplace_id": "A1F83G8C2ARO7P", field: none });
        assert!(automated(offer).is_empty(), "{none}");
    }
    let business = json!({ "audience": "B2B", "marketplace_id": "A1F83G8C2ARO7P", field: plan });
    assert!(automated(business).is_empty());
    let look =
        item(json!({ "attributes": { "purchasable_offer": [{ field: plan }] } })).look(None, at(0));
    let kept = item(json!({})).look(Some(&look), at(1));
    assert_eq!(
        kept.automated_prices,
        Some([Marketplace::Uk].into()),
        "Amazon left the attributes out"
    );
    let ended = item(json!({ "attributes": { "purchasable_offer": [] } })).look(Some(&look), at(1));
    assert_eq!(ended.automated_prices, Some([].into()));
    assert_eq!(item(json!({})).look(None, at(0)).automated_prices, None);
}

#[test]
fn a_reading_without_issues_says_nothing_of_them() {
    assert_eq!(item(json!({})).issues, None);
    assert_eq!(item(json!({ "issues": [] })).issues, Some(Vec::new()));
    let verdict = |answer: Value| -> PatchVerdict { serde_json::from_value(answer).unwrap() };
    let without = verdict(json!({ "sku": "A", "status": "ACCEPTED", "submissionId": "s" }));
    assert_eq!(without.issues, None);
    let odd = json!([{ "code": 7 }, { "code": "18027", "message": "", "severity": "INFO" }]);
    let odd = json!({ "sku": "A", "status": "ACCEPTED", "submissionId": "s", "issues": odd });
    assert_eq!(
        verdict(odd).named_issues().len(),
        1,
        "an odd one hides no other"
    );
}

#[tokio::test]
async fn a_listing_that_amazon_does_not_have_is_none_and_every_other_refusal_an_error() {
    for (status, class) in [(404, None), (403, Some(Class::Permanent))] {
        let world = World::new().await;
        let answer = ResponseTemplate::new(status).set_body_json(errors("NOT_FOUND", ""));
        world.answers("GET", answer).await;
        let answer = world.listing("A").await;
        match class {
            None => assert_eq!(answer.unwrap().value, None),
            Some(class) => assert_eq!(answer.unwrap_err().class(), class),
        }
    }
}

#[tokio::test]
async fn a_sku_is_one_segment_of_the_address_whatever_it_is_made_of() {
    let rows = [
        ("A#1", "A%231"),
        ("A/1", "A%2F1"),
        ("A 1 ", "A%201%20"),
        ("50%", "50%25"),
        ("%2F", "%252F"),
        ("A&B+C", "A%26B%2BC"),
        (r#"6"x9""#, "6%22x9%22"),
        (r"A\B", "A%5CB"),
        ("Größe-漢", "Gr%C3%B6%C3%9Fe-%E6%BC%A2"),
        ("...", "..."),
        ("a.b_c~d-e", "a.b_c~d-e"),
        ("?x=1;y", "%3Fx%3D1%3By"),
    ];
    for (sku, segment) in rows {
        let world = World::new().await;
        world.answers("PATCH", accepted()).await;
        assert!(world.patch(sku, &quantity(1)).await.is_ok(), "{sku}");
        assert_eq!(
            world.the_request().await.url.path(),
            format!("/listings/2021-08-01/items/A1SELLER/{segment}")
        );
    }
}

#[tokio::test]
async fn a_sku_that_no_address_can_hold_is_refused_before_anything_is_sent() {
    let world = World::new().await;
    for sku in [".", "..", ""] {
        let error = world.patch(sku, &quantity(1)).await.unwrap_err();
        assert_eq!(error.class(), Class::Permanent, "{sku}");
    }
    assert!(world.server.received_requests().await.unwrap().is_empty());
}

proptest::proptest! {
    #[test]
    fn an_address_gives_back_the_sku_it_was_made_of(sku in "\\PC{1,40}|[#/ %&\"+?.;\\\\\t\ré漢%2e]{1,12}") {
        let endpoints = Endpoints::all_at(&"http://127.0.0.1:9/base".parse().unwrap());
        let path = ["listings", "2021-08-01", "items", "A1SELLER", &sku];
        match endpoints.operation(Region::Eu, &path, &[]) {
            Err(_) => proptest::prop_assert!(sku == "." || sku == ".."),
            Ok(url) => {
                let segments: Vec<&str> = url.path_segments().unwrap().collect();
                proptest::prop_assert_eq!(segments.len(), 6);
                let told = percent_encoding::percent_decode_str(segments[5]).decode_utf8().unwrap();
                proptest::prop_assert_eq!(told.as_ref(), sku);
                proptest::prop_assert_eq!((url.query(), url.fragment()), (None, None));
            }
        }
    }
}
