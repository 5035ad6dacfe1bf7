//! Offers that are to be made: wanted, listed and answered by people.

use crate::stock::Stock;
use jiff::Timestamp;
use serde_json::{Value, json};
use stallkeeper::domain::connection::{MarketplaceSettings, Participation};
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::new_offer::{Candidate, NewOffer, NewOfferState};
use stallkeeper::domain::product::{Product, digest};
use stallkeeper::store::{SkuInputs, Written};

const UK: Marketplace = Marketplace::Uk;

impl Stock {
    /// One whose seller sells in the UK, and keeps these products.
    async fn selling(skus: &[&str]) -> Self {
        let stock = Self::new().await;
        let store = &stock.database.store;
        let mut connection = store.connection(&stock.key()).await.unwrap().unwrap();
        connection.participations = vec![Participation {
            marketplace: UK,
            participating: true,
            suspended_listings: false,
        }];
        connection.revision += 1;
        let written = store.replace_connection(&connection).await.unwrap();
        assert_eq!(written, Written::Done);
        let open = MarketplaceSettings {
            active: true,
            ..MarketplaceSettings::new(UK)
        };
        store.put_marketplace(&stock.key(), &open).await.unwrap();
        for sku in skus {
            let product: Product = serde_json::from_value(json!({"sku": sku})).unwrap();
            let (tenant, hash) = (&connection.tenant, digest(&product).unwrap());
            let (now, read) = (Timestamp::now(), SkuInputs::default());
            let put = store.put_product(tenant, &product, &hash, now, &read, 0);
            let _ = put.await.unwrap();
        }
        stock
    }

    async fn new_offer(&self, sku: &str) -> NewOffer {
        let offer = self
            .database
            .store
            .new_offer(&self.key(), &sku.parse().unwrap())
            .await;
        offer.unwrap().unwrap()
    }

    async fn want(&self, rows: Value) -> Value {
        self.told("POST", "offers", rows).await.is(202)
    }
}

