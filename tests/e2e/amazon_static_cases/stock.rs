//! The operations by which stock and prices go out: listings, feeds and reports.

use super::{Amazon, is_refused_as_told};
use crate::amazon_model::{Case, FEEDS, LISTINGS, Model, REPORTS};
use serde_json::Value;
use stallkeeper::Result;
use stallkeeper::domain::ids::SellerId;
use stallkeeper::domain::listing::Fulfilment;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::sp_api::{
    Change, FeedType, ListingPatch, ListingsData, ListingsItem, PatchStatus, PatchVerdict,
    ReportType,
};

/// Serves each case of these operations to the client: `read` asks, and compares what it made of a good answer.
pub(super) async fn all_cases_of(
    file: &str,
    operations: &[&str],
    read: impl AsyncFn(&Amazon, &Case) -> Result<()>,
) {
    let model = Model::read(file);
    let cases = model.cases();
    for operation in operations {
        let good_and_bad = cases.iter().filter(|case| case.operation == *operation);
        assert!(
            good_and_bad.count() >= 2,
            "the model lost its cases of {operation}"
        );
    }
    for case in &cases {
        if !operations.contains(&case.operation.as_str()) {
            continue;
        }
        let amazon = Amazon::answering(case).await;
        match (read(&amazon, case).await, case.status) {
            (Ok(()), 200..=299) => {}
            (Err(error), 400..) => is_refused_as_told(case, &error),
            (result, status) => panic!("{} with {status}: {result:?}", case.operation),
        }
        amazon.was_asked_properly(&model).await;
    }
}

fn value<'a>(case: &'a Case, parameter: &str) -> &'a str {
    case.parameters[parameter]["value"]
        .as_str()
        .unwrap_or("of none")
}

pub(super) fn text(json: &Value) -> String {
    json.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_static_case_of_amazons_feeds_model_is_read() {
    let operations = [
        "createFeedDocument",
        "createFeed",
        "getFeed",
        "getFeedDocument",
    ];
    all_cases_of(FEEDS, &operations, async |amazon, case| {
        let (client, account) = (&amazon.client, amazon.account());
        let (kind, expected) = (FeedType::JsonListings, &case.answer);
        match case.operation.as_str() {
            "createFeedDocument" => {
                let address = client.create_feed_document(&account, kind).await?.value;
                assert_eq!(address.document_id, text(&expected["feedDocumentId"]));
            }
            "createFeed" => {
                let feed = client.create_feed(&account, kind, Marketplace::Uk, "d");
                assert_eq!(feed.await?.value, text(&expected["feedId"]));
            }
            "getFeed" => {
                let feed = client
                    .get_feed(&account, value(case, "feedId"))
                    .await?
                    .value;
                let status = serde_json::to_value(&feed.status).unwrap();
                assert_eq!(status, expected["processingStatus"]);
                assert!(feed.status.is_final());
                let created: jiff::Timestamp = text(&expected["createdTime"]).parse().unwrap();
                assert_eq!(feed.created_at, created);
                assert_eq!(feed.processing_end, Some(created));
            }
            _ => {
                let document = value(case, "feedDocumentId");
                let _ = client.get_feed_document(&account, document).await?;
            }
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn every_static_case_of_amazons_reports_model_is_read() {
    let operations = ["createReport", "getReport", "getReportDocument"];
    all_cases_of(REPORTS, &operations, async |amazon, case| {
        let (client, account) = (&amazon.client, amazon.account());
        let expected = &case.answer;
        match case.operation.as_str() {
            "createReport" => {
                let kind = ReportType::AllListings;
                let report = client
                    .create_report(&account, kind, Marketplace::De)
                    .await?;
                assert_eq!(report.value, text(&expected["reportId"]));
            }
            "getReport" => {
                let report = value(case, "reportId");
                let report = client.get_report(&account, report).await?.value;
                let status = serde_json::to_value(&report.status).unwrap();
                assert_eq!(status, expected["processingStatus"]);
                let end = report.processing_end.unwrap();
                assert_eq!(end, text(&expected["processingEndTime"]).parse().unwrap());
            }
            _ => {
                let document = value(case, "reportDocumentId");
                let _ = client.get_report_document(&account, document).await?;
            }
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn every_static_case_of_amazons_listings_model_is_read() {
    let price = Change::Price {
        marketplace: Marketplace::Us,
        amount: "12.50".parse().unwrap(),
        limits: Default::default(),
    };
    for change in [Change::Quantity(3), price] {
        let operations = ["patchListingsItem", "getListingsItem"];
        all_cases_of(LISTINGS, &operations, async |amazon, case| {
            listing_is_read(amazon, case, change).await
        })
        .await;
    }
}

async fn listing_is_read(amazon: &Amazon, case: &Case, change: Change) -> Result<()> {
    let (client, account) = (&amazon.client, amazon.account());
    let seller: SellerId = "A1SELLER".parse().unwrap();
    let (sku, store) = (value(case, "sku"), Marketplace::Us);
    if case.operation == "getListingsItem" {
        let (parts, stores) = (ListingsData::ALL, [store]);
        let item = client.get_listings_item(&account, &seller, sku, &stores, parts);
        shows_all_that_is_expected(&item.await?.value.unwrap(), &case.answer);
        return Ok(());
    }
    let patch = ListingPatch {
        product_type: None,
        change,
    };
    let verdict = client.patch_listings_item(&account, &seller, sku, store, &patch);
    judges_as_expected(&verdict.await?.value, &case.answer);
    Ok(())
}

fn judges_as_expected(verdict: &PatchVerdict, expected: &Value) {
    let status = match text(&expected["status"]).as_str() {
        "ACCEPTED" => PatchStatus::Accepted,
        "VALID" => PatchStatus::Valid,
        _ => PatchStatus::Invalid,
    };
    assert_eq!(verdict.status, status);
    assert_eq!(verdict.submission_id, Some(text(&expected["submissionId"])));
    has_the_issues(verdict.named_issues(), &expected["issues"]);
}

fn has_the_issues(issues: &[stallkeeper::sp_api::Issue], expected: &Value) {
    let expected = expected.as_array().unwrap();
    assert_eq!(issues.len(), expected.len());
    for (issue, expected) in issues.iter().zip(expected) {
        assert_eq!(issue.code, text(&expected["code"]));
        assert_eq!(issue.message, text(&expected["message"]));
        let severity = serde_json::to_value(&issue.severity).unwrap();
        assert_eq!(severity, expected["severity"]);
        let names = expected["attributeNames"].as_array();
        assert_eq!(issue.attribute_names.len(), names.map_or(0, Vec::len));
    }
}

fn shows_all_that_is_expected(item: &ListingsItem, expected: &Value) {
    assert_eq!(item.sku, text(&expected["sku"]));
    let summaries = expected["summaries"].as_array().unwrap();
    assert_eq!(item.summaries.len(), summaries.len());
    for (summary, expected) in item.summaries.iter().zip(summaries) {
        assert_eq!(summary.marketplace_id, text(&expected["marketplaceId"]));
        assert_eq!(summary.product_type, Some(text(&expected["productType"])));
        assert_eq!(summary.title.as_deref(), expected["itemName"].as_str());
    }
    let channels = expected["fulfillmentAvailability"].as_array();
    let channels = channels.unwrap().iter();
    let channels: Vec<Fulfilment> = channels
        .map(|it| Fulfilment::of(it["fulfillmentChannelCode"].as_str().unwrap()))
        .collect();
    assert_eq!(item.channels(), Some(channels));
    has_the_issues(item.issues.as_ref().unwrap(), &expected["issues"]);
}
