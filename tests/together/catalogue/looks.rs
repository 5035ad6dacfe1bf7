//! What looks before sending found, in lists and explained.

use super::explain::{contains, explained};
use super::listings::place;
use super::*;
use stallkeeper::domain::connection::{MarketplaceSettings, PriceMode};
use stallkeeper::domain::listing::{Finding, Look};

impl Stand {
    async fn note_look(&self, amazon_sku: &str, look: &Look) {
        let name = amazon_sku.parse().unwrap();
        let noted = self.store.note_look(&key().listing(&name), look).await;
        noted.unwrap();
    }

    async fn row(&self, state: &str) -> Value {
        let path = format!("/connections/C1/listings?state={state}");
        self.get(&path).await.is(200)["listings"][0].clone()
    }
}

fn found(finding: Finding) -> Look {
    Look::new(None, finding, Timestamp::now())
}

#[tokio::test]
async fn what_waits_for_a_look_says_what_the_last_one_found() {
    let stand = Stand::new().await;
    stand.keep(&["P"]).await;
    stand.list("P", "P", 1, 5).await;
    stand
        .deliver(&[levels_message(vec![level("P", "LON", 3, 10)])])
        .await;
    let waits = async || explained(&stand, "P").await["next"]["waits_for"].clone();
    contains(&waits().await, "its first look");
    let refused = Look {
        words: Some("Amazon answered getListingsItem with 403 (Unauthorized)".to_owned()),
        ..found(Finding::Refused)
    };
    stand.note_look("P", &refused).await;
    contains(&waits().await, "getListingsItem with 403");
    assert_eq!(stand.row("matched").await["look"], "refused");
    stand.note_look("P", &found(Finding::NotThere)).await;
    contains(&waits().await, "on no marketplace");
    stand.note_look("P", &found(Finding::Merchant)).await;
    let clear = waits().await.to_string();
    assert!(!clear.contains("look"), "{clear}");
    let told = explained(&stand, "P").await;
    assert_eq!(told["look"]["found"], "merchant");
    assert_eq!(stand.row("matched").await["look"], "merchant");
}

#[tokio::test]
async fn a_listing_with_several_locations_is_listed_as_such_and_explained() {
    let stand = Stand::new().await;
    place(&stand, "M", ListingState::MultiLocation).await;
    stand
        .note_look("M", &found(Finding::SeveralLocations))
        .await;
    assert_eq!(
        stand.row("multi_location").await["look"],
        "several_locations"
    );
    let told = explained(&stand, "M").await;
    contains(&told["state_note"], "several locations");
    contains(&told["next"]["why"], "not matched");
    let csv = stand.get("/connections/C1/listings?format=csv").await;
    assert!(csv.text.contains("several_locations"), "{}", csv.text);
}

#[tokio::test]
async fn a_price_that_amazons_rules_set_is_left_alone_and_cannot_be_released() {
    let stand = Stand::new().await;
    let product = json!([{"sku": "P", "rrp": {"GBP": "40.00"}}]);
    stand.put("/products", product).await.is(202);
    stand.work().await;
    stand.list("P", "P", 1, 5).await;
    let uk = MarketplaceSettings {
        active: true,
        price_mode: PriceMode::Rrp,
        ..MarketplaceSettings::new(Marketplace::Uk)
    };
    stand.store.put_marketplace(&key(), &uk).await.unwrap();
    let automated = Look {
        automated_prices: Some([Marketplace::Uk].into()),
        ..found(Finding::Merchant)
    };
    stand.note_look("P", &automated).await;
    stand.deliver(&[recompute_message(&["P"], true)]).await;
    let price = explained(&stand, "P").await["prices"][0].clone();
    assert_eq!(
        (&price["mode"], &price["held"]),
        (&json!("rrp"), &json!(false))
    );
    contains(&price["next"], "automated pricing");
    let row = stand.row("matched").await;
    assert_eq!(row["automated_prices"], json!(["UK"]));
    let name = "P".parse().unwrap();
    let connection = &key();
    let entry = stand
        .store
        .to_send_of(connection, &name, ListingPart::Price(Marketplace::Uk));
    assert_eq!(entry.await.unwrap(), None);
    let path = "/connections/C1/prices/release?sku=P&marketplace=UK";
    stand
        .send("POST", path, None, String::new())
        .await
        .problem(409, "price-automated");
}
