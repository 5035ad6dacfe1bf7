use crate::seller::Seller;
use crate::world::{Line, World, by_amazon, hours_before, line, made_at};
use jiff::Timestamp;
use rust_decimal::Decimal;
use stallkeeper::domain::connection::PriceMode;
use stallkeeper::domain::feed::SentBy;
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::listing::{Listing, ListingState, Observed, Sent, WantedPrice};
use stallkeeper::domain::marketplace::Marketplace::{De, Uk};
use stallkeeper::domain::stock::Wanted;
use stallkeeper::store::{ListingCounts, WantedWritten, Written};

pub(crate) const PRODUCTS: [&str; 8] = [
    "MUG#1",
    "tea/pot 50%",
    "Größe Ä",
    "case-1",
    "FBA-1",
    "BUNDLE-1",
    "DRIFT-1",
    "GONE-1",
];

/// Products, listings and reports of two marketplaces, with something of everything.
pub(crate) async fn scene(seller: &Seller<'_>) {
    for sku in PRODUCTS {
        let parts: &[&str] = if sku == "BUNDLE-1" { &["MUG#1"] } else { &[] };
        seller.put_product(sku, parts).await;
    }
    let mut alias = seller.new_listing("OLD \"MUG\" & co", ListingState::UnknownHere);
    alias.alias = true;
    alias.product = Some("MUG#1".parse().unwrap());
    alias.units = 2;
    seller.put_listing(&alias).await;
    drifting(seller).await;
    let mut gone = seller.new_listing("GONE-1", ListingState::Matched);
    gone.product = Some("GONE-1".parse().unwrap());
    gone.marketplaces = vec![Uk];
    seller.put_listing(&gone).await;
    let unknown = seller.new_listing("VANISHED", ListingState::UnknownHere);
    seller.put_listing(&unknown).await;
    let dear = Line {
        price: "12.50",
        ..line("MUG#1", "5")
    };
    let world = seller.world;
    let uk = [
        line("MUG#1", "5"),
        line("CASE-1", "1"),
        by_amazon("FBA-1"),
        line("NEW-X", "3"),
        line("OLD \"MUG\" & co", "4"),
        line("Größe Ä", "7"),
        line("DRIFT-1", "4"),
    ];
    world.report(Uk, &uk);
    world.report(De, &[dear, line("tea/pot 50%", "9"), line("DRIFT-1", "4")]);
}

/// A listing that was sent 10 long ago, of which nothing was sold.
async fn drifting(seller: &Seller<'_>) {
    let mut listing = seller.new_listing("DRIFT-1", ListingState::Matched);
    listing.product = Some("DRIFT-1".parse().unwrap());
    listing.marketplaces = vec![De, Uk];
    listing.observed = Some(Observed {
        value: 10,
        at: hours_before(24),
    });
    seller.put_listing(&listing).await;
    send(seller, "DRIFT-1", 10, hours_before(48)).await;
}

/// As the recompute and a round write it.
pub(crate) async fn send(seller: &Seller<'_>, sku: &str, quantity: u32, at: Timestamp) {
    let key = &seller.connection.key();
    let store = &seller.world.store;
    let listing = seller.listing(sku).await.unwrap();
    let product = listing.product.clone().unwrap();
    let wanted = Wanted {
        quantity: Some(quantity),
        why: "test".into(),
        level_at: None,
        ended: std::collections::BTreeSet::new(),
        asks: false,
        unsold: false,
        generation: 5,
        at,
    };
    let tied = (&product, listing.units);
    let written = store
        .write_wanted(&key.listing(&listing.amazon_sku), tied, &wanted)
        .await;
    assert!(matches!(written.unwrap(), WantedWritten::Current(_)));
    let sent = Sent {
        value: quantity,
        generation: 5,
        at,
        by: SentBy::Patch,
    };
    let sku = &listing.amazon_sku;
    let name = key.listing(sku);
    let claimed = store.claim_listing(&name, listing.send_count, &sent);
    claimed.await.unwrap();
    assert!(seller.listing(sku.as_str()).await.unwrap().sent.is_some());
}

