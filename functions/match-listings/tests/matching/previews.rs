use crate::seller::Seller;
use crate::world::{World, line};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stallkeeper::domain::connection::PriceMode;
use stallkeeper::domain::listing::{ListingState, Observed};
use stallkeeper::domain::marketplace::Marketplace::{De, Uk};
use stallkeeper::domain::stock::StockLevel;
use stallkeeper::domain::stock_settings::{Effect, Preview, StockSettings};
use stallkeeper::store::Written;
use std::collections::BTreeSet;
use std::time::Duration;

async fn level(seller: &Seller<'_>, sku: &str, quantity: u32) {
    let now = Timestamp::now();
    let level = StockLevel {
        quantity,
        measured_at: now,
        received_at: now,
    };
    let (sku, warehouse) = (sku.parse().unwrap(), "LON".parse().unwrap());
    let tenant = &seller.connection.tenant;
    let store = &seller.world.store;
    let written = store.write_level(tenant, &sku, &warehouse, &level).await;
    let _ = written.unwrap();
}

/// A draft that a preview was asked for; the message.
async fn draft(seller: &Seller<'_>) -> Value {
    let key = &seller.connection.key();
    let mut plan = seller.world.store.stock_plan(key).await.unwrap();
    plan.draft = StockSettings {
        on: true,
        ..StockSettings::default()
    };
    plan.draft_revision += 1;
    plan.preview = Some(Preview {
        revision: plan.draft_revision,
        asked_at: Timestamp::now() - SignedDuration::from_secs(1),
        done_at: None,
        effect: None,
        failed: None,
    });
    plan.revision += 1;
    let saved = seller.world.store.save_stock_plan(key, &plan).await;
    assert_eq!(saved.unwrap(), Written::Done);
    seller.job(json!({"kind": "preview", "revision": plan.draft_revision, "hop": 0}))
}

async fn shown(seller: &Seller<'_>) -> Preview {
    let key = &seller.connection.key();
    let plan = seller.world.store.stock_plan(key).await.unwrap();
    plan.preview.unwrap()
}

#[tokio::test]
async fn a_preview_has_the_listings_matched_first_and_then_counts_its_effect() {
    let world = World::new().await;
    let seller = world.connect("preview", &[Uk, De]).await;
    seller.switch_on(De, PriceMode::Rrp).await;
    let products = [
        ("SAME", Some(5)),
        ("LESS", Some(2)),
        ("ZERO", Some(0)),
        ("BACK", Some(4)),
        ("NONE", None),
    ];
    for (sku, quantity) in products {
        seller.put_product(sku, &[]).await;
        if let Some(quantity) = quantity {
            level(&seller, sku, quantity).await;
        }
    }
    seller.put_product("PAIR", &["LESS", "SAME"]).await;
    let uk = [
        line("SAME", "5"),
        line("LESS", "5"),
        line("ZERO", "5"),
        line("BACK", "0"),
        line("NONE", "5"),
        line("PAIR", "5"),
        line("THEIRS", "1"),
    ];
    world.report(Uk, &uk);
    world.report(De, &[line("SAME", "5")]);
    let job = draft(&seller).await;
    assert!(seller.deliver(&job).await);
    let sent = seller.sent("jobs");
    let kinds: Vec<_> = sent
        .iter()
        .map(|(it, _)| it["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["match", "preview"]);
    for (message, _) in &sent {
        assert!(seller.deliver(message).await);
    }
    let preview = shown(&seller).await;
    let effect = Effect {
        matched: 5,
        to_zero: 1,
        reopened: 0,
        changed: 2,
        unchanged: 1,
        price_changes: 0,
        offers_ended: 0,
        offers_opened: 0,
        prices_held: 0,
        without_price: 1,
        unmatched: 1,
        without_level: 1,
        fulfilled_by_amazon: 0,
        multi_location: 0,
        closed_elsewhere: 1,
    };
    assert_eq!((preview.effect, preview.failed), (Some(effect), None));
    assert!(preview.done_at.is_some() && seller.recomputed().is_empty());
    world.calls.take();
    assert!(seller.deliver(&job).await);
    let calls = world.calls.take();
    assert!(!calls.iter().any(|call| call.writes_to("CatalogueTable")));
    assert_eq!(seller.sent("jobs"), []);
}

#[tokio::test]
async fn a_preview_whose_matching_failed_says_so_and_one_of_an_older_draft_says_nothing() {
    let world = World::new().await;
    let seller = world.connect("nopreview", &[Uk]).await;
    world.status(Uk, "FATAL");
    let job = draft(&seller).await;
    assert!(seller.deliver(&job).await);
    for (message, _) in seller.sent("jobs") {
        assert!(seller.deliver(&message).await);
    }
    let words = shown(&seller).await.failed.unwrap();
    assert!(words.contains("failed on Amazon's side"), "{words}");
    draft(&seller).await;
    assert!(seller.deliver(&job).await);
    assert!(seller.sent("jobs").is_empty());
    assert_eq!(shown(&seller).await.failed, None);
}

/// More listings than one page, each with a product of its own and a level.
async fn many(seller: &Seller<'_>, count: usize) {
    let now = Timestamp::now();
    for number in 0..count {
        let sku = format!("SKU-{number:04}");
        let mut listing = seller.new_listing(&sku, ListingState::Matched);
        listing.product = Some(sku.parse().unwrap());
        listing.marketplaces = vec![Uk];
        listing.observed = Some(Observed { value: 1, at: now });
        let store = &seller.world.store;
        let placed = store.place_listing(&listing, None, false).await;
        assert_eq!(placed.unwrap(), Written::Done);
    }
}

#[tokio::test]
async fn a_preview_without_time_goes_on_with_what_it_counted() {
    let world = World::new().await;
    let seller = world.connect("pages", &[Uk]).await;
    many(&seller, 501).await;
    let key = &seller.connection.key();
    let mut matching = world.store.matching(key).await.unwrap();
    matching.done_at = Some(Timestamp::now());
    let saved = world.store.save_leased(key, &mut matching).await;
    assert_eq!(saved.unwrap(), Written::Done);
    let job = draft(&seller).await;
    assert!(seller.deliver_by(&job, Duration::from_secs(1)).await);
    assert_eq!(shown(&seller).await.done_at, None);
    let (rest, delay) = seller.sent_one("jobs");
    assert_eq!(delay, 0, "it goes on at once");
    assert_eq!(
        (&rest["kind"], &rest["so_far"]["matched"]),
        (&json!("preview_from"), &json!(500))
    );
    assert!(seller.deliver(&rest).await);
    assert_eq!(shown(&seller).await.effect.unwrap().matched, 501);
}

#[tokio::test]
async fn publishing_has_every_matched_listing_computed_anew_in_messages_of_a_hundred() {
    let world = World::new().await;
    let seller = world.connect("all", &[Uk]).await;
    many(&seller, 150).await;
    let job = seller.job(json!({"kind": "recompute_all", "after": null}));
    assert!(seller.deliver(&job).await);
    assert!(seller.recomputed().is_empty(), "nothing is in force yet");
    seller.publish().await;
    assert!(seller.deliver(&job).await);
    let messages = seller.sent("stock-changes");
    let sizes: Vec<_> = messages
        .iter()
        .map(|(it, _)| it["skus"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [100, 50]);
    assert!(messages.iter().all(|(it, _)| it["raise"] == false));
    let skus: BTreeSet<_> = messages
        .iter()
        .flat_map(|(it, _)| it["skus"].as_array().unwrap())
        .map(|sku| sku.as_str().unwrap())
        .collect();
    assert_eq!(skus.len(), 150);
}
