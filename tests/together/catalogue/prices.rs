//! A price that is held, and let go.

use super::explain::{contains, explained};
use super::*;
use rust_decimal::Decimal;
use stallkeeper::domain::connection::{MarketplaceSettings, PriceMode};

#[tokio::test]
async fn a_price_that_moves_too_far_is_held_until_a_person_lets_it_go() {
    let stand = Stand::new().await;
    let product = json!([{"sku": "P", "rrp": {"GBP": "40.00"}}]);
    stand.put("/products", product).await.is(202);
    stand.work().await;
    stand.list("P", "P", 1, 5).await;
    let mut uk = MarketplaceSettings::new(Marketplace::Uk);
    uk.active = true;
    uk.price_mode = PriceMode::Rrp;
    let store = &stand.store;
    let before = store.marketplace(&key(), Marketplace::Uk).await.unwrap();
    let written = store.replace_marketplace(&key(), &uk, &before).await;
    assert_eq!(written.unwrap(), Written::Done);
    let name = "P".parse().unwrap();
    let offer = &key().listing(&name).offer(Marketplace::Uk);
    let observed = Observed {
        value: Decimal::from(10),
        at: at(0),
    };
    store.observe_offer(offer, &observed, false).await.unwrap();
    stand
        .deliver(&[levels_message(vec![level("P", "LON", 5, 10)])])
        .await;
    stand.deliver(&[recompute_message(&["P"], true)]).await;
    let price = explained(&stand, "P").await["prices"][0].clone();
    assert_eq!(
        (&price["mode"], &price["held"], &price["currency"]),
        (&json!("rrp"), &json!(true), &json!("GBP"))
    );
    assert_eq!(
        (&price["wanted"]["value"], &price["observed"]["value"]),
        (&json!("40.00"), &json!("10"))
    );
    contains(&price["next"], "prices/release");
    stand.queued("ticks");
    let path = "/connections/C1/prices/release?sku=P&marketplace=UK";
    for _ in 0..2 {
        let told = stand.send("POST", path, None, String::new()).await.is(200);
        assert_eq!(
            (&told["amount"], &told["currency"]),
            (&json!("40.00"), &json!("GBP"))
        );
        assert_eq!(stand.queued("ticks").len(), 1);
        let entry = store
            .to_send_of(&key(), &name, ListingPart::Price(Marketplace::Uk))
            .await;
        assert!(entry.unwrap().is_some());
    }
    let price = explained(&stand, "P").await["prices"][0].clone();
    assert_eq!(
        (&price["held"], &price["next"]),
        (&json!(false), &json!("40.00 is to be sent"))
    );
    for (query, status, kind) in [
        ("sku=P&marketplace=DE", 404, "not-found"),
        ("sku=none&marketplace=UK", 404, "not-found"),
        ("sku=P&marketplace=XX", 422, "invalid-request"),
        ("sku=P", 422, "invalid-request"),
    ] {
        let path = format!("/connections/C1/prices/release?{query}");
        stand
            .send("POST", &path, None, String::new())
            .await
            .problem(status, kind);
    }
    let refused = async |kind: &str| {
        let told = stand.send("POST", path, None, String::new()).await;
        told.problem(409, kind);
    };
    let mut left = uk.clone();
    left.price_mode = PriceMode::Leave;
    store.put_marketplace(&key(), &left).await.unwrap();
    refused("price-left-alone").await;
    store.put_marketplace(&key(), &uk).await.unwrap();
    let shadow = async |shadow: bool| {
        let mut plan = store.stock_plan(&key()).await.unwrap();
        plan.published.as_mut().unwrap().shadow = shadow;
        plan.revision += 1;
        let saved = store.save_stock_plan(&key(), &plan).await;
        assert_eq!(saved.unwrap(), Written::Done);
    };
    shadow(true).await;
    refused("nothing-sent").await;
    shadow(false).await;
    store
        .observe_offer(
            offer,
            &Observed {
                value: Decimal::from(40),
                at: at(50),
            },
            true,
        )
        .await
        .unwrap();
    stand
        .send("POST", path, None, String::new())
        .await
        .problem(409, "nothing-held");
}

#[tokio::test]
async fn a_listing_that_is_tied_to_another_product_has_that_ones_price() {
    let stand = Stand::new().await;
    let products = json!([
        {"sku": "P", "rrp": {"GBP": "10.00"}},
        {"sku": "Q", "rrp": {"GBP": "11.00"}},
    ]);
    stand.put("/products", products).await.is(202);
    stand.work().await;
    stand.list("X", "P", 1, 5).await;
    let mut uk = MarketplaceSettings::new(Marketplace::Uk);
    uk.active = true;
    uk.price_mode = PriceMode::Rrp;
    let store = &stand.store;
    let put = store.put_marketplace(&key(), &uk).await;
    put.unwrap();
    // P has seen more changes than Q.
    for _ in 0..9 {
        stand.deliver(&[recompute_message(&["P"], true)]).await;
    }
    let wanted = async || {
        let key = key().listing(&"X".parse().unwrap());
        let offer = store.offer(&key.offer(Marketplace::Uk)).await;
        let wanted = offer.unwrap().unwrap().wanted.unwrap();
        (wanted.amount.unwrap(), wanted.generation)
    };
    let (amount, before) = wanted().await;
    assert_eq!(amount, Decimal::from(10));
    let path = "/connections/C1/aliases?sku=X";
    let (mut before, mut tied) = (before, Vec::new());
    for (product, units) in [("Q", 1), ("Q", 2), ("P", 1)] {
        let tie = json!({"product": product, "units": units});
        stand.put(path, tie).await.is(200);
        stand.work().await;
        let (amount, generation) = wanted().await;
        tied.push(amount);
        assert!(generation > before, "{generation}");
        before = generation;
    }
    assert_eq!(tied, [11, 22, 10].map(Decimal::from));
    // Tied to nothing, which no product is spelt like, and then to one with a generation of its own.
    stand
        .send("DELETE", path, None, String::new())
        .await
        .is(204);
    assert_eq!(stand.wanted("X").await, None);
    stand
        .put("/products", json!([{"sku": "R", "rrp": {"GBP": "5"}}]))
        .await
        .is(202);
    stand.work().await;
    stand
        .put(path, json!({"product": "R", "units": 1}))
        .await
        .is(200);
    stand.work().await;
    assert_eq!(wanted().await.0, Decimal::from(5));
}