#[tokio::test]
async fn each_listing_gets_its_state_its_stores_and_its_tie() {
    use ListingState::{CaseMismatch, FulfilledByAmazon, Matched, NotOnAmazon, UnknownHere};
    let world = World::new().await;
    let seller = world.connect("states", &[Uk, De]).await;
    seller.publish().await;
    scene(&seller).await;
    let matching = seller.match_listings().await;
    assert_eq!(matching.failed, None);
    let rows = [
        ("MUG#1", Matched, vec![De, Uk], Some("MUG#1")),
        ("tea/pot 50%", Matched, vec![De], Some("tea/pot 50%")),
        ("Größe Ä", Matched, vec![Uk], Some("Größe Ä")),
        ("DRIFT-1", Matched, vec![De, Uk], Some("DRIFT-1")),
        ("OLD \"MUG\" & co", Matched, vec![Uk], Some("MUG#1")),
        ("CASE-1", CaseMismatch, vec![Uk], None),
        ("FBA-1", FulfilledByAmazon, vec![Uk], None),
        ("NEW-X", UnknownHere, vec![Uk], None),
        ("BUNDLE-1", NotOnAmazon, vec![], None),
        ("GONE-1", NotOnAmazon, vec![], None),
    ];
    for (sku, state, marketplaces, product) in rows {
        let listing = seller.listing(sku).await.unwrap();
        let tied = listing.product.as_ref().map(|it| it.as_str());
        assert_eq!(
            (listing.state, listing.marketplaces, tied),
            (state, marketplaces, product),
            "{sku}"
        );
    }
    assert_eq!(seller.listing("VANISHED").await, None);
    assert_eq!(
        seller.listing("case-1").await,
        None,
        "its other spelling tells of it"
    );
    let case = seller.listing("CASE-1").await.unwrap();
    assert_eq!(case.other_spelling.unwrap().as_str(), "case-1");
    let counts = ListingCounts {
        matched: 5,
        case_mismatch: 1,
        fulfilled_by_amazon: 1,
        not_on_amazon: 2,
        unknown_here: 1,
        ..ListingCounts::default()
    };
    assert_eq!(matching.counts, counts);
    assert_eq!(matching.observed_at, Some(made_at()));
    let all = seller.catalogue(&PRODUCTS).await;
    assert_eq!(
        all["tied to MUG#1"],
        r#"[("MUG#1", 1), ("OLD \"MUG\" & co", 2)]"#
    );
    assert_eq!(all["tied to GONE-1"], "[]");
}

#[tokio::test]
async fn what_is_new_is_computed_anew_and_what_drifted_is_forgotten() {
    let world = World::new().await;
    let seller = world.connect("pending", &[Uk, De]).await;
    seller.publish().await;
    scene(&seller).await;
    seller.match_listings().await;
    let pending = seller.recomputed();
    let raised = ["Größe Ä", "MUG#1", "tea/pot 50%"].map(|sku| (sku.to_owned(), true));
    let expected = [raised.to_vec(), vec![("DRIFT-1".to_owned(), false)]].concat();
    assert_eq!(pending, expected.into_iter().collect());
    let drifted = seller.listing("DRIFT-1").await.unwrap();
    assert_eq!(drifted.sent, None);
    assert_eq!(drifted.observed.unwrap().value, 4);
    assert!(
        drifted.wanted.is_some(),
        "what is wanted is no matter of the report"
    );
}

#[tokio::test]
async fn the_same_report_again_writes_nothing() {
    let world = World::new().await;
    let seller = world.connect("twice", &[Uk, De]).await;
    seller.publish().await;
    scene(&seller).await;
    seller.match_listings().await;
    let once = seller.catalogue(&PRODUCTS).await;
    world.calls.take();
    seller.match_listings().await;
    let calls = world.calls.take();
    assert!(!calls.iter().any(|call| call.writes_to("CatalogueTable")));
    assert_eq!(seller.catalogue(&PRODUCTS).await, once);
}

