//! From a wanted offer to a listing as any other, and why some are not made.

use crate::world::{MUG, SELLER, UK, World};
use serde_json::json;
use stallkeeper::domain::listing::{Listing, ListingState};
use stallkeeper::domain::new_offer::{NewOfferState, OfferAnswer};
use stallkeeper::store::Written;

#[tokio::test]
async fn an_offer_is_found_sent_accepted_seen_and_matched() {
    let world = World::start().await;
    let terms = json!({"templates": {"legacy-template-id": "Migrated Template"}});
    world
        .admin("PUT", &format!("sellers/{SELLER}/offer-terms"), terms)
        .await;
    world
        .publish(|settings| {
            settings.handling_days = Some(2);
            settings.shipping_template = Some("Migrated Template".into());
        })
        .await;
    world.item(MUG, "4006381333931").await;
    world.wanted("MUG", "4006381333931").await;
    assert!(world.run().await && world.run().await);
    let offer = world.offer("MUG").await;
    assert_eq!(
        (offer.state, offer.asin.unwrap().as_str()),
        (NewOfferState::Sent, MUG)
    );
    assert_eq!(
        world.count("createFeed").await,
        1,
        "a message that comes twice sends nothing"
    );
    assert!(world.settle().await);
    assert_eq!(world.state("MUG").await, NewOfferState::Accepted);
    assert!(world.open_feeds().await.is_empty());
    let woken = world.sent("jobs");
    assert_eq!(woken.last().unwrap().0["kind"], "run");

    let made = world.at_amazon("MUG").await;
    assert_eq!((&made["asin"], &made["quantity"]), (&json!(MUG), &json!(4)));
    assert_eq!(
        made["prices"][UK.id()],
        json!({"amount": "9.9", "currency": "GBP"})
    );
    assert_eq!(
        made["attributes"]["merchant_shipping_group"][0]["value"],
        "legacy-template-id"
    );
    assert_eq!(made["beside_quantity"]["lead_time_to_ship_max_days"], 2);

    let key = world.key().listing(&"MUG".parse().unwrap());
    let read = world.store.listing(&key).await.unwrap().unwrap();
    assert!(
        read.reopened_at.is_some(),
        "sold out at once, it is not taken for closed"
    );
    world.make_due("MUG").await;
    assert!(world.run().await);
    assert_eq!(
        world.state("MUG").await,
        NewOfferState::Accepted,
        "no report shows it"
    );
    let jobs = world.sent("listings");
    let kinds: Vec<&serde_json::Value> = jobs.iter().map(|(job, _)| &job["kind"]).collect();
    assert_eq!(
        kinds,
        ["match"],
        "until it is matched, sales elsewhere are not taken off it"
    );
    let matched = Listing {
        state: ListingState::Matched,
        product: Some("MUG".parse().unwrap()),
        marketplaces: vec![UK],
        ..read.clone()
    };
    let placed = world
        .store
        .place_listing(&matched, Some(&read), false)
        .await;
    assert_eq!(placed.unwrap(), Written::Done);
    world.make_due("MUG").await;
    assert!(world.run().await);
    assert_eq!(world.state("MUG").await, NewOfferState::Matched);
    assert!(world.sent("listings").is_empty());
    assert_eq!(world.count("createFeed").await, 1);
    assert_eq!(world.violations().await, json!([]));
}

#[tokio::test]
async fn of_two_items_a_person_picks_and_what_amazon_restricts_is_shown_with_its_link() {
    let world = World::start().await;
    for (asin, number) in [
        (MUG, "4006381333931"),
        ("B000000002", "4006381333948"),
        ("B000000003", "4006381333948"),
    ] {
        world.item(asin, number).await;
    }
    let link = "https://sellercentral.amazon.co.uk/hz/approvalrequest";
    let restricted = json!({MUG: {"reason_code": "APPROVAL_REQUIRED", "message": "You need approval.", "link": link}});
    world
        .admin("PUT", &format!("sellers/{SELLER}/restrictions"), restricted)
        .await;
    world.wanted("MUG", "4006381333931").await;
    world.wanted("LAMP", "4006381333948").await;
    world.wanted("NONE", "4006381333955").await;
    assert!(world.run().await);
    let mug = world.offer("MUG").await;
    assert_eq!(mug.state, NewOfferState::Restricted);
    assert_eq!(mug.restrictions[0].link.as_deref(), Some(link));
    let lamp = world.offer("LAMP").await;
    let asins: Vec<&str> = lamp.candidates.iter().map(|it| it.asin.as_str()).collect();
    assert_eq!(
        (lamp.state, asins),
        (NewOfferState::Ask, vec!["B000000002", "B000000003"])
    );
    let none = world.offer("NONE").await;
    assert_eq!((none.state, none.candidates.len()), (NewOfferState::Ask, 0));
    assert_eq!(world.count("createFeed").await, 0);
    assert_eq!(
        world.count("searchCatalogItems").await,
        1,
        "three numbers in one call"
    );

    let picked = OfferAnswer::Item("B000000003".parse().unwrap());
    let answered = lamp
        .answered(&picked, None, jiff::Timestamp::now())
        .unwrap();
    let put = world.store.put_new_offer(&answered, Some(&lamp)).await;
    assert_eq!(put.unwrap(), Written::Done);
    assert!(world.run().await && world.settle().await);
    assert_eq!(world.state("LAMP").await, NewOfferState::Accepted);
    assert_eq!(world.at_amazon("LAMP").await["asin"], "B000000003");
    assert_eq!(world.count("searchCatalogItems").await, 1);
    assert_eq!(world.violations().await, json!([]));
}

