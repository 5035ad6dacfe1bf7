//! Offers that are to be made: one of a SKU, found while it goes on by itself; and their feeds, apart from all others.

use super::*;
use stallkeeper::domain::feed::{Feed, FeedState};
use stallkeeper::domain::new_offer::{NewOffer, NewOfferState};
use stallkeeper::store::OfferRun;

fn wanted(sku: &str, since: i64) -> NewOffer {
    NewOffer::wanted(
        &key(),
        sku.parse().unwrap(),
        Marketplace::Uk,
        None,
        None,
        at(since),
    )
}

fn names(skus: &[stallkeeper::domain::ids::Sku]) -> Vec<&str> {
    skus.iter().map(|sku| sku.as_str()).collect()
}

#[tokio::test]
async fn the_oldest_comes_first_and_is_found_only_while_it_waits() {
    let (_db, store) = store().await;
    for (sku, since) in [("B", 2), ("a#1", 1), ("C", 3)] {
        let offer = wanted(sku, since);
        assert_eq!(
            store.put_new_offer(&offer, None).await.unwrap(),
            Written::Done
        );
        let again = store.put_new_offer(&offer, None).await.unwrap();
        assert_eq!(again, Written::Conflict, "one of a SKU");
    }
    let turn = store.new_offers_in_turn(&key(), 2).await.unwrap();
    assert_eq!(names(&turn), ["a#1", "B"]);
    let read = store.new_offer(&key(), &turn[0]).await.unwrap().unwrap();
    let searching = read.searching(at(10));
    let put = store.put_new_offer(&searching, Some(&read)).await.unwrap();
    assert_eq!(put, Written::Done);
    let stale = store
        .put_new_offer(&read.searching(at(11)), Some(&read))
        .await;
    assert_eq!(stale.unwrap(), Written::Conflict);
    assert_eq!(
        names(&store.new_offers_in_turn(&key(), 9).await.unwrap()),
        ["B", "C"]
    );

    let due = searching.due_at.unwrap();
    assert_eq!(store.next_new_offer(&key()).await.unwrap(), Some(due));
    let early = store.due_new_offers(&key(), at(11), 9).await.unwrap();
    assert!(early.is_empty());
    let found = store.due_new_offers(&key(), due, 9).await.unwrap();
    assert_eq!(names(&found), ["a#1"]);
    let asks = searching.found(Vec::new(), at(12));
    let put = store.put_new_offer(&asks, Some(&searching)).await.unwrap();
    assert_eq!(put, Written::Done);
    assert_eq!(store.next_new_offer(&key()).await.unwrap(), None);
    let stored = store.new_offer(&key(), &asks.sku).await.unwrap().unwrap();
    assert_eq!((stored.state, &stored), (NewOfferState::Ask, &asks));
}

#[tokio::test]
async fn offers_are_listed_page_by_page() {
    let (_db, store) = store().await;
    for sku in ["A", "B", "C"] {
        let put = store.put_new_offer(&wanted(sku, 1), None).await.unwrap();
        assert_eq!(put, Written::Done);
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store
            .new_offer_page(&key(), after.as_deref(), 2)
            .await
            .unwrap();
        seen.extend(page.offers.into_iter().map(|offer| offer.sku.to_string()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["A", "B", "C"]);
}

#[tokio::test]
async fn a_feed_of_offers_is_among_no_others_so_that_the_release_before_never_reads_it() {
    let (_db, store) = store().await;
    let feed: Feed = serde_json::from_value(json!({
        "tenant": "north", "connection": "c1", "id": "F1", "kind": "offer", "marketplace": "UK", "state": "submitted",
        "lines": 1, "parts": 1, "created_at": at(0), "amazon_id": "9001", "accepted": 0, "refused": 0, "stuck": false,
        "revision": 1,
    }))
    .unwrap();
    assert_eq!(store.save_feed(&feed).await.unwrap(), Written::Done);
    assert!(
        store
            .feed_page(&key(), None, 9)
            .await
            .unwrap()
            .feeds
            .is_empty()
    );
    assert!(store.open_feeds(&key()).await.unwrap().is_empty());
    assert_eq!(store.feed(&key(), &feed.id).await.unwrap(), None);
    assert_eq!(
        store.open_offer_feeds(&key()).await.unwrap(),
        vec![feed.clone()]
    );
    let by_notice = store.open_feed_at_amazon(&key(), "9001").await.unwrap();
    assert_eq!(
        by_notice.as_ref(),
        Some(&feed),
        "a notice of Amazon's finds it"
    );
    let close = |feed: &mut Feed| feed.state = FeedState::Settled;
    store.change_open_feed(&feed, close).await.unwrap();
    assert!(store.open_offer_feeds(&key()).await.unwrap().is_empty());
    let closed = store.offer_feed(&key(), &feed.id).await.unwrap().unwrap();
    assert_eq!(closed.state, FeedState::Settled);
}

#[tokio::test]
async fn one_run_at_a_time_counts_the_offers_of_a_day() {
    let (_db, store) = store().await;
    let (today, tomorrow) = ("2026-11-20".parse().unwrap(), "2026-11-21".parse().unwrap());
    let mut run = store
        .lease_offers(&key(), "one", at(0), at(60))
        .await
        .unwrap()
        .unwrap();
    let other = store
        .lease_offers(&key(), "two", at(1), at(60))
        .await
        .unwrap();
    assert_eq!(other, None);
    assert_eq!(run.left(5, today), 5);
    run.count(3, today);
    assert_eq!(
        store.save_leased(&key(), &mut run).await.unwrap(),
        Written::Done
    );
    assert_eq!(
        (
            run.left(5, today),
            run.left(2, today),
            run.left(5, tomorrow)
        ),
        (2, 0, 5)
    );
    run.next_at = Some(at(90));
    assert_eq!(
        store.give_back(&key(), &mut run).await.unwrap(),
        Written::Done
    );
    let stored = store.offer_run(&key()).await.unwrap();
    assert_eq!(
        stored,
        OfferRun {
            day: Some(today),
            sent: 3,
            next_at: Some(at(90)),
            ..OfferRun::default()
        }
    );
    assert!(
        store
            .lease_offers(&key(), "two", at(2), at(60))
            .await
            .unwrap()
            .is_some()
    );
}