#[tokio::test]
async fn nothing_is_computed_where_nothing_is_published() {
    let world = World::new().await;
    let seller = world.connect("draft", &[Uk, De]).await;
    scene(&seller).await;
    let matching = seller.match_listings().await;
    assert_eq!(matching.counts.matched, 5);
    assert!(seller.recomputed().is_empty());
    assert!(seller.listing("DRIFT-1").await.unwrap().sent.is_some());
}

#[tokio::test]
async fn what_was_published_of_prices_alone_is_computed_for_all_once_also_if_its_message_is_lost() {
    let world = World::new().await;
    let seller = world.connect("rules", &[Uk]).await;
    seller.publish().await;
    let key = &seller.connection.key();
    let mut plan = world.store.stock_plan(key).await.unwrap();
    plan.published.as_mut().unwrap().with_other_prices();
    plan.revision += 1;
    let saved = world.store.save_stock_plan(key, &plan).await;
    assert_eq!(saved.unwrap(), Written::Done);
    for expected in [1, 0] {
        world.report(Uk, &[line("MUG#1", "5")]);
        seller.match_listings().await;
        let jobs = seller.sent("jobs").into_iter();
        let all = jobs.filter(|(job, _)| job["kind"] == "recompute_all");
        assert_eq!(all.count(), expected);
    }
}

#[tokio::test]
async fn a_listing_that_is_matched_again_is_computed_since_no_price_of_it_was() {
    let world = World::new().await;
    let seller = world.connect("again", &[Uk]).await;
    seller.publish().await;
    seller.put_product("MUG#1", &[]).await;
    world.report(Uk, &[line("MUG#1", "5")]);
    seller.match_listings().await;
    send(&seller, "MUG#1", 5, hours_before(48)).await;
    let computed = seller.listing("MUG#1").await.unwrap();
    let away = Listing {
        state: ListingState::NotOnAmazon,
        revision: computed.revision + 1,
        ..computed
    };
    seller.put_listing(&away).await;
    let _ = seller.recomputed();
    seller.match_listings().await;
    assert_eq!(
        seller.listing("MUG#1").await.unwrap().state,
        ListingState::Matched
    );
    assert_eq!(seller.recomputed(), [("MUG#1".to_owned(), false)].into());
}

#[tokio::test]
async fn prices_are_noted_by_store_and_computed_anew_only_where_we_decide_them() {
    let world = World::new().await;
    let seller = world.connect("prices", &[Uk, De]).await;
    seller.publish().await;
    seller.switch_on(De, PriceMode::Rrp).await;
    seller.put_product("MUG#1", &[]).await;
    let priced = |price| Line {
        price,
        ..line("MUG#1", "5")
    };
    world.report(Uk, &[priced("9.99")]);
    world.report(De, &[priced("12,50")]);
    seller.match_listings().await;
    let key = &seller.connection.key();
    let sku: AmazonSku = "MUG#1".parse().unwrap();
    let offers = world.store.offers(&key.listing(&sku)).await.unwrap();
    let seen: Vec<_> = offers
        .iter()
        .map(|it| (it.marketplace, it.observed.as_ref().unwrap().value))
        .collect();
    assert_eq!(
        seen,
        [(De, Decimal::new(1250, 2)), (Uk, Decimal::new(999, 2))]
    );
    send(&seller, "MUG#1", 5, hours_before(48)).await;
    let wanted = WantedPrice {
        amount: Some(Decimal::new(1250, 2)),
        generation: 5,
        at: made_at(),
        ..WantedPrice::default()
    };
    let offer = &key.listing(&sku).offer(De);
    let _ = world
        .store
        .write_wanted_price(offer, &wanted)
        .await
        .unwrap();
    seller.recomputed();
    world.report(Uk, &[priced("8.00")]);
    seller.match_listings().await;
    assert!(
        seller.recomputed().is_empty(),
        "prices are left alone there"
    );
    world.report(De, &[priced("11.00")]);
    seller.match_listings().await;
    let pending = [("MUG#1".to_owned(), false)];
    assert_eq!(seller.recomputed(), pending.into_iter().collect());
}
