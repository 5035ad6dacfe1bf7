//! Spellings that differ from ours: letters that a report cannot hold, and letters that look the same.

use crate::seller::Seller;
use crate::world::{World, line, text};
use stallkeeper::domain::listing::ListingState::{self, CaseMismatch, Matched, UnknownHere};
use stallkeeper::domain::marketplace::Marketplace::{De, Uk};

/// A report in Windows-1252, with `?` for what that lacks.
fn latin(world: &World, skus: &[&str]) {
    let lines: Vec<_> = skus.iter().map(|sku| line(sku, "5")).collect();
    let body = encoding_rs::WINDOWS_1252
        .encode(&text(&lines))
        .0
        .into_owned();
    world.report_bytes(Uk, body, "text/plain;charset=Cp1252");
}

async fn state(seller: &Seller<'_>, sku: &str) -> Option<ListingState> {
    seller.listing(sku).await.map(|listing| listing.state)
}

#[tokio::test]
async fn question_marks_for_letters_that_a_report_lacks_are_our_spelling_if_amazon_answers_to_it() {
    let world = World::new().await;
    let seller = world.connect("polish", &[Uk]).await;
    for sku in ["ŁÓŻKO-1", "ŻABKA-1", "PLAIN-1"] {
        seller.put_product(sku, &[]).await;
    }
    latin(&world, &["?Ó?KO-1", "?ABKA-1", "PLAIN-1"]);
    for _ in 0..2 {
        let matching = seller.match_listings().await;
        assert_eq!(
            (matching.counts.matched, matching.counts.unknown_here),
            (3, 0)
        );
        for sku in ["ŁÓŻKO-1", "ŻABKA-1"] {
            let listing = seller.listing(sku).await.unwrap();
            assert_eq!((listing.state, listing.marketplaces), (Matched, vec![Uk]));
            assert_eq!(listing.observed.unwrap().value, 5);
        }
        assert_eq!(seller.listing("?ABKA-1").await, None);
        assert!(seller.sent("stock-changes").is_empty());
    }
    let asked = world.heard().calls.clone();
    let asked = asked
        .iter()
        .filter(|call| call.contains("listings/2021-08-01/items"));
    assert_eq!(asked.count(), 3, "the seller, and each spelling once");
    // In letters that hold them, nothing is lost.
    world.report(
        Uk,
        &[
            line("ŁÓŻKO-1", "5"),
            line("ŻABKA-1", "5"),
            line("PLAIN-1", "5"),
        ],
    );
    assert_eq!(seller.match_listings().await.counts.matched, 3);
}

#[tokio::test]
async fn a_spelling_that_amazon_does_not_know_is_a_hint_and_nothing_is_taken_as_gone() {
    let world = World::new().await;
    let seller = world.connect("hint", &[Uk]).await;
    for sku in ["ŻABKA-1", "Ł-1", "Ż-1", "PLAIN-1"] {
        seller.put_product(sku, &[]).await;
    }
    let missing = ["%C5%BBABKA-1", "?ABKA-1"].map(str::to_owned);
    world.heard().missing = missing.to_vec();
    world.report(Uk, &[line("Ł-1", "1"), line("PLAIN-1", "1")]);
    assert_eq!(seller.match_listings().await.counts.matched, 2);
    latin(&world, &["PLAIN-1", "?ABKA-1", "?-1"]);
    let matching = seller.match_listings().await;
    assert_eq!(
        (matching.counts.matched, matching.counts.case_mismatch),
        (2, 2)
    );
    assert_eq!(matching.counts.not_on_amazon, 0);
    let hint = seller.listing("?ABKA-1").await.unwrap();
    assert_eq!(hint.other_spelling.unwrap().as_str(), "ŻABKA-1");
    assert_eq!(
        state(&seller, "Ł-1").await,
        Some(Matched),
        "two fit: it may be the one"
    );
    assert_eq!(state(&seller, "Ż-1").await, None);
}

#[tokio::test]
async fn question_marks_that_are_a_products_own_stay_as_they_are() {
    let world = World::new().await;
    let seller = world.connect("own", &[Uk, De]).await;
    for sku in ["WHAT?-1", "WHATŁ-1"] {
        seller.put_product(sku, &[]).await;
    }
    latin(&world, &["WHAT?-1", "Q?-2"]);
    world.report(De, &[line("Q?-2", "1")]);
    seller.match_listings().await;
    assert_eq!(state(&seller, "WHAT?-1").await, Some(Matched));
    assert_eq!(state(&seller, "Q?-2").await, Some(UnknownHere));
}

#[tokio::test]
async fn spellings_that_no_eye_tells_apart_are_named_with_the_other_one() {
    let world = World::new().await;
    let seller = world.connect("alike", &[Uk]).await;
    let rows = [
        ("Größe-1", "Gro\u{308}ße-1"),
        ("TEA SET", "TEA\u{A0}SET"),
        ("lower", "LOWER"),
        ("MUG-7", "ＭＵＧ－７"),
        ("ZERO-8", "ZERO\u{200B}-8"),
        ("SOFT-9", "SO\u{AD}FT-9"),
    ];
    for (ours, _) in rows {
        seller.put_product(ours, &[]).await;
    }
    let lines = rows.map(|(_, amazons)| line(amazons, "1"));
    world.report(Uk, &lines);
    let matching = seller.match_listings().await;
    assert_eq!(
        (matching.counts.case_mismatch, matching.counts.not_on_amazon),
        (6, 0)
    );
    for (ours, amazons) in rows {
        let listing = seller.listing(amazons).await.unwrap();
        assert_eq!(listing.state, CaseMismatch, "{amazons:?}");
        assert_eq!(listing.other_spelling.unwrap().as_str(), ours);
        assert_eq!(seller.listing(ours).await, None);
    }
}
