//! What is asked before an offer is made: Amazon's catalogue, restrictions, the definition of sales terms.

use super::*;
use crate::domain::ids::{Asin, SellerId};
use crate::domain::marketplace::Marketplace;
use crate::domain::new_offer::{OfferCondition, Restriction};
use std::collections::BTreeMap;

fn seller() -> SellerId {
    "A1SELLER".parse().unwrap()
}

async fn query(world: &World) -> (String, BTreeMap<String, String>) {
    let url = world.the_request().await.url;
    let query = url.query_pairs().into_owned().collect();
    (url.path().to_owned(), query)
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    owned.collect()
}

#[tokio::test]
async fn items_are_searched_by_their_numbers_and_shown_with_them() {
    let world = World::new().await;
    let answer = json!({
        "numberOfResults": 2,
        "pagination": { "nextToken": "more" },
        "items": [
            {
                "asin": "B07N4M94X4",
                "identifiers": [{ "marketplaceId": "A1F83G8C2ARO7P", "identifiers": [
                    { "identifierType": "EAN", "identifier": "0887276302195" },
                    { "identifierType": "SKU", "novelty": 1 },
                ]}],
                "productTypes": [{ "marketplaceId": "A1F83G8C2ARO7P", "productType": "TELEVISION" }],
                "summaries": [{
                    "marketplaceId": "A1F83G8C2ARO7P", "brand": "SAMSUNG", "itemName": "A television",
                    "itemClassification": "BASE_PRODUCT",
                }],
            },
            { "asin": "B07N4M94X5", "summaries": [{ "marketplaceId": "A1F83G8C2ARO7P", "itemClassification": "VARIATION_PARENT" }] },
        ],
    });
    world
        .answers("GET", ResponseTemplate::new(200).set_body_json(answer))
        .await;
    let (account, numbers) = (world.account(), ["887276302195", "000000000017"]);
    let found = world
        .amazon
        .search_catalog_items(
            &account,
            Marketplace::Uk,
            IdentifierType::Upc,
            &numbers,
            Some("page 2"),
        )
        .await
        .unwrap()
        .value;
    assert_eq!(found.next_token.as_deref(), Some("more"));
    let television = &found.items[0];
    assert!(television.has("887276302195") && television.has("00887276302195"));
    assert!(!television.has("88727630219") && television.has("B07N4M94X4"));
    assert_eq!(television.product_type.as_deref(), Some("TELEVISION"));
    assert_eq!(
        (television.title.as_deref(), television.is_parent),
        (Some("A television"), false)
    );
    assert!(found.items[1].is_parent && found.items[1].identifiers.is_empty());
    let expected = [
        ("identifiers", "887276302195,000000000017"),
        ("identifiersType", "UPC"),
        ("includedData", "identifiers,productTypes,summaries"),
        ("marketplaceIds", "A1F83G8C2ARO7P"),
        ("pageSize", "20"),
        ("pageToken", "page 2"),
    ];
    assert_eq!(
        query(&world).await,
        ("/catalog/2022-04-01/items".to_owned(), pairs(&expected))
    );
}

#[tokio::test]
async fn an_item_without_its_number_hides_nothing() {
    let world = World::new().await;
    let answer = json!({ "numberOfResults": 1, "items": [{ "asin": 7 }] });
    world
        .answers("GET", ResponseTemplate::new(200).set_body_json(answer))
        .await;
    let account = world.account();
    let found = world
        .amazon
        .search_catalog_items(&account, Marketplace::Uk, IdentifierType::Ean, &["1"], None)
        .await;
    assert_eq!(found.unwrap_err().class(), crate::error::Class::Retryable);
}

#[tokio::test]
async fn a_restriction_has_amazons_words_and_link_and_none_is_overlooked() {
    let world = World::new().await;
    let link = "https://sellercentral.amazon.co.uk/hz/approvalrequest?asin=B071VG5N9D";
    let answer = json!({ "restrictions": [
        { "marketplaceId": "A1F83G8C2ARO7P", "conditionType": "new_new", "reasons": [{
            "message": "You need approval.", "reasonCode": "APPROVAL_REQUIRED",
            "links": [{ "resource": "javascript:x", "verb": "GET" }, { "resource": link, "verb": "GET" }],
        }]},
        { "marketplaceId": "A1F83G8C2ARO7P" },
    ]});
    world
        .answers("GET", ResponseTemplate::new(200).set_body_json(answer))
        .await;
    let asin: Asin = "B071VG5N9D".parse().unwrap();
    let (account, condition) = (world.account(), OfferCondition::New);
    let found = world
        .amazon
        .get_listings_restrictions(&account, &seller(), Marketplace::Uk, &asin, condition)
        .await
        .unwrap()
        .value;
    let approval = Restriction {
        code: Some("APPROVAL_REQUIRED".into()),
        message: "You need approval.".into(),
        link: Some(link.into()),
    };
    assert_eq!(found[0], approval);
    assert_eq!((found.len(), &found[1].code), (2, &None));
    let expected = [
        ("asin", "B071VG5N9D"),
        ("conditionType", "new_new"),
        ("marketplaceIds", "A1F83G8C2ARO7P"),
        ("reasonLocale", "en_US"),
        ("sellerId", "A1SELLER"),
    ];
    assert_eq!(
        query(&world).await,
        (
            "/listings/2021-08-01/restrictions".to_owned(),
            pairs(&expected)
        )
    );
}

#[tokio::test]
async fn the_definition_of_sales_terms_leads_to_its_schema() {
    let world = World::new().await;
    let link = json!({ "resource": world.uri("/s3/schema"), "verb": "GET" });
    let definition = json!({
        "schema": { "link": link, "checksum": "c" }, "requirements": "LISTING_OFFER_ONLY",
        "requirementsEnforced": "ENFORCED", "propertyGroups": {}, "locale": "en_GB",
        "marketplaceIds": ["A1F83G8C2ARO7P"], "productType": "PRODUCT", "displayName": "Product",
        "productTypeVersion": { "version": "1", "latest": true },
    });
    Mock::given(path("/definitions/2020-09-01/productTypes/PRODUCT"))
        .respond_with(ResponseTemplate::new(200).set_body_json(definition))
        .mount(&world.server)
        .await;
    let schema = json!({ "required": ["condition_type"], "properties": { "condition_type": {} } });
    Mock::given(path("/s3/schema"))
        .respond_with(ResponseTemplate::new(200).set_body_json(schema))
        .mount(&world.server)
        .await;
    let (account, seller) = (world.account(), seller());
    let get = world
        .amazon
        .get_offer_definition(&account, &seller, Marketplace::Uk);
    let address = get.await.unwrap().value;
    let rules = world.amazon.offer_rules(&address).await.unwrap();
    assert_eq!((rules.required.len(), rules.known.unwrap().len()), (1, 1));
    let asked = world
        .requests("/definitions/2020-09-01/productTypes/PRODUCT")
        .await;
    let query: BTreeMap<String, String> = asked[0].url.query_pairs().into_owned().collect();
    assert_eq!(query["requirements"], "LISTING_OFFER_ONLY");
    assert_eq!(query["sellerId"], "A1SELLER");
    let download = world.requests("/s3/schema").await;
    assert!(!download[0].headers.contains_key("x-amz-access-token"));
}
