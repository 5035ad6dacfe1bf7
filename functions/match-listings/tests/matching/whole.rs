//! Absence is a fact only if the report was whole, and one marketplace's failure stops no other.

use crate::seller::Seller;
use crate::world::{Line, World, hours_before, line, text};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use stallkeeper::domain::listing::ListingState::{self, Matched, NotOnAmazon};
use stallkeeper::domain::marketplace::Marketplace::{self, De, Fr, Uk};
use stallkeeper::store::{MarketplaceReports, Written};

/// Products of these names, listed on each of the marketplaces and matched.
async fn matched(seller: &Seller<'_>, marketplaces: &[Marketplace], skus: &[&str]) {
    for sku in skus {
        seller.put_product(sku, &[]).await;
    }
    let lines: Vec<Line<'_>> = skus.iter().map(|sku| line(sku, "5")).collect();
    for marketplace in marketplaces {
        seller.world.report(*marketplace, &lines);
    }
    let matching = seller.match_listings().await;
    assert_eq!(matching.counts.matched, skus.len() as u64);
}

async fn state(seller: &Seller<'_>, sku: &str) -> (ListingState, Vec<Marketplace>) {
    let listing = seller.listing(sku).await.unwrap();
    (listing.state, listing.marketplaces)
}

async fn reports(seller: &Seller<'_>, marketplace: Marketplace) -> MarketplaceReports {
    let matching = seller.matching().await;
    matching.reports_of(marketplace).unwrap().clone()
}

#[tokio::test]
async fn a_line_break_in_a_description_takes_no_listing_away() {
    let world = World::new().await;
    let seller = world.connect("break", &[Uk]).await;
    matched(&seller, &[Uk], &["A-1", "B-2", "C-3"]).await;
    let whole = text(&[line("A-1", "5"), line("B-2", "5"), line("C-3", "5")]);
    let broken = whole.replacen("Words\t0101X\tB-2", "First\nSecond\t0101X\tB-2", 1);
    assert_ne!(broken, whole);
    world.report_bytes(Uk, broken.into_bytes(), "text/plain;charset=UTF-8");
    let matching = seller.match_listings().await;
    assert_eq!((matching.counts.matched, matching.unreadable_lines), (3, 0));
    assert_eq!(state(&seller, "B-2").await, (Matched, vec![Uk]));
}

#[tokio::test]
async fn nothing_is_concluded_from_what_a_report_lacks_that_may_not_be_whole() {
    let lines = text(&[line("A-1", "5"), line("C-3", "5")]);
    let no_status = lines
        .replace("\tActive\r\n", "\r\n")
        .replace("\tstatus\r\n", "\r\n");
    let rows = [
        ("half", format!("{lines}half a line\r\n"), "cannot be read"),
        (
            "tab",
            lines.clone()
                + &lines
                    .lines()
                    .nth(1)
                    .unwrap()
                    .replace("A title", "A\ttitle")
                    .replace("A-1", "B-2")
                + "\r\n",
            "cannot be read",
        ),
        (
            "bytes",
            lines.clone() + "B\u{FFFD}\u{FFFD}2\r\n",
            "cannot be read",
        ),
        ("lost", lines.replace("C-3", "C\u{FFFD}3"), "letters"),
        ("status", no_status, "no column `status`"),
    ];
    let world = World::new().await;
    for (name, body, words) in rows {
        let seller = world.connect(name, &[Uk]).await;
        matched(&seller, &[Uk], &["A-1", "B-2", "C-3"]).await;
        seller.put_product("NEW", &[]).await;
        world.report_bytes(Uk, body.into_bytes(), "text/plain;charset=UTF-8");
        let matching = seller.match_listings().await;
        assert_eq!(
            (matching.counts.matched, &matching.failed),
            (3, &None),
            "{name}"
        );
        assert_eq!(state(&seller, "B-2").await, (Matched, vec![Uk]), "{name}");
        assert_eq!(seller.listing("NEW").await, None, "{name}");
        let reports = reports(&seller, Uk).await;
        assert!(
            reports.failed.as_ref().unwrap().contains(words),
            "{reports:?}"
        );
        assert_eq!(
            (reports.failures, reports.next_at),
            (1, None),
            "it is read again as always"
        );
        world.report(Uk, &[line("A-1", "5"), line("C-3", "5")]);
        let matching = seller.match_listings().await;
        assert_eq!(
            (matching.counts.matched, matching.counts.not_on_amazon),
            (2, 2),
            "{name}"
        );
        assert_eq!(matching.attention_since, None);
    }
}

#[tokio::test]
async fn a_report_that_is_its_header_alone_fails_and_takes_nothing_away() {
    let world = World::new().await;
    let seller = world.connect("header", &[Uk]).await;
    matched(&seller, &[Uk], &["A-1", "B-2"]).await;
    world.report(Uk, &[]);
    let matching = seller.match_listings().await;
    let words = "Amazon's report of UK is empty, 2 listings were in it";
    assert_eq!(matching.failed.as_deref(), Some(words));
    assert_eq!(state(&seller, "A-1").await, (Matched, vec![Uk]));
    let held = reports(&seller, Uk).await.held.unwrap();
    assert_eq!((held.known, held.lost), (2, 2));
    // A person may say that it is so.
    seller.release_reports().await;
    let matching = seller.match_listings().await;
    assert_eq!((matching.failed, matching.counts.not_on_amazon), (None, 2));
    assert_eq!(reports(&seller, Uk).await.held, None);
}

