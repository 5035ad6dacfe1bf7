//! The operations that are called before an offer is made: catalogue, restrictions, definitions of product types.

use super::Amazon;
use super::stock::{all_cases_of, text};
use crate::amazon_model::{CATALOG, DEFINITIONS, RESTRICTIONS};
use stallkeeper::domain::ids::{Asin, SellerId};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::new_offer::OfferCondition;
use stallkeeper::sp_api::IdentifierType;

const STORE: Marketplace = Marketplace::Us;

fn seller() -> SellerId {
    "A1SELLER".parse().unwrap()
}

#[tokio::test]
async fn every_static_case_of_amazons_catalogue_model_is_read() {
    all_cases_of(
        CATALOG,
        &["searchCatalogItems"],
        async |amazon: &Amazon, case| {
            let account = amazon.account();
            let (kind, numbers) = (IdentifierType::Ean, ["0887276302195"]);
            let search = amazon
                .client
                .search_catalog_items(&account, STORE, kind, &numbers, None);
            let found = search.await?.value;
            let expected = case.answer["items"].as_array().unwrap();
            assert_eq!(found.items.len(), expected.len());
            for (item, expected) in found.items.iter().zip(expected) {
                assert_eq!(item.asin.as_str(), text(&expected["asin"]));
                let summary = &expected["summaries"][0];
                assert_eq!(item.title.as_deref(), summary["itemName"].as_str());
                assert_eq!(item.brand.as_deref(), summary["brand"].as_str());
                let numbers = expected["identifiers"][0]["identifiers"].as_array();
                assert_eq!(item.identifiers.len(), numbers.map_or(0, Vec::len));
            }
            let next = case.answer["pagination"]["nextToken"].as_str();
            assert_eq!(found.next_token.as_deref(), next);
            Ok(())
        },
    )
    .await;
}

#[tokio::test]
async fn every_static_case_of_amazons_restrictions_model_is_read() {
    all_cases_of(
        RESTRICTIONS,
        &["getListingsRestrictions"],
        async |amazon: &Amazon, case| {
            let (account, seller): (_, SellerId) = (amazon.account(), seller());
            let asin: Asin = "B0000ASIN1".parse().unwrap();
            let condition = OfferCondition::UsedAcceptable;
            let ask = amazon
                .client
                .get_listings_restrictions(&account, &seller, STORE, &asin, condition);
            let found = ask.await?.value;
            let reason = &case.answer["restrictions"][0]["reasons"][0];
            assert_eq!(found[0].message, text(&reason["message"]));
            assert_eq!(
                found[0].link.as_deref(),
                reason["links"][0]["resource"].as_str()
            );
            Ok(())
        },
    )
    .await;
}

#[tokio::test]
async fn every_static_case_of_amazons_definitions_model_is_read() {
    all_cases_of(
        DEFINITIONS,
        &["getDefinitionsProductType"],
        async |amazon: &Amazon, _| {
            let (account, seller) = (amazon.account(), seller());
            let get = amazon.client.get_offer_definition(&account, &seller, STORE);
            let _ = get.await?;
            Ok(())
        },
    )
    .await;
}