#[tokio::test]
async fn an_item_that_hides_its_numbers_is_searched_for_alone() {
    let world = World::start().await;
    let item = json!({"asin": MUG, "identifiers": ["4006381333931"], "marketplaces": [UK.id()], "shows_no_identifiers": true});
    world
        .admin("PUT", "catalogue", json!({"items": [item]}))
        .await;
    world.wanted("MUG", "4006381333931").await;
    world.wanted("NONE", "4006381333955").await;
    assert!(world.run().await);
    assert_eq!(world.count("searchCatalogItems").await, 3);
    let states = (world.state("MUG").await, world.state("NONE").await);
    assert_eq!(states, (NewOfferState::Sent, NewOfferState::Ask));
}

#[tokio::test]
async fn without_price_or_stock_nothing_is_sent_and_what_amazon_has_is_not_offered_again() {
    let world = World::start().await;
    world.item(MUG, "4006381333931").await;
    let product = |sku: &str, rrp: bool| {
        let rrp = if rrp {
            json!({"GBP": "9.90"})
        } else {
            json!({})
        };
        json!({"sku": sku, "ean": "4006381333931", "rrp": rrp})
    };
    for (sku, priced, stock) in [
        ("CHEAP", false, 4),
        ("EMPTY", true, 0),
        ("THERE", true, 4),
        ("FBA", true, 4),
    ] {
        world.product(product(sku, priced), stock).await;
        world.want(sku).await;
    }
    // Another hand listed it since the last report.
    let there = json!({"sku": "THERE", "marketplaces": [UK.id()], "quantity": 1});
    let fba = json!({"sku": "FBA", "marketplaces": [UK.id()], "fulfilment": "AMAZON"});
    let listings = json!({"listings": [there, fba]});
    world
        .admin("PUT", &format!("sellers/{SELLER}/listings"), listings)
        .await;
    assert!(world.run().await);
    for (sku, state) in [
        ("CHEAP", NewOfferState::NoPrice),
        ("EMPTY", NewOfferState::NoStock),
        ("THERE", NewOfferState::Listed),
        ("FBA", NewOfferState::Listed),
    ] {
        assert_eq!(world.state(sku).await, state, "{sku}");
    }
    assert_eq!(world.count("createFeed").await, 0);
    assert_eq!(world.violations().await, json!([]));
}

#[tokio::test]
async fn so_many_a_day_are_sent_the_oldest_first() {
    let world = World::start().await;
    world.publish(|settings| settings.a_day = 2).await;
    for (place, sku) in ["C", "A", "B"].into_iter().enumerate() {
        let number = format!("400638133393{place}");
        world.item(&format!("B00000000{place}"), &number).await;
        world.wanted(sku, &number).await;
    }
    for _ in 0..2 {
        assert!(world.run().await && world.settle().await);
    }
    let states = (
        world.state("C").await,
        world.state("A").await,
        world.state("B").await,
    );
    assert_eq!(
        states,
        (
            NewOfferState::Accepted,
            NewOfferState::Accepted,
            NewOfferState::Wanted
        )
    );
    let next = world
        .store
        .offer_run(&world.key())
        .await
        .unwrap()
        .next_at
        .unwrap();
    assert!(next > jiff::Timestamp::now(), "a tick leaves it until then");
}

#[tokio::test]
async fn amazons_refusal_is_shown_in_its_words_and_a_missing_template_before_anything_is_sent() {
    let world = World::start().await;
    world.item(MUG, "4006381333931").await;
    let refusal = json!({"MUG": {"code": "8541", "message": "The SKU data conflicts."}});
    world
        .admin("PUT", &format!("sellers/{SELLER}/refusals"), refusal)
        .await;
    world.wanted("MUG", "4006381333931").await;
    assert!(world.run().await && world.settle().await);
    let refused = world.offer("MUG").await;
    assert_eq!(
        (refused.state, refused.issues[0].code.as_str()),
        (NewOfferState::Refused, "8541")
    );
    assert!(refused.queue().is_none() && refused.why.contains("conflicts"));

    world
        .publish(|settings| settings.shipping_template = Some("UK".into()))
        .await;
    world.wanted("CUP", "4006381333931").await;
    assert!(world.run().await);
    let lacking = world.offer("CUP").await;
    assert_eq!(lacking.state, NewOfferState::Wanted);
    assert!(lacking.why.contains("“UK”"), "{}", lacking.why);
    assert_eq!(world.count("createFeed").await, 1);
    world
        .publish(|settings| settings.shipping_template = None)
        .await;
    world.make_due("CUP").await;
    assert!(world.run().await);
    assert_eq!(world.state("CUP").await, NewOfferState::Sent, "mended");
}

