use crate::world::{World, line, text};
use serde_json::json;
use stallkeeper::domain::connection::ConnectionStatus;
use stallkeeper::domain::ids::SellerId;
use stallkeeper::domain::listing::ListingState;
use stallkeeper::domain::marketplace::Marketplace::{De, Uk};
use std::time::Duration;

#[tokio::test]
async fn what_amazon_does_not_do_is_reported_in_words_and_tried_again_when_asked() {
    let world = World::new().await;
    let seller = world.connect("fatal", &[Uk, De]).await;
    seller.put_product("MUG#1", &[]).await;
    for marketplace in [Uk, De] {
        world.status(marketplace, "FATAL");
    }
    let failed = seller.match_listings().await;
    let words = failed.failed.unwrap();
    assert!(
        words.contains("UK, DE") && failed.done_at.is_none(),
        "{words}"
    );
    for store in [Uk, De] {
        world.status(store, "CANCELLED");
    }
    let words = seller.match_listings().await.failed.unwrap();
    assert!(words.contains("nothing is listed"), "{words}");
    world.report(Uk, &[line("MUG#1", "1")]);
    let matching = seller.match_listings().await;
    assert_eq!((matching.failed, matching.counts.matched), (None, 1));
}

#[tokio::test]
async fn a_seller_id_that_is_not_the_tokens_is_found_out_before_anything_is_written() {
    let world = World::new().await;
    let seller = world.connect("foreign", &[Uk]).await;
    seller.put_product("MUG#1", &[]).await;
    world.report(Uk, &[line("MUG#1", "1")]);
    world.heard().foreign.push("Aforeign".into());
    let words = seller.match_listings().await.failed.unwrap();
    assert!(words.contains("seller id Aforeign"), "{words}");
    assert_eq!(seller.listing("MUG#1").await, None);
    world.heard().foreign.clear();
    let proved: SellerId = "Aforeign".parse().unwrap();
    assert_eq!(seller.match_listings().await.proved_seller, Some(proved));
    world.heard().calls.clear();
    seller.match_listings().await;
    let asked = world.heard().calls.clone();
    assert!(
        !asked.iter().any(|call| call.contains("listings")),
        "once is enough"
    );
}

#[tokio::test]
async fn a_refusal_and_a_connection_without_marketplaces_are_reported_in_words() {
    let world = World::new().await;
    let refused = world.connect("refused", &[Uk]).await;
    world.heard().forbidden = true;
    let words = refused.match_listings().await.failed.unwrap();
    assert!(words.contains("403"), "{words}");
    let bare = world.connect("bare", &[]).await;
    let words = bare.match_listings().await.failed.unwrap();
    assert!(words.contains("no marketplace"), "{words}");
}

#[tokio::test]
async fn a_revoked_authorisation_marks_the_connection_and_is_acknowledged() {
    let world = World::new().await;
    let seller = world.connect("revoked", &[Uk]).await;
    world.heard().revoked = true;
    let matching = seller.match_listings().await;
    assert!(matching.failed.unwrap().contains("authorise again"));
    let key = seller.connection.key();
    let stored = world.store.connection(&key);
    let status = stored.await.unwrap().unwrap().status;
    assert_eq!(status, ConnectionStatus::NeedsReauthorisation);
    assert!(seller.sent("dead").is_empty());
}

#[tokio::test]
async fn a_report_that_breaks_off_writes_nothing_and_is_given_up_in_words() {
    let world = World::new().await;
    let seller = world.connect("cut", &[Uk]).await;
    seller.put_product("MUG#1", &[]).await;
    let body = text(&[line("MUG#1", "1"), line("MUG#2", "1")]);
    let cut = body.as_bytes()[..body.len() - 30].to_vec();
    world.report_bytes(Uk, cut, "text/plain");
    let job = seller.job(json!({"kind": "match", "why": "daily", "hop": 0}));
    for _ in 0..4 {
        assert!(!seller.deliver(&job).await, "it comes again");
        assert_eq!(seller.matching().await.failed, None);
    }
    assert!(seller.deliver(&job).await);
    let words = seller.matching().await.failed.unwrap();
    assert!(words.contains("cut off"), "{words}");
    assert_eq!(seller.listing("MUG#1").await, None);
}

#[tokio::test]
async fn a_run_without_time_goes_on_in_a_message() {
    let world = World::new().await;
    let seller = world.connect("late", &[Uk]).await;
    seller.put_product("MUG#1", &[]).await;
    world.report(Uk, &[line("MUG#1", "1")]);
    let job = seller.job(json!({"kind": "match", "why": "daily", "hop": 0}));
    assert!(seller.deliver_by(&job, Duration::from_secs(1)).await);
    assert_eq!(seller.matching().await.done_at, None);
    let (again, delay) = seller.sent_one("jobs");
    assert_eq!(delay, 0, "it goes on at once");
    assert_eq!(again["hop"], 1);
    assert!(seller.deliver(&again).await);
    assert_eq!(seller.matching().await.counts.matched, 1);
    let state = seller.listing("MUG#1").await.unwrap().state;
    assert_eq!(state, ListingState::Matched);
}

#[tokio::test]
async fn a_connection_that_is_off_is_matched_only_where_a_person_asks() {
    let world = World::new().await;
    let mut seller = world.connect("off", &[Uk]).await;
    world.report(Uk, &[line("MUG#1", "1")]);
    seller.set_status(ConnectionStatus::Inactive).await;
    let daily = seller.job(json!({"kind": "match", "why": "daily", "hop": 0}));
    assert!(seller.deliver(&daily).await);
    assert_eq!(seller.matching().await.started_at, None);
    assert_eq!(seller.match_listings().await.counts.unknown_here, 1);
    seller.set_status(ConnectionStatus::Disconnected).await;
    let before = seller.matching().await;
    assert_eq!(seller.match_listings().await, before);
}
