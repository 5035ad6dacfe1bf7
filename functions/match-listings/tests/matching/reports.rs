use crate::world::{Line, World, line, text};
use flate2::Compression;
use flate2::write::GzEncoder;
use stallkeeper::domain::listing::ListingState;
use stallkeeper::domain::marketplace::Marketplace::{De, Fr, Jp, Uk};
use std::io::Write as _;

#[tokio::test]
async fn a_report_is_read_in_every_encoding_packed_or_not() {
    let latin = |text: &str| encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
    let gzip = |text: &str| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(text.as_bytes()).unwrap();
        packed.finish().unwrap()
    };
    let german = text(&[line("Größe Ä", "7"), line("MUG#1", "1")]);
    let rows = [
        (
            "utf8",
            german.clone().into_bytes(),
            "text/plain;charset=UTF-8",
        ),
        (
            "bom",
            format!("\u{feff}{german}").into_bytes(),
            "text/plain",
        ),
        ("cp", latin(&german), "text/plain;charset=Cp1252"),
        ("iso", latin(&german), "text/plain; charset=ISO-8859-1"),
        ("untold", latin(&german), "text/plain"),
        ("gzip", gzip(&german), "text/plain;charset=UTF-8"),
    ];
    let world = World::new().await;
    for (name, body, content_type) in rows {
        let seller = world.connect(name, &[Uk]).await;
        seller.put_product("Größe Ä", &[]).await;
        world.report_bytes(Uk, body, content_type);
        let matching = seller.match_listings().await;
        assert_eq!(
            (matching.counts.matched, matching.counts.unknown_here),
            (1, 1),
            "{name}"
        );
        assert_eq!(
            seller
                .listing("Größe Ä")
                .await
                .unwrap()
                .observed
                .unwrap()
                .value,
            7
        );
    }
    let japanese = text(&[line("カップ-1", "2")]);
    let seller = world.connect("jp", &[Jp]).await;
    seller.put_product("カップ-1", &[]).await;
    let body = encoding_rs::SHIFT_JIS.encode(&japanese).0.into_owned();
    world.report_bytes(Jp, body, "text/plain;charset=Shift_JIS");
    assert_eq!(seller.match_listings().await.counts.matched, 1);
}

#[tokio::test]
async fn a_bad_line_is_counted_and_harms_no_other() {
    let world = World::new().await;
    let seller = world.connect("bad", &[Uk]).await;
    seller.put_product("MUG#1", &[]).await;
    let mut known = seller.new_listing("ODD", ListingState::FulfilledByAmazon);
    known.marketplaces = vec![Uk];
    seller.put_listing(&known).await;
    let unclear = Line {
        channel: "",
        ..line("ODD", "1")
    };
    let mut body = text(&[line("MUG#1", "1"), unclear]);
    body.push_str("half a line\r\n");
    world.report_bytes(Uk, body.into_bytes(), "text/plain");
    let matching = seller.match_listings().await;
    assert_eq!((matching.counts.matched, matching.unreadable_lines), (1, 2));
    let odd = seller.listing("ODD").await.unwrap();
    assert_eq!(
        odd.state,
        ListingState::FulfilledByAmazon,
        "nothing is concluded"
    );
}

#[tokio::test]
async fn a_store_without_a_report_keeps_what_is_known_of_it() {
    let world = World::new().await;
    let seller = world.connect("second", &[Uk, De, Fr]).await;
    for sku in ["BOTH", "ONLY-DE"] {
        seller.put_product(sku, &[]).await;
    }
    world.report(Uk, &[line("BOTH", "1")]);
    world.report(De, &[line("BOTH", "1"), line("ONLY-DE", "2")]);
    world.status(Fr, "CANCELLED");
    assert_eq!(seller.match_listings().await.counts.matched, 2);
    world.status(De, "CANCELLED");
    let matching = seller.match_listings().await;
    assert_eq!(seller.listing("BOTH").await.unwrap().marketplaces, [De, Uk]);
    let only = seller.listing("ONLY-DE").await.unwrap();
    assert_eq!(
        (only.state, only.marketplaces),
        (ListingState::Matched, vec![De])
    );
    assert_eq!((matching.counts.matched, matching.failed), (2, None));
    world.report(De, &[line("OTHER", "1")]);
    seller.match_listings().await;
    assert_eq!(seller.listing("BOTH").await.unwrap().marketplaces, [Uk]);
    let only = seller.listing("ONLY-DE").await.unwrap();
    assert_eq!(
        (only.state, only.product),
        (ListingState::NotOnAmazon, None)
    );
}

#[tokio::test]
async fn a_report_is_waited_for_and_read_once_it_is_there() {
    let world = World::new().await;
    let seller = world.connect("waits", &[Uk]).await;
    world.report(Uk, &[line("MUG#1", "1")]);
    world.status(Uk, "IN_PROGRESS");
    let matching = seller.match_listings().await;
    assert_eq!((matching.reports.len(), matching.done_at), (1, None));
    let mut waits = Vec::new();
    for _ in 0..3 {
        let (again, delay) = seller.sent_one("jobs");
        waits.push(delay);
        assert!(seller.deliver(&again).await);
    }
    assert_eq!(waits, [10, 20, 30]);
    world.status(Uk, "DONE");
    let (again, _) = seller.sent_one("jobs");
    assert!(seller.deliver(&again).await);
    assert!(seller.sent("jobs").is_empty());
    let matching = seller.matching().await;
    assert_eq!(matching.counts.unknown_here, 1);
    let asked = world.heard().calls.clone();
    let created = asked
        .iter()
        .filter(|call| *call == "POST reports/2021-06-30/reports");
    assert_eq!(created.count(), 1);
    assert!(
        seller.deliver(&again).await,
        "a message that comes again finds nothing to do"
    );
    assert_eq!(seller.matching().await.done_at, matching.done_at);
}