#[tokio::test]
async fn switched_off_frozen_or_in_shadow_nothing_is_asked_or_sent() {
    let world = World::start().await;
    world.item(MUG, "4006381333931").await;
    world.wanted("MUG", "4006381333931").await;
    world.publish(|settings| settings.on = false).await;
    assert!(world.run().await);
    world.publish(|_| {}).await;
    let mut plan = world.store.stock_plan(&world.key()).await.unwrap();
    plan.published.as_mut().unwrap().shadow = true;
    plan.revision += 1;
    let saved = world.store.save_stock_plan(&world.key(), &plan).await;
    assert_eq!(saved.unwrap(), Written::Done);
    assert!(world.run().await);
    assert_eq!(world.state("MUG").await, NewOfferState::Wanted);
    assert_eq!(world.count("searchCatalogItems").await, 0);
    world.publish(|_| {}).await;
    assert!(world.run().await);
    assert_eq!(world.state("MUG").await, NewOfferState::Sent);
}

#[tokio::test]
async fn of_two_skus_of_one_item_only_one_is_offered_and_the_other_asks() {
    let world = World::start().await;
    world.item(MUG, "4006381333931").await;
    world.wanted("MUG", "4006381333931").await;
    world.wanted("MUG-2", "4006381333931").await;
    assert!(world.run().await);
    let mut states = [world.state("MUG").await, world.state("MUG-2").await];
    states.sort_by_key(|state| *state == NewOfferState::Ask);
    assert_eq!(states, [NewOfferState::Sent, NewOfferState::Ask]);
    assert!(world.settle().await);
    // Wanted again, it asks again: now Amazon shows the other one.
    for sku in ["MUG", "MUG-2"] {
        let read = world.offer(sku).await;
        let now = jiff::Timestamp::now();
        if let Some(again) = read.wanted_again(UK, None, None, None, now) {
            let put = world.store.put_new_offer(&again, Some(&read)).await;
            assert_eq!(put.unwrap(), Written::Done);
            assert!(world.run().await);
            let asks = world.offer(sku).await;
            assert_eq!(asks.state, NewOfferState::Ask);
            assert!(asks.why.contains("listed at Amazon"), "{}", asks.why);
        }
    }
    assert_eq!(world.count("createFeed").await, 1);
    assert_eq!(world.violations().await, json!([]));
}

#[tokio::test]
async fn an_item_that_the_seller_lists_under_a_sku_that_is_unknown_here_is_not_offered_again() {
    let world = World::start().await;
    world.item(MUG, "4006381333931").await;
    let other = json!({"sku": "old-mug", "asin": MUG, "marketplaces": [UK.id()], "quantity": 0});
    let listings = &format!("sellers/{SELLER}/listings");
    let listed = json!({"listings": [other]});
    world.admin("PUT", listings, listed).await;
    world.wanted("MUG", "4006381333931").await;
    assert!(world.run().await);
    let asks = world.offer("MUG").await;
    assert_eq!(asks.state, NewOfferState::Ask);
    assert!(asks.why.contains("old-mug"), "{}", asks.why);
    assert_eq!(world.count("createFeed").await, 0);
    assert_eq!(world.violations().await, json!([]));
}

#[tokio::test]
async fn an_item_is_free_again_once_the_sku_that_had_it_is_never_to_be_offered() {
    let world = World::start().await;
    world.item(MUG, "4006381333931").await;
    let refusal = json!({"MUG": {"code": "8541", "message": "The SKU data conflicts."}});
    let refusals = &format!("sellers/{SELLER}/refusals");
    world.admin("PUT", refusals, refusal).await;
    world.wanted("MUG", "4006381333931").await;
    assert!(world.run().await && world.settle().await);
    assert_eq!(world.state("MUG").await, NewOfferState::Refused);
    world.wanted("MUG-2", "4006381333931").await;
    assert!(world.run().await && world.settle().await);
    assert_eq!(world.state("MUG-2").await, NewOfferState::Accepted);
}

#[tokio::test]
async fn a_first_price_is_sent_only_once_a_person_released_it() {
    let world = World::start().await;
    world
        .publish(|settings| settings.sends_first_prices = false)
        .await;
    world.item(MUG, "4006381333931").await;
    world.wanted("MUG", "4006381333931").await;
    assert!(world.run().await);
    let held = world.offer("MUG").await;
    assert_eq!(held.state, NewOfferState::Ask);
    let price = held.held_price.unwrap();
    assert_eq!(price, "9.90".parse().unwrap());
    assert_eq!(
        world.count("searchCatalogItems").await,
        0,
        "nothing is asked before"
    );
    let released = held.answered(&OfferAnswer::Price(price), None, jiff::Timestamp::now());
    let released = released.unwrap();
    let put = world.store.put_new_offer(&released, Some(&held));
    assert_eq!(put.await.unwrap(), Written::Done);
    assert!(world.run().await && world.settle().await);
    assert_eq!(world.state("MUG").await, NewOfferState::Accepted);
}
