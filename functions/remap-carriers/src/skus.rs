//! Whether anybody here knows what an order names: its SKUs as listings of the connection, or as products.

use crate::{App, RulesOfBatch, rules_of};
use stallkeeper::domain::ids::{AmazonSku, ConnectionKey, Sku};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::order::Order;
use stallkeeper::error::Result;
use stallkeeper::store::Store;
use std::collections::BTreeSet;

/// The marketplaces whose last report was read whole: only what such a report lacks is not there.
pub(crate) async fn matched_marketplaces(
    store: &Store,
    connection: &ConnectionKey,
) -> Result<BTreeSet<Marketplace>> {
    let matching = store.matching(connection).await?.state;
    if matching.done_at.is_none() {
        return Ok(BTreeSet::new());
    }
    let whole = matching.marketplaces.into_iter().filter(|reports| {
        reports.read_at.is_some() && reports.failed.is_none() && reports.held.is_none()
    });
    Ok(whole.map(|reports| reports.marketplace).collect())
}

/// The SKUs of an order that is to be shipped which are neither a listing nor a product. One read an order, and none where
/// listings are not known.
pub(crate) async fn unknown_skus(
    app: &App,
    rules: &RulesOfBatch,
    connection: &ConnectionKey,
    order: &Order,
) -> Result<BTreeSet<String>> {
    let Some(rules) = rules_of(app, rules, connection).await? else {
        return Ok(BTreeSet::new());
    };
    let skus = rules.skus_to_know(order).into_iter().collect();
    known_to_nobody(&app.store, connection, skus).await
}

async fn known_to_nobody(
    store: &Store,
    connection: &ConnectionKey,
    mut skus: Vec<AmazonSku>,
) -> Result<BTreeSet<String>> {
    if skus.is_empty() {
        return Ok(BTreeSet::new());
    }
    let listings = store.batch_get_listings(connection, &skus).await?;
    skus.retain(|sku| !listings.contains_key(sku));
    if skus.is_empty() {
        return Ok(BTreeSet::new());
    }
    let wanted: Vec<Sku> = skus.iter().map(AmazonSku::as_product).collect();
    let products = store.products(&connection.tenant, &wanted).await?;
    let unknown = skus
        .iter()
        .filter(|sku| !products.contains_key(&sku.as_product()));
    Ok(unknown.map(|sku| sku.as_str().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::Database;
    use kit::sample::{at, demo_connection};
    use stallkeeper::domain::listing::{Listing, ListingState};
    use stallkeeper::domain::product::Product;
    use stallkeeper::store::{HeldReport, Leased, MarketplaceReports, Matching, Written};

    fn product(sku: &str) -> Product {
        serde_json::from_value(serde_json::json!({ "sku": sku })).unwrap()
    }

    #[tokio::test]
    async fn a_sku_is_known_by_a_listing_in_any_state_or_by_a_product_spelt_just_so() {
        let database = Database::new().await;
        let (store, connection) = (&database.store, demo_connection());
        let key = connection.key();
        let gone = "GONE".parse().unwrap();
        let listing = Listing::new(&connection, gone, ListingState::NotOnAmazon);
        let placed = store.place_listing(&listing, None, false).await;
        assert_eq!(placed.unwrap(), Written::Done);
        let mug = "MUG#1".parse().unwrap();
        let read = store.sku_inputs(&key.tenant, &mug).await.unwrap();
        let product = product("MUG#1");
        let put = store.put_product(&key.tenant, &product, "1", at(0), &read, 0);
        let _ = put.await.unwrap();
        let skus = ["GONE", "MUG#1", "mug#1", "OTHER"];
        let skus = skus.iter().map(|sku| sku.parse().unwrap()).collect();
        let unknown = known_to_nobody(store, &key, skus).await.unwrap();
        assert_eq!(unknown, ["OTHER", "mug#1"].map(str::to_owned).into());
        let none = known_to_nobody(store, &key, Vec::new()).await.unwrap();
        assert!(none.is_empty());
    }

    #[tokio::test]
    async fn only_a_report_that_was_read_whole_says_what_is_not_there() {
        let reports = |change: fn(&mut MarketplaceReports)| {
            let mut reports = MarketplaceReports::new(Marketplace::Uk);
            reports.read_at = Some(at(0));
            change(&mut reports);
            reports
        };
        let held = |reports: &mut MarketplaceReports| {
            let (at, known, lost) = (at(0), 10, 5);
            reports.held = Some(HeldReport { at, known, lost });
        };
        let rows = [
            (reports(|_| {}), Some(at(1)), true),
            (reports(|_| {}), None, false),
            (reports(|it| it.read_at = None), Some(at(1)), false),
            (
                reports(|it| it.failed = Some("no".into())),
                Some(at(1)),
                false,
            ),
            (reports(held), Some(at(1)), false),
        ];
        for (reports, done_at, is_whole) in rows {
            let database = Database::new().await;
            let key = demo_connection().key();
            let mut matching = Leased::from(Matching {
                marketplaces: vec![reports.clone()],
                done_at,
                ..Matching::default()
            });
            let saved = database.store.save_leased(&key, &mut matching).await;
            assert_eq!(saved.unwrap(), Written::Done);
            let matched = matched_marketplaces(&database.store, &key).await.unwrap();
            assert_eq!(matched.contains(&Marketplace::Uk), is_whole, "{reports:?}");
        }
    }
}
