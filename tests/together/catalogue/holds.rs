//! What is computed of a listing that a person holds, and how it is explained.

use super::*;
use stallkeeper::domain::connection::{MarketplaceSettings, PriceMode};
use stallkeeper::domain::feed::LineValue;
use stallkeeper::domain::listing::{HoldMode, ListingHold};

impl Stand {
    async fn hold(&self, amazon_sku: &str, mode: HoldMode, until: Option<Timestamp>) {
        let read = self.listing(amazon_sku).await;
        let hold = ListingHold {
            mode,
            reason: "a recall".into(),
            until,
            author: Some("ann".into()),
            since: at(5),
        };
        let held = self.store.hold_listing(&read, &hold).await.unwrap();
        assert_eq!(held, Written::Done);
    }

    async fn release(&self, amazon_sku: &str) {
        let read = self.listing(amazon_sku).await;
        let released = self.store.release_listing(&read, Some("bob"), at(9)).await;
        assert_eq!(released.unwrap(), Written::Done);
        self.deliver(&[recompute_message(&["A"], false)]).await;
    }

    async fn counted(&self, quantity: u32, second: i64) {
        let level = level("A", "LON", quantity, second);
        let failed = self.deliver(&[levels_message(vec![level])]).await;
        assert!(failed.is_empty());
    }

    async fn explained(&self) -> Value {
        self.get("/connections/C1/listings?sku=A").await.is(200)
    }
}

async fn stand_with_a() -> Stand {
    let stand = Stand::new().await;
    stand
        .put("/products", json!([{"sku": "A", "rrp": {"GBP": "5.00"}}]))
        .await
        .is(202);
    let uk = MarketplaceSettings {
        active: true,
        price_mode: PriceMode::Rrp,
        ..MarketplaceSettings::new(Marketplace::Uk)
    };
    stand.store.put_marketplace(&key(), &uk).await.unwrap();
    stand.list("A", "A", 1, 10).await;
    let offer = key().listing(&"A".parse().unwrap()).offer(Marketplace::Uk);
    let shown = Observed {
        value: "4.00".parse().unwrap(),
        at: at(0),
    };
    let noted = stand.store.observe_offer(&offer, &shown, false).await;
    noted.unwrap();
    stand
}

/// The prices that are listed to be sent.
async fn prices(stand: &Stand) -> usize {
    let entries = stand.store.to_send(&key(), true).await.unwrap();
    entries.iter().filter(|it| it.price_on.is_some()).count()
}

#[tokio::test]
async fn a_listing_that_is_left_alone_is_computed_and_sent_nothing() {
    let stand = stand_with_a().await;
    stand.hold("A", HoldMode::Leave, None).await;
    stand.work().await;
    stand.counted(3, 6).await;
    stand.counted(0, 7).await;
    assert_eq!(stand.wanted("A").await, Some(0));
    assert_eq!(stand.to_send("A").await, None);
    assert_eq!(prices(&stand).await, 0);
    assert!(stand.queued("ticks").is_empty(), "urgent or not");
    let told = stand.explained().await;
    assert_eq!(
        told["hold"],
        json!({"mode": "leave", "reason": "a recall", "until": null, "author": "ann", "since": at(5)})
    );
    assert_eq!(told["next"]["why"], "a person holds it");
    assert_eq!(
        told["prices"][0]["next"],
        "a person holds the listing: no price is sent"
    );
    let released = "/connections/C1/prices/release?sku=A&marketplace=UK";
    let released = stand.send("POST", released, None, String::new()).await;
    released.problem(409, "listing-held");

    stand.counted(8, 8).await;
    stand.release("A").await;
    let entry = stand.to_send("A").await.unwrap();
    assert_eq!(entry.value, LineValue::Quantity(8));
    assert_eq!(prices(&stand).await, 1);
}

#[tokio::test]
async fn a_listing_that_is_held_at_zero_is_sent_zero_at_once_and_stays_at_it() {
    let stand = stand_with_a().await;
    stand.work().await;
    stand.hold("A", HoldMode::Zero, None).await;
    stand.counted(8, 6).await;
    let entry = stand.to_send("A").await.unwrap();
    assert_eq!((entry.value, entry.urgent), (LineValue::Quantity(0), true));
    assert_eq!(stand.queued("ticks").len(), 1);
    assert_eq!(stand.wanted("A").await, Some(8), "as it would be");
    let told = stand.explained().await;
    assert_eq!(
        (&told["next"]["send"], &told["wanted"]["value"]),
        (&json!(0), &json!(8))
    );
    let row = stand.get("/connections/C1/listings").await.is(200);
    assert_eq!(row["listings"][0]["hold"], "zero");
}

#[tokio::test]
async fn it_is_held_at_zero_even_if_nothing_is_known_of_its_stock() {
    let stand = stand_with_a().await;
    stand.hold("A", HoldMode::Zero, None).await;
    stand.work().await;
    assert_eq!(stand.wanted("A").await, None);
    let entry = stand.to_send("A").await.unwrap();
    assert_eq!(entry.value, LineValue::Quantity(0));
}

#[tokio::test]
async fn a_hold_whose_time_is_over_ends_with_the_next_level_and_the_history_says_so() {
    let stand = stand_with_a().await;
    stand.work().await;
    let soon = Timestamp::now() + jiff::SignedDuration::from_hours(1);
    stand.hold("A", HoldMode::Leave, Some(soon)).await;
    stand.counted(8, 6).await;
    assert_eq!(stand.to_send("A").await, None);
    stand.hold("A", HoldMode::Leave, Some(at(6))).await;
    stand.counted(7, 7).await;
    let listing = stand.listing("A").await;
    assert_eq!(listing.hold, None);
    let entry = stand.to_send("A").await.unwrap();
    assert_eq!(entry.value, LineValue::Quantity(7));
    let history = stand.explained().await["history"].clone();
    let history = history.as_array().unwrap();
    let has = |what: &str| history.iter().any(|it| it["what"] == what);
    assert!(has("its hold (`leave`) ended by itself"), "{history:#?}");
    assert!(has(&format!(
        "held (`leave`) until {} by ann: a recall",
        at(6)
    )));
    let held = stand.store.held_page(&key(), None, 10).await.unwrap();
    assert!(held.skus.is_empty());
}