#[tokio::test]
async fn an_empty_report_of_one_of_two_marketplaces_stops_only_that_one() {
    let world = World::new().await;
    let seller = world.connect("two", &[Uk, De]).await;
    matched(&seller, &[Uk, De], &["A-1", "B-2"]).await;
    world.report(Uk, &[]);
    world.report(De, &[line("A-1", "5"), line("B-2", "5"), line("NEW", "1")]);
    let matching = seller.match_listings().await;
    assert_eq!((matching.failed, matching.counts.matched), (None, 2));
    assert_eq!(matching.counts.unknown_here, 1);
    assert_eq!(state(&seller, "A-1").await, (Matched, vec![De, Uk]));
    let uk = reports(&seller, Uk).await;
    assert!(
        uk.failed
            .unwrap()
            .contains("is empty, and 2 listings were in it")
    );
    assert_eq!(reports(&seller, De).await.failed, None);
}

#[tokio::test]
async fn a_seller_who_never_listed_anything_has_an_empty_report_and_no_failure() {
    let world = World::new().await;
    let seller = world.connect("nothing", &[Uk]).await;
    seller.put_product("A-1", &[]).await;
    world.report(Uk, &[]);
    let matching = seller.match_listings().await;
    assert_eq!((matching.failed, matching.counts.not_on_amazon), (None, 1));
}

#[tokio::test]
async fn a_report_that_lost_many_listings_waits_for_a_person() {
    let world = World::new().await;
    let seller = world.connect("lost", &[Uk]).await;
    let skus: Vec<String> = (0..10).map(|n| format!("S-{n}")).collect();
    let skus: Vec<&str> = skus.iter().map(String::as_str).collect();
    matched(&seller, &[Uk], &skus).await;
    let some = |count: usize| -> Vec<Line<'_>> {
        skus.iter().take(count).map(|sku| line(sku, "4")).collect()
    };
    world.report(Uk, &some(6));
    for _ in 0..2 {
        let matching = seller.match_listings().await;
        assert_eq!((matching.counts.matched, &matching.failed), (10, &None));
        let held = matching.reports_of(Uk).unwrap().held.clone().unwrap();
        assert_eq!((held.known, held.lost), (10, 4));
        assert!(matching.attention_since.is_some());
    }
    let first = seller.listing("S-0").await.unwrap();
    assert_eq!(first.observed.unwrap().value, 4, "what is there counts");
    // More by more, one report after the other: no more than that is ever lost unasked.
    world.report(Uk, &some(7));
    assert_eq!(seller.match_listings().await.counts.not_on_amazon, 3);
    assert_eq!(reports(&seller, Uk).await.held, None);
    world.report(Uk, &some(4));
    assert_eq!(seller.match_listings().await.counts.matched, 7);
    seller.release_reports().await;
    assert_eq!(seller.match_listings().await.counts.matched, 4);
    assert_eq!(reports(&seller, Uk).await.listings, 4);
}

#[tokio::test]
async fn other_listings_do_not_hide_that_many_are_gone() {
    let world = World::new().await;
    let seller = world.connect("swapped", &[Uk, De]).await;
    matched(&seller, &[Uk, De], &["A-1", "B-2", "C-3", "D-4"]).await;
    world.report(Uk, &["W", "X", "Y", "Z"].map(|sku| line(sku, "1")));
    world.report(De, &["W", "X", "Y", "Z"].map(|sku| line(sku, "1")));
    let matching = seller.match_listings().await;
    assert_eq!(
        (matching.counts.matched, matching.counts.unknown_here),
        (4, 4)
    );
    assert!(reports(&seller, Uk).await.held.is_some() && reports(&seller, De).await.held.is_some());
}

#[tokio::test]
async fn one_marketplaces_failure_stops_no_other() {
    let world = World::new().await;
    for (name, status) in [
        ("fatal3", "FATAL"),
        ("cancel3", "CANCELLED"),
        ("stuck3", "IN_PROGRESS"),
        ("refused3", ""),
    ] {
        let seller = world.connect(name, &[Uk, De, Fr]).await;
        for sku in ["A-1", "D-1", "F-1"] {
            seller.put_product(sku, &[]).await;
        }
        world.heard().refused.clear();
        world.report(Uk, &[line("A-1", "1")]);
        world.report(De, &[line("D-1", "1")]);
        world.report(Fr, &[line("F-1", "1")]);
        assert_eq!(seller.match_listings().await.counts.matched, 3);
        match status {
            "" => world.heard().refused.push(Fr.id()),
            status => world.status(Fr, status),
        }
        world.report(De, &[line("D-1", "1"), line("NEW", "1")]);
        let mut matching = seller.match_listings().await;
        if status == "IN_PROGRESS" {
            assert_eq!(matching.failed, None);
            long_under_way(&seller).await;
            let (again, _) = seller.sent_one("jobs");
            assert!(seller.deliver(&again).await);
            matching = seller.matching().await;
        }
        let counts = &matching.counts;
        assert_eq!(
            (&matching.failed, counts.matched, counts.unknown_here),
            (&None, 3, 1),
            "{name}"
        );
        assert_eq!(
            state(&seller, "F-1").await,
            (Matched, vec![Fr]),
            "what was known stays"
        );
        let fr = matching.reports_of(Fr).unwrap();
        assert!(fr.failed.is_some() && fr.next_at.is_some(), "{fr:?}");
        assert_eq!((fr.failures, fr.listings), (1, 1));
        assert_eq!(matching.reports_of(Uk).unwrap().failed, None);
    }
}