#[tokio::test]
async fn each_row_is_judged_by_itself_and_what_is_on_its_way_is_not_wanted_twice() {
    let stock = Stock::selling(&["A", "B"]).await;
    let rows = json!([
        {"sku": "A"}, {"sku": "B", "asin": "B000000001", "marketplace": "UK"}, {"sku": "C"}, {"sku": "A"},
        {"asin": "B000000001"}, {"sku": "B2", "marketplace": "DE"},
    ]);
    let told = stock.want(rows.clone()).await;
    assert_eq!(
        (&told["accepted"], &told["unchanged"]),
        (&json!(2), &json!(0))
    );
    let rejected: Vec<(u64, &str)> = told["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["row"].as_u64().unwrap(), it["code"].as_str().unwrap()))
        .collect();
    let expected = [
        (3, "no_product"),
        (4, "sku_twice"),
        (5, "unreadable"),
        (6, "marketplace"),
    ];
    assert_eq!(rejected, expected);
    assert_eq!(stock.kinds("offer-jobs"), ["run"]);
    let again = stock.want(rows).await;
    assert_eq!(
        (&again["accepted"], &again["unchanged"]),
        (&json!(0), &json!(2))
    );
    let listed = stock.ask("GET", "offers?state=wanted", Value::Null).await;
    let skus: Vec<&Value> = listed["offers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["sku"])
        .collect();
    assert_eq!(skus, ["A", "B"]);
    assert_eq!(listed["offers"][1]["asin"], "B000000001");
    let none = stock.ask("GET", "offers?state=ask", Value::Null).await;
    assert_eq!(none, json!({"offers": [], "next": null}));
}

#[tokio::test]
async fn a_person_picks_the_item_or_says_never() {
    let stock = Stock::selling(&["A"]).await;
    stock.want(json!([{"sku": "A"}])).await;
    let read = stock.new_offer("A").await;
    let candidate = |asin: &str| Candidate {
        asin: asin.parse().unwrap(),
        title: Some("A mug".into()),
        brand: None,
        product_type: None,
    };
    let asks = read.found(
        vec![candidate("B000000001"), candidate("B000000002")],
        Timestamp::now(),
    );
    let store = &stock.database.store;
    assert_eq!(
        store.put_new_offer(&asks, Some(&read)).await.unwrap(),
        Written::Done
    );
    let listed = stock.ask("GET", "offers?state=ask", Value::Null).await;
    assert_eq!(listed["offers"][0]["candidates"][1]["asin"], "B000000002");

    for bad in [
        json!({"sku": "A"}),
        json!({"sku": "A", "asin": "B000000002", "never": true}),
        json!({"sku": "A", "asin": "B000000002", "price": "9.90"}),
        json!({"sku": "A", "price": 9.9}),
    ] {
        stock.refused("POST", "offers/answer", bad, 422).await;
    }
    stock
        .refused(
            "POST",
            "offers/answer",
            json!({"sku": "Z", "never": true}),
            404,
        )
        .await;
    let item = json!({"sku": "A", "asin": "B000000002"});
    for _ in 0..2 {
        let answered = stock.ask("POST", "offers/answer", item.clone()).await;
        assert_eq!(
            (&answered["state"], &answered["asin"]),
            (&json!("wanted"), &json!("B000000002"))
        );
    }
    let never = stock
        .ask("POST", "offers/answer", json!({"sku": "A", "never": true}))
        .await;
    assert_eq!(never["state"], "never");
    let rejected = stock.want(json!([{"sku": "A"}])).await["rejected"].clone();
    assert_eq!(rejected[0]["code"], "never", "{rejected}");
    let again = stock.ask("POST", "offers/answer", item).await;
    assert_eq!(again["state"], "wanted", "named again, it is offered");
    let read = stock.new_offer("A").await;
    let sent = NewOffer {
        state: NewOfferState::Accepted,
        revision: read.revision + 1,
        ..read.clone()
    };
    assert_eq!(
        store.put_new_offer(&sent, Some(&read)).await.unwrap(),
        Written::Done
    );
    let kind = stock
        .refused(
            "POST",
            "offers/answer",
            json!({"sku": "A", "never": true}),
            409,
        )
        .await;
    assert_eq!(kind, "offer-sent");
}

#[tokio::test]
async fn the_first_price_that_was_looked_at_is_released_and_no_other() {
    let stock = Stock::selling(&["A"]).await;
    stock.want(json!([{"sku": "A"}])).await;
    let read = stock.new_offer("A").await;
    let held = read.holds_price("9.90".parse().unwrap(), "recommended", Timestamp::now());
    let store = &stock.database.store;
    assert_eq!(
        store.put_new_offer(&held, Some(&read)).await.unwrap(),
        Written::Done
    );
    let listed = stock.ask("GET", "offers?state=ask", Value::Null).await;
    assert_eq!(listed["offers"][0]["held_price"], "9.90");
    let answer = |price: &str| json!({"sku": "A", "price": price});
    let other = stock.refused("POST", "offers/answer", answer("9.80"), 409);
    assert_eq!(other.await, "nothing-held");
    for _ in 0..2 {
        let answered = stock.ask("POST", "offers/answer", answer("9.90")).await;
        assert_eq!(answered["state"], "wanted");
    }
    let released = stock.new_offer("A").await.released_price;
    assert_eq!(released, Some("9.90".parse().unwrap()));
}

#[tokio::test]
async fn offers_are_off_until_somebody_switches_them_on() {
    let stock = Stock::selling(&[]).await;
    let shown = stock.ask("GET", "offers/settings", Value::Null).await;
    assert_eq!(
        (&shown["on"], &shown["a_day"], &shown["condition"]),
        (&json!(false), &json!(200), &json!("new"))
    );
    assert_eq!(shown["sends_first_prices"], false);
    let on = json!({"on": true, "handling_days": 2, "shipping_template": "UK", "a_day": 5});
    for _ in 0..2 {
        let set = stock.ask("PUT", "offers/settings", on.clone()).await;
        assert_eq!(
            (&set["revision"], &set["handling_days"]),
            (&json!(1), &json!(2))
        );
    }
    assert_eq!(stock.kinds("offer-jobs"), ["run", "run"]);
    for bad in [
        json!({"a_day": 0}),
        json!({"handling_days": 31}),
        json!({"shipping_template": " "}),
        json!({"x": 1}),
    ] {
        stock.refused("PUT", "offers/settings", bad, 422).await;
    }
}

#[tokio::test]
async fn a_matched_offer_whose_listing_is_gone_is_made_again() {
    let stock = Stock::selling(&["A"]).await;
    stock.want(json!([{"sku": "A"}])).await;
    let (store, read) = (&stock.database.store, stock.new_offer("A").await);
    let matched = NewOffer {
        state: NewOfferState::Matched,
        revision: read.revision + 1,
        ..read.clone()
    };
    let put = store.put_new_offer(&matched, Some(&read)).await.unwrap();
    assert_eq!(put, Written::Done);
    let connection = store.connection(&stock.key()).await.unwrap().unwrap();
    let sku = "A".parse().unwrap();
    let listing = Listing::new(&connection, sku, ListingState::Matched);
    let placed = store.place_listing(&listing, None, false).await.unwrap();
    assert_eq!(placed, Written::Done);
    let told = stock.want(json!([{"sku": "A"}])).await;
    assert_eq!(told["unchanged"], 1, "it is a listing as any other");
    let read = store.listing(&listing.key()).await.unwrap().unwrap();
    let gone = Listing {
        state: ListingState::NotOnAmazon,
        ..read.clone()
    };
    let placed = store.place_listing(&gone, Some(&read), false).await;
    assert_eq!(placed.unwrap(), Written::Done);
    let told = stock.want(json!([{"sku": "A"}])).await;
    assert_eq!(told["accepted"], 1);
    assert_eq!(stock.new_offer("A").await.state, NewOfferState::Wanted);
}