/// As if it had begun three hours ago.
async fn long_under_way(seller: &Seller<'_>) {
    let (store, key) = (&seller.world.store, &seller.connection.key());
    let mut matching = store.matching(key).await.unwrap();
    matching.started_at = Some(Timestamp::now() - SignedDuration::from_hours(3));
    matching.done_at = Some(Timestamp::now() - SignedDuration::from_hours(4));
    let saved = store.save_leased(key, &mut matching).await;
    assert_eq!(saved.unwrap(), Written::Done);
}

#[tokio::test]
async fn a_marketplace_that_keeps_failing_is_asked_ever_later_unless_a_person_asks() {
    let world = World::new().await;
    let seller = world.connect("later", &[Uk, Fr]).await;
    world.report(Uk, &[line("A-1", "1")]);
    world.status(Fr, "FATAL");
    let asked = || {
        let mut heard = world.heard();
        let calls = std::mem::take(&mut heard.calls);
        calls
            .iter()
            .filter(|call| *call == "POST reports/2021-06-30/reports")
            .count()
    };
    let daily = seller.job(json!({"kind": "match", "why": "daily", "hop": 0}));
    assert!(seller.deliver(&daily).await);
    assert_eq!(asked(), 2);
    assert!(seller.deliver(&daily).await);
    assert_eq!(asked(), 1, "FR is left out");
    assert_eq!(reports(&seller, Fr).await.failures, 1);
    assert_eq!(seller.match_listings().await.failed, None);
    assert_eq!(asked(), 2);
    let fr = reports(&seller, Fr).await;
    assert_eq!(fr.failures, 2);
    assert!(fr.next_at.unwrap() > Timestamp::now() + SignedDuration::from_hours(39));
}

#[tokio::test]
async fn a_report_that_was_made_before_the_last_one_is_not_read() {
    let world = World::new().await;
    let seller = world.connect("old", &[Uk, De]).await;
    matched(&seller, &[Uk, De], &["A-1", "B-2"]).await;
    world.report(Uk, &[line("A-1", "9")]);
    let old = hours_before(5).to_string();
    world.heard().reports.get_mut(Uk.id()).unwrap().made_at = old;
    let matching = seller.match_listings().await;
    assert_eq!((matching.failed, matching.counts.matched), (None, 2));
    let listing = seller.listing("A-1").await.unwrap();
    assert_eq!(listing.observed.unwrap().value, 5);
    assert!(
        reports(&seller, Uk)
            .await
            .failed
            .unwrap()
            .contains("before the one")
    );
}

#[tokio::test]
async fn a_report_that_cannot_be_read_is_set_aside_after_some_tries() {
    let world = World::new().await;
    let seller = world.connect("aside", &[Uk, De]).await;
    matched(&seller, &[Uk, De], &["A-1"]).await;
    world.report_bytes(Uk, b"<html>Not here</html>\n".to_vec(), "text/html");
    world.report(De, &[line("A-1", "5"), line("NEW", "5")]);
    let job = seller.job(json!({"kind": "match", "why": "daily", "hop": 0}));
    for _ in 0..4 {
        assert!(!seller.deliver(&job).await, "it comes again");
    }
    assert!(seller.deliver(&job).await);
    let matching = seller.matching().await;
    assert_eq!((matching.failed, matching.counts.unknown_here), (None, 1));
    assert_eq!(state(&seller, "A-1").await, (Matched, vec![De, Uk]));
    assert!(
        reports(&seller, Uk)
            .await
            .failed
            .unwrap()
            .contains("names no column of SKUs")
    );
}

#[tokio::test]
async fn a_listing_that_left_one_marketplace_is_sent_through_the_other() {
    let world = World::new().await;
    let seller = world.connect("left", &[Uk, De]).await;
    matched(&seller, &[Uk, De], &["A-1"]).await;
    world.report(Uk, &[line("OTHER", "1")]);
    world.status(De, "FATAL");
    seller.match_listings().await;
    assert_eq!(state(&seller, "A-1").await, (Matched, vec![De]));
    world.report(De, &[line("OTHER", "1")]);
    seller.match_listings().await;
    assert_eq!(state(&seller, "A-1").await.0, NotOnAmazon);
}
